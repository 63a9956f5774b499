"""Charts of fairness: a measure by group as dots with intervals, everyone as a dashed line."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.presentation.charts.chart import FOR, IN_ORDER, NEUTRAL, Chart, lines, meaning, one, room, value_axis
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import FairnessReport, Group, GroupRow

LINE = 42  # px of a group's line; two models share it
LABEL_SHARE = 0.16  # of the axis, free for the figure that stands right of the longest interval
COLOURS = {"dense": NEUTRAL, "compressed": FOR}


def dots(
    reports: dict[str, FairnessReport], metric: str, name: Callable[[Group], str], words: tuple[str, str]
) -> Chart:
    """One dot and interval a group and model, worst served first as the first model has it.

    ``reports`` maps ``dense`` or ``compressed`` to a report of the same groups; ``words`` are the
    names of measure and column. Suppressed groups stand at the end, grey and without a figure.
    """
    first = next(iter(reports.values()))
    groups = sorted(first.groups, key=lambda row: _place(row, metric))
    labels = {row.group: plain("fairness.group.n", group=name(row.group), n=row.n) for row in groups}
    rows = [
        _dot(row, metric, labels[row.group], model, report)
        for group in groups
        for model, report in reports.items()
        for row in report.groups
        if row.group == group.group
    ]
    ends = [x for row in rows for x in (row["beside"], row["low"]) if x is not None]
    width = max(ends, default=0.0) - min(ends, default=0.0)
    rows = [row | {"room": max(ends, default=0.0) + LABEL_SHARE * width} for row in rows]
    alt = plain("fairness.chart.alt", metric=words[0], column=words[1])
    return Chart(pd.DataFrame(rows), _spec(words[0], len(reports)), alt)


def _place(row: GroupRow, metric: str) -> tuple[bool, float]:
    value = row.values[metric]
    return (value is None, 0.0 if value is None else value)


def _dot(row: GroupRow, metric: str, label: str, model: str, report: FairnessReport) -> dict:
    value, low, high = (part[metric] for part in (row.values, row.low, row.high))
    hidden = plain("fairness.hidden", least=report.least_size) if row.suppressed else numbers.UNKNOWN
    overall = report.overall.values[metric]
    return {
        "label": label,
        "model": plain(f"fairness.model.{model}"),
        "value": value,
        "low": low,
        "high": high,
        "overall": overall,
        "beside": overall if value is None else high,
        "text": hidden if value is None else numbers.fixed(value, 3),
        "interval": ""
        if value is None
        else plain("fairness.range", low=numbers.fixed(low, 3), high=numbers.fixed(high, 3)),
        "meaning": COLOURS[model],
    }


def _spec(measure: str, n_models: int) -> dict:
    offset = {"yOffset": {"field": "model", "sort": IN_ORDER}} if n_models > 1 else {}
    place = {"y": lines(), **offset}
    tooltip = [
        {"field": "label", "title": plain("fairness.group")},
        {"field": "model", "title": plain("fairness.models")},
        {"field": "text", "title": measure},
        {"field": "interval", "title": plain("fairness.interval")},
    ]
    axis = value_axis("low", measure, format=".2~f")
    axis["scale"] = {"zero": False, "nice": True, "padding": 12}
    return {
        "height": {"step": LINE / n_models if n_models > 1 else LINE - 6},
        "layer": [
            room(),
            {
                "mark": {"type": "rule", "strokeDash": [4, 4], "strokeWidth": 1.5, "tooltip": None},
                "encoding": {
                    "x": {"field": "overall", "aggregate": "mean", "type": "quantitative"},
                    "color": meaning(),
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5},
                "encoding": {**place, "x": axis, "x2": {"field": "high"}, "color": meaning(), "tooltip": tooltip},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {
                    **place,
                    "x": {"field": "value", "type": "quantitative"},
                    "color": meaning(),
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "tooltip": None},
                "encoding": {
                    **place,
                    "x": {"field": "beside", "type": "quantitative"},
                    "text": {"field": "text"},
                    "color": one(NEUTRAL),
                },
            },
        ],
    }
