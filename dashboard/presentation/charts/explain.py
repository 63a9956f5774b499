"""Charts of one explanation: the waterfall, and two methods side by side."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from dashboard.presentation import units as written_in
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
from recsys_core.results.units import LOGIT, Units

LABEL_ROOM = 0.3  # of the span of the bars: keeps the figures beside them whole on a narrow page


def waterfall(
    explanation: Explanation,
    shown: list[Reason],
    *,
    base: str = "",
    reach: tuple[float, float] = (math.inf, -math.inf),
) -> Chart:
    """From the background's mean score, reason by reason, to this score.

    In logits, with the probability in the texts, or in percentage points. ``base`` is what to call the background, the
    average case where it is empty; ``reach``: ends of another waterfall that stands beside it, so that both have one
    scale.
    """
    rows = pd.DataFrame(_steps(explanation, shown, base or plain("explain.base")))
    rows["label"] = distinct(rows["label"].tolist())
    own = ends(explanation, shown)
    low, high = min(own[0], reach[0]), max(own[1], reach[1])
    span = max(high - low, 1e-6)
    rows["beside"] = rows[["start", "end"]].max(axis=1)
    rows["room"] = [high + LABEL_ROOM * span if i % 2 else low - 0.02 * span for i in range(len(rows))]
    alt_text = written_in.titled("explain.waterfall.alt", explanation.units)
    return Chart(rows, _waterfall(explanation.units), alt_text)


@specification
def _waterfall(units: Units) -> alt.LayerChart:
    steps = bar(value_axis("start", written_in.titled("explain.axis", units)), meaning()).encode(
        x2=alt.X2(field="end"),
        tooltip=tooltip(
            label=plain("explain.reason"),
            value=plain("explain.value"),
            text=written_in.titled("explain.contribution", units),
            without=plain("explain.without"),
        ),
    )
    return by_line(steps, written("text", "beside"))


def ends(explanation: Explanation, shown: list[Reason]) -> tuple[float, float]:
    """Lowest and highest value that a waterfall's bars reach on its axis."""
    steps = np.cumsum([explanation.base_value, *(r.contribution for r in shown)])
    every = [written_in.on_axis(value, explanation.units) for value in (0.0, explanation.score, *steps.tolist())]
    return min(every), max(every)


def _steps(explanation: Explanation, shown: list[Reason], base: str) -> list[dict]:
    at, units = explanation.base_value, explanation.units
    decimals = written_in.decimals_for((r.contribution for r in shown), units)
    steps = [_end(base, at, units)]
    for reason in shown:
        steps.append(
            {
                "label": reason.label,
                "value": reason.value,
                "start": written_in.on_axis(at, units),
                "end": written_in.on_axis(at + reason.contribution, units),
                "meaning": FOR if reason.contribution >= 0 else AGAINST,
                "text": written_in.signed(reason.contribution, units, decimals),
                "without": written_in.chances(explanation.probability, reason.probability_without),
            }
        )
        at += reason.contribution
    return [*steps, _end(plain("explain.score"), explanation.score, units)]


def _end(label: str, value: float, units: Units) -> dict:
    """The background's mean or the score itself, with its probability where it is a logit."""
    text = written_in.score(value, units)
    if units == LOGIT:
        chance = numbers.fixed(probability(value))
        text = plain("explain.logit_and_probability", logit=text, probability=chance)
    return {
        "label": label,
        "value": "",
        "start": 0.0,
        "end": written_in.on_axis(value, units),
        "meaning": NEUTRAL,
        "text": text,
        "without": "",
    }


def two_methods(first: list[Reason], second: dict[str, float], names: tuple[str, str], units: Units = LOGIT) -> Chart:
    """The first explanation's reasons in its order as bars, the second one's contribution as a dot on each line."""
    decimals = written_in.decimals_for((r.contribution for r in first), units)
    others = [second.get(r.feature) for r in first]
    rows = pd.DataFrame(
        {
            "label": distinct([r.label for r in first]),
            "first": [written_in.on_axis(r.contribution, units) for r in first],
            "second": [None if v is None else written_in.on_axis(v, units) for v in others],
            "meaning": [FOR if r.contribution >= 0 else AGAINST for r in first],
            "first_text": [written_in.signed(r.contribution, units, decimals) for r in first],
            "second_text": [written_in.signed(v, units, decimals) for v in others],
        }
    )
    values = [v for v in [*rows["first"], *rows["second"], 0.0] if v is not None and v == v]
    span = max(max(values) - min(values), 1e-6)
    rows["room"] = [max(values) + 0.04 * span if i % 2 else min(values) - 0.04 * span for i in range(len(rows))]
    return Chart(rows, _two_methods(*names, units), plain("explain.two.alt", first=names[0], second=names[1]))


@specification
def _two_methods(first: str, second: str, units: Units) -> alt.LayerChart:
    return by_line(
        bar(value_axis("first", written_in.titled("explain.axis", units)), meaning(), opacity=0.55),
        dot(at("second"), one(NEUTRAL)),
        row=ROW - 4,
    ).encode(tooltip=tooltip(label=plain("explain.reason"), first_text=first, second_text=second))
