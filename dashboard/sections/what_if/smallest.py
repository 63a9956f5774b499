"""The smallest change that brings the item into the top 10, looked for on a click; it becomes edits on another one."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.presentation.sentences import counterfactual as sentences
from dashboard.presentation.tables import counterfactual as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.may_change import may_change
from dashboard.sections.what_if import held
from recsys_core.results import Counterfactual
from recsys_core.what_if.edit_texts import EditTexts, with_column, without_column
from recsys_core.what_if.edits import SetColumn

KEY = "smallest"


def smallest_change(page, asked: Asked, texts: EditTexts) -> Counterfactual | None:
    """The card, closed until asked for; starts from what is edited already."""
    details = page.details(KEY)
    if not details.open:
        return None
    with details:
        allowed = may_change(page, asked.ref, asked.variant)
        if not allowed:
            return None
        question = (asked, texts, allowed)
        st.button(
            t("what_if.smallest.find"),
            key="find_smallest",
            icon=":material/search:",
            on_click=state.remember,
            args=(KEY, question),
        )
        if state.recall(KEY) != question:
            return None
        with components.working(t("counterfactual.working"), once=question):
            found = cached.smallest(asked, texts, allowed)
        _answer(page, asked, texts, found)
        return found


def _answer(page, asked: Asked, texts: EditTexts, found: Counterfactual) -> None:
    data = cached_workspace.dataset(asked.ref)
    st.markdown(sentences.sentence(data, found))
    if found.found:
        names = cached_workspace.item_names(asked.ref, page.selection.language)
        components.rows(
            tables.changes(data, found, names),
            tables.change_columns(found),
            key="smallest_changes",
            alt=plain("counterfactual.table.alt.columns"),
        )
        apply = t("what_if.smallest.apply")
        new = _with(asked, texts, found)
        st.button(apply, key="apply_smallest", icon=":material/check:", on_click=held.use, args=(new,))
    components.caveats(sentences.caveats(found))


def _with(asked: Asked, texts: EditTexts, found: Counterfactual) -> EditTexts:
    """The edits with those that were found; a column that gets its own value back is no longer edited."""
    every = (c for side in ("user", "item") for c in cached.columns(asked.ref, asked.variant.model, side))
    own = {stops.player: cached.own_value(asked, stops) for stops in every}
    for edit in found.edits:
        if isinstance(edit, SetColumn):
            is_own = edit.value == own.get(edit.player)
            texts = without_column(texts, edit.player.key) if is_own else with_column(texts, edit)
    return texts
