"""Tail exposure: share of the lists' exposure that goes to items outside the most popular fifth.

Exposure has the weights ``1 / log2(1 + rank)`` (Singh & Joachims 2018); the fifth is that of
Abdollahpouri et al. 2019, by what was taken in training.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import NEITHER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.metrics import exposure_weights, head_items


def exposure_of_tail(inputs: MetricInputs) -> Sums:
    """Each user's exposure of tail items, and of all."""
    top = inputs.ranking.top
    weight = np.where(top >= 0, exposure_weights(top.shape[1]), 0.0)
    in_tail = ~head_items(inputs.popularity)[top] if inputs.dataset.n_items else np.zeros(top.shape, dtype=bool)
    return inputs.of_lists((weight * in_tail).sum(axis=1), weight.sum(axis=1))


METRICS = (
    RatioMetric(
        name="tail_exposure",
        place=45,
        family="lists",
        formula="exposure of items outside the most popular fifth / exposure, each place weighing 1 / log2(1 + rank)",
        source="Abdollahpouri et al. 2019; Singh & Joachims 2018",
        direction=NEITHER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=exposure_of_tail,
    ),
)
