"""Chart of everything tried: quality against gap, by who tried it, and the front of the two."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FIXED,
    FOR,
    NEUTRAL,
    Chart,
    meaning,
    one,
    picks,
    specification,
    tooltip,
    with_fixed_rows,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.search import ORIGINS, TriedPoint, best_of_two
from recsys_core.variant import ModelVariant

HEIGHT = 300
LOWEST = 0.7  # of the best NDCG@10: where the vertical axis ends
COLOURS = {"grid": NEUTRAL, "search": FOR, "mending": AGAINST, "hand": NEUTRAL}
SHAPES = {"grid": "circle", "search": "diamond", "mending": "triangle-up", "hand": "cross"}


def everything(points: list[TriedPoint], names: list[str], chosen: ModelVariant | None) -> Chart:
    """Every variant as a mark, the one that is looked at ringed; a click on a mark names its ``key``."""
    edge = LOWEST * max((point.ndcg for point in points), default=0.0)  # one ruined variant would flatten all others
    front = {point.variant.key for point in best_of_two(points)}
    rows = [
        {
            "gap": point.gap,
            "ndcg": point.ndcg,
            "height": max(point.ndcg, edge),
            "origin": point.origin,
            "meaning": COLOURS[point.origin],
            "who": plain(f"search.origin.{point.origin}"),
            "name": name,
            "key": point.variant.key,
            "size": numbers.size(point.size_bytes),
            "kept": numbers.percent(point.reasons_kept),
            "front": point.variant.key in front,
        }
        for point, name in zip(points, names, strict=True)
    ]
    here = [row for row, point in zip(rows, points, strict=True) if point.variant == chosen]
    place = pd.DataFrame(here, columns=["gap", "height"], dtype=float)
    return Chart(place, with_fixed_rows(_everything(), rows), plain("search.tried.alt"))


@specification
def _everything() -> alt.LayerChart:
    hover = tooltip(
        {"ndcg": ".4f", "gap": ".4f"},
        name=plain("search.tried"),
        who=plain("search.tried.origin"),
        ndcg=plain("search.tried.y"),
        gap=plain("search.table.gap"),
        size=plain("search.table.size"),
        kept=plain("search.table.kept"),
    )
    shape = alt.Shape("origin", type="nominal", legend=None).scale(
        domain=list(ORIGINS), range=[SHAPES[origin] for origin in ORIGINS]
    )
    line = alt.Chart(FIXED).mark_line(interpolate="step-after", strokeWidth=1.5, opacity=0.7, tooltip=None)
    marks = alt.Chart(FIXED).mark_point(filled=True, size=75, opacity=0.85, cursor="pointer")
    ring = alt.Chart().mark_point(size=260, strokeWidth=2.5, filled=False, tooltip=None)
    layers = alt.layer(
        line.transform_filter("datum.front").encode(color=one(NEUTRAL), order=alt.Order("gap", type="quantitative")),
        picks(marks.encode(color=meaning(), shape=shape, tooltip=hover), "key", clear="mouseout"),
        ring.encode(stroke=one(NEUTRAL, alt.StrokeDatum)),
        height=HEIGHT,
    )
    x = alt.X("gap", type="quantitative", title=plain("search.tried.x")).axis(tickCount=6, format=".3~f", grid=False)
    y = alt.Y("height", type="quantitative", title=plain("search.tried.y")).axis(tickCount=5, domain=False)
    return layers.encode(x=x.scale(zero=False, nice=True, padding=8), y=y.scale(zero=False, nice=True, padding=8))
