"""A chart: one result in, a constant Vega-Lite specification and its data out.

Streamlit updates a chart in place when only its data change; a value written into the specification
builds it anew (80 ms in the browser). So what depends on a result is a row or a column of the data,
also the room that labels need (``room``). Sentences of a chart (axis titles) change with the language only.
Altair builds and checks a specification in about 20 ms: ``specification`` does that once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeAlias, TypeVar

import altair as alt
import pandas as pd

from dashboard.presentation.texts import language

# Places in the theme's list of categorical colours (config.toml): the browser picks the light or the dark one.
FOR, AGAINST, NEUTRAL = "for", "against", "neutral"
MEANINGS = [FOR, AGAINST, "green", "purple", NEUTRAL, "yellow"]
ROW = 26  # px of a line of a bar chart
TEXT_SIZE = 12
LABEL_LIMIT = 230
ROW_ORDER = "row_order"  # column of a row's number, added when a chart is drawn
IN_ORDER = alt.EncodingSortField(field=ROW_ORDER, op="min", order="ascending")
PICKED = "picked"  # name of the selection that a page is told of
FIXED = alt.NamedData(name="fixed")  # data of layers whose rows stand in the specification
ALTAIRS_OWN, NO_DATA = ("$schema", "config", "datasets"), ("data", {"name": "empty"})
THEMED = {"scale": {"domain": MEANINGS, "range": "category"}, "legend": None}
MOST_SPECIFICATIONS = 64  # of a chart: languages, names of measures and columns

Spec: TypeAlias = dict[str, Any]
Part: TypeAlias = alt.Chart | alt.LayerChart
Datum = TypeVar("Datum", alt.ColorDatum, alt.StrokeDatum, alt.FillDatum)
Colour: TypeAlias = alt.Color | alt.ColorDatum


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """``spec`` says how, ``data`` what; ``alt`` says in one sentence what there is to see.

    Streamlit writes ``alt`` into the specification and builds a chart anew (80 ms) where that changes, so
    on pages that follow a slider ``alt`` holds no figure: those stand as text beside the chart.
    """

    data: pd.DataFrame
    spec: Spec
    alt: str


def specification(make: Callable[..., Part]) -> Callable[..., Spec]:
    """What ``make`` draws as a Vega-Lite specification without data, built once a language and set of arguments.

    Every call returns a copy of its own.
    """

    @lru_cache(MOST_SPECIFICATIONS)
    def built(language: str, *options: Any) -> str:
        return json.dumps(_completed(make(*options).to_dict()), ensure_ascii=False)

    @wraps(make)
    def found(*options: Any) -> Spec:
        return json.loads(built(language(), *options))

    return found


def _completed(part: Any) -> Any:
    """A part of a specification without Altair's own data and size, constant colours with the theme's scale.

    Vega-Lite takes a scale beside a constant; its schema, which Altair follows, does not.
    """
    if isinstance(part, list):
        return [_completed(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _completed(one) for key, one in part.items() if key not in ALTAIRS_OWN and (key, one) != NO_DATA}
    return kept | THEMED if part.get("datum") in MEANINGS else kept


def with_fixed_rows(spec: Spec, rows: list[dict[str, Any]]) -> Spec:
    """The specification with these rows in the layers over ``FIXED``; the other layers draw the chart's data."""
    layers = [layer | {"data": {"values": rows}} if "data" in layer else layer for layer in spec["layer"]]
    return spec | {"layer": layers}


def by_line(*parts: alt.Chart, y: alt.Y | None = None, row: float = ROW) -> alt.LayerChart:
    """Layers that share a line for each row of the data, ``row`` px high, as wide as their ``room`` says."""
    return alt.layer(room(), *parts).encode(y=lines() if y is None else y).properties(height=alt.Step(row))


def meaning(field: str = "meaning") -> alt.Color:
    """Colour of a column that holds ``for``, ``against`` or ``neutral``, from the theme."""
    return alt.Color(field, type="nominal", legend=None).scale(domain=MEANINGS, range="category")


def one(colour: str, channel: type[Datum] = alt.ColorDatum) -> Datum:
    """The same colour for a whole layer, from the theme."""
    return channel(colour, type="nominal")


def lines(field: str = "label", **axis: Any) -> alt.Y:
    """A line for each row, in the order of the data (``ROW_ORDER``); names up to ``LABEL_LIMIT`` px.

    The order is a column: without one, a chart whose data change in place keeps the old lines where they were
    and puts new ones behind them. Layers that sum differently are joined by ``min``.
    """
    shown = {"labelLimit": LABEL_LIMIT, "ticks": False, "domain": False, "labelPadding": 8} | axis
    return alt.Y(field, type="nominal", title=None, sort=IN_ORDER).axis(**shown).scale(paddingInner=0.3)


def value_axis(field: str, title: str | None, **axis: Any) -> alt.X:
    """A quantitative horizontal axis with few ticks."""
    shown = {"tickCount": 5, "grid": True, "domain": False} | axis
    return alt.X(field, type="quantitative", title=title).axis(**shown)


def at(field: str) -> alt.X:
    """A horizontal place on an axis that another layer has described."""
    return alt.X(field, type="quantitative")


def tooltip(formats: Mapping[str, str] | None = None, /, **titles: str) -> list[alt.Tooltip]:
    """What a mark says on hover: the columns with their names, numbers in the ``formats`` of their columns."""
    shown = {field: {"format": as_} for field, as_ in (formats or {}).items()}
    return [alt.Tooltip(field=field, title=title, **shown.get(field, {})) for field, title in titles.items()]


def picks(part: alt.Chart, field: str, **how: Any) -> alt.Chart:
    """The same marks, to be clicked: the page is told the ``field`` of the clicked ones."""
    return part.add_params(alt.selection_point(name=PICKED, fields=[field], **how))


def bar(x: alt.X, colour: Colour, *, corner: int = 3, **mark: Any) -> alt.Chart:
    """Bars with rounded corners; ``encode`` adds to them."""
    return alt.Chart().mark_bar(cornerRadius=corner, **mark).encode(x=x, color=colour)


def interval_rule(low: alt.X, high: str, colour: Colour | None = None, *, width: float = 1.5) -> alt.Chart:
    """A line from the column of ``low`` to the column ``high``; says nothing on hover unless told to."""
    rule = alt.Chart().mark_rule(strokeWidth=width, tooltip=None)
    return rule.encode(x=low, x2=alt.X2(field=high), color=one(NEUTRAL) if colour is None else colour)


def dot(x: alt.X, colour: Colour, *, size: int = 70) -> alt.Chart:
    """A filled dot."""
    return alt.Chart().mark_point(filled=True, size=size, opacity=1).encode(x=x, color=colour)


def room(field: str = "room") -> alt.Chart:
    """A layer that nobody sees and that widens the axis to the values of a column, so that labels find room."""
    return alt.Chart().mark_point(opacity=0, size=1, tooltip=None).encode(x=at(field))


def written(field: str, beside: str, *, dx: int = 5) -> alt.Chart:
    """A layer of texts right of the column ``beside``, in the theme's grey, which is readable on both backgrounds."""
    text = alt.Chart().mark_text(align="left", dx=dx, fontSize=TEXT_SIZE, tooltip=None)
    return text.encode(x=at(beside), text=alt.Text(field=field), color=one(NEUTRAL))


def distinct(labels: list[str]) -> list[str]:
    """Labels told apart by invisible characters, where two reasons are written alike."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        found.append(label + "\u200b" * seen.get(label, 0))
        seen[label] = seen.get(label, 0) + 1
    return found
