"""Inequality among the users of a group: Gini index of their NDCG, 0 all served alike to near 1 one served alone."""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import LOWER_IS_BETTER, SummedMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.terms import InequalityTerms


def ndcg_of_users(inputs: MetricInputs) -> InequalityTerms:
    value = np.full(inputs.n_users, np.nan)
    value[inputs.list_user] = inputs.ranking.ndcg
    return InequalityTerms.of(value)


METRICS = (
    SummedMetric(
        name="ndcg_gini",
        place=40,
        family="quality",
        formula="sum over users i, j of |NDCG_i - NDCG_j| / (2 n^2 * mean NDCG)",
        source="Gini 1912; Fu et al. 2020 for users of a recommender",
        direction=LOWER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        summed=ndcg_of_users,
    ),
)
