"""Charts of compression: what survives along the sparsity, and size against quality.

The levels stand in the specification and the data is one row, "you are here": moving the slider draws one mark
again, where new data would draw all of them.
"""

from __future__ import annotations

from itertools import accumulate, pairwise

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FIXED,
    FOR,
    NEUTRAL,
    TEXT_SIZE,
    Chart,
    meaning,
    one,
    picks,
    specification,
    tooltip,
    with_fixed_rows,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.compare import MeasuredVariant
from recsys_core.variant import ModelVariant

HEIGHT = 240
MOST_LOSS = 0.03
STOP = 0.101  # between neighbouring stops of the slider, with room for rounding
RAMP = ["#C8641B", "#B9A99C", "#3F7FC4"]  # few reasons kept to all; readable on both backgrounds
CURVES = {"quality": NEUTRAL, "lists": FOR, "reasons": AGAINST}


def survival(points: list[MeasuredVariant], variant: ModelVariant) -> Chart:
    """AUC above chance, lists kept and reasons kept by sparsity, at the variant's bits and pruning.

    Lines join neighbouring stops of the slider only: what lies between others was never measured.
    """
    names = {name: plain(f"compress.curve.{name}") for name in CURVES}
    ordered = sorted(points, key=lambda point: point.variant.compression.sparsity)
    steps = [
        after.variant.compression.sparsity - before.variant.compression.sparsity for before, after in pairwise(ordered)
    ]
    runs = [0, *accumulate(int(step > STOP) for step in steps)]
    rows = [row | {"run": run} for point, run in zip(ordered, runs, strict=True) for row in _curve_rows(point, names)]
    here = pd.DataFrame({"sparsity": [100 * variant.compression.sparsity]})
    return Chart(here, with_fixed_rows(_survival(), rows), plain("compress.curve.alt"))


def _curve_rows(point: MeasuredVariant, names: dict[str, str]) -> list[dict]:
    parts = {
        "quality": (point.auc_share, None, None),
        "lists": (point.lists.value, point.lists.low, point.lists.high),
        "reasons": (point.reasons.value, point.reasons.low, point.reasons.high),
    }
    return [
        {
            "sparsity": 100 * point.variant.compression.sparsity,
            "what": names[name],
            "meaning": CURVES[name],
            "value": value,
            "low": value if low is None else low,
            "high": value if high is None else high,
            "text": numbers.percent(value, 1),
        }
        for name, (value, low, high) in parts.items()
        if value is not None
    ]


@specification
def _survival() -> alt.LayerChart:
    stops = list(range(0, 100, 10))
    x = alt.X("sparsity", type="quantitative", title=plain("compress.curve.x"))
    y = alt.Y("value", type="quantitative", title=None).scale(zero=False, nice=True)
    low = alt.Y("low", type="quantitative", title=None).axis(format="%", tickCount=5, domain=False)
    hover = tooltip(
        {"sparsity": ".0f"},
        what=plain("compress.what"),
        sparsity=plain("compress.curve.x"),
        text=plain("compress.kept"),
    )
    here = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    interval = alt.Chart(FIXED).mark_area(opacity=0.15, tooltip=None)
    curve = alt.Chart(FIXED).mark_line(point={"size": 45}, strokeWidth=2)
    layers = alt.layer(
        here.encode(color=one(NEUTRAL)),
        interval.encode(y=low, y2=alt.Y2(field="high"), color=meaning()),
        curve.encode(y=y, color=meaning(), tooltip=hover),
        height=HEIGHT,
    )
    detail = alt.Detail("run", type="nominal")
    return layers.encode(x=x.scale(domain=[0, 95]).axis(values=stops, grid=False), detail=detail)


def sizes(points: list[MeasuredVariant], names: list[str], variant: ModelVariant) -> Chart:
    """Every measured level: size on disk against AUC, coloured by the reasons it keeps; the current one ringed."""
    edge, dense = lower_edge(points), plain("variant.dense")
    rows = [
        {
            "size": point.size_bytes / 1000,
            "auc": point.auc,
            "height": None if point.auc is None else max(point.auc, edge),
            "reasons": point.reasons.value,
            "name": name,
            "key": point.variant.key,
            "shown": numbers.size(point.size_bytes),
            "kept": numbers.percent(point.reasons.value),
            "label": dense if point.variant.is_dense else "",
        }
        for point, name in zip(points, names, strict=True)
    ]
    here = [row for row, point in zip(rows, points, strict=True) if point.variant == variant]
    place = pd.DataFrame(here, columns=["size", "height"], dtype=float)
    return Chart(place, with_fixed_rows(_sizes(), rows), plain("compress.map.alt"))


def lower_edge(points: list[MeasuredVariant]) -> float:
    """Where the vertical axis ends: a little below the full model, as one ruined level would flatten all others."""
    return max((point.dense_auc for point in points if point.dense_auc is not None), default=MOST_LOSS) - MOST_LOSS


@specification
def _sizes() -> alt.LayerChart:
    hover = tooltip(
        {"auc": ".4f"},
        name=plain("compress.map.level"),
        shown=plain("compress.card.size_bytes"),
        auc=plain("compress.map.y"),
        kept=plain("compress.map.legend"),
    )
    dots = alt.Chart(FIXED).mark_circle(size=70, opacity=0.9, cursor="pointer")
    ring = alt.Chart().mark_point(size=240, strokeWidth=2.5, filled=False, tooltip=None)
    names = alt.Chart(FIXED).mark_text(align="right", dy=-14, dx=6, fontSize=TEXT_SIZE, tooltip=None)
    layers = alt.layer(
        picks(dots.encode(color=_reasons_kept(), tooltip=hover), "key", clear="mouseout"),
        ring.encode(stroke=one(NEUTRAL, alt.StrokeDatum)),
        names.encode(text=alt.Text(field="label"), fill=one(NEUTRAL, alt.FillDatum)),
        height=HEIGHT + 26,
    )
    x = alt.X("size", type="quantitative", title=plain("compress.map.x")).axis(tickCount=5, format="~s", grid=False)
    y = alt.Y("height", type="quantitative", title=plain("compress.map.y")).axis(tickCount=5, domain=False)
    return layers.encode(x=x.scale(type="log", nice=False, padding=14), y=y.scale(zero=False, nice=True, padding=8))


def _reasons_kept() -> alt.Color:
    """Colour by the share of reasons that a level keeps."""
    legend = alt.Legend(
        title=plain("compress.map.legend"),
        orient="top",
        titleOrient="left",
        titlePadding=12,
        format="%",
        values=[0.5, 0.75, 1],
        gradientLength=120,
        gradientThickness=8,
    )
    colour = alt.Color("reasons", type="quantitative", legend=legend)
    return colour.scale(range=RAMP, domain=[0.5, 0.75, 1], clamp=True, interpolate="rgb")
