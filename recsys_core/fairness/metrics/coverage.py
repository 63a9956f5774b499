"""Coverage: share of the catalogue that stands in at least one list of the group.

Many lists hold more items than few, so a large group covers more by its size alone. The permutation test knows the
sizes; without it the figures of groups of unequal sizes cannot be compared.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys_core.fairness.metric import NEITHER, StatisticMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.terms import GroupStatistic


def coverage_of_lists(inputs: MetricInputs) -> GroupStatistic:
    """Share of the items that the lists of those who count hold; NaN where nobody with a list counts."""
    top = inputs.ranking.top
    listed = top >= 0
    user = np.broadcast_to(inputs.list_user[:, None], top.shape)[listed]
    shape = (inputs.dataset.n_items, inputs.n_users)
    holds = csr_array((np.ones(len(user), dtype=np.float32), (top[listed], user)), shape=shape)

    def coverage(inside: np.ndarray, _everyone: np.ndarray) -> np.ndarray:
        asked = np.intersect1d(np.flatnonzero(inside.any(axis=0)), inputs.list_user)
        if not len(asked):
            return np.full(len(inside), np.nan)
        counts = inside[:, asked].astype(np.float32)
        held = holds[:, asked] @ np.ascontiguousarray(counts.T)
        return np.where(counts.any(axis=1), (held > 0).mean(axis=0), np.nan)

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
