"""AUC: chance that a pair that was taken scores above one that was not, over the group's pairs together.

Defined in `recsys_core.metrics.roc_auc`.
"""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, AucMetric

METRICS = (
    AucMetric(
        name="auc",
        place=100,
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("pairs",),
        no_quality=0.5,
    ),
)
