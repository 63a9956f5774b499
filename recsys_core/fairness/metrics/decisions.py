"""Decisions: pairs whose predicted probability is one half or more, of all, of those taken and of the others.

``selection_rate``
    Share of the group's pairs, as Fairlearn's; demographic parity asks that it is the same in all groups.
``true_positive_rate``
    The same among the pairs that were taken, as Fairlearn's; equal opportunity asks that it is the same
    in all groups (Hardt et al. 2016).
``false_positive_rate``
    The same among the pairs that were not taken, as Fairlearn's; equalized odds asks for both. Among sampled negatives
    it speaks of the sample.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, NEITHER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs

SELECTED_FROM = 0.5


def selected(inputs: MetricInputs) -> np.ndarray:
    """1 for each pair that is decided for, ``(n_pairs,)``; its chance where that is drawn (`PairResult.selected`)."""
    chance = inputs.pairs.selected
    return (inputs.probability >= SELECTED_FROM).astype(float) if chance is None else chance


METRICS = (
    RatioMetric(
        name="selection_rate",
        place=80,
        family="decisions",
        formula="pairs decided for / pairs; decided for: p >= 0.5",
        source="Fairlearn selection_rate",
        direction=NEITHER,
        unit="share",
        needs=("pairs", "probabilities"),
        sums=lambda inputs: inputs.of_pairs(selected(inputs)),
    ),
    RatioMetric(
        name="true_positive_rate",
        place=90,
        family="decisions",
        formula="taken pairs decided for / taken pairs",
        source="Fairlearn true_positive_rate; Hardt, Price & Srebro 2016",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("pairs", "probabilities"),
        sums=lambda inputs: inputs.of_pairs(selected(inputs) * inputs.is_positive, inputs.is_positive),
    ),
    RatioMetric(
        name="false_positive_rate",
        place=92,
        family="decisions",
        formula="pairs not taken that are decided for / pairs not taken",
        source="Fairlearn false_positive_rate; Hardt, Price & Srebro 2016",
        direction=LOWER_IS_BETTER,
        unit="share",
        needs=("pairs", "probabilities"),
        sums=lambda inputs: inputs.of_pairs(selected(inputs) * (1 - inputs.is_positive), 1 - inputs.is_positive),
    ),
)
