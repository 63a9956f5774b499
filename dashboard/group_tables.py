"""Group figures as tables: gaps, every group, exposure by item group; and everything for the download."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.stories.fairness import figure, measure_name
from dashboard.texts import numbers, plain
from recsys_core.fairness import FairnessReport, Group, GroupRow, report_json

EXPOSURE = ("catalogue_share", "exposure_share", "relevance_share", "exposure_to_relevance")
Name = Callable[[Group], str]


def gaps(report: FairnessReport, name: Name) -> pd.DataFrame:
    """Every measure: worst and best group, gap, ratio, interval, and whether it is more than noise."""
    rows = [
        {
            plain("fairness.measure"): measure_name(gap.metric),
            plain("fairness.gaps.real"): plain(f"fairness.gaps.{'noise' if gap.within_noise else 'yes'}"),
            plain("fairness.gaps.extremes"): f"{name(gap.worst_group)} → {name(gap.best_group)}",
            plain("fairness.gaps.difference"): figure(gap.difference),
            plain("fairness.interval"): f"{numbers.fixed(gap.low)} – {numbers.fixed(gap.high)}",
            plain("fairness.gaps.ratio"): numbers.fixed(gap.ratio),
        }
        for gap in report.gaps
    ]
    return pd.DataFrame(rows)


def groups(reports: dict[str, FairnessReport], name: Name) -> pd.DataFrame:
    """Every group and measure, everyone in row 0; a model's rows one after another."""
    rows = []
    for model, report in reports.items():
        for row in (report.overall, *report.groups):
            about = {plain("fairness.group"): name(row.group), plain("fairness.n"): numbers.count(row.n)}
            if len(reports) > 1:
                about = {plain("fairness.models"): plain(f"fairness.models.{model}"), **about}
            rows.append(about | _figures(row))
    return pd.DataFrame(rows)


def _figures(row: GroupRow) -> dict[str, str]:
    return {measure_name(m): figure(value) for m, value in row.values.items()}


def exposure(report: FairnessReport, name: Name) -> pd.DataFrame:
    """Item groups: share of the catalogue, of exposure, of what was taken later, and exposure against merit."""
    rows = []
    for row in report.groups:
        shares = {measure_name(m): numbers.percent(row.values[m], 1) for m in EXPOSURE[:3]}
        ratio = EXPOSURE[3]
        interval = f"{numbers.fixed(row.low[ratio])} – {numbers.fixed(row.high[ratio])}"
        about = {plain("fairness.group"): name(row.group), plain("fairness.n"): numbers.count(row.n)}
        rows.append(
            about
            | shares
            | {
                measure_name(ratio): numbers.fixed(row.values[ratio]),
                plain("fairness.interval"): interval if not row.suppressed else numbers.UNKNOWN,
            }
        )
    return pd.DataFrame(rows)


def everything(reports: dict[str, FairnessReport]) -> dict:
    """The reports, raw."""
    return {model: {"variant": report.variant.key, **report_json(report)} for model, report in reports.items()}
