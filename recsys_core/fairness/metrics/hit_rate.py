"""Hit rate: share of users with at least one held-out item in the list: being served at all."""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, RatioMetric

METRICS = (
    RatioMetric(
        name="hit_rate",
        place=30,
        family="quality",
        formula="users with at least one held-out item in the first k / users",
        source="RecBole Hit",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=lambda inputs: inputs.of_lists((inputs.ranking.recall > 0).astype(float)),
    ),
)
