"""How good the predicted probabilities of a group's pairs are: log loss, Brier score and expected calibration error.

``logloss``
    `recsys_core.metrics.log_loss`, in nats and straight from logits. scikit-learn cuts probabilities at machine
    precision, so that the two part beyond logits of about 36.
``ece``
    `recsys_core.metrics.expected_calibration_error` in ten bins of equal width. It is never negative and too large on
    few pairs, so compare it only where groups are of a like size; its permutation test knows the sizes.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import LOWER_IS_BETTER, RatioMetric, SummedMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.fairness.terms import BinnedErrorTerms

N_BINS = 10


def losses(inputs: MetricInputs) -> Sums:
    """Each user's pairs' negative log-likelihood, and how many pairs."""
    logit = inputs.pairs.score
    return inputs.of_pairs(np.logaddexp(0, logit) - inputs.is_positive * logit)


def binned_errors(inputs: MetricInputs) -> BinnedErrorTerms:
    """Each user's predicted less taken, summed by bin of the predicted probability."""
    place = np.minimum((inputs.probability * N_BINS).astype(int), N_BINS - 1)
    cell = inputs.pair_user * N_BINS + place
    error = inputs.probability - inputs.is_positive
    by_bin = np.bincount(cell, weights=error, minlength=inputs.n_users * N_BINS).reshape(inputs.n_users, N_BINS)
    return BinnedErrorTerms(by_bin, np.bincount(inputs.pair_user, minlength=inputs.n_users).astype(float))


METRICS = (
    SummedMetric(
        name="ece",
        place=72,
        family="probabilities",
        formula="sum over ten equal bins of p of (pairs in the bin / pairs) * |mean p - mean y|",
        source="Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017",
        direction=LOWER_IS_BETTER,
        unit="share",
        needs=("pairs", "probabilities"),
        no_quality=None,
        summed=binned_errors,
    ),
    RatioMetric(
        name="logloss",
        place=74,
        family="probabilities",
        formula="mean over pairs of -log p of what happened, in nats",
        source="scikit-learn log_loss",
        direction=LOWER_IS_BETTER,
        unit="amount",
        needs=("pairs", "probabilities"),
        sums=losses,
    ),
    RatioMetric(
        name="brier",
        place=76,
        family="probabilities",
        formula="mean over pairs of (p - y)^2",
        source="Brier 1950; scikit-learn brier_score_loss",
        direction=LOWER_IS_BETTER,
        unit="share",
        needs=("pairs", "probabilities"),
        sums=lambda inputs: inputs.of_pairs((inputs.probability - inputs.is_positive) ** 2),
    ),
)
