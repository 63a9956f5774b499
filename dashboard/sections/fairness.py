"""Cards of the Fairness page: its choices, the dots, the gaps of all columns and of one, and closed details."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import streamlit as st

from dashboard import components, state
from dashboard.address import address
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import MOST_K, K, is_length
from dashboard.presentation.charts import fairness as charts
from dashboard.presentation.charts import fairness_cells as cell_charts
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import plain, t
from dashboard.presentation.texts.markdown import escape
from recsys_core.fairness import ScanResult
from recsys_core.fairness.columns import SEGMENT
from recsys_core.fairness.metric import Family
from recsys_core.fairness.metrics import find_metric
from recsys_core.models.user_sample import UserLimit
from recsys_core.results import FairnessReport, GapChange
from recsys_core.variant import ModelVariant

LARGEST_HEIGHT = 330  # px; the other gaps of a scan are below
MODELS = ("dense", "compressed", "both")
FAMILIES = get_args(Family)
LENGTHS = (1, 5, K, 20, 50, MOST_K)
Reports = dict[str, FairnessReport]
Scans = dict[str, ScanResult]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """``gender`` stands for ``user.gender``, too; of equal ones for the first."""
    known = [name for name in names if not name.startswith(SEGMENT)]
    return {short: name for name in reversed(known) if (short := name.split(".", 1)[-1]) not in known}


def first_column(page, scan: ScanResult) -> str:
    """The column that the page opens on: the chosen segment, else that of the largest real gap."""
    chosen = page.selection.segment
    return f"{SEGMENT}{chosen.name}" if chosen else first_gap(scan)[0]


def measure_picker(page, scan: ScanResult, report: FairnessReport) -> str:
    """The measure to look at: that of the largest real gap where the address names no column, else the first.

    Listed by what they are about; the chosen one's sentence, formula and source stand in the help.
    """
    ordered = sorted(report.overall.values, key=lambda metric: FAMILIES.index(find_metric(metric).family))
    names = {metric: sentences.family_name(metric) for metric in ordered}
    default = ordered[0] if state.bar().value("by") or page.selection.segment else first_gap(scan)[1]
    default = default if default in names else ordered[0]
    return page.pick("measure", names, default=default, help=escape(sentences.definition(_named(names, default))))


def _named(names: dict[str, str], default: str) -> str:
    """The measure that the address says, the default where it says none of them."""
    said = state.bar().value("measure")
    return said if said in names else default


def length_picker(page) -> int:
    """How many recommendations a list is made of."""
    bar = state.bar()
    raw = bar.value("k")
    named = int(raw) if is_length(raw) else K
    names = {"" if k == K else str(k): str(k) for k in sorted({*LENGTHS, named})}
    page.pick("k", names, default="", aliases={str(K): ""}, help=t("fairness.k.help"))
    return named


def first_gap(scan: ScanResult) -> tuple[str, str]:
    """Column and measure that the page opens on: the largest real gap (of the measure that the address names)."""
    real = [(column, gap.metric) for column, gap in scan.gaps if not gap.within_noise]
    named = [found for found in real if state.bar().known("measure", found[1:])]
    if real:
        return (named or real)[0]
    column = next(iter(scan.reports))
    return column, next(iter(scan.reports[column].overall.values))


def model_picker(page) -> dict[str, ModelVariant]:
    """The models to look at, by ``dense`` and ``compressed``; without compression there is only one, and why."""
    variant: ModelVariant = page.selection.variant
    names = {model: plain(f"fairness.models.{model}") for model in MODELS}
    only = dict.fromkeys(MODELS, "dense") if variant.is_dense else {}
    with st.container():
        default = "dense" if variant.is_dense else "both"
        how = {"disabled": variant.is_dense, "width": "stretch", "label_visibility": "visible"}
        chosen = page.pick("models", names, default=default, aliases=only, buttons=True, **how)
        if variant.is_dense:
            st.caption(t("fairness.models.help"))
    both = {"dense": variant.dense, "compressed": variant}
    return both if chosen == "both" else {chosen: both[chosen]}


def dots(page, reports: Reports, looked_at: str, limit: UserLimit) -> None:
    """Every group as a dot with its interval; what the colours mean and what the figures rest on."""
    report, ref = next(iter(reports.values())), page.selection.ref
    metric = sentences.shown_by_group(looked_at)
    words = sentences.inside(sentences.short_name(metric)), sentences.columns_name(report.by)
    with components.card(t("fairness.chart", metric=words[0], column=words[1]), stretch=True):
        components.draw(charts.dots(reports, metric, sentences.name_of, words), key=f"dots_{len(reports)}")
        if len(report.groups) > charts.MOST_DOTS:
            components.caveats([t("fairness.chart.some", n=charts.MOST_DOTS, n_all=len(report.groups))])
        components.caveats(sentences.legend(reports, metric))
        if metric != looked_at:
            components.caveats([t("fairness.together.shown", metric=words[0])])
        evaluation = cached_fairness.evaluation(ref, report.variant, limit).result
        components.caveats(sentences.caveats(report, evaluation, cached_workspace.dataset(ref).n_items))
        components.caveats(sentences.anew(evaluation))
        example(page, report, metric, limit)


def example(page, report: FairnessReport, metric: str, limit: UserLimit) -> None:
    """The way to the worst served of the worst group, as a view of its own."""
    gap = report.gap(metric)
    user = (
        cached_fairness.worst_served(page.selection.ref, report.variant, report.by, gap.worst_group, limit)
        if gap is not None
        else None
    )
    if user is not None:
        label = t("fairness.example", group=sentences.inside(sentences.name_of(gap.worst_group)).rstrip())
        url = address("explain", state.parameters(page.selection) | {"user": user, "item": ""})
        st.link_button(label, url, type="tertiary", icon=":material/open_in_new:")


def largest(page, scans: Scans, by: tuple[str, ...], metric: str, *, limit: UserLimit, least: int) -> None:
    """The gaps of all columns and measures; a row opens its column and measure."""
    model, scan = next(iter(scans.items()))
    with components.card(t("fairness.found"), stretch=True):
        ref, spoken = page.selection.ref, page.selection.language
        rows, titles = cached_fairness.largest_gaps(ref, scan.variant, by, spoken, limit, least)
        if rows.empty:
            st.markdown(t("fairness.gaps.none"))
            return
        shown = [(column, gap.metric) for column, gap in scan.gaps]
        here = (by[0], metric) if len(by) == 1 else None
        pick = plain("fairness.column")
        components.rows(
            rows,
            columns(rows, wrap=(pick, plain("fairness.measure"), plain("fairness.gaps.extremes"))),
            key="largest",
            alt=plain("fairness.found.alt"),
            selected=shown.index(here) if here in shown else None,
            on_pick=lambda row: state.choose(by=shown[row][0], measure=shown[row][1], cross="", cross2=""),
            pick=pick,
            height=LARGEST_HEIGHT,
            titles=titles,
        )
        components.caveats(sentences.scan_caveats(scan, model))


def gaps(reports: Reports, changes: tuple[GapChange, ...], metric: str) -> None:
    """The important measures with their two extreme groups; with two models both gaps and the change, side by side."""
    report = next(iter(reports.values()))
    n_all = len(report.gaps) + len(report.together)
    changes = group_tables.important(changes, metric)
    report = replace(report, gaps=group_tables.important(report.gaps, metric))
    both = len(reports) > 1
    model = plain(f"fairness.model.{'both' if both else next(iter(reports))}")
    with components.card(t("fairness.gaps", column=sentences.columns_name(report.by), model=model)):
        rows = group_tables.gap_changes(report, changes) if both else group_tables.gaps(report)
        if rows.empty:
            st.markdown(t("fairness.gaps.none"))
        else:
            shown = [found.metric for found in (changes if both else report.gaps)]
            wrap = (plain("fairness.measure"), plain("fairness.gaps.extremes"))
            alt = plain("fairness.gaps.alt")
            titles = [sentences.meaning(metric) for metric in shown]
            components.rows(rows, columns(rows, wrap=wrap), key=f"gaps_{len(reports)}", alt=alt, titles=titles)
            tested = t("fairness.gaps.changes") if both else t("fairness.gaps.tested", n=report.n_tested)
            components.caveats([tested, t("fairness.gaps.extreme"), t("fairness.gaps.more", n=n_all)])
        for said in sentences.left_out(report):
            components.caveats([said])


def columns(rows, *, wrap: tuple[str, ...]) -> dict[str, RowColumn]:
    """Columns of a table of gaps with what each means; texts may break."""
    keys = ("fairness.gaps.p", "fairness.gaps.corrected", "fairness.gaps.real", "fairness.gaps.ratio", "fairness.good")
    about = {plain(key): plain(f"{key}.what") for key in keys}
    return {name: RowColumn(name, help=about.get(name, ""), wrap=name in wrap) for name in rows.columns}


def details(page, reports: Reports) -> None:
    """All figures of all groups; worked out when opened, and open in the link as here."""
    groups = page.details("all_groups")
    if groups.open:
        with groups:
            components.table(group_tables.groups(reports), key="groups", alt=plain("fairness.details.groups.alt"))


def cells(reports: Reports, metric: str) -> None:
    """Crossed columns as a heat map, those of small groups grey; nothing for one column."""
    report = next(iter(reports.values()))
    if len(report.by) < 2:
        return
    words = sentences.inside(sentences.short_name(metric)), sentences.columns_name(report.by)
    with components.card(t("fairness.cells", metric=words[0], column=words[1])):
        components.draw(cell_charts.heat_map(report, metric, sentences.name_of, words), key="cells")
        n_small = sum(row.suppressed for row in report.groups)
        model = plain(f"fairness.model.{next(iter(reports))}")
        said = [t("fairness.cells.colours", overall=sentences.format_metric(report.overall.values[metric]))]
        said += [t("fairness.cells.size", n=len(report.groups), small=n_small, least=report.least_size)]
        components.caveats([*said, t("fairness.items.model", model=model)])
