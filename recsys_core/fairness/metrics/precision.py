"""Precision: share of a user's list that was taken later; mean over users.

A list shorter than k still counts k places, as RecBole's ``Precision``.
"""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.metrics import is_relevant


def share_of_hits(inputs: MetricInputs) -> Sums:
    hits = is_relevant(inputs.ranking.top, inputs.ranking.held_out)
    return inputs.of_lists(hits.sum(axis=1) / max(hits.shape[1], 1))


METRICS = (
    RatioMetric(
        name="precision",
        place=25,
        family="quality",
        formula="mean over users of held-out items in the first k / k",
        source="RecBole Precision",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=share_of_hits,
    ),
)
