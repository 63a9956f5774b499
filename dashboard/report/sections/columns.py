"""Section: every column asked for, its groups, gaps and verdicts; and all of them crossed."""

from __future__ import annotations

import pandas as pd

from dashboard.cached import fairness as cached_fairness
from dashboard.presentation.report.blocks import Block, Notes, Picture, Said, Section, Table
from dashboard.presentation.report.dots import Dot, dots
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import message, numbers, plain, t
from dashboard.report.request import ReportRequest
from recsys_core.errors import RecLensError
from recsys_core.fairness import report_json
from recsys_core.results import FairnessReport, GroupRow

MOST_DRAWN = 40  # groups of a picture; the table below holds all
SHOWN = ("ndcg", "recall", "hit_rate", "auc", "calibration_gap", "selection_rate", "popularity_lift")


def columns(asked: ReportRequest) -> Section:
    """One part a column, and one of all columns crossed."""
    return Section(
        "columns",
        plain("report.columns"),
        (Notes(sentences.caveats(asked.report(asked.groupings[0]), asked.evaluation, asked.dataset.n_items)),),
        parts=tuple(_part(asked, by) for by in asked.groupings),
    )


def first_metric(report: FairnessReport) -> str | None:
    """The measure that a column opens with: NDCG, else the first that everyone has."""
    known = [metric for metric, value in report.overall.values.items() if value is not None]
    return next((metric for metric in known if metric.startswith("ndcg")), next(iter(known), None))


def _part(asked: ReportRequest, by: tuple[str, ...]) -> Section:
    key, title = "+".join(by), sentences.columns_name(by)
    try:
        report = asked.report(by)
    except RecLensError as error:  # crossing can make too many groups: the others still stand
        if len(by) == 1:
            raise
        return Section(key, title, (Said(message(error)),), {"error": error.key})
    if report.side == "item":
        return Section(key, title, _exposure(asked, report), report_json(report))
    return Section(key, title, (*_figures(asked, report), *_changes(asked, report)), report_json(report))


def _exposure(asked: ReportRequest, report: FairnessReport) -> tuple[Block, ...]:
    """Groups of items: what lists give them beside what was taken."""
    gaps = group_tables.gaps(report)
    return (
        Table(group_tables.exposure({"dense": report}, ()), plain("report.items.caption")),
        *((Table(gaps, plain("report.gaps.caption", n=report.n_tested), n_texts=3),) if len(gaps) else ()),
        Notes([t("fairness.items.what"), *sentences.left_out(report)]),
    )


def _figures(asked: ReportRequest, report: FairnessReport) -> tuple[Block, ...]:
    metric = first_metric(report)
    if metric is None:
        return tuple(Said(said) for said in sentences.left_out(report))
    alone = cached_fairness.one_vs_rest(asked.ref, asked.variant, report.by, asked.limit)
    gaps = group_tables.gaps(report)
    gap_table = (Table(gaps, plain("report.gaps.caption", n=report.n_tested), n_texts=3),) if len(gaps) else ()
    together = group_tables.together(report)
    return (
        Said(sentences.sentence(report, metric, alone), leads=True),
        Picture(_picture(report, metric)),
        Notes(sentences.legend({"dense": report}, metric)),
        Table(_groups(report, metric), plain("report.groups.caption")),
        *gap_table,
        *((Table(together, plain("fairness.together"), n_texts=1),) if len(together) else ()),
        Notes(sentences.left_out(report)),
    )


def _changes(asked: ReportRequest, report: FairnessReport) -> tuple[Block, ...]:
    """What a compressed or re-ranked variant changes against the model with nothing set."""
    if asked.variant.is_dense:
        return ()
    changes = cached_fairness.gap_changes(asked.ref, asked.variant, report.by, asked.limit)
    before = cached_fairness.fairness_report(asked.ref, asked.variant.dense, report.by, asked.limit)
    rows = group_tables.gap_changes(before, changes)
    if rows.empty:
        return ()
    return (Said(t("report.changes")), Table(rows, plain("report.changes.caption"), n_texts=3))


def _picture(report: FairnessReport, metric: str) -> str:
    rows = sorted(report.groups, key=lambda row: (row.values[metric] is None, row.values[metric] or 0.0))[:MOST_DRAWN]
    words = {"metric": sentences.short_name(metric), "column": sentences.columns_name(report.by)}
    title = plain("fairness.chart.alt", **words)
    return dots([_dot(row, metric, report) for row in rows], everyone=report.overall.values[metric], title=title)


def _dot(row: GroupRow, metric: str, report: FairnessReport) -> Dot:
    label = plain("fairness.group.n", group=sentences.name_of(row.group), n=row.n)
    hidden = plain("fairness.hidden", least=report.least_size) if row.suppressed else numbers.UNKNOWN
    return Dot(label, row.values[metric], row.low[metric], row.high[metric], hidden)


def _groups(report: FairnessReport, metric: str) -> pd.DataFrame:
    """Groups by a few measures, the first with its interval; every measure stands in the JSON file."""
    names = [m for m in report.overall.values if m == metric or m.split("@")[0] in SHOWN]
    rows = []
    for row in (report.overall, *report.groups):
        about = {plain("fairness.group"): sentences.name_of(row.group), plain("fairness.n"): numbers.count(row.n)}
        rows.append(about | {sentences.short_name(m): _cell(row, m, m == metric) for m in names})
    return pd.DataFrame(rows)


def _cell(row: GroupRow, metric: str, has_interval: bool) -> str:
    shown, low, high = (sentences.format_metric(part[metric]) for part in (row.values, row.low, row.high))
    if row.values[metric] is None or row.low[metric] is None or not has_interval:
        return shown
    return plain("report.with_interval", value=shown, low=low, high=high)
