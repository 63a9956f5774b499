"""Charts of mending: every group before and after with intervals, and the price of it with its own."""

from __future__ import annotations

from collections.abc import Callable

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
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import Group
from recsys_core.results.mended_lists import Estimate, GroupShift, MendedLists
from recsys_core.results.mending import Price

LINE = 40  # px of a group's two lines
LABEL_SHARE = 0.14  # of the axis, free for the figure right of the longest interval
FAIR_SHARE = 1.0  # exposure in proportion to what was taken
MOST_GROUPS = 25  # as many as tell something; the others are in the table


def before_after(found: MendedLists, name: Callable[[Group], str], words: tuple[str, str]) -> Chart:
    """Two dots with intervals a group, before above after, smallest before first; ``words``: measure and column.

    Of many groups the largest are drawn. Where the measure is exposure against relevance a dashed line marks 1.
    """
    known = [shift for shift in found.shifts if shift.before is not None and shift.after is not None]
    largest = sorted(known, key=lambda shift: -shift.n)[:MOST_GROUPS]
    ordered = sorted(largest, key=lambda shift: shift.before.value if shift.before else 0.0)
    rows = [row for shift in ordered for row in _rows(shift, name, found.metric)]
    ends = [x for row in rows for x in (row["low"], row["high"])]
    width = max(ends, default=0.0) - min(ends, default=0.0)
    rows = [row | {"room": max(ends, default=0.0) + LABEL_SHARE * width} for row in rows]
    return Chart(pd.DataFrame(rows), _before_after(words[0]), plain("mend.chart.alt", metric=words[0], column=words[1]))


def _rows(shift: GroupShift, name: Callable[[Group], str], metric: str) -> list[dict]:
    label = plain("fairness.group.n", group=name(shift.group), n=shift.n)
    both = (("before", shift.before, NEUTRAL), ("after", shift.after, FOR))
    return [_row(label, when, of, colour, metric) for when, of, colour in both if of is not None]


def _row(label: str, when: str, of: Estimate, colour: str, metric: str) -> dict:
    low, high = numbers.fixed(of.low, 3), numbers.fixed(of.high, 3)
    return {
        "label": label,
        "when": plain(f"mend.{when}"),
        "value": of.value,
        "low": of.low,
        "high": of.high,
        "goal": FAIR_SHARE if metric == "exposure_to_relevance" else of.value,
        "goal_seen": 1.0 if metric == "exposure_to_relevance" else 0.0,
        "text": numbers.fixed(of.value, 3),
        "interval": plain("fairness.range", low=low, high=high),
        "meaning": colour,
    }


@specification
def _before_after(measure: str) -> alt.LayerChart:
    line = {"y": lines(), "yOffset": alt.YOffset(field="when", sort=IN_ORDER)}
    hover = tooltip(
        label=plain("fairness.group"), when=plain("mend.when"), text=measure, interval=plain("fairness.interval")
    )
    axis = value_axis("low", measure, format=".2~f").scale(zero=False, nice=True, padding=12)
    goal = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    return alt.layer(
        room(),
        goal.encode(
            x=alt.X("mean(goal)", type="quantitative"),
            opacity=alt.Opacity("mean(goal_seen)", type="quantitative", legend=None).scale(domain=[0, 1], range=[0, 1]),
        ),
        interval_rule(axis, "high", meaning(), width=2.5).encode(**line, tooltip=hover),
        dot(at("value"), meaning(), size=70).encode(**line, tooltip=hover),
        written("text", "high", dx=8).encode(**line),
    ).properties(height=alt.Step(LINE / 2))


def price(found: Price, name: str) -> Chart:
    """The change of everyone's quality with its interval, beside a line at no change."""
    clear = found.low > 0 or found.high < 0
    row = {
        "label": name,
        "value": found.change,
        "low": found.low,
        "high": found.high,
        "none": 0.0,
        "text": numbers.signed(found.change, 4),
        "interval": plain("fairness.range", low=numbers.signed(found.low, 4), high=numbers.signed(found.high, 4)),
        "meaning": NEUTRAL if not clear else FOR if found.change > 0 else AGAINST,
    }
    ends = [found.low, found.high, 0.0]
    row["room"] = max(ends) + 0.35 * (max(ends) - min(ends) or 0.01)
    return Chart(pd.DataFrame([row]), _price(), plain("mend.price.alt", metric=name))


@specification
def _price() -> alt.LayerChart:
    hover = tooltip(label=plain("fairness.measure"), text=plain("mend.price"), interval=plain("fairness.interval"))
    axis = value_axis("low", plain("mend.price"), format="+.4~f").scale(nice=True, padding=12)
    none = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    line = {"y": lines()}
    return alt.layer(
        room(),
        none.encode(x=at("none")),
        interval_rule(axis, "high", meaning(), width=2.5).encode(**line, tooltip=hover),
        dot(at("value"), meaning(), size=80).encode(**line, tooltip=hover),
        written("text", "high", dx=8).encode(**line),
    ).properties(height=alt.Step(36))
