"""Charts of the global explanation: mean size of each reason, and every pair as a dot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    NEUTRAL,
    ROW,
    Chart,
    distinct,
    lines,
    meaning,
    one,
    room,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.explain.by_value import ValueEffect
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.values import Value
from recsys_core.player import Player

TIED = " ≈"  # behind a size whose interval overlaps with that of the next
MOST_PAIRS = 250  # dots of one reason
BINS = 60
# Streamlit draws this many marks on a canvas, which the page's style does not reach: axes take the theme's grey
# from the scale that ``one(NEUTRAL)`` names.
READABLE = {colour: {"expr": f"scale('stroke', '{NEUTRAL}')"} for colour in ("labelColor", "titleColor")}


def mean_sizes(found: GlobalExplanation, names: dict[Player, str]) -> Chart:
    """Mean absolute contribution of each reason with its 95 % interval, largest first."""
    order = found.order
    rows = pd.DataFrame(
        {
            "label": [names[found.players[i]] for i in order],
            "value": found.mean_size[order],
            "low": found.low[order],
            "high": found.high[order],
            "feature": [found.players[i].key for i in order],
            "text": [
                f"{numbers.fixed(found.mean_size[i])}{TIED if tied else ''}"
                for i, tied in zip(order, found.tied_with_next, strict=True)
            ],
            "interval": [
                plain("global.interval", low=numbers.fixed(found.low[i]), high=numbers.fixed(found.high[i]))
                for i in order
            ],
            "share": [numbers.percent(found.share[i]) for i in order],
        }
    )
    rows["room"] = 1.22 * rows["high"].max()
    spec = {
        "height": {"step": ROW},
        "encoding": {"y": lines()},
        "layer": [
            room(),
            {
                "params": [{"name": "picked", "select": {"type": "point", "fields": ["feature"]}}],
                "mark": {"type": "bar", "cornerRadius": 3, "cursor": "pointer"},
                "encoding": {
                    "x": value_axis("value", plain("global.axis")),
                    "color": one(FOR),
                    "tooltip": [
                        {"field": "label", "title": plain("explain.reason")},
                        {"field": "text", "title": plain("global.axis")},
                        {"field": "interval", "title": plain("overview.interval")},
                        {"field": "share", "title": plain("global.share")},
                    ],
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "tooltip": None},
                "encoding": {
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                    "color": one(NEUTRAL),
                },
            },
            written("text", "high"),
        ],
    }
    shown = ", ".join(f"{r.label} {r.text}" for r in rows.itertuples())
    return Chart(rows, spec, plain("global.sizes.alt", reasons=shown))


def swarm(found: GlobalExplanation, names: dict[Player, str], say: Callable[[Player, Value], str]) -> Chart:
    """One dot a pair and reason: where it pushed the score, coloured by the value from low to high.

    ``say(player, value)`` puts a raw value into words.
    """
    step = max(1, -(-found.n_pairs // MOST_PAIRS))
    parts = [_dots(found, int(i), names, step, say) for i in found.order]
    rows = pd.concat(parts, ignore_index=True)
    by_reason = lines()
    spec = {
        "height": {"step": ROW},
        "mark": {"type": "circle", "size": 16, "opacity": 0.75, "strokeWidth": 0},
        "encoding": {
            "x": value_axis("contribution", plain("global.swarm.axis"), **READABLE),
            "y": {**by_reason, "scale": {"paddingInner": 0.1}, "axis": by_reason["axis"] | READABLE},
            "stroke": one(NEUTRAL),  # not drawn: names the theme's grey for ``READABLE``
            "yOffset": {"field": "spread", "type": "quantitative", "scale": {"domain": [-1, 1]}, "axis": None},
            "color": {
                "field": "rank",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": "ramp"},
                "legend": {
                    "title": plain("global.legend"),
                    "orient": "top",
                    "values": [0, 1],
                    "labelExpr": f"datum.value < 0.5 ? '{plain('global.low')}' : '{plain('global.high')}'",
                    "gradientLength": 120,
                    "gradientThickness": 8,
                    **READABLE,
                },
                "condition": {"test": "!datum.has_order", **_neutral()},
            },
            "tooltip": [
                {"field": "label", "title": plain("explain.reason")},
                {"field": "value", "title": plain("explain.value")},
                {"field": "text", "title": plain("explain.contribution")},
            ],
        },
    }
    return Chart(rows, spec, plain("global.swarm.alt", n=found.n_pairs))


def by_value(rows: list[tuple[str, ValueEffect]]) -> Chart:
    """Mean contribution of each value with its 95 % interval, a line a value, as many as the reason has.

    ``rows``: what to call each value, and its effect.
    """
    table = pd.DataFrame(
        {
            "label": distinct([plain("global.values.n", value=name, n=e.n) for name, e in rows]),
            "mean": [e.mean for _, e in rows],
            "low": [e.mean if e.low is None else e.low for _, e in rows],
            "high": [e.mean if e.high is None else e.high for _, e in rows],
            "meaning": [FOR if e.mean >= 0 else AGAINST for _, e in rows],
            "text": [numbers.signed(e.mean) for _, e in rows],
            "interval": [_between(e) for _, e in rows],
        }
    )
    span = max(table["high"].max(), 0) - min(table["low"].min(), 0)
    table["room"] = max(table["high"].max(), 0) + 0.15 * max(span, 1e-6)
    table["zero"] = 0.0
    tooltip = [
        {"field": "label", "title": plain("explain.value")},
        {"field": "text", "title": plain("global.values.axis")},
        {"field": "interval", "title": plain("overview.interval")},
    ]
    spec = {
        "height": {"step": ROW},
        "encoding": {"y": lines()},
        "layer": [
            room(),
            {
                "mark": {"type": "rule", "strokeWidth": 1, "tooltip": None},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}, "color": one(NEUTRAL)},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "tooltip": None},
                "encoding": {
                    "x": value_axis("low", plain("global.values.axis")),
                    "x2": {"field": "high"},
                    "color": meaning(),
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "x": {"field": "mean", "type": "quantitative"},
                    "color": meaning(),
                    "tooltip": tooltip,
                },
            },
            written("text", "high"),
        ],
    }
    return Chart(table, spec, plain("global.values.alt"))


def _between(effect: ValueEffect) -> str:
    if effect.low is None:
        return numbers.UNKNOWN
    return plain("global.interval", low=numbers.signed(effect.low), high=numbers.signed(effect.high))


def _neutral() -> dict:
    return {"value": "#8A95A1"}  # between the two themes' greys: a condition cannot name a place in a range


def _dots(
    found: GlobalExplanation, player: int, names: dict[Player, str], step: int, say: Callable[[Player, Value], str]
) -> pd.DataFrame:
    at = np.arange(0, found.n_pairs, step)
    key, x = found.players[player], found.contributions[at, player]
    values = found.values[key]
    return pd.DataFrame(
        {
            "label": names[key],
            "contribution": x,
            "spread": spread(x),
            "rank": np.nan_to_num(found.rank[at, player], nan=0.5),
            "has_order": bool(np.isfinite(found.rank[at, player]).any()),
            "value": [say(key, values[i]) for i in at],
            "text": [numbers.signed(float(v)) for v in x],
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
