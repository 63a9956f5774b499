"""Cards of the Explain page that stand on their own: the history, the second opinion, and two models side by side."""

from __future__ import annotations

import streamlit as st

from dashboard import components, units
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import wording as reasons
from dashboard.presentation.backgrounds import background_name
from dashboard.presentation.charts import explain as charts
from dashboard.presentation.sentences import explain as sentences
from dashboard.presentation.tables import history as history_tables
from dashboard.presentation.tables import reasons as tables
from dashboard.presentation.texts import joined, plain, t
from dashboard.presentation.texts.markdown import escape
from dashboard.workspaces import WorkspaceRef
from recsys_core.errors import RecLensError
from recsys_core.explain.agreement import compare_explanations, disagreements
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.results import Explanation, RankedItem
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import ModelVariant

WITHOUT, EACH = "without", "each"
EFFECT, TIME = "effect", "time"
HISTORY_HEIGHT = 318


def waterfall(page, where: tuple, how: dict, item: RankedItem, n_candidates: int) -> tuple[Explanation, object]:
    """The page's answer as sentence and picture; returns the explanation and a place below it.

    ``how``: units and background, as the cache is asked for them.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        compared = "" if how["compared"] == cached_explain.AVERAGE_CASE else ".compared"
        st.markdown(f"**{t(f'explain.waterfall{compared}')}**", width="content")
        units.pick_units(page)
    data = cached_workspace.dataset(page.selection.ref)
    explanation = cached_explain.explanation(*where, **how)
    found = reasons.reasons(data, explanation)
    page.sentence(sentences.sentence(found, item, n_candidates, page.selection.variant, explanation.units))
    base = background_name(data, explanation.compared_with)
    components.draw(charts.waterfall(explanation, reasons.joined(found), base=base), key="waterfall")
    below = st.container()
    details = page.details("all_reasons")
    if details.open:
        with details:
            components.table(tables.reasons_table(explanation, found), key="reasons", alt=plain("explain.table.alt"))
    return explanation, below


def history(page, where: tuple, explanation: Explanation, how: dict) -> list[dict]:
    """What was taken before and what each item does to the score; returns the rows, raw."""
    ref, user_index = where[0], where[1]
    data = cached_workspace.dataset(ref)
    st.markdown(f":small[:gray[{escape(tables.profile_line(data, user_index))}]]")
    taken = cached_explain.user_history(ref, user_index)
    if not len(taken):
        st.markdown(joined(t("explain.history.none"), sentences.item_item(explanation)))
        return []
    said = st.container()
    has_order = cached_workspace.workspace(ref).split_dataset.split.kind != "random"
    with st.container(horizontal=True):
        column = page.pick("history", {c: plain(f"explain.history.{c}") for c in (WITHOUT, EACH)}, buttons=True)
        orders = (EFFECT, TIME) if has_order else (EFFECT,)
        names = {o: plain(f"explain.order.{o}") for o in orders}
        order = page.pick("order", names, buttons=True) if has_order else EFFECT
    shared = None
    if column == EACH:
        with components.working(t("explain.history.working", n=len(taken)), once=("shared", *where)):
            shared = cached_explain.explanation(*where, history="each", **how)
    found = history_tables.history_rows(data, taken, cached_explain.effects(*where), explanation, shared)
    names = cached_workspace.item_names(ref, page.selection.language)
    ordered, units = found if order == TIME else history_tables.by_effect(found), explanation.units
    rows = history_tables.history_table(data, ordered, names, units)
    with said:
        count = sentences.taken_before(len(taken), explanation, has_order=has_order)
        st.markdown(joined(count, sentences.item_item(explanation), sentences.marked(found)))
    columns = history_tables.history_columns(data, rows, units)
    components.rows(rows, columns, key="taken", alt=plain("explain.history.alt"), height=HISTORY_HEIGHT)
    components.caveats(sentences.history_caveats(explanation, shared))
    return history_tables.history_json(found)


def second_method(page, where: tuple, explanation: Explanation, how: dict) -> Explanation | None:
    """Another method's answer beside the first, and where the two disagree; None where it cannot answer."""
    others = sorted((m for name, m in METHODS.items() if name != DEFAULT), key=lambda m: m.place)
    method = page.pick("method", {m.name: plain(f"method.short.{m.name}") for m in others}, buttons=True)
    try:
        with components.working(t("working.explanation"), once=("second", method, *where)):
            second = cached_explain.explanation(*where, method=method, **how)
    except RecLensError as error:
        components.unavailable(error)
        return None
    found = reasons.reasons(cached_workspace.dataset(page.selection.ref), explanation)
    names = (plain(f"method.{DEFAULT}"), plain(f"method.{method}"))
    words = {r.feature: r.label for r in found}
    agreement = compare_explanations(explanation, second)
    st.markdown(sentences.agreement_sentence(agreement, second, disagreements(explanation, second), words))
    by_feature = {c.feature: c.contribution for c in second.contributions}
    components.draw(charts.two_methods(found, by_feature, names, explanation.units), key="two")
    components.caveats([t("explain.second.legend", first=names[0], second=names[1]), *sentences.second_caveats(second)])
    return second


def two_waterfalls(
    ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant, units: Units = LOGIT
) -> None:
    """One item's reasons by the full and by a compressed model, line by line, on one scale.

    The lines are the full model's. For a page that compares the two (Compress), with a card of its own.
    """
    data = cached_workspace.dataset(ref)
    models = (variant.dense, variant)
    both = [cached_explain.explanation(ref, user_index, item_index, v, units=units) for v in models]
    found = [reasons.reasons(data, e) for e in both]
    lines = reasons.joined(found[0])
    shown = [lines, reasons.alike(found[1], lines)]
    reach = [charts.ends(*pair) for pair in zip(both, shown, strict=True)]
    whole = min(low for low, _ in reach), max(high for _, high in reach)
    items = [cached_explain.item(ref, user_index, item_index, v) for v in models]
    words = {r.feature: r.label for r in found[0]}
    st.markdown(sentences.two_models(items, disagreements(*both), words, units))
    with components.grid(2, min_width=380) as grid:
        for at, name in enumerate(("dense", "compressed")):
            with grid.cell():
                st.markdown(f"**{sentences.model_title(name, variant)}**")
                chart = charts.waterfall(both[at], shown[at], reach=whole)
                components.draw(chart, key=f"waterfall_{name}")
    components.caveats(sentences.caveats(both[1], cached_workspace.workspace(ref).split.task))
