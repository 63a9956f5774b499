"""How well known the items of a group's lists are.

``average_popularity``
    Mean number of users who took a listed item in training; of each list, then over users.
``novelty``
    Mean self-information of the listed items in bits. An item that nobody took counts as taken once: its information
    would be without end.
"""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.metric import NEITHER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.metrics import mean_popularity


def self_information(inputs: MetricInputs) -> Sums:
    """Each list's mean of minus log2 of the share of users who took the item; an item that nobody took counts once."""
    n_users = max(int(np.count_nonzero(np.diff(inputs.train.indptr))), 1)
    return inputs.of_lists(mean_popularity(inputs.ranking.top, -np.log2(np.maximum(inputs.popularity, 1) / n_users)))


METRICS = (
    RatioMetric(
        name="average_popularity",
        place=52,
        family="lists",
        formula="mean over users of the mean, over the list, of the number of users who took the item in training",
        source="Yin et al. 2012; RecBole AveragePopularity",
        direction=NEITHER,
        unit="amount",
        needs=("lists",),
        at_k=True,
        sums=lambda inputs: inputs.of_lists(mean_popularity(inputs.ranking.top, inputs.popularity)),
    ),
    RatioMetric(
        name="novelty",
        place=54,
        family="lists",
        formula="mean over users of the mean, over the list, of -log2(users who took the item / users), in bits",
        source="Zhou et al. 2010; Vargas & Castells 2011",
        direction=NEITHER,
        unit="amount",
        needs=("lists",),
        at_k=True,
        sums=self_information,
    ),
)
