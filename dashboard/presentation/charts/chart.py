"""A chart: one result in, a constant Vega-Lite specification and its data out.

Streamlit updates a chart in place when only its data change; a value written into the specification
builds it anew (80 ms in the browser). So what depends on a result is a row or a column of the data,
also the room that labels need (``room``). Sentences of a chart (axis titles) change with the language only.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

# Places in the theme's list of categorical colours (config.toml): the browser picks the light or the dark one.
FOR, AGAINST, NEUTRAL = "for", "against", "neutral"
MEANINGS = [FOR, AGAINST, "green", "purple", NEUTRAL, "yellow"]
ROW = 26  # px of a line of a bar chart
TEXT_SIZE = 12
LABEL_LIMIT = 230
PLACE = "place"  # column of a row's number, added when a chart is drawn
IN_ORDER = {"field": PLACE, "op": "min", "order": "ascending"}
HIDDEN = {"mark": {"type": "point", "opacity": 0, "size": 1, "tooltip": None}}


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """``spec`` says how, ``data`` what; ``alt`` says in one sentence what there is to see.

    Streamlit writes ``alt`` into the specification and builds a chart anew (80 ms) where that changes, so
    on pages that follow a slider ``alt`` holds no figure: those stand as text beside the chart.
    """

    data: pd.DataFrame
    spec: dict
    alt: str


def meaning(field: str = "meaning") -> dict:
    """Colour encoding of a column that holds ``for``, ``against`` or ``neutral``, from the theme."""
    return {"field": field, "type": "nominal", "scale": {"domain": MEANINGS, "range": "category"}, "legend": None}


def one(colour: str) -> dict:
    """The same colour for a whole layer, from the theme."""
    return {"datum": colour, "type": "nominal", "scale": {"domain": MEANINGS, "range": "category"}, "legend": None}


def lines(field: str = "label") -> dict:
    """A line for each row, in the order of the data (``PLACE``); names up to ``LABEL_LIMIT`` px.

    The order is a column: without one, a chart whose data change in place keeps the old lines where they were
    and puts new ones behind them. Layers that sum differently are joined by ``min``.
    """
    return {
        "field": field,
        "type": "nominal",
        "sort": IN_ORDER,
        "title": None,
        "axis": {"labelLimit": LABEL_LIMIT, "ticks": False, "domain": False, "labelPadding": 8},
        "scale": {"paddingInner": 0.3},
    }


def value_axis(field: str, title: str | None, **axis: object) -> dict:
    """A quantitative horizontal axis with few ticks."""
    shown = {"tickCount": 5, "grid": True, "domain": False, **axis}
    return {"field": field, "type": "quantitative", "title": title, "axis": shown}


def room(field: str = "room") -> dict:
    """A layer that nobody sees and that widens the axis to the values of a column, so that labels find room."""
    return {**HIDDEN, "encoding": {"x": {"field": field, "type": "quantitative"}}}


def written(field: str, at: str, *, align: str = "left", dx: int = 5) -> dict:
    """A layer of texts beside the marks, in the grey of the theme, which is readable on both backgrounds."""
    return {
        "mark": {"type": "text", "align": align, "dx": dx, "fontSize": TEXT_SIZE, "tooltip": None},
        "encoding": {
            "x": {"field": at, "type": "quantitative"},
            "text": {"field": field},
            "color": one(NEUTRAL),
        },
    }


def distinct(labels: list[str]) -> list[str]:
    """Labels told apart by invisible characters, where two reasons are written alike."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        found.append(label + "\u200b" * seen.get(label, 0))
        seen[label] = seen.get(label, 0) + 1
    return found
