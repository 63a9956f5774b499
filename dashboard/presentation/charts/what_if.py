"""Charts of edits: what each does to the score, and the response curve of a column."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation import units, wording
from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    NEUTRAL,
    ROW,
    TEXT_SIZE,
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
from recsys_core.data.schema import Column
from recsys_core.player import Player
from recsys_core.results.units import Units, score_in_units
from recsys_core.results.what_if import EditExplanation, ResponseCurve, ResponsePoint, Standing

ROOM, MARGIN = 0.3, 0.02  # of the span: keeps the figures beside the bars whole
STEM, TEXT_ROOM = 0.15, 1.1  # of the span of the values: lines to the dots, and the texts beside them
SCORE, RANK = "score", "rank"
HEIGHT = 190
OWN, EDITED = "own", "edited"


def contributions(found: EditExplanation, labels: list[str]) -> Chart:
    """From the present score, edit by edit, to the changed one; in the units of the explanation."""
    as_units = found.units
    steps, level = [_end("what_if.now", found.before, as_units)], found.before.in_units(as_units)
    decimals = units.decimals_for((c.contribution for c in found.edits), as_units)
    for part, label in zip(found.edits, labels, strict=True):
        steps.append(
            {
                "label": label,
                "start": units.on_axis(level, as_units),
                "end": units.on_axis(level + part.contribution, as_units),
                "meaning": FOR if part.contribution >= 0 else AGAINST,
                "text": units.signed(part.contribution, as_units, decimals),
            }
        )
        level += part.contribution
    steps.append(_end("what_if.changed", found.after, as_units))
    rows = pd.DataFrame(steps)
    rows["label"] = distinct(rows["label"].tolist())
    low, high = (getattr(rows[["start", "end"]], f)(axis=None) for f in ("min", "max"))
    span = max(high - low, 1e-6)
    rows["beside"] = rows[["start", "end"]].max(axis=1)
    rows["room"] = [high + ROOM * span if i % 2 else low - MARGIN * span for i in range(len(rows))]
    return Chart(rows, _contributions(as_units), plain("what_if.contributions.alt"))


def _end(key: str, standing: Standing, as_units: Units) -> dict:
    text = plain(
        "explain.logit_and_probability",
        logit=numbers.signed(standing.score),
        probability=numbers.fixed(standing.probability),
    )
    end = units.on_axis(standing.in_units(as_units), as_units)
    return {"label": plain(key), "start": min(0.0, end), "end": max(0.0, end), "meaning": NEUTRAL, "text": text}


@specification
def _contributions(as_units: str) -> alt.LayerChart:
    steps = bar(value_axis("start", plain(f"what_if.axis.{as_units}")), meaning()).encode(
        x2=alt.X2(field="end"), tooltip=tooltip(label=plain("what_if.edit_"), text=plain("explain.contribution"))
    )
    return by_line(steps, written("text", "beside"))


def response(found: ResponseCurve, measure: str, column: Column, as_units: Units) -> Chart:
    """Score or rank over the range of a number; the own value and the edited one are marked."""
    line = {"mark": "", "said": "", "side": "", "meaning": NEUTRAL}
    points = [_point(found.player, p, measure, column, as_units) for p in found.points if p.value is not None]
    rows = [point | line for point in points if point["y"] is not None]
    middle = (rows[0]["x"] + rows[-1]["x"]) / 2 if rows else 0.0  # a mark's text runs towards the middle
    for mark, marked in _marked(found):
        point = _point(found.player, marked, measure, column, as_units)
        if point["x"] is not None and point["y"] is not None:
            said = plain(f"what_if.curve.{mark}", value=point["value"])
            side = "left" if point["x"] <= middle else "right"
            meant = FOR if mark == EDITED else NEUTRAL
            rows.append(point | {"mark": mark, "said": said, "side": side, "meaning": meant})
    columns = ["x", "y", "value", "score", "rank", "probability", "mark", "said", "side", "meaning"]
    data = pd.DataFrame(rows, columns=columns)
    return Chart(data, _response(measure, as_units), plain(f"what_if.curve.alt.{measure}"))


def _marked(found: ResponseCurve) -> list[tuple[str, ResponsePoint]]:
    """The own value, and the edited one where it is another."""
    both = [(OWN, found.own), (EDITED, found.edited)]
    return both if found.own.value != found.edited.value else both[:1]


def _point(player: Player, point: ResponsePoint, measure: str, column: Column, as_units: Units) -> dict:
    return {
        "x": point.value,
        "y": units.on_axis(score_in_units(point.score, as_units), as_units) if measure == SCORE else point.rank,
        "value": wording.shown_value(player, point.value, column),
        "score": numbers.signed(point.score),
        "rank": numbers.UNKNOWN if point.rank is None else numbers.count(point.rank),
        "probability": numbers.fixed(point.probability),
    }


@specification
def _response(measure: str, as_units: str) -> alt.LayerChart:
    x = alt.X("x", type="quantitative", title=None).axis(grid=False, tickCount=5).scale(zero=False, nice=False)
    scale = {"zero": False} | ({"reverse": True, "nice": False, "domainMin": 1} if measure == RANK else {})
    y = (
        alt.Y(
            "y",
            type="quantitative",
            title=plain(f"what_if.axis.{as_units}" if measure == SCORE else "what_if.axis.rank"),
        )
        .axis(tickCount=4)
        .scale(**scale)
    )
    says = tooltip(
        value=plain("explain.value"),
        rank=plain("explain.top.rank"),
        probability=plain("explain.top.probability"),
        score=plain("what_if.axis.logit"),
    )
    line = alt.Chart().mark_line(interpolate="linear", strokeWidth=2).transform_filter("datum.mark === ''")
    marks = alt.Chart().mark_point(filled=True, size=110, opacity=1).transform_filter("datum.mark !== ''")
    said = [
        alt.Chart()
        .mark_text(align=align, dx=10 if align == "left" else -10, dy=dy, fontSize=TEXT_SIZE, tooltip=None)
        .transform_filter(f"datum.mark === '{mark}' && datum.side === '{align}'")
        .encode(x=x, y=y, text=alt.Text(field="said"), color=one(NEUTRAL))
        for mark, dy in ((OWN, -9), (EDITED, 12))
        for align in ("left", "right")
    ]
    return alt.layer(
        line.encode(x=x, y=y, color=one(NEUTRAL)),
        alt.Chart().mark_point(opacity=0, size=200).encode(x=x, y=y, tooltip=says),
        marks.encode(x=x, y=y, color=meaning(), shape=alt.Shape("mark", type="nominal", legend=None), tooltip=says),
        *said,
    ).properties(height=HEIGHT)


def response_values(found: ResponseCurve, column: Column, as_units: Units) -> Chart:
    """Score of every value of a category, or of every member of a set added or taken off; the rank beside it."""
    values = {point.value for point in found.points if point.member is None}
    held = {point.value: point for point in (found.edited, found.own) if point.value not in values}
    points = [*held.values(), *found.points]  # of a set as it is, which is no step of its own
    scores = [units.on_axis(score_in_units(point.score, as_units), as_units) for point in points]
    chances = [point.probability for point in points]
    decimals = units.decimals_between(min(chances), max(chances))
    low, high = min(scores), max(scores)
    span = max(high - low, 1e-6)
    rows = []
    for point, score in zip(points, scores, strict=True):
        is_own, is_edited = point.value == found.own.value, point.value == found.edited.value
        rows.append(
            {
                "label": _value_label(point, column),
                "zero": low - STEM * span,
                "score": score,
                "meaning": FOR if is_edited and not is_own else NEUTRAL,
                "text": _beside(point, decimals, is_own=is_own, is_edited=is_edited and not is_own),
            }
        )
    data = pd.DataFrame(rows)
    data["label"] = distinct(data["label"].tolist())
    data["room"] = [high + TEXT_ROOM * span if i % 2 else low - STEM * span for i in range(len(data))]
    return Chart(data, _response_values(as_units), plain("what_if.curve.alt.values"))


def _value_label(point: ResponsePoint, column: Column) -> str:
    if point.member is not None:
        key = "what_if.line.added" if point.is_added else "what_if.line.off"
        return plain(key, item=wording.known(point.member))
    return wording.shorten(wording.said(point.value, column))


def _beside(point: ResponsePoint, decimals: int, *, is_own: bool, is_edited: bool) -> str:
    rank = plain("what_if.rank.none") if point.rank is None else plain("what_if.rank", rank=point.rank)
    said = plain("what_if.curve.beside", probability=numbers.fixed(point.probability, decimals), rank=rank)
    mark = plain("what_if.curve.is_own") if is_own else plain("what_if.curve.is_edited") if is_edited else ""
    return f"{said} {mark}".rstrip()


@specification
def _response_values(as_units: str) -> alt.LayerChart:
    line = alt.Chart().mark_rule(strokeWidth=2, opacity=0.6, tooltip=None)
    x = value_axis("score", plain(f"what_if.axis.{as_units}")).scale(zero=False, nice=False)
    return by_line(
        line.encode(x=x, x2=alt.X2(field="zero"), color=meaning()),
        dot(at("score"), meaning()),
        written("text", "score", dx=9),
        row=ROW - 3,
    )
