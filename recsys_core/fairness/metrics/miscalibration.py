r"""Miscalibration: how far the categories of a user's list are from those of the user's history; mean over users.

.. math:: \mathrm{KL}(p \| \tilde q) = \sum_c p_c \log (p_c / \tilde q_c), \quad \tilde q = (1 - \alpha) q + \alpha p

with :math:`p` the mean category share of what the user took in training, :math:`q` that of the list, and
:math:`\alpha = .01` (Steck 2018, eq. 5 and 6; every item counts alike). In nats; 0 where the two are the same.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import LOWER_IS_BETTER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums

ALPHA = 0.01


def divergence(history: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """Steck's divergence of category shares ``(n, n_categories)`` of lists from those of histories, ``(n,)``.

    NaN where one of the two is NaN.
    """
    mixed = (1 - ALPHA) * listed + ALPHA * history
    ratio = np.divide(history, mixed, out=np.ones(history.shape), where=history > 0)
    return np.maximum((history * np.log(ratio)).sum(axis=1), 0.0)


def miscalibration(inputs: MetricInputs) -> Sums:
    """Each user's divergence; none without a history or a list."""
    vectors, top = inputs.category_vectors, inputs.ranking.top
    with_none = np.vstack([vectors, np.zeros(vectors.shape[1])])  # the row that -1 points at
    listed = sum((with_none[top[:, place]] for place in range(top.shape[1])), np.zeros((len(top), vectors.shape[1])))
    took = inputs.train[inputs.ranking.user_index]
    return inputs.of_lists(divergence(_shares(took @ vectors), _shares(listed)))


def _shares(sums: np.ndarray) -> np.ndarray:
    total = sums.sum(axis=1, keepdims=True)
    return np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)


METRICS = (
    RatioMetric(
        name="miscalibration",
        place=64,
        family="lists",
        formula="mean over users of sum over categories of p log(p / (0.99 q + 0.01 p)); p: history, q: list",
        source="Steck 2018",
        direction=LOWER_IS_BETTER,
        unit="amount",
        needs=("lists", "history", "categories"),
        at_k=True,
        sums=miscalibration,
    ),
)
