"""Chart: every group under the model and under the references, a dot with an interval each."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    IN_ORDER,
    NEUTRAL,
    Chart,
    at,
    dot,
    interval_rule,
    lines,
    meaning,
    room,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.sentences.data_gap import ranking_name
from dashboard.presentation.sentences.fairness import columns_name, inside, name_of, short_name
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import GroupRow
from recsys_core.results.data_gap import DataGap

LINE = 19  # px of a ranking's line within its group
LABEL_SHARE = 0.3  # of the axis, free for the name and figure right of the longest interval
COLOURS = {"model": FOR, "best": "green", "ease": AGAINST, "item_knn": "purple", "popularity": NEUTRAL}


def dots(found: DataGap) -> Chart:
    """Groups worst served first as the model has it; those without figures are left out."""
    shown = sorted(
        (row for row in found.rows["model"] if _value(found, row) is not None), key=lambda r: _sort(found, r)
    )
    rows = [_dot(found, name, found.of(name, row.group)) for row in shown for name in found.rows]
    ends = [x for row in rows for x in (row["low"], row["high"]) if x is not None]
    width = max(ends, default=0.0) - min(ends, default=0.0)
    rows = [row | {"room": max(ends, default=0.0) + LABEL_SHARE * width} for row in rows]
    measure = inside(short_name(found.measure))
    alt_text = plain("data_gap.chart.alt", measure=measure, column=columns_name(found.by))
    return Chart(pd.DataFrame(rows), _dots(short_name(found.measure), len(found.rows)), alt_text)


def _value(found: DataGap, row: GroupRow) -> float | None:
    return row.values[found.measure]


def _sort(found: DataGap, row: GroupRow) -> float:
    return _value(found, row) or 0.0


def _dot(found: DataGap, name: str, row: GroupRow) -> dict:
    value, low, high = (part[found.measure] for part in (row.values, row.low, row.high))
    ranking = ranking_name(name)
    said = numbers.fixed(value, 3)
    return {
        "label": plain("fairness.group.n", group=name_of(row.group), n=row.n),
        "ranking": ranking,
        "value": value,
        "low": low,
        "high": high,
        "figure": said,
        "text": f"{said} {ranking}",
        "interval": plain("fairness.range", low=numbers.fixed(low, 3), high=numbers.fixed(high, 3)),
        "meaning": COLOURS[name],
    }


@specification
def _dots(measure: str, n_rankings: int) -> alt.LayerChart:
    line = {"y": lines(), "yOffset": alt.YOffset(field="ranking", sort=IN_ORDER)}
    hover = tooltip(
        label=plain("fairness.group"),
        ranking=plain("data_gap.ranking"),
        figure=measure,
        interval=plain("fairness.interval"),
    )
    axis = value_axis("low", measure, format=".2~f").scale(zero=False, nice=True, padding=12)
    return alt.layer(
        room(),
        interval_rule(axis, "high", meaning(), width=2).encode(**line, tooltip=hover),
        dot(at("value"), meaning(), size=60).encode(**line, tooltip=hover),
        written("text", "high", dx=8).encode(**line),
    ).properties(height=alt.Step(LINE))
