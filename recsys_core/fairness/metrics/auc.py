"""AUC: chance that a pair that was taken scores above one that was not, over the group's pairs together.

Defined in `recsys_core.metrics.roc_auc`.
"""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, AucMetric

METRICS = (
    AucMetric(
        name="auc",
        place=100,
        family="quality",
        formula="share of the pairs (taken, not taken) in which the taken one scores higher; equal scores count half",
        source="Hanley & McNeil 1982; scikit-learn roc_auc_score",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("pairs",),
        no_quality=0.5,
    ),
)
