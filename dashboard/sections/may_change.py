"""Which columns may change, and within which values: a picker whose answer stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.cached import counterfactual as cached
from dashboard.cached import what_if as cached_columns
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import ColumnStops
from dashboard.parameters import Parameter
from dashboard.presentation import wording
from dashboard.presentation.texts import numbers, plain, t
from dashboard.problem import Problem
from dashboard.workspaces import WorkspaceRef
from recsys_core.counterfactual import AllowedColumn, allowed_text
from recsys_core.errors import SettingError
from recsys_core.player import Player
from recsys_core.variant import ModelVariant

MAY_CHANGE = Parameter("may_change", "may_change")


def may_change(page, ref: WorkspaceRef, variant: ModelVariant) -> tuple[AllowedColumn, ...]:
    """The columns that may change, as picked; a notice where the address says something else.

    None, and a sentence, where the model reads none that could, or none is proposed and none picked.
    """
    text = state.bar().value(MAY_CHANGE.key)
    allowed = tuple(map(AllowedColumn, cached.proposed(ref, variant)))
    try:
        allowed = cached.allowed(ref, variant, text) if text.strip() else allowed
    except SettingError as error:
        page.notice(Problem(f"core.{error.key}", tuple(error.values.items())))
    page.shown[MAY_CHANGE.key] = text
    if not cached.every_column(ref, variant):
        st.markdown(t("may_change.none"))
        return ()
    data = cached_workspace.dataset(ref)
    names = {p.key: wording.feature_name(data, p) for p in cached.every_column(ref, variant)}
    said = {column.player.key: column for column in allowed}
    st.session_state["may_change_columns"] = list(said)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            t("may_change"),
            list(names),
            format_func=names.get,
            key="may_change_columns",
            on_change=_columns_picked,
            args=(ref, variant, allowed),
            placeholder=plain("may_change.hint"),
        )
        menu = st.popover(t("may_change.limits"), key="may_change_limits", on_change="rerun")
    if menu.open:
        with menu:
            _limits(ref, variant, allowed)
    if not allowed:
        st.markdown(t("core.change.no_columns"))
    return allowed


def _columns_picked(ref: WorkspaceRef, variant: ModelVariant, before: Sequence[AllowedColumn]) -> None:
    """Callback: what is limited stays so; all taken out is what is proposed."""
    said = {column.player.key: column for column in before}
    picked = [said.get(key, AllowedColumn(Player.parse(key))) for key in st.session_state["may_change_columns"]]
    _write(ref, variant, picked)


def _write(ref: WorkspaceRef, variant: ModelVariant, allowed: Sequence[AllowedColumn]) -> None:
    is_proposed = {*allowed} == {*map(AllowedColumn, cached.proposed(ref, variant))}
    state.choose(may_change="" if is_proposed else allowed_text(allowed))


def _limits(ref: WorkspaceRef, variant: ModelVariant, allowed: Sequence[AllowedColumn]) -> None:
    """For each column that may change the values it may take."""
    stops = {c.player: c for side in ("user", "item") for c in cached_columns.columns(ref, variant.model, side)}
    for at, column in enumerate(allowed):
        one = stops[column.player]
        key = f"limit_{column.player.key}"
        label = t("may_change.limit", name=wording.feature_name(cached_workspace.dataset(ref), column.player))
        then = {"key": key, "on_change": _limited, "args": (ref, variant, tuple(allowed), at, key)}
        if one.group.kind == "number":
            ends = one.values[0], one.values[-1]
            st.session_state[key] = max(column.low, ends[0]), min(column.high, ends[1])
            options = sorted({*one.values, *st.session_state[key]})
            st.select_slider(label, options, format_func=lambda v, one=one: _said(one, v), **then)
        else:
            st.session_state[key] = list(column.values)
            st.multiselect(label, one.values, format_func=wording.known, placeholder=plain("may_change.any"), **then)


def _said(stops: ColumnStops, value: float) -> str:
    return wording.shown_value(stops.player, value, stops.column) or numbers.UNKNOWN


def _limited(ref: WorkspaceRef, variant: ModelVariant, allowed: tuple[AllowedColumn, ...], at: int, key: str) -> None:
    """Callback: other limits of one column."""
    shown, column = st.session_state[key], allowed[at]
    if isinstance(shown, tuple):
        new = replace(column, low=float(shown[0]), high=float(shown[1]))
    else:
        new = replace(column, values=tuple(shown))
    _write(ref, variant, [*allowed[:at], new, *allowed[at + 1 :]])
