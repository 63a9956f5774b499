"""Cards of the Compress page: the figures, the two pictures over all levels, the lists, the presets."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, components, level_tables, state
from dashboard.charts import compress as charts
from dashboard.components import RowColumn
from dashboard.jobs import Job
from dashboard.state import Selection
from dashboard.stories import compress as story
from dashboard.texts import has, numbers, plain, t
from dashboard.texts.markdown import escape
from recsys_core.compare import RULES
from recsys_core.results import CompressionReport
from recsys_core.variant import DENSE

POLL_SECONDS = 0.3
FIRST_SECONDS = 0.15  # the first figure is there so soon that the page waits for it
CARD_WIDTH = 200
TABLE_HEIGHT = 318


def figures(place: cached.Place, found: dict) -> None:
    """One card a figure; what is not measured yet shows a dash."""
    cards = story.cards(place, found)
    with components.grid(len(cards) // 2, min_width=CARD_WIDTH):
        for card in cards:
            components.figure_card(card.label, card.value, card.note, more=card.more, help=card.help, good=card.good)


def measuring(page, job: Job) -> None:
    """The figures as they come, until the level is measured; then the page is drawn again."""
    chosen: Selection = page.selection
    job.begun.wait(FIRST_SECONDS)
    page.sentence(story.pending_sentence(chosen.variant, waits=not job.stage))

    watched = [job]

    @st.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        if watched[0].error:  # asked for again, it would be measured again
            components.failed(watched[0].error)
            return
        now = watched[0] = cached.measurement(chosen.place, chosen.variant)
        if now.is_done and not now.error:
            st.rerun()
        figures(chosen.place, now.partial)
        stage = t(f"stage.{now.stage}") if has(f"stage.{now.stage}") else t("stage.queue")
        st.progress(now.share, t("working.stage", stage=stage, share=numbers.percent(now.share)))

    watch()


def survival(selection: Selection) -> None:
    """The curves at this width of bits and kind of pruning, and where we are on them."""
    variant = selection.variant
    with components.card(t("compress.curve"), stretch=True):
        found = cached.levels(selection.place)
        pruning = state.pruning()
        here = [v for v in found if v.variant.bits == variant.bits and _is_on_curve(v.variant, pruning)]
        if not here:
            st.markdown(t("compress.curve.none"))
            return
        st.markdown(t("compress.curve.legend"))
        components.draw(charts.survival(here, variant), key="survival")
        components.doubt([t("compress.curve.doubt", pruning=plain(f"pruning.{pruning}"), bits=variant.bits)])


def _is_on_curve(variant, pruning: str) -> bool:
    return not variant.distill and (variant.pruning == pruning or not variant.sparsity)


def sizes(selection: Selection) -> None:
    """All measured levels: size against quality."""
    with components.card(t("compress.map"), stretch=True):
        found = cached.levels(selection.place)
        if not found:
            st.markdown(t("compress.curve.none"))
            return
        names = cached.level_table(selection.place, selection.language)[plain("compress.map.level")]
        components.draw(charts.sizes(found, names.tolist(), selection.variant), key="sizes")
        least = numbers.fixed(charts.lower_edge(found))
        components.doubt([t("compress.measured_levels", n=len(found)), t("compress.map.doubt", least=least)])


def lists(selection: Selection) -> None:
    """The chosen user's ten recommendations under both models."""
    if selection.user_index is None:
        with components.card(t("compress.lists.nobody"), stretch=True):
            st.markdown(t("compress.lists.pick"))
        return
    where = selection.place, selection.user_index
    before = cached.recommendation(*where, DENSE)
    after = cached.recommendation(*where, selection.variant)
    name = cached.short_name(*where, selection.language)
    with components.card(t("compress.lists", user=name), stretch=True):
        components.rows(
            level_tables.before_and_after(before, after),
            {
                "rank": RowColumn("#", right=True),
                "before": RowColumn(plain("compress.lists.before"), wrap=True),
                "after": RowColumn(plain("compress.lists.after"), wrap=True),
                "move": RowColumn(plain("compress.lists.move")),
            },
            key="lists",
            alt=plain("compress.lists.alt"),
        )
        components.doubt([_kept(before, after, selection.variant.is_dense)])


def _kept(before, after, is_dense: bool) -> str:
    n, missing = len(before.items), level_tables.gone(before, after)
    if is_dense:
        return t("compress.lists.dense")
    if not missing:
        return t("compress.lists.kept.all", n=n)
    return t("compress.lists.kept", kept=n - len(missing), n=n, gone=escape(plain("list.join").join(missing)))


def most_changed(selection: Selection, report: CompressionReport) -> None:
    """Users whose list changed most; a click looks at one of them."""
    with components.card(t("compress.changed"), stretch=True):
        users = cached.dataset(selection.place).users["user_id"]
        ids = [users.iloc[i] for i, _ in report.extra["top_10_kept"]["most_changed"]]
        if not ids:
            st.markdown(t("compress.changed.none"))
            return
        rows = level_tables.most_changed(report, ids, cached.people(selection.place, selection.language))
        components.rows(
            rows,
            {
                "kept": RowColumn(plain("compress.changed.kept")),
                "user": RowColumn(plain("table.user"), wrap=True),
            },
            key="changed",
            alt=plain("compress.changed.alt"),
            height=TABLE_HEIGHT,
            selected=ids.index(selection.user_id) if selection.user_id in ids else None,
            pick="user",
            on_pick=lambda row: state.choose(user=ids[row]),
        )
        components.doubt([t("compress.changed.hint")])


def presets(selection: Selection) -> None:
    """Three levels chosen from what was measured, and the way back."""
    known = cached.presets(selection.place)
    with st.container(horizontal=True, vertical_alignment="center"):
        for rule in RULES:
            variant = known[rule.name]
            st.button(
                t(f"compress.preset.{rule.name}"),
                key=f"preset_{rule.name}",
                help=story.preset_help(rule.name, variant),
                disabled=variant is None or variant == selection.variant,
                on_click=state.choose_variant,
                args=(variant,),
            )
        st.button(
            t("compress.preset.dense"),
            key="preset_dense",
            disabled=selection.variant.is_dense,
            on_click=state.choose_variant,
            type="tertiary",
        )
