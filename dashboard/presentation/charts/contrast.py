"""Charts of contrasts: what sets one item apart from another, and a list from the rest."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    Chart,
    at,
    bar,
    by_line,
    distinct,
    interval_rule,
    meaning,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.tables.contrast import CommonLine, ContrastLine
from dashboard.presentation.tables.reasons import interval
from dashboard.presentation.texts import plain
from dashboard.presentation.wording import joined
from recsys_core.results.units import Units

ROOM = 0.25  # of the span, for the figures beside the bars


def differences(lines: list[ContrastLine], units: Units) -> Chart:
    """One bar a reason, in what speaks against the item below the other one and for it; small ones joined."""
    by_size = sorted((line.reason for line in lines), key=lambda r: -abs(r.contribution))
    shown = joined(by_size)[::-1]  # against first, as the sentence says it
    decimals = written_in.decimals_for((r.contribution for r in shown), units)
    rows = pd.DataFrame(
        {
            "label": distinct([r.label for r in shown]),
            "value": [written_in.on_axis(r.contribution, units) for r in shown],
            "both": [r.value for r in shown],
            "meaning": [FOR if r.contribution >= 0 else AGAINST for r in shown],
            "text": [written_in.signed(r.contribution, units, decimals) for r in shown],
        }
    )
    rows["beside"] = rows["value"].clip(lower=0)
    rows["room"] = _room(rows["value"], rows["value"])
    return Chart(rows, _differences(units), plain("contrast.alt"))


@specification
def _differences(units: Units) -> alt.LayerChart:
    hover = tooltip(
        label=plain("explain.reason"), both=plain("explain.value"), text=written_in.titled("contrast.difference", units)
    )
    bars = bar(value_axis("value", written_in.titled("contrast.axis", units)), meaning()).encode(tooltip=hover)
    return by_line(bars, written("text", "beside"))


def in_common(lines: list[CommonLine], units: Units) -> Chart:
    """Mean difference of each reason with its 95 % interval, what lifts the list first."""
    found = [line.reason for line in lines]
    decimals = written_in.decimals_for((r.contribution for r in found), units)
    low, high = (
        [written_in.on_axis(end, units) for end in ends] for ends in zip(*((r.low, r.high) for r in found), strict=True)
    )
    rows = pd.DataFrame(
        {
            "label": distinct([line.name for line in lines]),
            "value": [written_in.on_axis(r.contribution, units) for r in found],
            "low": low,
            "high": high,
            "meaning": [FOR if r.contribution >= 0 else AGAINST for r in found],
            "text": [written_in.signed(r.contribution, units, decimals) for r in found],
            "interval": [interval(*ends, decimals) for ends in zip(low, high, strict=True)],
        }
    )
    rows["beside"] = rows[["value", "high"]].max(axis=1).clip(lower=0)
    rows["room"] = _room(rows["low"], rows["high"])
    return Chart(rows, _in_common(units), plain("common.alt"))


@specification
def _in_common(units: Units) -> alt.LayerChart:
    hover = tooltip(
        label=plain("explain.reason"), text=written_in.titled("common.mean", units), interval=plain("overview.interval")
    )
    bars = bar(value_axis("value", written_in.titled("contrast.axis", units)), meaning()).encode(tooltip=hover)
    return by_line(bars, interval_rule(at("low"), "high"), written("text", "beside"))


def _room(low: pd.Series, high: pd.Series) -> list[float]:
    """The ends of the axis, with room for the figures on the right."""
    bottom, top = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
    span = max(top - bottom, 1e-6)
    return [bottom - 0.02 * span if i % 2 else top + ROOM * span for i in range(len(low))]
