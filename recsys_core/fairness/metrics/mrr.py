r"""MRR: one over the rank of the first held-out item in a user's list, 0 where none is in it; mean over users.

.. math:: \frac{1}{n} \sum_u \frac{1}{\min\{j : \mathrm{rel}_{uj} = 1\}}

The mean reciprocal rank of Voorhees 1999 (TREC-8), cut off at the length of the list.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import HIGHER_IS_BETTER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.metrics import is_relevant


def reciprocal_rank(inputs: MetricInputs) -> Sums:
    """Each user's reciprocal rank of the first hit: the largest of those of all hits."""
    top = inputs.ranking.top
    hits = is_relevant(top, inputs.ranking.held_out)
    return inputs.of_lists((hits / np.arange(1, top.shape[1] + 1)).max(axis=1, initial=0.0))


METRICS = (
    RatioMetric(
        name="mrr",
        place=35,
        family="quality",
        formula="mean over users of 1 / rank of the first held-out item in the first k, 0 without one",
        source="Voorhees 1999; RecBole MRR",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=reciprocal_rank,
    ),
)
