"""Cards of the Compress page: the figures, the two pictures over all levels, the lists, presets and budget."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st

from dashboard import components, state, units
from dashboard.cached import compress as cached_compress
from dashboard.cached import explain as cached_explain
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.jobs import Job
from dashboard.presentation.charts import compress as charts
from dashboard.presentation.sentences import compress as sentences
from dashboard.presentation.sentences import compress_cards
from dashboard.presentation.sentences.fairness import column_name
from dashboard.presentation.tables import variants as level_tables
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain, stage, t
from dashboard.presentation.texts.markdown import escape
from dashboard.sections.explain import two_waterfalls
from dashboard.state import Selection
from dashboard.workspaces import WorkspaceRef
from recsys_core.compare import RULES, Budget, is_on_sliders, smallest_allowed
from recsys_core.models.user_sample import UserLimit
from recsys_core.results import CompressionReport, Recommendation, measured
from recsys_core.variant import ModelVariant

POLL_SECONDS = 0.3
FIRST_SECONDS = 0.15  # the first figure is there so soon that the page waits for it
CARD_WIDTH = 200
TABLE_HEIGHT = 318


def stat_cards(ref: WorkspaceRef, report: CompressionReport, watched: str | None) -> None:
    """One card a figure; what is not measured yet shows a dash."""
    cards = compress_cards.cards(report, partial(cached_fairness.groups, ref), watched)
    with components.grid(len(cards) // 2, min_width=CARD_WIDTH):
        for card in cards:
            components.stat_card(card.label, card.value, card.note, more=card.more, help=card.help, good=card.good)


def measuring(page, job: Job, watched: str | None, users: UserLimit) -> None:
    """The figures as they come, until the level is measured; then the page is drawn again."""
    chosen: Selection = page.selection
    job.started.wait(FIRST_SECONDS)
    page.sentence(sentences.pending_sentence(chosen.variant, waits=not job.stage))

    @components.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        now = cached_compress.measurement(chosen.ref, chosen.variant, users)
        if now.is_done:
            st.rerun()
        stat_cards(chosen.ref, so_far(now, chosen), watched)
        said = stage(now.stage or "queue")
        st.progress(now.share, t("working.stage", stage=said, share=numbers.percent(now.share)))

    watch()


def so_far(job: Job, selection: Selection) -> CompressionReport:
    """What a measurement knows already."""
    return job.partial or CompressionReport(selection.variant)


def survival(selection: Selection) -> None:
    """The curves at this width of bits and kind of pruning, and where we are on them."""
    variant = selection.variant
    with components.card(t("compress.curve"), stretch=True):
        found = cached_compress.measured_variants(selection.ref, selection.variant.model)
        pruning, neighbours = state.pruning(), variant.compression.neighbours
        here = [v for v in found if _is_on_curve(v.variant, variant, pruning)]
        if not here:
            st.markdown(t("compress.curve.none"))
            return
        st.markdown(t("compress.curve.legend"))
        components.draw(charts.survival(here, variant), key="survival")
        few = t("variant.name.neighbours", neighbours=neighbours) if neighbours else ""
        components.caveats(
            [few, t("compress.curve.caveat", pruning=plain(f"pruning.{pruning}"), bits=variant.compression.bits)]
        )


def _is_on_curve(variant: ModelVariant, chosen: ModelVariant, pruning: str) -> bool:
    """Whether only the sparsity tells it from the chosen one, under this kind of pruning."""
    own, wanted = variant.compression, chosen.compression
    is_alike = (own.bits, own.neighbours) == (wanted.bits, wanted.neighbours)
    return is_on_sliders(variant) and is_alike and (own.pruning == pruning or not own.sparsity)


def sizes(selection: Selection) -> None:
    """All measured levels: size against quality; a click on a dot chooses its level."""
    with components.card(t("compress.map"), stretch=True):
        found = cached_compress.measured_variants(selection.ref, selection.variant.model)
        if not found:
            st.markdown(t("compress.curve.none"))
            return
        table = cached_compress.variant_table(selection.ref, selection.variant.model, selection.language)
        names = table[plain("compress.map.level")]
        by_key = {point.variant.key: point.variant for point in found if is_on_sliders(point.variant)}

        def pick(marks: list[dict]) -> None:
            known = [by_key[mark["key"]] for mark in marks if mark.get("key") in by_key]
            if known and known[0] != selection.variant:
                state.choose_variant(known[0])

        components.draw(charts.sizes(found, names.tolist(), selection.variant), key="sizes", on_pick=pick)
        least = numbers.fixed(charts.lower_edge(found))
        where = t("compress.map.caveat", least=least)
        components.caveats([t("compress.measured_levels", n=len(found)), where, t("compress.map.pick")])


def lists(selection: Selection) -> None:
    """The chosen user's ten recommendations under both models."""
    if selection.user_index is None:
        with components.card(t("compress.lists.nobody"), stretch=True):
            st.markdown(t("compress.lists.pick"))
        return
    where = selection.ref, selection.user_index
    before = cached_explain.recommendation(*where, selection.variant.dense)
    after = cached_explain.recommendation(*where, selection.variant)
    name = cached_workspace.short_name(*where, selection.language)
    with components.card(t("compress.lists", user=name), stretch=True):
        if not before.items:
            st.markdown(t("compress.lists.empty"))
            return
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
            **({} if selection.variant.is_dense else _picks(after)),
        )
        hint = "" if selection.variant.is_dense else t("compress.lists.hint")
        components.caveats([_kept(before, after, selection.variant.is_dense), sentences.ties(after), hint])


def _picks(after: Recommendation) -> dict[str, object]:
    """A click on a row looks at its item's reasons under both models."""
    ids = [item.item_id for item in after.items]
    asked = state.bar().value("both")

    def pick(row: int) -> None:
        if row < len(ids):
            state.choose(both=ids[row])

    return {"pick": "after", "on_pick": pick, "selected": ids.index(asked) if asked in ids else None}


def both_models(page) -> None:
    """One item's reasons by the full and by the compressed model, where a row of the lists was clicked."""
    selection = page.selection
    asked, ref = state.bar().value("both"), selection.ref
    if not asked or selection.user_index is None or selection.variant.is_dense:
        return
    listed = cached_explain.recommendation(ref, selection.user_index, selection.variant).items
    item = next((item for item in listed if item.item_id == asked), None)
    if item is None:
        return
    with components.card(t("compress.both", item=item.title)):
        st.button(t("compress.both.close"), key="both_close", on_click=lambda: state.choose(both=None), type="tertiary")
        chosen = units.pick_units(page)
        key = ("both", ref, selection.user_index, item.item_index, selection.variant)
        with components.working(t("working.explanation"), once=key):
            two_waterfalls(ref, selection.user_index, item.item_index, selection.variant, chosen)


def _kept(before: Recommendation, after: Recommendation, is_dense: bool) -> str:
    n, missing = len(before.items), level_tables.gone(before, after)
    if is_dense:
        return t("compress.lists.dense")
    if not missing:
        return t("compress.lists.kept.all", n=n)
    return t("compress.lists.kept", kept=n - len(missing), n=n, gone=escape(plain("list.join").join(missing)))


def most_changed(selection: Selection, report: CompressionReport) -> None:
    """Users whose list changed most and which group they come from; a click looks at one of them."""
    with components.card(t("compress.changed"), stretch=True):
        users = cached_workspace.dataset(selection.ref).users["user_id"]
        ids = [users.iloc[i] for i, _ in measured(report.list_overlap).most_changed]
        if not ids:
            st.markdown(t("compress.changed.none" if report.n_users else "compress.changed.nobody"))
            return
        st.markdown(sentences.lost_most(report, partial(cached_fairness.groups, selection.ref)))
        rows = level_tables.most_changed(report, ids, cached_workspace.people(selection.ref, selection.language))
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
        components.caveats([t("compress.changed.hint")])


def presets(selection: Selection) -> None:
    """Three levels chosen from what was measured, each with its size and what it keeps, and the way back."""
    where = selection.ref, selection.variant.model
    known, reports = cached_compress.presets(*where), cached_compress.reports(*where)
    with st.container(horizontal=True, vertical_alignment="center"):
        for rule in RULES:
            variant = known[rule.name]
            st.button(
                sentences.preset_label(rule.name, reports.get(variant)),
                key=f"preset_{rule.name}",
                help=sentences.preset_help(rule.name, variant),
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


def watch_picker(page, report: CompressionReport | None) -> str | None:
    """Which column's gap is watched: the one the address names, else the one that the reports watch."""
    chosen: Selection = page.selection
    about = report or cached_compress.reports(chosen.ref, chosen.variant.model).get(chosen.variant.dense)
    known = dict.fromkeys(about.group_gaps if about else ())
    if not known:
        return None
    names = {column: column_name(column) for column in known}
    return page.pick("watch", names, default=measured(about.watched).column, help=t("compress.watch.help"))


def budget(page) -> Budget | None:
    """At most so many KB, at least this share of the lists; None where neither was typed."""
    most, least = (page.number(key, top) for key, top in (("kb", math.inf), ("lists_kept", 100.0)))
    if most is None and least is None:
        return None
    return Budget(float("inf") if most is None else 1000 * most, 0.0 if least is None else least / 100)


def budget_answer(selection: Selection, report: CompressionReport | None, limits: Budget | None) -> None:
    """Whether this level is within the budget, and the smallest level that is."""
    if limits is None:
        return
    reports = cached_compress.reports(selection.ref, selection.variant.model)
    best = smallest_allowed((r for r in reports.values() if is_on_sliders(r.variant)), limits.allows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(sentences.budget(limits, report, reports.get(best)), width="stretch")
        if best is not None and best != selection.variant:
            st.button(t("compress.budget.go"), key="budget_go", on_click=state.choose_variant, args=(best,))
