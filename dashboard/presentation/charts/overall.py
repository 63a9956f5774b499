"""Charts of the global explanation: mean size of each reason, and every pair as a dot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    interval_rule,
    lines,
    meaning,
    one,
    picks,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.player_values import Value
from recsys_core.explain.value_effects import ValueEffect
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units

TIED = " ≈"  # behind a size whose interval overlaps with that of the next
MOST_PAIRS = 250  # dots of one reason
BINS = 60
BETWEEN_GREYS = "#8A95A1"  # of the two themes: a condition cannot name a place in a range
# Streamlit draws this many marks on a canvas, which the page's style does not reach: axes take the theme's grey
# from the scale that ``one(NEUTRAL)`` names.
READABLE: dict[str, Any] = {
    colour: {"expr": f"scale('stroke', '{NEUTRAL}')"} for colour in ("labelColor", "titleColor")
}


def mean_sizes(found: GlobalExplanation, names: dict[Player, str]) -> Chart:
    """Mean absolute contribution of each reason with its 95 % interval, largest first."""
    order, units = found.order, found.units
    sizes, low, high = (
        [written_in.on_axis(float(of[i]), units) for i in order]
        for of in (found.mean_abs_contribution, found.low, found.high)
    )
    decimals = 2 if units == LOGIT else written_in.decimals_for(found.mean_abs_contribution, units)
    rows = pd.DataFrame(
        {
            "label": [names[found.players[i]] for i in order],
            "value": sizes,
            "low": low,
            "high": high,
            "feature": [found.players[i].key for i in order],
            "text": [
                f"{numbers.fixed(size, decimals)}{TIED if tied else ''}"
                for size, tied in zip(sizes, found.tied_with_next, strict=True)
            ],
            "interval": [
                plain("global.interval", low=numbers.fixed(a, decimals), high=numbers.fixed(b, decimals))
                for a, b in zip(low, high, strict=True)
            ],
            "share": [numbers.percent(found.share[i]) for i in order],
        }
    )
    rows["room"] = 1.22 * rows["high"].max()
    shown = ", ".join(f"{r.label} {r.text}" for r in rows.itertuples())
    alt_text = plain("global.sizes.alt" if units == LOGIT else f"global.sizes.alt.{units}", reasons=shown)
    return Chart(rows, _mean_sizes(units), alt_text)


@specification
def _mean_sizes(units: Units) -> alt.LayerChart:
    axis = written_in.titled("global.axis", units)
    hover = tooltip(
        label=plain("explain.reason"), text=axis, interval=plain("overview.interval"), share=plain("global.share")
    )
    bars = bar(value_axis("value", axis), one(FOR), cursor="pointer").encode(tooltip=hover)
    return by_line(picks(bars, "feature"), interval_rule(at("low"), "high"), written("text", "high"))


def swarm(found: GlobalExplanation, names: dict[Player, str], say: Callable[[Player, Value], str]) -> Chart:
    """One dot a pair and reason: where it pushed the score, coloured by the value from low to high.

    ``say(player, value)`` puts a raw value into words.
    """
    step = max(1, -(-found.n_pairs // MOST_PAIRS))
    parts = [_dots(found, int(i), names, step, say) for i in found.order]
    rows = pd.concat(parts, ignore_index=True)
    return Chart(rows, _swarm(found.units), plain("global.swarm.alt", n=found.n_pairs))


@specification
def _swarm(units: Units) -> alt.Chart:
    dots = alt.Chart(height=alt.Step(ROW)).mark_circle(size=16, opacity=0.75, strokeWidth=0)
    return dots.encode(
        x=value_axis("contribution", written_in.titled("global.swarm.axis", units), **READABLE),
        y=lines(**READABLE).scale(paddingInner=0.1),
        stroke=one(NEUTRAL, alt.StrokeDatum),  # not drawn: names the theme's grey for ``READABLE``
        yOffset=alt.YOffset("spread", type="quantitative").scale(domain=[-1, 1]),
        color=low_to_high(plain("global.legend")),
        tooltip=tooltip(
            label=plain("explain.reason"),
            value=plain("explain.value"),
            text=written_in.titled("explain.contribution", units),
        ),
    )


def low_to_high(title: str) -> alt.Color:
    """Colour by the value's rank, grey where values have no order."""
    ends = f"datum.value < 0.5 ? '{plain('global.low')}' : '{plain('global.high')}'"
    legend = alt.Legend(
        title=title,
        orient="top",
        values=[0, 1],
        labelExpr=ends,
        gradientLength=120,
        gradientThickness=8,
        **READABLE,
    )
    grey = {"test": "!datum.has_order", "value": BETWEEN_GREYS}
    return alt.Color("rank", type="quantitative", legend=legend, condition=grey).scale(domain=[0, 1], range="ramp")


def by_value(rows: list[tuple[str, ValueEffect]], units: Units = LOGIT) -> Chart:
    """Mean contribution of each value with its 95 % interval, a line a value, as many as the reason has.

    ``rows``: what to call each value, and its effect.
    """
    decimals = written_in.decimals_for((e.mean for _, e in rows), units)
    table = pd.DataFrame(
        {
            "label": distinct([plain("global.values.n", value=name, n=e.n) for name, e in rows]),
            "mean": [written_in.on_axis(e.mean, units) for _, e in rows],
            "low": [written_in.on_axis(e.mean if e.low is None else e.low, units) for _, e in rows],
            "high": [written_in.on_axis(e.mean if e.high is None else e.high, units) for _, e in rows],
            "meaning": [FOR if e.mean >= 0 else AGAINST for _, e in rows],
            "text": [written_in.signed(e.mean, units, decimals) for _, e in rows],
            "interval": [_between(e, units, decimals) for _, e in rows],
        }
    )
    span = max(table["high"].max(), 0) - min(table["low"].min(), 0)
    table["room"] = max(table["high"].max(), 0) + 0.15 * max(span, 1e-6)
    table["zero"] = 0.0
    return Chart(table, _by_value(units), plain("global.values.alt"))


@specification
def _by_value(units: Units) -> alt.LayerChart:
    axis = written_in.titled("global.values.axis", units)
    hover = tooltip(label=plain("explain.value"), text=axis, interval=plain("overview.interval"))
    zero = alt.Chart().mark_rule(strokeWidth=1, tooltip=None).encode(x=at("zero"), color=one(NEUTRAL))
    return by_line(
        zero,
        interval_rule(value_axis("low", axis), "high", meaning(), width=2),
        dot(at("mean"), meaning()).encode(tooltip=hover),
        written("text", "high"),
    )


def _between(effect: ValueEffect, units: Units, decimals: int) -> str:
    if effect.low is None:
        return numbers.UNKNOWN
    low, high = (written_in.signed(end, units, decimals) for end in (effect.low, effect.high))
    return plain("global.interval", low=low, high=high)


def _dots(
    found: GlobalExplanation, player: int, names: dict[Player, str], step: int, say: Callable[[Player, Value], str]
) -> pd.DataFrame:
    at = np.arange(0, found.n_pairs, step)
    key, x = found.players[player], found.contributions[at, player]
    values = found.values[key]
    return pd.DataFrame(
        {
            "label": names[key],
            "contribution": [written_in.on_axis(float(v), found.units) for v in x],
            "spread": spread(x),
            "rank": np.nan_to_num(found.rank[at, player], nan=0.5),
            "has_order": bool(np.isfinite(found.rank[at, player]).any()),
            "value": [say(key, values[i]) for i in at],
            "text": [written_in.signed(float(v), found.units) for v in x],
        }
    )


def spread(x: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Offsets of a beeswarm in -1 to 1: points of the same bin lie above and below one another, dense bins wider."""
    if not len(x):
        return np.zeros(0)
    edges = np.linspace(x.min(), x.max() + 1e-9, bins + 1)
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, bins - 1)
    out = np.zeros(len(x))
    widest = np.bincount(place, minlength=bins).max()
    for b in np.unique(place):
        rows = np.flatnonzero(place == b)
        side = np.where(np.arange(len(rows)) % 2, 1, -1) * ((np.arange(len(rows)) + 1) // 2)
        out[rows] = side / max(1, widest / 2)
    return np.clip(out, -1, 1)
