"""Popularity lift: how much more popular a group's lists are than what the same users took; 0 is alike.

Defined in `recsys_core.metrics.popularity_lift` (Abdollahpouri et al. 2020): the mean over users first,
then the ratio.
"""

from __future__ import annotations

from recsys_core.fairness.metric import LOWER_IS_BETTER, RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs, Sums
from recsys_core.metrics import mean_popularity, profile_popularity


def popularity_of_lists_and_profiles(inputs: MetricInputs) -> Sums:
    """Mean popularity of each user's list, and of the items that the user took in training."""
    profile = profile_popularity(inputs.train, inputs.popularity)[inputs.ranking.user_index]
    return inputs.of_lists(mean_popularity(inputs.ranking.top, inputs.popularity), profile)


METRICS = (
    RatioMetric(
        name="popularity_lift",
        place=50,
        family="lists",
        formula="mean popularity of the lists / mean popularity of what the same users took in training - 1",
        source="Abdollahpouri et al. 2020",
        direction=LOWER_IS_BETTER,
        unit="lift",
        needs=("lists", "history"),
        at_k=True,
        no_quality=-1.0,  # lists of items that nobody takes
        sums=popularity_of_lists_and_profiles,
        offset=1.0,
    ),
)
