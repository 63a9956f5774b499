"""Figures of a segment beside everyone's, as they are read."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.fairness import format_metric, interval, short_name
from dashboard.presentation.tables.groups import real
from dashboard.presentation.tables.reasons import interval as ends
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.units import on_axis
from recsys_core.player import Player
from recsys_core.results import FairnessReport, GroupRow
from recsys_core.results.global_parts import SizeDifference
from recsys_core.results.units import Units

QUALITY = ("ndcg@10", "recall@10", "auc")


def quality(report: FairnessReport, name: str) -> pd.DataFrame:
    """A line a measure of quality: the segment, everyone, all others, and whether segment and others really differ."""
    segment, others = report.groups[0], (*report.groups[1:], None)[0]
    rows = []
    for metric in (m for m in QUALITY if m in report.overall.values):
        gap = report.gap(metric)
        rows.append(
            {
                plain("overview.measure"): short_name(metric),
                name: _figure(segment, metric),
                plain("segment.everyone"): _figure(report.overall, metric),
                plain("group.others"): _figure(others, metric) if others is not None else "",
                plain("fairness.gaps.real"): "" if gap is None else real(gap),
            }
        )
    return pd.DataFrame(rows)


def _figure(row: GroupRow, metric: str) -> str:
    """ "0.21 (0.18 to 0.24)"; a dash where the row has no figure."""
    value, low, high = (part[metric] for part in (row.values, row.low, row.high))
    shown = format_metric(value)
    return shown if low is None or high is None else plain("segment.figure", value=shown, interval=interval(low, high))


def differences(
    found: tuple[SizeDifference, ...], names: dict[Player, str], segments: tuple[str, str], units: Units
) -> pd.DataFrame:
    """Mean size of each reason for two segments, with the interval of the difference."""
    first, second = segments if segments[0] != segments[1] else (segments[0], f"{segments[1]} 2")
    rows = [
        {
            plain("explain.reason"): names[d.player],
            first: numbers.fixed(on_axis(d.first, units), 3),
            second: numbers.fixed(on_axis(d.second, units), 3),
            plain("global.beside.difference"): numbers.signed(on_axis(d.difference, units), 3),
            plain("overview.interval"): ends(on_axis(d.low, units), on_axis(d.high, units)),
            plain("fairness.gaps.real"): plain(f"fairness.gaps.{'yes' if d.is_clear else 'no'}"),
        }
        for d in found
    ]
    return pd.DataFrame(rows)
