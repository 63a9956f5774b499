"""The gap of every ranking between the same two groups, and what the model adds to it, as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.data_gap import ranking_name
from dashboard.presentation.sentences.fairness import chance, interval
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import Group
from recsys_core.results.data_gap import DataGap, ReferenceGap


def gaps(found: DataGap) -> pd.DataFrame:
    """A row a ranking, the model's first."""
    return pd.DataFrame([_row(found, name) for name in found.rows])


def _row(found: DataGap, name: str) -> dict[str, str]:
    worst, best = (_value(found, name, group) for group in (found.worst, found.best))
    against = found.against(name)
    gap = (found.gap, found.gap_low, found.gap_high) if against is None else _own(against)
    return {
        plain("data_gap.ranking"): ranking_name(name),
        plain("data_gap.everyone"): numbers.fixed(found.overall[name].values[found.measure], 3),
        plain("data_gap.worst"): numbers.fixed(worst, 3),
        plain("data_gap.best"): numbers.fixed(best, 3),
        plain("data_gap.gap"): numbers.fixed(gap[0], 3),
        plain("fairness.interval"): interval(gap[1], gap[2]),
        plain("data_gap.ratio"): numbers.fixed(worst / best if worst is not None and best else None),
        plain("data_gap.added"): "" if against is None else numbers.signed(against.added, 3),
        plain("data_gap.added.interval"): "" if against is None else interval(against.low, against.high),
        plain("fairness.gaps.corrected"): "" if against is None else chance(against.p_corrected),
    }


def _value(found: DataGap, name: str, group: Group | None) -> float | None:
    return None if group is None else found.of(name, group).values[found.measure]


def _own(against: ReferenceGap) -> tuple[float, float, float]:
    return against.gap, against.gap_low, against.gap_high
