"""A control for every column that the model reads: a slider, a picker, or a field, each showing the edited value."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import components
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked, ColumnStops
from dashboard.presentation import wording
from dashboard.presentation.texts import language, plain, t, word
from dashboard.sections.what_if import held
from recsys_core.explain.player_values import Value
from recsys_core.what_if.edit_texts import with_column, without_column
from recsys_core.what_if.edits import Edit, SetColumn

FIRST = 12  # columns that are shown unasked
CONTROL_WIDTH = 165
EMPTY = ""  # an empty cell among the options of a control
LONGEST_TEXT = 300


def column_controls(asked: Asked, side: str, edits: tuple[Edit, ...]) -> None:
    """The controls of one side; beyond the first dozen those that are edited or searched for."""
    every = cached.columns(asked.ref, asked.variant.model, side)
    if not every:
        st.markdown(t(f"what_if.no_columns.{side}"))
        return
    edited = {edit.player: edit.value for edit in edits if isinstance(edit, SetColumn)}
    shown = [*every[:FIRST], *(c for c in every[FIRST:] if c.player in edited), *_searched(asked, side, every[FIRST:])]
    with components.grid(2, min_width=CONTROL_WIDTH):
        for stops in dict.fromkeys(shown):
            own = cached.own_value(asked, stops)
            _control(asked, stops, own, edited.get(stops.player, own))


def _searched(asked: Asked, side: str, rest: tuple[ColumnStops, ...]) -> list[ColumnStops]:
    if not rest:
        return []
    data, by_key = cached_workspace.dataset(asked.ref), {c.player.key: c for c in rest}
    names = {key: wording.feature_name(data, c.player) for key, c in by_key.items()}
    chosen = st.multiselect(
        t("what_if.more_columns", n=len(rest)),
        list(names),
        format_func=names.get,
        key=f"more_{side}",
        placeholder=plain("what_if.more_columns.hint"),
        persist_state="session",
    )
    return [by_key[key] for key in chosen if key in by_key]


def _control(asked: Asked, stops: ColumnStops, own: Value, value: Value) -> None:
    """One column; what is edited says what it was."""
    data = cached_workspace.dataset(asked.ref)
    is_text = stops.group.kind == "text"
    name = word("column", stops.column.name) if is_text else wording.feature_name(data, stops.player)
    label = t("what_if.control", name=name)
    if value != own:
        was = wording.shorten(wording.shown_value(stops.player, own, stops.column))
        label = t("what_if.control.edited", name=name, was=was)
    key = held.control_key(f"edit_{stops.player.key}")
    then = {"key": key, "on_change": _changed, "args": (key, stops, own, value)}
    kind = stops.group.kind
    if kind == "set":
        held_values = [part for part in str(value or "").split("|") if part in stops.values]
        st.session_state[key] = held_values
        st.multiselect(label, stops.values, format_func=wording.known, wrap=True, **then)
    elif is_text:
        st.session_state[key] = value or ""
        st.text_input(label, max_chars=max(LONGEST_TEXT, len(str(value or ""))), **then)
    else:
        st.session_state[key] = EMPTY if value is None else value
        is_line = kind == "number" or stops.column.kind == "ordered"
        control = st.select_slider if is_line else partial(st.selectbox, filter_mode="contains")
        names = cached.option_names(asked.ref, asked.variant.model, stops.player.key, language())
        control(label, _options(stops, own, value), format_func=partial(_said, stops, names), **then)


def _options(stops: ColumnStops, own: Value, value: Value) -> list[Value]:
    """All values, with the own and the edited one and an empty cell: at the beginning of a slider, else at the end."""
    asked = [v for v in (own, value) if v is not None and v not in stops.values]
    if stops.group.kind == "number":
        return [EMPTY, *sorted({*stops.values, *asked})]
    if stops.column.kind == "ordered":
        return [EMPTY, *stops.values, *dict.fromkeys(asked)]
    return [*stops.values, *dict.fromkeys(asked), EMPTY]


def _said(stops: ColumnStops, names: dict[Value, str], option: Value) -> str:
    value = None if option == EMPTY else option
    return names[value] if value in names else wording.shown_value(stops.player, value, stops.column)


def _changed(key: str, stops: ColumnStops, own: Value, before: Value) -> None:
    """What a control shows becomes an edit; the own value ends it. Another page calls it too, with what was shown."""
    shown = st.session_state[key]
    value: Value = "|".join(shown) if isinstance(shown, list) else shown
    if value is None or (isinstance(value, str) and not value.strip()):
        value = None
    texts = held.texts()
    if _same(stops, value, before):
        return
    if _same(stops, value, own):
        held.change(without_column(texts, stops.player.key), touched=stops.player.key)
    else:
        held.change(with_column(texts, SetColumn(stops.player, value)))


def _same(stops: ColumnStops, value: Value, own: Value) -> bool:
    if stops.group.kind == "set":
        return set(filter(None, str(value or "").split("|"))) == set(filter(None, str(own or "").split("|")))
    return value == own
