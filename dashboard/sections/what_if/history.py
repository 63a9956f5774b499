"""What was taken: an item more by search, one less by its button, newest first, a page at a time."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.controls import hits
from dashboard.presentation.tables import what_if as tables
from dashboard.presentation.texts import joined, plain, t
from dashboard.sections.what_if import held
from recsys_core.what_if.edit_texts import with_item, without_item
from recsys_core.what_if.edits import Edit

PAGE_LENGTH, HEIGHT = 50, 260
MOST_OPTIONS = 100  # a picker of a thousand items costs the browser more than all other controls, at every edit
ADD = "add_item"


def history_controls(asked: Asked, edits: tuple[Edit, ...], language: str) -> None:
    """The history with its edits; what is asked about can be neither added nor taken off."""
    data, names = cached_workspace.dataset(asked.ref), cached_workspace.item_names(asked.ref, language)
    before = cached.situation(asked)
    ids = list(names)
    rows = tables.history_rows(before.positives.tolist(), edits, cached.history_times(asked.ref, asked.user_index), ids)
    held_ids = {*rows["item_id"], *([] if asked.item_index is None else [ids[asked.item_index]])}
    _search({i: names[i] for i in ids if i not in held_ids})
    if rows.empty:
        st.markdown(t("what_if.history.none"))
        return
    n_kept = int((rows["state"] != tables.OFF).sum())
    has_order = cached_workspace.workspace(asked.ref).split_dataset.split.kind != "random"
    st.markdown(
        joined(
            t("what_if.history.n" if has_order else "what_if.history.n.random", n=n_kept),
            t("what_if.history.read", n=before.history_length) if n_kept > before.history_length else "",
        )
    )
    shown = _page(rows)
    table = tables.history_table(data, shown, names)
    components.rows(
        table,
        tables.history_columns(data, table),
        key="history_edits",
        alt=plain("what_if.history.alt"),
        height=HEIGHT,
        pick="act",
        labels=tables.history_labels(shown, names),
        on_pick=lambda at: _act(shown["item_id"].iloc[at], shown["state"].iloc[at]),
    )


def _search(names: dict[str, str]) -> None:
    """A picker of items that are not held; a long list is searched on the server."""
    options, hint = list(names), plain("what_if.history.add.hint")
    if len(options) > MOST_OPTIONS:
        wanted = st.text_input(
            t("what_if.history.find"),
            key=f"search_{ADD}",
            type="search",
            placeholder=hint,
            live="300ms",
            label_visibility="collapsed",
        )
        options = hits(names, wanted, None)
        hint = plain("what_if.history.add.pick", n=len(options))
    key = f"{ADD}_{len(held.texts().add) + len(held.texts().off)}"  # another one after each edit of the history
    st.session_state[key] = None
    st.selectbox(
        t("what_if.history.add"),
        options,
        index=None,
        format_func=lambda option: names.get(option, option),
        key=key,
        placeholder=hint,
        on_change=_add,
        args=(key,),
        label_visibility="collapsed",
        filter_mode="contains",
    )


def _page(rows):
    """The rows of one page of a long history."""
    n_pages = -(-len(rows) // PAGE_LENGTH)
    if n_pages < 2:
        return rows
    at = st.pagination(n_pages, key="history_page")
    first = PAGE_LENGTH * (min(at, n_pages) - 1)
    shown = rows.iloc[first : first + PAGE_LENGTH]
    components.caveats([t("what_if.history.page", first=first + 1, last=first + len(shown), n=len(rows))])
    return shown


def _add(key: str) -> None:
    chosen = st.session_state[key]
    if chosen is not None:
        held.change(with_item(held.texts(), "add", chosen))


def _act(item_id: str, state: str) -> None:
    """The button of a row: takes an item off, puts it back, or adds it no longer."""
    texts = held.texts()
    if state == tables.KEPT:
        held.change(with_item(texts, "off", item_id))
    else:
        held.change(without_item(texts, "off" if state == tables.OFF else "add", item_id))
