"""Charts of fairness: a measure by group as dots with intervals, everyone as a dashed line."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
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
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import FairnessReport, Group, GroupRow

MOST_DOTS = 24  # groups; of more the worst and the best are drawn, those with figures first
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
    groups = sorted(first.groups, key=lambda row: _rank_key(row, metric))
    if len(groups) > MOST_DOTS:
        n_best = min(MOST_DOTS // 2, sum(row.values[metric] is not None for row in groups) // 2)
        shown = [row for row in groups if row.values[metric] is not None] or groups
        groups = shown[: MOST_DOTS - n_best] + (shown[-n_best:] if n_best and len(shown) > MOST_DOTS else [])
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
    return Chart(pd.DataFrame(rows), _dots(words[0], len(reports)), alt)


def _rank_key(row: GroupRow, metric: str) -> tuple[bool, float]:
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


@specification
def _dots(measure: str, n_models: int) -> alt.LayerChart:
    line = {"y": lines()} | ({"yOffset": alt.YOffset(field="model", sort=IN_ORDER)} if n_models > 1 else {})
    hover = tooltip(
        label=plain("fairness.group"),
        model=plain("fairness.models"),
        text=measure,
        interval=plain("fairness.interval"),
    )
    axis = value_axis("low", measure, format=".2~f").scale(zero=False, nice=True, padding=12)
    everyone = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    return alt.layer(
        room(),
        everyone.encode(x=alt.X("mean(overall)", type="quantitative"), color=meaning()),
        interval_rule(axis, "high", meaning(), width=2.5).encode(**line, tooltip=hover),
        dot(at("value"), meaning(), size=80).encode(**line, tooltip=hover),
        written("text", "beside", dx=8).encode(**line),
    ).properties(height=alt.Step(LINE / n_models if n_models > 1 else LINE - 6))
