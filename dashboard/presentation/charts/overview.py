"""Charts of the Overview: quality with intervals, interactions over time, the long tail, group sizes, the stages."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.charts.chart import FOR, NEUTRAL, ROW, Chart, lines, meaning, one, room, value_axis, written
from dashboard.presentation.texts import numbers, plain
from recsys_core.data.profile import Profile

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


def quality(metrics: dict, best: dict[str, float]) -> Chart | None:
    """Each measure for the model and the baselines, with 95 % intervals and, where known, the best possible.

    None where there is no figure at all.
    """
    rows = pd.DataFrame(_quality_rows(metrics, best))
    if rows.empty:
        return None
    spec = {
        "height": {"step": 24},
        "encoding": {"y": {**lines("line"), "axis": FIRST_PART}},
        "layer": [
            room(),
            {
                "mark": {"type": "bar", "cornerRadius": 2},
                "encoding": {
                    "x": value_axis("value", None, values=[0, 0.25, 0.5, 0.75, 1], format=".2~f")
                    | {"scale": {"nice": False}},
                    "color": meaning(),
                    "opacity": {"field": "strength", "type": "quantitative", "scale": None},
                    "tooltip": [
                        {"field": "measure", "title": plain("overview.measure")},
                        {"field": "who", "title": plain("overview.model")},
                        {"field": "text", "title": plain("overview.value")},
                        {"field": "interval", "title": plain("overview.interval")},
                    ],
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "tooltip": None},
                "encoding": {
                    "x": {"field": "low", "type": "quantitative"},
                    "x2": {"field": "high"},
                    "color": one(NEUTRAL),
                },
            },
            {
                "mark": {"type": "tick", "thickness": 2.5, "tooltip": None},
                "encoding": {"x": {"field": "best", "type": "quantitative"}, "color": one("yellow")},
            },
            written("label", "beside", dx=7),
        ],
    }
    shown = ", ".join(f"{r.measure} {r.who} {r.text}" for r in rows.dropna(subset=["value"]).itertuples())
    return Chart(rows, spec, plain("overview.quality.alt", figures=shown))


def _quality_rows(metrics: dict, best: dict[str, float]) -> list[dict]:
    who = {
        "model": metrics,
        **{name: metrics["baselines"][name] for name in ("ease", "popularity") if name in metrics["baselines"]},
    }
    rows: list[dict] = []
    for measure in METRICS:
        found = [
            row
            for name, figures in who.items()
            if (row := _quality_row(measure, name, figures, metrics.get("intervals", {}), best)) is not None
        ]
        if found and rows:
            rows.append({"line": f"|{measure}", "room": 0.0})  # a line of air
        for at, row in enumerate(found):
            rows.append(row | {"line": f"{'' if at else row['measure']}|{measure}{row['who']}"})
    return rows


def _quality_row(measure: str, name: str, figures: dict, intervals: dict, best: dict[str, float]) -> dict | None:
    """One bar; None where the measure has no figure."""
    value = figures.get(measure)
    low, high = intervals.get(name, {}).get(measure) or (None, None)
    if value is None or value != value or low is None or low != low:
        return None
    top = best.get(measure) if name == "model" else None
    who = plain(f"overview.who.{name}")
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
        "strength": 1.0 if name != "popularity" else 0.55,
        "room": 1.3,
    }


def over_time(found: Profile) -> Chart:
    """Interactions a period, as bars over time."""
    spec = {
        "height": HEIGHT,
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {
                "field": "start",
                "type": "temporal",
                "title": None,
                "axis": {**DATES, "tickCount": 6, "labelOverlap": True, "grid": False},
            },
            "y": {
                "field": "n",
                "type": "quantitative",
                "title": plain("overview.interactions"),
                "axis": {"tickCount": 4},
            },
            "color": one(NEUTRAL),
            "tooltip": [
                {"field": "start", "type": "temporal", "title": plain("overview.from"), "format": "%Y-%m-%d"},
                {"field": "n", "title": plain("overview.interactions"), "format": ","},
            ],
        },
    }
    return Chart(found.periods, spec, plain("overview.time.alt", n=len(found.periods)))


def long_tail(found: Profile) -> Chart:
    """Interactions of the items, most popular first."""
    spec = {
        "height": HEIGHT,
        "mark": {"type": "area", "line": False, "opacity": 0.7},
        "encoding": {
            "x": {
                "field": "item_share",
                "type": "quantitative",
                "title": plain("overview.items_by_popularity"),
                "axis": {"format": "%", "tickCount": 5, "grid": False},
            },
            "y": {
                "field": "interactions",
                "type": "quantitative",
                "title": plain("overview.interactions"),
                "axis": {"tickCount": 4},
            },
            "color": one(NEUTRAL),
            "tooltip": [
                {"field": "item_share", "title": plain("overview.items_by_popularity"), "format": ".0%"},
                {"field": "interactions", "title": plain("overview.interactions"), "format": ","},
            ],
        },
    }
    return Chart(found.tail, spec, plain("overview.tail.alt", share=numbers.percent(found.head_share)))


def groups(sizes: pd.DataFrame, column: str) -> Chart:
    """Users of each group, with the number beside the bar."""
    rows = sizes.assign(
        group=[g or plain("overview.other_groups") for g in sizes["group"]],
        text=[numbers.count(n) for n in sizes["n"]],
        room=1.25 * sizes["n"].max(),
    )
    spec = {
        "height": {"step": ROW - 4},
        "encoding": {"y": lines("group")},
        "layer": [
            room(),
            {
                "mark": {"type": "bar", "cornerRadius": 3},
                "encoding": {
                    "x": value_axis("n", plain("overview.users"), tickCount=4),
                    "color": one(NEUTRAL),
                    "tooltip": [
                        {"field": "group", "title": column},
                        {"field": "text", "title": plain("overview.users")},
                    ],
                },
            },
            written("text", "n"),
        ],
    }
    return Chart(rows, spec, plain("overview.groups.alt", column=column, n=len(rows)))
