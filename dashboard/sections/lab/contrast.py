"""Why not …? What sets one item apart from any other, and what an item outside the list lacks to enter it."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import contrast as cached_contrast
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.controls import MOST_OPTIONS, hits
from dashboard.parameters import Parameter
from dashboard.presentation.charts import contrast as charts
from dashboard.presentation.sentences import contrast as sentences
from dashboard.presentation.tables import contrast as tables
from dashboard.presentation.texts import joined, plain, t
from dashboard.presentation.texts.markdown import Markdown
from dashboard.sections.lab.card import Explained, LabCard
from recsys_core.results import RankedItem
from recsys_core.results.contrast import Contrast

AGAINST, HISTORY = "against", "contrast_history"


def draw(explained: Explained) -> dict | None:
    """The card: a picker of the other item, the sentence, bars beside both values, doubt."""
    other, history = _pickers(explained)
    if other is None:
        st.markdown(t("contrast.alone"))
        return None
    data = cached_workspace.dataset(explained.ref)
    first = cached_explain.item(explained.ref, explained.user_index, other, explained.variant)
    items = sentences.lower_first(first, explained.item)
    with components.working(t("contrast.working"), once=("contrast", history, other, *explained.where)):
        found = _contrast(explained, items[0], items[1].item_index, history)
    lines = tables.contrast_lines(data, found)
    by_score = explained.variant.reranking.is_identity
    said = sentences.contrast_sentence(found, lines, items, by_score=by_score)
    lacks = None if found.is_same_item else _entry(explained, *items)
    st.markdown(joined(said, lacks or ""))
    if not found.is_same_item:
        with components.grid(2, min_width=380) as grid:
            with grid.cell():
                components.draw(charts.differences(lines, found.units), key="contrast_bars")
            with grid.cell():
                columns, alt = tables.contrast_columns(found), plain("contrast.table.alt")
                components.rows(tables.contrast_table(lines, found.units), columns, key="contrast_table", alt=alt)
    components.caveats(sentences.contrast_caveats(found))
    return found.to_json()


def _pickers(explained: Explained) -> tuple[int | None, str]:
    """The item to compare with (None where there is none), and how the history counts."""
    ref, page = explained.ref, explained.page
    names = cached_workspace.item_names(ref, page.selection.language)
    ids = cached_workspace.dataset(ref).items["item_id"]
    beside = cached_contrast.neighbour(*explained.where)
    default = None if beside is None else str(ids.iloc[beside])
    chosen = state.bar().known(AGAINST, names) or default
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered = names if len(names) <= MOST_OPTIONS else _searched(names, chosen)
        if chosen is None:
            offered = {"": plain("contrast.alone")} | offered
        picked = page.pick(AGAINST, offered, default=chosen or "", filter_mode="contains")
        ways = {way: plain(f"contrast.history.{way}") for way in ("one", "each")}
        history = page.pick(HISTORY, ways, buttons=True)
    return (cached_workspace.dataset(ref).item_index(picked, "") if picked else None), history


def _searched(names: dict[str, str], chosen: str | None) -> dict[str, str]:
    """Of a catalogue too long for a list what a person's words find."""
    wanted = st.text_input(t("contrast.against.search"), key="search_against", type="search", live="300ms")
    return {i: names[i] for i in hits(names, wanted, chosen)}


def _contrast(explained: Explained, item: RankedItem, other: int, history: str = "one") -> Contrast:
    pair = (item.item_index, other)
    how = {"units": explained.explanation.units, "compared": explained.compared}
    who = explained.ref, explained.user_index, pair, explained.variant
    return cached_contrast.contrast(*who, history=history, **how)


def _entry(explained: Explained, item: RankedItem, other: RankedItem) -> Markdown | None:
    """What the lower of the two items lacks to enter the list; None where it is on it or could not enter."""
    ref, user_index, _, variant = explained.where
    gap = cached_contrast.entry_gap(ref, user_index, item.item_index, variant)
    if gap is None:
        return None
    found = _contrast(explained, item, gap.last_index)
    lines, said = tables.contrast_lines(cached_workspace.dataset(ref), found), gap.last_index == other.item_index
    return sentences.entry_sentence(gap, found, lines, said=said)


CARD = LabCard(
    "contrast", draw, (Parameter(AGAINST, "contrast.against"), Parameter(HISTORY, "contrast.history.choice"))
)
