"""What the model says then: situations side by side and what to do with them, both lists, which edit did what."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state, units
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.presentation.charts import what_if as charts
from dashboard.presentation.sentences import what_if as sentences
from dashboard.presentation.sentences.what_if import PINNED
from dashboard.presentation.tables import what_if as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.what_if import held
from dashboard.sections.what_if.held import Whose
from dashboard.sections.what_if.session_file import session_menu
from recsys_core.results import RankedItem
from recsys_core.results.what_if import WhatIf
from recsys_core.what_if.edit_texts import EditTexts

CARD_WIDTH = 190
LIST_LENGTH = 10


def situation_cards(said: WhatIf, pinned: list[WhatIf]) -> None:
    """The present, the edited and the pinned situations."""
    now, then = said.explanation.before, said.explanation.after
    cards = [sentences.card(plain("what_if.now"), now), sentences.card(plain("what_if.changed"), then, now)]
    cards += [sentences.card(sentences.pin_name(at), p.explanation.after, now) for at, p in enumerate(pinned)]
    with components.grid(len(cards), min_width=CARD_WIDTH):
        for card in cards:
            components.stat_card(card.label, card.value, card.note, more=card.more, good=card.good)


def actions(asked: Asked, whose: Whose, texts: EditTexts) -> None:
    """Undo, reset, pin, save; use or leave what is pinned."""
    pins = held.pins()
    with st.container(horizontal=True, gap="xsmall", key="edit_actions"):
        _button("undo", ":material/undo:", held.undo, is_off=not held.can_undo())
        _button("reset", ":material/restart_alt:", held.reset, is_off=not texts)
        is_full = not texts or texts in pins or len(pins) == held.MOST_PINS
        _button("pin", ":material/keep:", held.pin, is_off=is_full, help=t("what_if.pin.help"))
        for at, pinned in enumerate(pins):
            letter = PINNED[at]
            st.button(t("what_if.use", letter=letter), key=f"use_{at}", on_click=held.use, args=(pinned,))
            st.button(t("what_if.unpin", letter=letter), key=f"unpin_{at}", on_click=held.unpin, args=(at,))
        session_menu(asked, whose)


def _button(key: str, icon: str, act, *, is_off: bool, help: str | None = None) -> None:
    st.button(t(f"what_if.{key}"), key=f"what_if_{key}", icon=icon, on_click=act, disabled=is_off, help=help)


def both_lists(asked: Asked, said: WhatIf, language: str) -> None:
    """The ten best before and after; a click asks about another item."""
    names = cached_workspace.item_names(asked.ref, language)
    before, after = said.top.before, said.top.after
    index = asked.item_index if asked.item_index is not None else len(names)
    if not before and not after:
        st.markdown(t("what_if.top.nothing"))
        return

    def title(item: RankedItem) -> str:
        is_edited = item.item_index == index and bool(item.title)
        return item.title if is_edited else names.get(item.item_id) or plain("what_if.new_item")

    def choose(row: int) -> None:
        if row < len(after) and after[row].item.item_id in names:
            state.choose(item=after[row].item.item_id)

    here = [line.item.item_index for line in after]
    components.rows(
        tables.top_lists(said.top, title),
        tables.top_columns(),
        key="both_lists",
        alt=plain("what_if.top.alt"),
        selected=here.index(index) if index in here else None,
        pick="after",
        on_pick=choose,
    )
    gone = [title(line.item) for line in before if line.item.item_index not in here]
    components.caveats([t("what_if.top.hint"), sentences.fell_off(gone)])


def contributions(page, asked: Asked, said: WhatIf) -> None:
    """Which edit did what: bars that sum to the change."""
    found = said.explanation
    units.pick_units(page)
    if not found.edits:
        st.markdown(t("what_if.contributions.none"))
        return
    data = cached_workspace.dataset(asked.ref)
    labels = [sentences.edit_label(data, c.edit) for c in found.edits]
    components.draw(charts.contributions(found, labels), key="edit_contributions")
    components.caveats(sentences.contribution_caveats(found))
