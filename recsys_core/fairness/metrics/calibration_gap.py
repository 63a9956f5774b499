"""Calibration gap: mean predicted probability minus the share taken, over the group's pairs.

Signed: above 0 the model promises the group more than it takes (`recsys_core.metrics.calibration_gap`).
"""

from __future__ import annotations

from recsys_core.fairness.metric import ZERO_IS_BEST, RatioMetric

METRICS = (
    RatioMetric(
        name="calibration_gap",
        place=70,
        family="probabilities",
        formula="mean over pairs of p - y",
        source="calibration in the large; Cox 1958",
        direction=ZERO_IS_BEST,
        unit="difference",
        needs=("pairs", "probabilities"),
        no_quality=None,  # a difference of probabilities stays as it is
        sums=lambda inputs: inputs.of_pairs(inputs.probability - inputs.is_positive),
    ),
)
