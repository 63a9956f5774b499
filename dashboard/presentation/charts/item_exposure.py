"""Bars of item groups: share of exposure, of what was taken later, and of the catalogue, with intervals."""

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
    bar,
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
from recsys_core.results import FairnessReport, Group

SHARES = {"exposure_share": FOR, "relevance_share": "green", "catalogue_share": NEUTRAL}
MOST_GROUPS = 12  # by exposure
LINE = 19  # px of a bar


def item_exposure(report: FairnessReport, name: Callable[[Group], str], column: str) -> Chart:
    """Three bars a group, most exposed first; groups that are too small have none."""
    shown = [row for row in report.groups if not row.suppressed]
    shown.sort(key=lambda row: -(row.values["exposure_share"] or 0.0))
    rows = [
        {
            "label": plain("items.group.n", group=name(row.group), n=row.n),
            "share": plain(f"measure.{share}"),
            "value": row.values[share],
            "low": row.low[share],
            "high": row.high[share],
            "text": numbers.percent(row.values[share], 1),
            "interval": plain(
                "fairness.range", low=numbers.percent(row.low[share], 1), high=numbers.percent(row.high[share], 1)
            ),
            "meaning": colour,
        }
        for row in shown[:MOST_GROUPS]
        for share, colour in SHARES.items()
    ]
    table = pd.DataFrame(rows)
    table["room"] = 1.12 * table["high"].fillna(table["value"]).max()
    return Chart(table, _bars(), plain("items.alt", column=column))


@specification
def _bars() -> alt.LayerChart:
    line = {"y": lines(), "yOffset": alt.YOffset(field="share", sort=IN_ORDER)}
    hover = tooltip(
        label=plain("fairness.group"),
        share=plain("items.share"),
        text=plain("items.value"),
        interval=plain("fairness.interval"),
    )
    axis = value_axis("value", None, format="~%").scale(zero=True)
    return alt.layer(
        room(),
        bar(axis, meaning()).encode(**line, tooltip=hover),
        interval_rule(at("low"), "high").encode(**line),
        written("text", "high", dx=6).encode(**line),
    ).properties(height=alt.Step(LINE))
