"""Charts of one reason: what it adds against its value, coloured by another's, and scores with its value set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd

from dashboard.presentation.charts.chart import (
    FOR,
    IN_ORDER,
    NEUTRAL,
    ROW,
    Chart,
    distinct,
    lines,
    one,
    specification,
    tooltip,
    value_axis,
)
from dashboard.presentation.charts.overall import READABLE, low_to_high, spread
from dashboard.presentation.texts import plain
from dashboard.presentation.units import on_axis, signed, titled
from dashboard.presentation.wording import in_words, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.player_values import Value
from recsys_core.player import Player
from recsys_core.results.global_parts import PartialDependence
from recsys_core.results.units import Units

MOST_LINES, MOST_COLOURS, MOST_VALUES = 50, 5, 14
HEIGHT = 340
Say = Callable[[Value], str]


def dependence(
    data: Dataset, found: GlobalExplanation, player: Player, colour: Player | None, names: dict[Player, str]
) -> Chart:
    """One dot a pair: what a reason adds against its value, coloured by the value of another reason.

    Numbers stand along the axis, pairs without one are left out; of other values each has a line, rarer ones share one.
    """
    at_player = found.players.index(player)
    x, values = found.contributions[:, at_player], found.values[player]
    is_number = all(v is None or isinstance(v, int | float) for v in values) and any(v is not None for v in values)
    rows = pd.DataFrame(
        {
            "contribution": [on_axis(float(v), found.units) for v in x],
            "own": [shorten(in_words(data, player, v)) for v in values],
            "text": [signed(float(v), found.units) for v in x],
            **_colours(data, found, colour),
        }
    )
    if is_number:
        rows["number"] = [np.nan if v is None else float(v) for v in values]
        rows = rows.dropna(subset=["number"])
    else:
        rows = _in_lines(rows)
    has_order = colour is not None and bool(np.isfinite(found.rank[:, found.players.index(colour)]).any())
    titles = names[player], names[colour] if colour is not None else ""
    spec = _dependence(is_number, has_order, titled("global.swarm.axis", found.units), *titles)
    return Chart(rows, spec, plain("global.dependence.alt", reason=titles[0], colour=titles[1]))


def _colours(data: Dataset, found: GlobalExplanation, colour: Player | None) -> dict[str, list]:
    """Rank of the other reason's value where it has an order, else its value, the rarer ones together."""
    n = found.n_pairs
    if colour is None:
        return {"other": [""] * n, "group": [""] * n, "rank": [0.5] * n, "has_order": [False] * n}
    rank = found.rank[:, found.players.index(colour)]
    words = [shorten(in_words(data, colour, v)) for v in found.values[colour]]
    often = {word for word, _ in Counter(words).most_common(MOST_COLOURS)}
    return {
        "other": words,
        "group": [word if word in often else plain("global.values.rest") for word in words],
        "rank": np.nan_to_num(rank, nan=0.5).tolist(),
        "has_order": np.isfinite(rank).tolist(),
    }


def _in_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """A line a value, highest mean first, the rarer values together on the last; dots apart within a line."""
    often = {word for word, _ in Counter(rows["own"]).most_common(MOST_VALUES)}
    rows = rows.assign(line=[word if word in often else plain("global.values.rest") for word in rows["own"]])
    means = rows.groupby("line")["contribution"].transform("mean")
    rows = rows.assign(place=means.where(rows["line"].isin(often), -np.inf)).sort_values(
        ["place", "line"], ascending=[False, True], kind="stable"
    )
    offsets = pd.concat(
        pd.Series(spread(few["contribution"].to_numpy()), few.index) for _, few in rows.groupby("line", sort=False)
    )
    return rows.assign(spread=offsets).drop(columns="place")


@specification
def _dependence(is_number: bool, has_order: bool, axis: str, own: str, other: str) -> alt.Chart:
    hover = {"own": own, "other": other} if other else {"own": own}
    dots = alt.Chart().mark_circle(size=28, opacity=0.75, strokeWidth=0)
    dots = dots.encode(
        stroke=one(NEUTRAL, alt.StrokeDatum),  # not drawn: names the theme's grey for ``READABLE``
        color=_colour(has_order, other),
        tooltip=tooltip(**hover, text=axis),
    )
    if is_number:
        y = alt.Y("contribution", type="quantitative", title=axis).axis(tickCount=5, domain=False, **READABLE)
        return dots.encode(x=value_axis("number", own, **READABLE).scale(zero=False), y=y).properties(height=HEIGHT)
    return dots.encode(
        x=value_axis("contribution", axis, **READABLE),
        y=lines("line", **READABLE).scale(paddingInner=0.1),
        yOffset=alt.YOffset("spread", type="quantitative").scale(domain=[-1, 1]),
    ).properties(height=alt.Step(ROW))


def _colour(has_order: bool, title: str) -> alt.Color | alt.ColorDatum:
    if not title:
        return one(FOR)
    if has_order:
        return low_to_high(title)
    legend = alt.Legend(title=title, orient="top", symbolType="circle", symbolStrokeWidth=0, **READABLE)
    return alt.Color("group", type="nominal", legend=legend)


def partial(data: Dataset, found: PartialDependence, name: str, units: Units) -> Chart:
    """Mean score with a reason set to each value, over the curves of single pairs, at most 50 of them."""
    curves = found.curves(units)
    step = max(1, -(-len(curves) // MOST_LINES))
    is_number = all(isinstance(v, float) for v in found.values)
    words = distinct([shorten(in_words(data, found.player, v)) for v in found.values])
    every = [(f"pair {i}", curves[i]) for i in range(0, len(curves), step)] + [("mean", found.mean(units))]
    rows = pd.DataFrame(
        [
            {
                "curve": curve,
                "is_mean": curve == "mean",
                "value": value if is_number else word,
                "word": word,
                "score": on_axis(float(y), units),
            }
            for curve, ys in every
            for value, word, y in zip(found.values, words, ys, strict=True)
        ]
    )
    spec = _partial(is_number, titled("global.partial.axis", units), name)
    return Chart(rows, spec, plain("global.partial.alt", reason=name))


@specification
def _partial(is_number: bool, axis: str, name: str) -> alt.LayerChart:
    if is_number:
        x = value_axis("value", name).scale(zero=False)
    else:
        x = alt.X("value", type="nominal", title=name, sort=IN_ORDER).axis(labelAngle=-35, labelLimit=140)
    y = alt.Y("score", type="quantitative", title=axis).axis(tickCount=5, domain=False).scale(zero=False)
    hover = tooltip({"score": ".3f"}, word=name, score=axis)
    single = alt.Chart().mark_line(strokeWidth=1, opacity=0.3, tooltip=None).transform_filter("!datum.is_mean")
    mean = alt.Chart().mark_line(strokeWidth=3, point={"size": 45, "filled": True}).transform_filter("datum.is_mean")
    return alt.layer(
        single.encode(x=x, y=y, detail=alt.Detail("curve", type="nominal"), color=one(NEUTRAL)),
        mean.encode(x=x, y=y, color=one(FOR), tooltip=hover),
    ).properties(height=HEIGHT)
