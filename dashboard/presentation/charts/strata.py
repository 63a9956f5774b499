"""Chart of a gap within strata: a dot and interval each, the gap as it is and the adjusted one at the end."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    NEUTRAL,
    Chart,
    at,
    by_line,
    dot,
    interval_rule,
    meaning,
    one,
    specification,
    tooltip,
    value_axis,
    written,
)
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import Group
from recsys_core.results.strata import Difference, StratifiedGap


def strata(found: StratifiedGap, name: Callable[[Group], str], words: tuple[str, str]) -> Chart:
    """A line a stratum in order, then raw and adjusted gap; ``words`` are the names of measure and column within."""
    rows = [
        _row(plain("strata.row", group=name(s.group), worst=s.n_worst, best=s.n_best), s.difference, FOR)
        for s in found.strata
    ]
    rows += [
        _row(plain("strata.raw"), found.raw, NEUTRAL),
        _row(plain("strata.adjusted", column=words[1]), found.adjusted, AGAINST),
    ]
    table = pd.DataFrame(rows)
    ends = table[["low", "high"]].to_numpy(float)
    reach = pd.Series([*ends.ravel(), 0.0]).dropna()
    table["room"] = reach.max() + 0.25 * max(reach.max() - reach.min(), 1e-6)
    table["zero"] = 0.0
    return Chart(table, _strata(plain("strata.axis", metric=words[0])), plain("strata.alt", column=words[1]))


def _row(label: str, difference: Difference | None, colour: str) -> dict[str, object]:
    if difference is None:
        few: dict[str, object] = {"value": None, "low": None, "high": None, "beside": 0.0, "interval": ""}
        return few | {"label": label, "meaning": NEUTRAL, "text": plain("strata.few")}
    low, high = numbers.signed(difference.low, 3), numbers.signed(difference.high, 3)
    return {
        "label": label,
        "value": difference.value,
        "low": difference.low,
        "high": difference.high,
        "beside": difference.high,
        "meaning": colour,
        "text": numbers.signed(difference.value, 3),
        "interval": plain("fairness.range", low=low, high=high),
    }


@specification
def _strata(axis: str) -> alt.LayerChart:
    hover = tooltip(label=plain("fairness.group"), text=axis, interval=plain("fairness.interval"))
    values = value_axis("low", axis, format=".2~f").scale(zero=True, nice=True)
    none = alt.Chart().mark_rule(strokeDash=[4, 4], strokeWidth=1.5, tooltip=None)
    return by_line(
        none.encode(x=alt.X("mean(zero)", type="quantitative"), color=one(NEUTRAL)),
        interval_rule(values, "high", meaning(), width=2.5).encode(tooltip=hover),
        dot(at("value"), meaning()).encode(tooltip=hover),
        written("text", "beside", dx=8),
        row=30,
    )
