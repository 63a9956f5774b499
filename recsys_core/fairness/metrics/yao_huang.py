r"""The five of Yao & Huang 2017: how differently a model errs about an item for a group and for everyone else.

For an item :math:`j` and a group :math:`g`, :math:`e_{gj} = \mathrm E_g[y]_j - \mathrm E_g[r]_j` is the mean predicted
probability less the share taken, over the scored pairs of the group with the item; :math:`\neg g` are the other groups.
The mean over items of

``value_unfairness``
    :math:`|e_{gj} - e_{\neg gj}|`
``absolute_unfairness``
    :math:`\big||e_{gj}| - |e_{\neg gj}|\big|`
``underestimation_unfairness``, ``overestimation_unfairness``
    the same of :math:`\max(0, -e)`, of :math:`\max(0, e)`
``non_parity``
    :math:`|\mathrm E_g[y] - \mathrm E_{\neg g}[y]|`, over all pairs and not by item

Theirs are of two groups. With more, each group stands against all the others and the largest figure counts; of two
groups that is theirs. Items count that both sides have a pair with; of more than twenty groups there is no figure by
item. RecBole-FairRec adds 1e-5 pairs to every item and side instead, so that an item without a pair counts as an error
of 0; for non-parity of more than two groups it takes the standard deviation of the groups' means. Few pairs an item
make all but the last large by chance: read the p-value.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from recsys_core.fairness.item_errors import KINDS
from recsys_core.fairness.metric import LOWER_IS_BETTER, GroupingMetric, TogetherMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.terms import GroupingStatistic, quotient


def unfairness(kind: str, inputs: MetricInputs) -> GroupingStatistic:
    errors, at = inputs.item_errors, KINDS.index(kind)
    return lambda members: errors.unfairness(members)[at]


def non_parity(sums: np.ndarray) -> np.ndarray:
    """The largest over groups of the difference of its mean prediction from that of all others."""
    rest = sums.sum(axis=-2, keepdims=True) - sums
    return np.fmax.reduce(np.abs(quotient(*np.moveaxis(sums, -1, 0)) - quotient(*np.moveaxis(rest, -1, 0))), axis=-1)


def predictions(inputs: MetricInputs) -> np.ndarray:
    return np.column_stack(inputs.of_pairs(inputs.probability))


SOURCE = "Yao & Huang 2017; RecBole-FairRec"
about: dict[str, Any] = {
    "family": "together",
    "direction": LOWER_IS_BETTER,
    "unit": "amount",
    "needs": ("pairs", "probabilities"),
    "by_group": "calibration_gap",
}
of_items = partial(GroupingMetric, source=SOURCE, undefined="fairness.reason.no_shared_item", **about)

METRICS = (
    of_items(
        name="value_unfairness",
        place=340,
        formula="largest over groups g of the mean over items of |e_g - e_rest|; e = mean p - mean y of the item",
        statistic=partial(unfairness, "value"),
    ),
    of_items(
        name="absolute_unfairness",
        place=345,
        formula="largest over groups g of the mean over items of ||e_g| - |e_rest||; e = mean p - mean y of the item",
        statistic=partial(unfairness, "absolute"),
    ),
    of_items(
        name="underestimation_unfairness",
        place=350,
        formula="largest over groups g of the mean over items of |max(0, -e_g) - max(0, -e_rest)|",
        statistic=partial(unfairness, "under"),
    ),
    of_items(
        name="overestimation_unfairness",
        place=355,
        formula="largest over groups g of the mean over items of |max(0, e_g) - max(0, e_rest)|",
        statistic=partial(unfairness, "over"),
    ),
    TogetherMetric(
        name="non_parity",
        place=360,
        formula="largest over groups g of |mean p of g - mean p of all others|",
        source=SOURCE,
        table=predictions,
        of_sums=non_parity,
        **about,
    ),
)
