"""Chart of a history's reasons: one bar an item, the item-item term's exact part inside it."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    NEUTRAL,
    ROW,
    Chart,
    bar,
    by_line,
    distinct,
    meaning,
    one,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.units import decimals_for, on_axis, signed, titled
from recsys_core.results.history import ATTENTION, HistoryReason, HistoryReasons
from recsys_core.results.units import Units

MOST_BARS = 12
TERM = "purple"
ROOM = 0.22  # of the span, for the figures beside the bars


def history_bars(found: HistoryReasons) -> Chart:
    """The strongest items by size, the others joined as one bar; bars of all items sum to what all say."""
    shown = found.strongest[:MOST_BARS]
    rest = found.strongest[len(shown) :]
    joined = [_joined(found, rest)] if rest or found.n_earlier else []
    rows = pd.DataFrame([_row(found, item) for item in shown] + joined)
    rows["label"] = distinct(rows["label"].tolist())
    rows["beside"] = rows[["value", "term"]].max(axis=1).clip(lower=0)
    high, low = rows["beside"].max(), min(rows[["value", "term"]].min().min(), 0.0)
    span = max(high - low, 1e-6)
    rows["room"] = [high + ROOM * span if i % 2 else low - 0.02 * span for i in range(len(rows))]
    return Chart(rows, _history_bars(found.by, found.units, found.term is not None), plain("lab.history.alt"))


def _row(found: HistoryReasons, item: HistoryReason) -> dict:
    return _values(found, item.title, item.contribution, item.term)


def _joined(found: HistoryReasons, rest: tuple[HistoryReason, ...]) -> dict:
    term = sum(item.term or 0.0 for item in rest) if found.term is not None else None
    label = plain("lab.history.others", n=len(rest) + found.n_earlier)
    return _values(found, label, sum(item.contribution for item in rest) + found.earlier, term)


def _values(found: HistoryReasons, label: str, value: float, term: float | None) -> dict:
    is_weight = found.by == ATTENTION
    decimals = decimals_for((item.contribution for item in found.items), found.units) + 1
    text = numbers.percent(value, 1) if is_weight else signed(value, found.units, decimals)
    colour = NEUTRAL if is_weight else FOR if value >= 0 else AGAINST
    told = signed(term, found.units, decimals)
    network = signed(None if term is None else value - term, found.units, decimals)
    return {
        "label": label,
        "value": on_axis(value, found.units),
        "term": on_axis(term or 0.0, found.units),
        "meaning": colour,
        "text": text,
        "term_text": told,
        "network_text": network,
    }


@specification
def _history_bars(by: str, units: Units, has_term: bool) -> alt.LayerChart:
    axis = plain("lab.history.axis.attention") if by == ATTENTION else titled("explain.axis", units)
    said = {"label": plain("explain.top.item"), "text": plain("explain.contribution")}
    if has_term:
        said |= {"term_text": plain("lab.history.term"), "network_text": plain("lab.history.network")}
    whole = bar(value_axis("value", axis), meaning()).encode(tooltip=tooltip(**said))
    part = bar(alt.X("term", type="quantitative"), one(TERM), corner=1, size=6).encode(tooltip=tooltip(**said))
    return by_line(whole, *([part] if has_term else []), written("text", "beside"), row=ROW - 2)
