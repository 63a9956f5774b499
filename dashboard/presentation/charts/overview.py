"""Charts of the Overview: quality with intervals, interactions over time, the long tail, group sizes, the stages."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    FOR,
    NEUTRAL,
    ROW,
    Chart,
    at,
    bar,
    by_line,
    interval_rule,
    lines,
    meaning,
    one,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.sentences.quality import baseline_name, weakest_first
from dashboard.presentation.texts import capital, numbers, plain
from recsys_core.data.profile import Profile
from recsys_core.results import TrainingReport

METRICS = ("auc", "ndcg@10", "recall@10")
FIRST_PART = {
    "labelExpr": "split(datum.label, '|')[0]",
    "ticks": False,
    "domain": False,
    "labelPadding": 8,
    "labelFontWeight": 600,
}
HEIGHT = 190
MONTH, DAY = "%Y-%m", "%m-%d"
DATES = {  # days and hours where the time range is that short: months would name every mark alike
    "format": {"year": MONTH, "quarter": MONTH, "month": MONTH, "week": DAY, "date": DAY, "hours": "%H:%M"},
}


def quality(report: TrainingReport) -> Chart | None:
    """Each measure for the model and the baselines, with 95 % intervals and, where known, the best possible.

    None where there is no figure at all.
    """
    rows = pd.DataFrame(_quality_rows(report))
    if rows.empty:
        return None
    shown = ", ".join(f"{r.measure} {r.who} {r.text}" for r in rows.dropna(subset=["value"]).itertuples())
    return Chart(rows, _quality(), plain("overview.quality.alt", figures=shown))


@specification
def _quality() -> alt.LayerChart:
    x = value_axis("value", None, values=[0, 0.25, 0.5, 0.75, 1], format=".2~f").scale(nice=False)
    bars = bar(x, meaning(), corner=2).encode(
        tooltip=tooltip(
            measure=plain("overview.measure"),
            who=plain("overview.model"),
            text=plain("overview.value"),
            interval=plain("overview.interval"),
        ),
    )
    best = alt.Chart().mark_tick(thickness=2.5, tooltip=None).encode(x=at("best"), color=one("yellow"))
    name = lines("line").axis(**FIRST_PART)
    return by_line(bars, interval_rule(at("low"), "high"), best, written("label", "beside", dx=7), y=name, row=24)


def _quality_rows(report: TrainingReport) -> list[dict]:
    who = ["model", *reversed(weakest_first(report))]
    rows: list[dict] = []
    for measure in METRICS:
        found = [row for name in who if (row := _quality_row(measure, name, report)) is not None]
        if found and rows:
            rows.append({"line": f"|{measure}", "room": 0.0})  # a line of air
        for position, row in enumerate(found):
            rows.append(row | {"line": f"{'' if position else row['measure']}|{measure}{row['who']}"})
    return rows


def _quality_row(measure: str, name: str, report: TrainingReport) -> dict | None:
    """One bar; None where the measure has no figure."""
    quality = report.scorers[name]
    value = quality[measure]
    low, high = quality.intervals.get(measure, (math.nan, math.nan))
    if math.isnan(value) or math.isnan(low):
        return None
    top = report.best_possible.get(measure) if name == "model" else None
    who = plain("overview.who.model") if name == "model" else capital(baseline_name(name))
    return {
        "measure": plain(f"measure.{measure}"),
        "who": who,
        "value": value,
        "low": low,
        "high": high,
        "best": top,
        "beside": max(high, top or 0),
        "text": numbers.number(value),
        "label": f"{who} {numbers.number(value)}",
        "interval": plain("interval", low=numbers.number(low), high=numbers.number(high)),
        "meaning": FOR if name == "model" else NEUTRAL,
        "room": 1.3,
    }


def over_time(found: Profile) -> Chart:
    """Interactions a period, as bars over time."""
    return Chart(found.periods, _over_time(), plain("overview.time.alt", n=len(found.periods)))


@specification
def _over_time() -> alt.Chart:
    start = alt.X("start", type="temporal", title=None)
    bars = alt.Chart(height=HEIGHT).mark_bar(cornerRadiusEnd=2)
    return bars.encode(
        x=start.axis(**DATES, tickCount=6, labelOverlap=True, grid=False),
        y=_interactions("n"),
        color=one(NEUTRAL),
        tooltip=[
            alt.Tooltip("start", type="temporal", title=plain("overview.from"), format="%Y-%m-%d"),
            *tooltip({"n": ","}, n=plain("overview.interactions")),
        ],
    )


def _interactions(field: str) -> alt.Y:
    return alt.Y(field, type="quantitative", title=plain("overview.interactions")).axis(tickCount=4)


def long_tail(found: Profile) -> Chart:
    """Interactions of the items, most popular first."""
    return Chart(found.tail, _long_tail(), plain("overview.tail.alt", share=numbers.percent(found.head_share)))


@specification
def _long_tail() -> alt.Chart:
    share = plain("overview.items_by_popularity")
    formats = {"item_share": ".0%", "interactions": ","}
    return (
        alt.Chart(height=HEIGHT)
        .mark_area(line=False, opacity=0.7)
        .encode(
            x=alt.X("item_share", type="quantitative", title=share).axis(format="%", tickCount=5, grid=False),
            y=_interactions("interactions"),
            color=one(NEUTRAL),
            tooltip=tooltip(formats, item_share=share, interactions=plain("overview.interactions")),
        )
    )


def groups(sizes: pd.DataFrame, column: str) -> Chart:
    """Users of each group, with the number beside the bar."""
    rows = sizes.assign(
        group=[g or plain("overview.other_groups") for g in sizes["group"]],
        text=[numbers.count(n) for n in sizes["n"]],
        room=1.25 * sizes["n"].max(),
    )
    return Chart(rows, _groups(column), plain("overview.groups.alt", column=column, n=len(rows)))


@specification
def _groups(column: str) -> alt.LayerChart:
    bars = bar(value_axis("n", plain("overview.users"), tickCount=4), one(NEUTRAL))
    hover = tooltip(group=column, text=plain("overview.users"))
    return by_line(bars.encode(tooltip=hover), written("text", "n"), y=lines("group"), row=ROW - 4)
