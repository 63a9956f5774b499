"""Explain: why this item for this user, reason by reason."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import backgrounds, components, frame, state, units
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter, opened
from dashboard.presentation import shap_plots
from dashboard.presentation.sentences import explain as sentences
from dashboard.presentation.tables import reasons as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections import explain as cards
from dashboard.sections import lab
from dashboard.sections.lab.card import draw_cards
from recsys_core.explain.agreement import compare_explanations


@frame.page(
    "explain",
    order=20,
    parameters=(
        *(Parameter(key, f"explain.{key}.choice") for key in ("method", "history", "order")),
        units.UNITS_PARAMETER,
        backgrounds.COMPARED_PARAMETER,
        opened("all_reasons", "explain.table"),
        *(parameter for card in lab.CARDS for parameter in card.declared),
    ),
)
def show(page: frame.Frame) -> None:
    chosen = page.selection
    if chosen.user_index is None or chosen.item_unknown:
        page.title(t("explain.title"))
        which = "user" if chosen.user_index is None else "item"
        components.empty(t(f"explain.{which}_unknown"), t("frame.pick_user") if which == "user" else "")
        return
    with components.working(t("working.variant"), once=("variant", chosen.ref, chosen.variant)):
        top = cached_explain.recommendation(chosen.ref, chosen.user_index, chosen.variant)
    if not top.items and chosen.item_index is None:
        page.title(t("explain.title"))
        components.empty(t("explain.nothing_left", user=chosen.user_name))
        return
    index = top.items[0].item_index if chosen.item_index is None else chosen.item_index
    item = cached_explain.item(chosen.ref, chosen.user_index, index, chosen.variant)
    page.title(sentences.title(item, cached_workspace.short_name(chosen.ref, chosen.user_index, chosen.language)))
    page.shows_item(item.item_id)
    where = (chosen.ref, chosen.user_index, index, chosen.variant)
    with components.grid(5, min_width=140, border=True) as grid:
        main, listed = grid.cell(column_span=3), grid.cell(column_span=2)
    with listed:
        top_list(page, top, index)
    how = {"units": units.units_of(page), "compared": backgrounds.compared_of(page, where)}
    with main, components.working(t("working.explanation"), once=("explanation", *where)):
        explanation, below = cards.waterfall(page, where, how, item, top.n_candidates)
    with components.grid(2, min_width=380):
        with components.card(t("explain.history"), key="history_card"):
            past = cards.history(page, where, explanation, how)
        with components.card(t("explain.second"), key="second_card"):
            second = cards.second_method(page, where, explanation, how)
    explained = lab.Explained(page, *where, top, item, explanation, how["compared"])
    everything = (
        tables.explanation_json(explanation)
        | draw_cards(lab.CARDS, explained)
        | {
            "item_item": explanation.item_item.to_json() if explanation.item_item else None,
            "recommendation": tables.recommendation_json(top),
            "taken_before": past,
            "second_method": tables.explanation_json(second) if second else None,
        }
    )
    plots = {"waterfall": partial(shap_plots.waterfall, cached_workspace.dataset(chosen.ref), explanation)}
    page.download("explanation", tables.contributions(explanation), everything, plots)
    with below:  # last, as it waits for the second opinion
        lime = cached_explain.explanation(*where, method="lime", **how)
        agreement = compare_explanations(explanation, lime)
        components.caveats(sentences.caveats(explanation, page_task(page), agreement, lime.fit))


def page_task(page: frame.Frame) -> str:
    return cached_workspace.workspace(page.selection.ref).split.task


def top_list(page: frame.Frame, top, index: int) -> None:
    st.markdown(f"**{t('explain.top')}**")
    shown = tables.top_list(top, cached_workspace.item_names(page.selection.ref, page.selection.language))
    components.rows(
        shown,
        tables.top_list_columns(),
        key="top",
        alt=plain("explain.top.alt"),
        selected=next((at for at, item in enumerate(top.items) if item.item_index == index), None),
        pick="item",
        on_pick=lambda row: state.choose(item=top.items[row].item_id),
    )
    later = t("explain.top.later") if any(i.held_out for i in top.items) else ""
    components.caveats([t("explain.top.hint"), sentences.ties(top), later])
    components.caveats([sentences.reranked(top.variant)])
