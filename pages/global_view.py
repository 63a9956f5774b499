"""Global: what drives the model over many pairs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import components, frame, state, units
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter, among, opened
from dashboard.presentation import wording as reasons
from dashboard.presentation.charts import overall as charts
from dashboard.presentation.sentences import overall as sentences
from dashboard.presentation.tables import reasons as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.global_parts import PARTS, Overall
from dashboard.sections.global_parts.by_value import by_value
from dashboard.sections.global_parts.pictures import pictures
from dashboard.sections.global_parts.small import is_too_small
from dashboard.sections.lab.card import draw_cards

FIRST, WANTED, PAIRS = 100, 500, (100, 200, 500, 1000)


@frame.page(
    "global",
    order=30,
    parameters=(
        Parameter(
            "pairs", "global.pairs", str(WANTED), bound=True, takes=among(PAIRS), problem="frame.setting_unknown"
        ),
        Parameter("reason", "explain.reason"),
        opened("all_reasons", "explain.table"),
        units.UNITS_PARAMETER,
        *(parameter for part in PARTS for parameter in part.declared),
    ),
)
def show(page: frame.Frame) -> None:
    chosen = page.selection
    page.title(t("global.title"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = n_pairs()
        units.pick_units(page)
    if is_too_small(chosen.ref, chosen.segment):
        return
    asked, found = explained(page, wanted)
    if found is None:
        return
    data = cached_workspace.dataset(chosen.ref)
    names = {player: reasons.feature_name(data, player) for player in found.players}
    page.sentence(sentences.sentence(found, names))
    with components.grid(2, min_width=380):
        with components.card(t("global.sizes"), stretch=True):
            chart = charts.mean_sizes(found, names)
            components.draw(chart, key="sizes", on_pick=lambda marks: state.choose(reason=sentences.picked(marks)))
            components.caveats([t("global.sizes.pick"), sentences.tied_caveat(found)])
        with components.card(t("global.swarm"), stretch=True):
            components.draw(charts.swarm(found, names, partial(reasons.in_words, data)), key="swarm")
            components.caveats([t("global.swarm.grey")])
    task = cached_workspace.workspace(chosen.ref).split.task
    has_term = cached_explain.has_term(chosen.ref, chosen.variant)
    components.caveats(sentences.caveats(found, task, of_one=cached_explain.BACKGROUND, has_term=has_term))
    reason, effects = by_value(page, found, names)
    shown = Overall(page, chosen.ref, chosen.variant, chosen.segment, asked, data, found, names, reason)
    held = draw_cards(PARTS, shown)
    details = page.details("all_reasons")
    if details.open:
        with details:
            components.table(tables.global_table(data, found), key="reasons", alt=plain("global.table.alt"))
    everything = tables.global_json(found) | {"by_value": effects} | held
    page.download("global", tables.global_rows(found), everything, pictures(shown))


def n_pairs() -> int:
    return st.segmented_control(
        t("global.pairs"),
        PAIRS,
        default=WANTED,
        required=True,
        key="pairs",
        bind="query-params",
        help=t("global.pairs.help"),
    )


def explained(page: frame.Frame, wanted: int):
    """The largest finished explanation up to the wanted size, and of how many pairs it was asked to be.

    A small one comes first, with progress of the rest.
    """
    chosen = page.selection
    sizes = {"n": wanted, "background": cached_explain.OVERALL_BACKGROUND, "first": FIRST}
    jobs = [
        cached_explain.overall(chosen.ref, chosen.variant, n, chosen.segment, units=units.units_of(page))
        for n in dict.fromkeys((min(FIRST, wanted), wanted))
    ]
    first, last = jobs[0], jobs[-1]
    if not first.is_done:
        page.sentence(t("global.sentence.waiting", n=wanted))
    what = t("global.working" if first is not last else "global.working.all", **sizes)
    if not components.finished(first, what, key="explaining"):
        return wanted, None
    more = components.finished(last, t("global.more", **sizes), key="explaining_more", patience=0)
    return (wanted, last.result) if more else (min(FIRST, wanted), first.result)
