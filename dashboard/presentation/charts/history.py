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
from recsys_core.results.history import ATTENTION, HistoryReason, HistoryReasons

MOST_BARS = 12
TERM = "purple"
ROOM = 0.22  # of the span, for the figures beside the bars


def history_bars(found: HistoryReasons) -> Chart:
    """The strongest items by size, the others joined as one bar; bars of all items sum to what all say."""
    shown = found.strongest[:MOST_BARS]
    rest = found.strongest[len(shown) :]
    rows = pd.DataFrame([_row(found, item) for item in shown] + ([_joined(found, rest)] if rest else []))
    rows["label"] = distinct(rows["label"].tolist())
    rows["beside"] = rows[["value", "term"]].max(axis=1).clip(lower=0)
    high, low = rows["beside"].max(), min(rows[["value", "term"]].min().min(), 0.0)
    span = max(high - low, 1e-6)
    rows["room"] = [high + ROOM * span if i % 2 else low - 0.02 * span for i in range(len(rows))]
    return Chart(rows, _history_bars(found.by, found.term is not None), plain("lab.history.alt"))


def _row(found: HistoryReasons, item: HistoryReason) -> dict:
    return _values(found, item.title, item.contribution, item.term)


def _joined(found: HistoryReasons, rest: tuple[HistoryReason, ...]) -> dict:
    term = sum(item.term or 0.0 for item in rest) if found.term is not None else None
    label = plain("lab.history.others", n=len(rest))
    return _values(found, label, sum(item.contribution for item in rest), term)


def _values(found: HistoryReasons, label: str, value: float, term: float | None) -> dict:
    is_weight = found.by == ATTENTION
    text = numbers.percent(value, 1) if is_weight else numbers.signed(value, 3)
    colour = NEUTRAL if is_weight else FOR if value >= 0 else AGAINST
    told = numbers.signed(term, 3) if term is not None else numbers.UNKNOWN
    network = numbers.signed(value - term, 3) if term is not None else numbers.UNKNOWN
    return {
        "label": label,
        "value": value,
        "term": term or 0.0,
        "meaning": colour,
        "text": text,
        "term_text": told,
        "network_text": network,
    }


@specification
def _history_bars(by: str, has_term: bool) -> alt.LayerChart:
    axis = plain("lab.history.axis.attention" if by == ATTENTION else "explain.axis")
    said = {"label": plain("explain.top.item"), "text": plain("explain.contribution")}
    if has_term:
        said |= {"term_text": plain("lab.history.term"), "network_text": plain("lab.history.network")}
    whole = bar(value_axis("value", axis), meaning()).encode(tooltip=tooltip(**said))
    part = bar(alt.X("term", type="quantitative"), one(TERM), corner=1, size=6).encode(tooltip=tooltip(**said))
    return by_line(whole, *([part] if has_term else []), written("text", "beside"), row=ROW - 2)
