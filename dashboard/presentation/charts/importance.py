"""Chart of permutation importance: what a figure loses where a reason is shuffled, with its interval."""

from __future__ import annotations

import altair as alt
import numpy as np
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
from recsys_core.player import Player
from recsys_core.results.global_parts import MetricDrops


def drops(found: MetricDrops, players: tuple[Player, ...], names: dict[Player, str], metric: str) -> Chart:
    """A line a reason, in the order of ``players``: blue where shuffling it costs quality, grey within noise."""
    order = list(names)
    kept = [players.index(player) for player in order]
    table = pd.DataFrame(
        {
            "label": [names[player] for player in order],
            "drop": found.drop[kept],
            "low": found.low[kept],
            "high": found.high[kept],
            "meaning": [_meaning(found, i) for i in kept],
            "text": [numbers.signed(float(found.drop[i]), 3) for i in kept],
            "interval": [
                plain("global.interval", low=numbers.signed(found.low[i], 3), high=numbers.signed(found.high[i], 3))
                for i in kept
            ],
        }
    )
    ends = table[["low", "high", "drop"]].to_numpy(float)
    largest, smallest = np.nanmax(ends, initial=0.0), np.nanmin(ends, initial=0.0)
    table["room"] = largest + 0.2 * max(largest - smallest, 1e-6)
    table["zero"] = 0.0
    return Chart(table, _drops(metric), plain("global.permutation.alt", metric=metric))


def _meaning(found: MetricDrops, i: int) -> str:
    return FOR if found.low[i] > 0 else AGAINST if found.high[i] < 0 else NEUTRAL


@specification
def _drops(metric: str) -> alt.LayerChart:
    axis = plain("global.permutation.axis", metric=metric)
    hover = tooltip(label=plain("explain.reason"), text=axis, interval=plain("overview.interval"))
    zero = alt.Chart().mark_rule(strokeWidth=1, tooltip=None).encode(x=at("zero"), color=one(NEUTRAL))
    return by_line(
        zero,
        interval_rule(value_axis("low", axis), "high", meaning(), width=2),
        dot(at("drop"), meaning()).encode(tooltip=hover),
        written("text", "high"),
    )
