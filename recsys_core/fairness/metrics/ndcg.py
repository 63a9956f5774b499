"""NDCG: how high the held-out items stand in a user's list, against the best possible list; mean over users.

Defined in `recsys_core.metrics.ndcg_at_k` (Järvelin & Kekäläinen 2002, binary gains).
"""

from __future__ import annotations

from recsys_core.fairness.metric import HIGHER_IS_BETTER, RatioMetric

METRICS = (
    RatioMetric(
        name="ndcg",
        place=10,
        family="quality",
        formula="mean over users of sum over hits of 1 / log2(1 + rank), divided by the same of the best possible list",
        source="Järvelin & Kekäläinen 2002; RecBole NDCG",
        direction=HIGHER_IS_BETTER,
        unit="share",
        needs=("lists",),
        at_k=True,
        sums=lambda inputs: inputs.of_lists(inputs.ranking.ndcg),
    ),
)
