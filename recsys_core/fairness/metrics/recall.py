"""Recall: share of a user's held-out items that are in the list; mean over users.

Defined in `recsys_core.metrics.recall_at_k`.
"""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, RatioMetric

METRICS = (
    RatioMetric(
        name="recall",
        place=20,
        family="quality",
        formula="mean over users of held-out items in the first k / held-out items",
        source="RecBole Recall",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=lambda inputs: inputs.of_lists(inputs.ranking.recall),
    ),
)
