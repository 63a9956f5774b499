"""Heat map of crossed columns: a measure in every combination of groups, those of small groups grey."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    IN_ORDER,
    LABEL_LIMIT,
    NEUTRAL,
    TEXT_SIZE,
    Chart,
    meaning,
    one,
    specification,
    tooltip,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.fairness import direction
from recsys_core.fairness.metric import LOWER_IS_BETTER, ZERO_IS_BEST
from recsys_core.results import FairnessReport, Group, GroupRow

HEIGHT = 30  # px of a row
HALF, WHOLE = 0.4, 0.94  # of a cell that is coloured, with its figure beside it and without
SMALL, FAINT, STRONG = 0.3, 0.1, 0.95  # opacity of a cell without a figure, as everyone, and of the furthest
MOST_ROWS = 40  # those with the most users
WRITTEN_COLUMNS = 8  # with more there is no room for figures inside


def heat_map(report: FairnessReport, metric: str, name: Callable[[Group], str], words: tuple[str, str]) -> Chart:
    """A cell for every combination that somebody is in: the last column across, the others down.

    Blue cells are served better than everyone, orange ones worse, the stronger the further. ``words`` are the names of
    measure and columns.
    """
    rows = [row for row in report.groups if row.group.kind == "crossed"]
    overall = report.overall.values[metric] or 0.0
    worse = {row.group: _worse(metric, row.values[metric], overall) for row in rows}
    furthest = max((abs(x) for x in worse.values()), default=0.0) or 1.0
    found = [_cell(row, metric, name, report) | _shade(worse[row.group] / furthest, row, metric) for row in rows]
    table = pd.DataFrame(found)
    size = table.groupby("down", sort=False)["size"].sum()
    table = table[table["down"].isin(size.nlargest(MOST_ROWS).index)]
    is_written = table["across"].nunique() <= WRITTEN_COLUMNS
    return Chart(table, _heat_map(words[0], is_written), plain("fairness.cells.alt", metric=words[0], column=words[1]))


def _worse(metric: str, value: float | None, overall: float) -> float:
    """How far a figure is on the bad side of everyone's."""
    if value is None:
        return 0.0
    end = direction(metric)
    if end == ZERO_IS_BEST:
        return abs(value) - abs(overall)
    return value - overall if end == LOWER_IS_BETTER else overall - value


def _shade(worse: float, row: GroupRow, metric: str) -> dict[str, object]:
    if row.values[metric] is None:
        return {"meaning": NEUTRAL, "strength": SMALL}
    return {"meaning": AGAINST if worse > 0 else FOR, "strength": FAINT + (STRONG - FAINT) * abs(worse)}


def _cell(row: GroupRow, metric: str, name: Callable[[Group], str], report: FairnessReport) -> dict[str, object]:
    value, low, high = (part[metric] for part in (row.values, row.low, row.high))
    hidden = plain("fairness.hidden", least=report.least_size) if row.suppressed else numbers.UNKNOWN
    said = hidden if value is None else numbers.fixed(value, 3)
    return {
        "across": name(row.group.parts[-1]),
        "down": " × ".join(name(part) for part in row.group.parts[:-1]),
        "text": plain("fairness.cells.n", n=row.n) if value is None else said,
        "said": said,
        "n": numbers.count(row.n),
        "size": row.n,
        "interval": ""
        if value is None
        else plain("fairness.range", low=numbers.fixed(low, 3), high=numbers.fixed(high, 3)),
    }


@specification
def _heat_map(measure: str, is_written: bool) -> alt.LayerChart:
    """Coloured cells; the figure stands beside the colour, right of it."""
    shown = {"labelLimit": LABEL_LIMIT, "ticks": False, "domain": False, "title": None}
    axis = alt.Axis(**shown, orient="top", labelAngle=0 if is_written else -40)
    down = alt.Y("down", type="nominal", sort=IN_ORDER).axis(**shown)
    hover = tooltip(
        down=plain("fairness.group"),
        across=plain("fairness.cells.across"),
        said=measure,
        interval=plain("fairness.interval"),
        n=plain("fairness.n"),
    )

    def place(share: float) -> alt.X:
        return alt.X("across", type="nominal", sort=IN_ORDER, bandPosition=share, axis=axis)

    strength = alt.Opacity("strength", type="quantitative", scale=None, legend=None)
    width = HALF if is_written else WHOLE
    cells = alt.Chart().mark_rect(cornerRadius=3, width={"band": width}, height={"band": WHOLE})
    layers = [cells.encode(x=place(0.5), color=meaning(), opacity=strength, tooltip=hover)]
    if is_written:
        texts = alt.Chart().mark_text(align="left", dx=6, fontSize=TEXT_SIZE, tooltip=None)
        layers.append(texts.encode(x=place((1 + HALF) / 2), text=alt.Text(field="text"), color=one(NEUTRAL)))
    return alt.layer(*layers).encode(y=down).properties(height=alt.Step(HEIGHT))
