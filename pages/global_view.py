"""Global: what drives the model over many pairs."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, components, frame, reasons, tables
from dashboard.charts import overall as charts
from dashboard.stories import overall as story
from dashboard.texts import plain, t

FIRST, PAIRS, CHOICES = 100, 500, (100, 200, 500, 1000)


def show(page: frame.Frame) -> None:
    chosen = page.selection
    page.title(t("global.title"))
    picture, details = st.container(), st.container()
    with details:
        wanted = n_pairs()
    with picture:
        found = explained(page, wanted)
    if found is None:
        return
    data = cached.dataset(chosen.place)
    names = {player: reasons.feature_name(data, player) for player in found.players}
    page.sentence(story.sentence(found, names))
    with picture:
        with components.grid(2, min_width=380):
            with components.card(t("global.sizes"), stretch=True):
                components.draw(charts.mean_sizes(found, names), key="sizes")
            with components.card(t("global.swarm"), stretch=True):
                components.draw(charts.swarm(found, names), key="swarm")
                components.doubt([t("global.swarm.grey")])
        components.doubt(story.doubts(found, cached.workspace(chosen.place).task))
    with details, st.expander(t("explain.table"), key="all_reasons", on_change="rerun") as opened:
        if opened.open:
            components.table(tables.global_table(chosen.place, found), key="reasons", alt=plain("global.table.alt"))
    page.download("global", tables.global_table(chosen.place, found), tables.global_json(found))


def n_pairs() -> int:
    return st.segmented_control(
        t("global.pairs"),
        CHOICES,
        default=PAIRS,
        required=True,
        key="pairs",
        bind="query-params",
        help=t("global.pairs.help"),
    )


def explained(page: frame.Frame, wanted: int):
    """The largest finished explanation up to the wanted size; a small one comes first, with progress of the rest."""
    chosen = page.selection
    page.link_also(pairs=wanted)
    jobs = [cached.overall(chosen.place, chosen.variant, n) for n in dict.fromkeys((min(FIRST, wanted), wanted))]
    for job in jobs:
        if job.error:
            components.failed(job.error)
            return None
    done = [job for job in jobs if job.is_done]
    if len(done) < len(jobs):
        key = "global.more" if done else "global.working" if len(jobs) > 1 else "global.working.all"
        what = t(key, n=wanted, background=cached.OVERALL_BACKGROUND, first=FIRST)
        if not done:
            page.sentence(t("global.sentence.waiting", n=wanted))
        components.still_working(jobs[len(done)], what, key="explaining")
    return done[-1].result if done else None


frame.page(show)
