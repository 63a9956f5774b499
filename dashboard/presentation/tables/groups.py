"""Group figures as tables: gaps, every group, exposure by item group; and everything for the download."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import pandas as pd

from dashboard.presentation.sentences.fairness import (
    chance,
    column_name,
    format_metric,
    good_end,
    interval,
    measure_name,
    name_of,
    short_name,
    what,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.fairness import ScanResult, gap_json, report_json
from recsys_core.fairness.metrics import find_metric
from recsys_core.results import FairnessReport, Gap, GapChange, GroupChange, GroupRow, TogetherFigure, Verdict

SHARES = ("catalogue_share", "exposure_share", "relevance_share")
RATIO = "exposure_to_relevance"
OF_LISTS = ("list_rate", "recall", "item_coverage", "tail_share", "exposure_gini")
IMPORTANT = (
    "ndcg", "recall", "hit_rate", "auc", "calibration_gap", "ece", "selection_rate", "true_positive_rate",
    "popularity_lift", "miscalibration", "coverage",
)  # fmt: skip
Found = TypeVar("Found", Gap, GapChange)


def largest(scan: ScanResult) -> pd.DataFrame:
    """Gaps of all columns and measures, the largest real one first."""
    rows = [
        {
            plain("fairness.column"): column_name(column),
            plain("fairness.measure"): short_name(gap.metric),
            **_extremes(gap),
            plain("fairness.gaps.difference"): format_metric(gap.difference),
            plain("fairness.gaps.real"): real(gap),
            plain("fairness.gaps.corrected"): chance(gap.p_corrected),
        }
        for column, gap in scan.gaps
    ]
    return pd.DataFrame(rows)


def important(found: Sequence[Found], metric: str) -> tuple[Found, ...]:
    """The gaps (or changes of gaps) that a first look asks for, and that of the measure that is looked at."""
    return tuple(gap for gap in found if gap.metric == metric or gap.metric.split("@")[0] in IMPORTANT)


def gaps(report: FairnessReport) -> pd.DataFrame:
    """Every measure: worst and best group, gap, interval, ratio, chance, and whether it is more than noise."""
    rows = [
        {
            **_about(gap),
            **_extremes(gap),
            plain("fairness.gaps.values"): f"{format_metric(gap.worst)} → {format_metric(gap.best)}",
            plain("fairness.gaps.difference"): format_metric(gap.difference),
            plain("fairness.interval"): interval(gap.low, gap.high),
            plain("fairness.gaps.ratio"): numbers.fixed(gap.ratio),
            plain("fairness.gaps.p"): chance(gap.p_value),
            plain("fairness.gaps.corrected"): chance(gap.p_corrected),
            plain("fairness.gaps.real"): real(gap),
        }
        for gap in report.gaps
    ]
    return pd.DataFrame(rows)


def gap_changes(report: FairnessReport, changes: tuple[GapChange, ...]) -> pd.DataFrame:
    """Every measure's gap under the full and the compressed model, side by side; ``report`` is the full model's."""
    rows = [
        {
            **_about(gap),
            **_extremes(gap),
            plain("fairness.models.dense"): format_metric(change.dense),
            plain("fairness.gaps.real"): real(gap),
            plain("fairness.models.compressed"): format_metric(change.compressed),
            plain("fairness.change"): numbers.signed(change.change, 3),
            plain("fairness.interval"): interval(change.low, change.high),
            plain("fairness.gaps.corrected"): chance(change.p_corrected),
            plain("fairness.change.real"): real(change),
        }
        for change in changes
        if (gap := report.gap(change.metric)) is not None
    ]
    return pd.DataFrame(rows)


def _about(gap: Gap) -> dict[str, str]:
    return {plain("fairness.measure"): measure_name(gap.metric), plain("fairness.good"): good_end(gap.metric)}


def _extremes(gap: Gap) -> dict[str, str]:
    return {plain("fairness.gaps.extremes"): f"{name_of(gap.worst_group)} → {name_of(gap.best_group)}"}


def real(found: Verdict) -> str:
    """Whether a difference is more than noise: yes or no."""
    return plain(f"fairness.gaps.{'no' if found.within_noise else 'yes'}")


def together(report: FairnessReport) -> pd.DataFrame:
    """Measures of all groups at once: value, interval, chance, and whether it is more than noise."""
    rows = [
        {
            plain("fairness.measure"): measure_name(figure.metric),
            plain("fairness.good"): good_end(figure.metric),
            plain("fairness.together.value"): format_metric(figure.value),
            plain("fairness.interval"): interval(figure.low, figure.high),
            plain("fairness.gaps.p"): chance(figure.p_value),
            plain("fairness.gaps.corrected"): chance(figure.p_corrected),
            plain("fairness.gaps.real"): real(figure),
        }
        for figure in report.together
    ]
    return pd.DataFrame(rows)


def definitions(metrics: Iterable[str]) -> pd.DataFrame:
    """Measures with what they say, their good end, formula and source, by what they are about."""
    rows = [
        {
            plain("measure.family"): plain(f"measure.family.{find_metric(metric).family}"),
            plain("fairness.measure"): measure_name(metric),
            plain("fairness.good"): good_end(metric),
            plain("measure.says"): what(metric),
            plain("measure.formula"): find_metric(metric).formula,
            plain("measure.source"): find_metric(metric).source,
        }
        for metric in metrics
    ]
    return pd.DataFrame(rows)


def groups(reports: dict[str, FairnessReport]) -> pd.DataFrame:
    """Every group and measure, everyone in row 0; a model's rows one after another."""
    rows = []
    for model, report in reports.items():
        for row in (report.overall, *report.groups):
            about = {
                plain("fairness.models"): plain(f"fairness.models.{model}"),
                plain("fairness.group"): name_of(row.group),
                plain("fairness.n"): numbers.count(row.n),
            }
            own = {m: value for m, value in row.values.items() if not find_metric(m).is_together}
            rows.append(about | {short_name(m): format_metric(value) for m, value in own.items()})
    return pd.DataFrame(rows)


def exposure(reports: dict[str, FairnessReport], changes: tuple[GroupChange, ...]) -> pd.DataFrame:
    """Item groups: share of the catalogue, of what was taken later, of exposure, and exposure against merit.

    With two models the last two stand side by side, with the change of the ratio.
    """
    first = next(iter(reports.values()))
    by_group = {change.group: change for change in changes}
    rows = []
    for at, row in enumerate(first.groups):
        cells = {plain("fairness.group"): name_of(row.group), plain("fairness.n_items"): numbers.count(row.n)}
        cells |= {plain(f"measure.{m}"): numbers.percent(row.values[m], 1) for m in ("catalogue_share", SHARES[2])}
        for model, report in reports.items():
            cells |= _exposure(report.groups[at], plain(f"fairness.models.{model}") if len(reports) > 1 else "")
        if len(reports) > 1:
            cells |= _change(by_group.get(row.group))
        rows.append(cells)
    return pd.DataFrame(rows)


def item_lists(reports: dict[str, FairnessReport]) -> pd.DataFrame:
    """Item groups in lists: chance to be listed, recall, reach, niche share and inequality, model after model."""
    rows = []
    for model, report in reports.items():
        about = {plain("fairness.models"): plain(f"fairness.models.{model}")} if len(reports) > 1 else {}
        for row in report.groups:
            own = {m: value for m, value in row.values.items() if m.split("@")[0] in OF_LISTS}
            cells = {plain("fairness.group"): name_of(row.group)} | about
            rows.append(cells | {short_name(m): format_metric(value) for m, value in own.items()})
    return pd.DataFrame(rows)


def _exposure(row: GroupRow, model: str) -> dict[str, str]:
    def named(key: str) -> str:
        return plain("fairness.of_model", what=plain(key), model=model) if model else plain(key)

    ends = {named("fairness.interval"): interval(row.low[RATIO], row.high[RATIO])} if not model else {}
    share = {named("measure.exposure_share"): numbers.percent(row.values["exposure_share"], 1)}
    return share | {named(f"measure.{RATIO}"): numbers.fixed(row.values[RATIO])} | ends


def _change(change: GroupChange | None) -> dict[str, str]:
    return {
        plain("fairness.change"): "" if change is None else numbers.signed(change.change, 2),
        plain("fairness.interval"): "" if change is None else interval(change.low, change.high),
        plain("fairness.change.real"): "" if change is None else real(change),
    }


def raw(reports: dict[str, FairnessReport]) -> pd.DataFrame:
    """Every figure of every group and model in full, one a row, with the gap of its measure; for the download."""
    rows = []
    for model, report in reports.items():
        for row in (report.overall, *report.groups):
            for metric, value in row.values.items():
                if row is not report.overall and find_metric(metric).is_together:
                    continue
                about: dict[str, object] = {"model": model, "variant": report.variant.key, "by": " × ".join(report.by)}
                about |= {"group": row.group.label, "kind": row.group.kind, "n": row.n, "measure": metric}
                about |= {"value": value, "low": row.low[metric], "high": row.high[metric]}
                tested = _raw_together(report.figure(metric)) or _raw_gap(report.gap(metric))
                rows.append(about | tested | {"n_tested": report.n_tested})
    return pd.DataFrame(rows)


def _raw_gap(gap: Gap | None) -> dict[str, object]:
    names = ("worst_group", "best_group", "difference", "low", "high", "p_value", "p_corrected", "within_noise")
    found = gap_json(gap) if gap is not None else {}
    return {name if name.startswith("p_") else f"gap_{name}": found.get(name) for name in names}


def _raw_together(figure: TogetherFigure | None) -> dict[str, object]:
    """The test of a figure of all groups in the columns of a gap's."""
    if figure is None:
        return {}
    nothing = _raw_gap(None)
    return nothing | {
        "p_value": figure.p_value,
        "p_corrected": figure.p_corrected,
        "gap_within_noise": figure.within_noise,
    }


def everything(
    scans: dict[str, ScanResult], reports: dict[str, FairnessReport], changes: tuple[GapChange, ...]
) -> dict:
    """The reports, raw; the gaps of all columns; and with two models what the gaps change by."""
    found = {
        model: {
            "variant": report.variant.key,
            **report_json(report),
            "all_gaps": [{"by": column} | gap_json(gap) for column, gap in scans[model].gaps],
        }
        for model, report in reports.items()
    }
    return found | ({"changes": [_change_json(change) for change in changes]} if changes else {})


def _change_json(change: GapChange) -> dict:
    names = ("metric", "dense", "compressed", "change", "low", "high", "p_value", "p_corrected", "within_noise")
    groups = {"worst_group": change.worst_group.label, "best_group": change.best_group.label}
    return groups | {name: getattr(change, name) for name in names}
