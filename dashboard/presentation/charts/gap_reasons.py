"""Charts of reasons between groups: what makes a gap, and how large every reason is in every group."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dashboard.presentation.charts.chart import (
    AGAINST,
    FOR,
    IN_ORDER,
    NEUTRAL,
    Chart,
    at,
    bar,
    by_line,
    distinct,
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
from dashboard.presentation.sentences.fairness import name_of
from dashboard.presentation.texts import numbers, plain
from recsys_core.player import Player
from recsys_core.results.gap_reasons import GapReasons
from recsys_core.results.group_reasons import GroupReasons

LINE = 20  # px of a group's line within its reason
MOST_GROUPS, MOST_REASONS = 6, 8  # that a chart can hold; the file has all
LABEL_SHARE = 0.3


def bars(found: GapReasons, names: dict[Player, str]) -> Chart:
    """A bar a reason with its interval, largest first, what no reason makes last; grey where it may be nothing."""
    rows = [(names[r.player], r.contribution, r.low, r.high) for r in found.ordered]
    rows.append((plain("gap_reasons.base"), found.base, found.base_low, found.base_high))
    table = pd.DataFrame(rows, columns=["label", "value", "low", "high"])
    table["label"] = distinct(table["label"].tolist())
    table["meaning"] = [FOR if low > 0 else AGAINST if high < 0 else NEUTRAL for _, _, low, high in rows]
    table["text"] = [numbers.signed(value, 3) for _, value, _, _ in rows]
    table["interval"] = [_range(low, high) for _, _, low, high in rows]
    largest, smallest = table["high"].max(), min(table["low"].min(), 0.0)
    table["room"] = largest + 0.2 * max(largest - smallest, 1e-6)
    return Chart(table, _bars(plain(f"gap_reasons.axis.{found.measure}")), plain("gap_reasons.alt"))


@specification
def _bars(axis: str) -> alt.LayerChart:
    hover = tooltip(label=plain("explain.reason"), text=axis, interval=plain("overview.interval"))
    shown = bar(value_axis("value", axis), meaning()).encode(tooltip=hover)
    return by_line(shown, interval_rule(at("low"), "high"), written("text", "high"))


def sizes(found: GroupReasons, names: dict[Player, str]) -> Chart:
    """A dot and interval a group for each reason, those that differ most between groups first."""
    largest = np.argsort([-figure.difference for figure in found.reasons], kind="stable")[:MOST_REASONS]
    shown = np.argsort([-n for n in found.n], kind="stable")[:MOST_GROUPS]
    rows = []
    for i in largest:
        figure = found.reasons[int(i)]
        label = names[figure.player] if figure.player is not None else figure.name
        for g in sorted(shown.tolist()):
            share = figure.of_groups[g]
            said = numbers.fixed(share.value, 2)
            rows.append(
                {
                    "label": plain("group_reasons.differs", name=label) if figure.differs else label,
                    "group": name_of(found.groups[g]),
                    "value": share.value,
                    "low": share.low,
                    "high": share.high,
                    "figure": said,
                    "text": f"{said} {name_of(found.groups[g])}",
                    "interval": _range(share.low, share.high),
                    "meaning": FOR if figure.differs else NEUTRAL,
                }
            )
    table = pd.DataFrame(rows)
    table["room"] = (1 + LABEL_SHARE) * float(table["high"].max()) if len(table) else 0.0
    return Chart(table, _sizes(len(shown)), plain("group_reasons.alt"))


@specification
def _sizes(n_groups: int) -> alt.LayerChart:
    axis = plain("group_reasons.axis")
    line = {"y": lines(), "yOffset": alt.YOffset(field="group", sort=IN_ORDER)}
    hover = tooltip(
        label=plain("explain.reason"),
        group=plain("fairness.group"),
        figure=axis,
        interval=plain("overview.interval"),
    )
    return alt.layer(
        room(),
        interval_rule(value_axis("low", axis), "high", meaning(), width=2).encode(**line, tooltip=hover),
        dot(at("value"), meaning(), size=50).encode(**line, tooltip=hover),
        written("text", "high").encode(**line),
    ).properties(height=alt.Step(LINE))


def _range(low: float, high: float) -> str:
    return plain("fairness.range", low=numbers.fixed(low, 3), high=numbers.fixed(high, 3))
