"""Coverage: share of the catalogue that stands in at least one list of the group.

Many lists hold more items than few, so a large group covers more by its size alone. The permutation test knows the
sizes; without it the figures of groups of unequal sizes cannot be compared.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import NEITHER, StatisticMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.terms import GroupStatistic


def coverage_of_lists(inputs: MetricInputs) -> GroupStatistic:
    """Share of the items that the lists of those who count hold; NaN where nobody with a list counts.

    Whether a user counts is one bit a resample, so that a byte holds eight: what an item's users have is a bitwise or.
    """
    top, n_items = inputs.ranking.top, inputs.dataset.n_items
    listed = top >= 0
    user = np.broadcast_to(inputs.list_user[:, None], top.shape)[listed]
    order = np.argsort(top[listed], kind="stable")
    holder, first = user[order], np.unique(top[listed][order], return_index=True)[1]

    def coverage(inside: np.ndarray, _everyone: np.ndarray) -> np.ndarray:
        counts = inside > 0
        bits = np.packbits(np.ascontiguousarray(counts.T), axis=1)
        held = np.bitwise_or.reduceat(bits[holder], first, axis=0) if len(first) else bits[:0]
        n_held = np.unpackbits(held, axis=1, count=len(inside)).sum(axis=0)
        return np.where(counts[:, inputs.list_user].any(axis=1), n_held / n_items, np.nan)

    return coverage


METRICS = (
    StatisticMetric(
        name="coverage",
        place=66,
        family="lists",
        formula="items in at least one list of the group / items",
        source="Herlocker et al. 2004; RecBole ItemCoverage",
        direction=NEITHER,
        unit="share",
        needs=("lists",),
        at_k=True,
        statistic=coverage_of_lists,
    ),
)
