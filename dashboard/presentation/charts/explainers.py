"""Chart of a comparison of explainers: each method between random order and search."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    FOR,
    NEUTRAL,
    Chart,
    at,
    by_line,
    dot,
    interval_rule,
    meaning,
    one,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.method_comparison import RANDOM, SEARCH, SHARE, MethodRow

LINE = 30
LABEL_ROOM = 14  # per cent, for the figures right of the dots


def between(rows: tuple[MethodRow, ...], measure: str, names: dict[str, str]) -> Chart:
    """Shares of the way from floor (0 %) to ceiling (100 %) by one measure of removal, with intervals.

    Methods that the measure tells nothing of are left out.
    """
    shown = [_line(row, measure, names[row.method]) for row in rows if row.figures.get(measure + SHARE)]
    table = pd.DataFrame(shown, columns=list(_COLUMNS))
    ends = [0.0, 100.0, *table["low"], *table["high"]]
    table["room"] = [max(ends) + LABEL_ROOM if i % 2 else min(ends) - 2 for i in range(len(table))]
    return Chart(table, _between(), plain("global.explainers.alt"))


_COLUMNS = ("label", "value", "low", "high", "beside", "text", "interval", "meaning", "floor", "ceiling")


def _line(row: MethodRow, measure: str, label: str) -> tuple:
    figure = row.figures[measure + SHARE]
    assert figure is not None
    value = 100 * figure.value
    low, high = (value if end is None else 100 * end for end in (figure.low, figure.high))
    said = plain("fairness.range", low=numbers.percent(low / 100), high=numbers.percent(high / 100))
    colour = NEUTRAL if row.method in (RANDOM, SEARCH) else FOR
    return label, value, low, high, high, numbers.percent(figure.value), said, colour, 0.0, 100.0


@specification
def _between() -> alt.LayerChart:
    axis = value_axis("low", plain("global.explainers.axis"))
    ends = alt.Chart().mark_tick(orient="vertical", thickness=1.5, size=LINE, opacity=0.5, tooltip=None)
    hover = tooltip(
        label=plain("global.explainers.method"),
        text=plain("global.explainers.share"),
        interval=plain("fairness.interval"),
    )
    return by_line(
        ends.encode(x=at("floor"), color=one(NEUTRAL)),
        ends.encode(x=at("ceiling"), color=one(NEUTRAL)),
        interval_rule(axis, "high", meaning(), width=2.5).encode(tooltip=hover),
        dot(at("value"), meaning(), size=80).encode(tooltip=hover),
        written("text", "beside", dx=8),
        row=LINE,
    )
