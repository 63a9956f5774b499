"""What would take the item off the list, or, where it is not on it, what would bring it in."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import counterfactual as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import counterfactual as sentences
from dashboard.presentation.tables import counterfactual as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard
from dashboard.sections.may_change import MAY_CHANGE, may_change
from recsys_core.results import Counterfactual
from recsys_core.results.counterfactual import REMOVE_HISTORY
from recsys_core.what_if.edit_text import edits_to_query


def draw(explained: Explained) -> dict | None:
    """The card: pickers where attributes are changed, the sentence, what is changed, the way to What-if, doubt."""
    where, ref = explained.where, explained.ref
    if explained.item.rank > cached.K:
        allowed = may_change(explained.page, ref, explained.variant)
        if not allowed:
            return None
        with components.working(t("counterfactual.working"), once=("change", allowed, *where)):
            found = cached.change(*where, allowed)
    else:
        with components.working(t("counterfactual.working"), once=("removal", *where)):
            found = cached.removal(*where)
    data = cached_workspace.dataset(ref)
    st.markdown(sentences.sentence(data, found))
    if found.found:
        names = cached_workspace.item_names(ref, explained.page.selection.language)
        rows, columns = tables.changes(data, found, names), tables.change_columns(found)
        components.rows(rows, columns, key="counterfactual_changes", alt=_alt(found))
        _to_what_if(found)
    components.caveats(sentences.caveats(found))
    return found.to_json()


def _alt(found: Counterfactual) -> str:
    return plain(
        "counterfactual.table.alt.items" if found.kind == REMOVE_HISTORY else "counterfactual.table.alt.columns"
    )


def _to_what_if(found: Counterfactual) -> None:
    """A button that opens What-if with these changes as its edits."""
    edits = {"set": "", "add": "", "off": ""} | edits_to_query(found.edits)
    clicked = st.button(
        t("counterfactual.what_if"),
        key="counterfactual_what_if",
        icon=":material/arrow_forward:",
        on_click=state.bar().write,
        args=({**edits, "item": found.item.item_id},),
    )
    if clicked:
        state.open_page("what-if")


CARD = LabCard("counterfactual", draw, (MAY_CHANGE,))
