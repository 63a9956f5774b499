"""Charts of one explanation: the waterfall, and two methods side by side."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    NEUTRAL,
    ROW,
    Chart,
    at,
    bar,
    by_line,
    distinct,
    dot,
    meaning,
    one,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.wording import Reason
from recsys_core.metrics import probability
from recsys_core.results import Explanation

LABEL_ROOM = 0.3  # of the span of the bars: keeps the figures beside them whole on a narrow page


def waterfall(
    explanation: Explanation, shown: list[Reason], *, reach: tuple[float, float] = (math.inf, -math.inf)
) -> Chart:
    """From the background's mean score, reason by reason, to this score; logits, probability in the texts.

    ``reach``: ends of another waterfall that stands beside it, so that both have one scale.
    """
    rows = pd.DataFrame(_steps(explanation, shown))
    rows["label"] = distinct(rows["label"].tolist())
    own = ends(explanation, shown)
    low, high = min(own[0], reach[0]), max(own[1], reach[1])
    span = max(high - low, 1e-6)
    rows["beside"] = rows[["start", "end"]].max(axis=1)
    rows["room"] = [high + LABEL_ROOM * span if i % 2 else low - 0.02 * span for i in range(len(rows))]
    return Chart(rows, _waterfall(), plain("explain.waterfall.alt"))


@specification
def _waterfall() -> alt.LayerChart:
    steps = bar(value_axis("start", plain("explain.axis")), meaning()).encode(
        x2=alt.X2(field="end"),
        tooltip=tooltip(
            label=plain("explain.reason"),
            value=plain("explain.value"),
            text=plain("explain.contribution"),
            without=plain("explain.without"),
        ),
    )
    return by_line(steps, written("text", "beside"))


def ends(explanation: Explanation, shown: list[Reason]) -> tuple[float, float]:
    """Lowest and highest logit that a waterfall's bars reach."""
    steps = np.cumsum([explanation.base_value, *(r.contribution for r in shown)])
    every = [0.0, explanation.score, *steps.tolist()]
    return min(every), max(every)


def _steps(explanation: Explanation, shown: list[Reason]) -> list[dict]:
    at = explanation.base_value
    decimals = numbers.decimals_for(r.contribution for r in shown)
    steps = [_end("explain.base", 0.0, at)]
    for reason in shown:
        steps.append(
            {
                "label": reason.label,
                "value": reason.value,
                "start": at,
                "end": at + reason.contribution,
                "meaning": FOR if reason.contribution >= 0 else AGAINST,
                "text": numbers.signed(reason.contribution, decimals),
                "without": f"{numbers.fixed(explanation.probability)} → {numbers.fixed(reason.probability_without)}"
                if reason.probability_without is not None
                else "",
            }
        )
        at += reason.contribution
    return [*steps, _end("explain.score", 0.0, explanation.score)]


def _end(key: str, start: float, value: float) -> dict:
    text = plain(
        "explain.logit_and_probability", logit=numbers.signed(value), probability=numbers.fixed(probability(value))
    )
    return {
        "label": plain(key),
        "value": "",
        "start": start,
        "end": value,
        "meaning": NEUTRAL,
        "text": text,
        "without": "",
    }


def two_methods(first: list[Reason], second: dict[str, float], names: tuple[str, str]) -> Chart:
    """The first method's reasons in its order as bars, the second method's contribution as a dot on each line."""
    rows = pd.DataFrame(
        {
            "label": distinct([r.label for r in first]),
            "first": [r.contribution for r in first],
            "second": [second.get(r.feature) for r in first],
            "meaning": [FOR if r.contribution >= 0 else AGAINST for r in first],
            "first_text": [numbers.signed(r.contribution) for r in first],
            "second_text": [numbers.signed(second.get(r.feature)) for r in first],
        }
    )
    values = [v for v in [*rows["first"], *rows["second"], 0.0] if v is not None and v == v]
    span = max(max(values) - min(values), 1e-6)
    rows["room"] = [max(values) + 0.04 * span if i % 2 else min(values) - 0.04 * span for i in range(len(rows))]
    return Chart(rows, _two_methods(*names), plain("explain.two.alt", first=names[0], second=names[1]))


@specification
def _two_methods(first: str, second: str) -> alt.LayerChart:
    return by_line(
        bar(value_axis("first", plain("explain.axis")), meaning(), opacity=0.55),
        dot(at("second"), one(NEUTRAL)),
        row=ROW - 4,
    ).encode(tooltip=tooltip(label=plain("explain.reason"), first_text=first, second_text=second))
