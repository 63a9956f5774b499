"""Chart of what being explainable costs: the quality of each model's lists, the ranker marked."""

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
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.sentences.self_explaining import model_name
from dashboard.presentation.texts import capital, numbers, plain
from recsys_core.results.self_explaining import RANKER, CostOfExplaining, ExplainedModel


def quality(cost: CostOfExplaining) -> Chart | None:
    """NDCG@10 of each model with its 95 % interval; None where nobody is ranked."""
    rows = [_row(model) for model in cost.models if model.ndcg is not None]
    if not rows:
        return None
    shown = ", ".join(f"{row['label']} {row['text']} ({row['interval']})" for row in rows)
    first, last = min(row["low"] for row in rows), max(row["high"] for row in rows)
    data = pd.DataFrame([row | {"room": last + 0.15 * (last - first)} for row in rows])
    return Chart(data, _quality(), plain("cost.chart.alt", figures=shown))


@specification
def _quality() -> alt.LayerChart:
    x = value_axis("value", plain("measure.ndcg@10"), format=".3~f").scale(zero=False)
    dots = dot(x, meaning()).encode(
        tooltip=tooltip(
            label=plain("overview.model"),
            text=plain("measure.ndcg@10"),
            interval=plain("overview.interval"),
            seconds=plain("cost.table.seconds"),
        ),
    )
    return by_line(interval_rule(at("low"), "high"), dots, written("text", "beside", dx=7), row=26)


def _row(model: ExplainedModel) -> dict:
    value = 0.0 if model.ndcg is None else model.ndcg
    low, high = value if model.low is None else model.low, value if model.high is None else model.high
    ends = (numbers.number(model.low), numbers.number(model.high))
    return {
        "label": capital(model_name(model.name)),
        "value": value,
        "low": low,
        "high": high,
        "beside": max(high, value),
        "text": numbers.number(value),
        "interval": plain("interval", low=ends[0], high=ends[1]),
        "seconds": _seconds(model.seconds_an_explanation),
        "meaning": FOR if model.name == RANKER else NEUTRAL,
    }


def _seconds(seconds: float | None) -> str:
    return numbers.number(None) if seconds is None else numbers.duration(seconds)
