"""Diversity: how different the items of a list are from one another by category; mean over users.

Defined in `recsys_core.metrics.list_diversity`, one minus the intra-list similarity of Ziegler et al. 2005. Only
where an item column of at most 500 values tells categories apart.
"""

from __future__ import annotations

from recsys_core.fairness.metric import NEITHER, RatioMetric
from recsys_core.metrics import list_diversity

METRICS = (
    RatioMetric(
        name="diversity",
        place=60,
        family="lists",
        formula="mean over users of 1 - mean over pairs of listed items of the cosine of their categories",
        source="Ziegler et al. 2005",
        direction=NEITHER,
        unit="share",
        needs=("lists", "categories"),
        at_k=True,
        sums=lambda inputs: inputs.of_lists(list_diversity(inputs.ranking.top, inputs.category_vectors)),
    ),
)
