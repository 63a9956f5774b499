"""Gaps of all groups together: Fairlearn's of decisions, differential fairness, and of NDCG.

Rates are those of `recsys_core.fairness.metrics.decisions`. Fairlearn gives a group without a taken (not taken) pair
the true (false) positive rate 0; here it has none and stays out. Fairlearn's four gaps here are the differences of
demographic parity, equal opportunity and equalized odds, and of the false positive rate, which is the other half of
the last; two of its ratios stand beside them.

``differential_fairness``
    Foulds et al. 2020: the largest difference between two groups of the logarithm of the chance of either decision,
    each rate smoothed by half a pair of either kind (their concentration 1 over two outcomes). RecBole-FairRec averages
    over items, with the predicted score in place of decisions (Islam et al. 2021).
``ndcg_pair_difference``
    Mean over all pairs of groups of the absolute difference of their mean NDCG (of two groups: their difference).
``worst_group_ndcg``
    The lowest mean NDCG of a group (Rawls' difference principle; what group DRO trains for).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from recsys_core.fairness.metric import HIGHER_IS_BETTER, LOWER_IS_BETTER, TogetherMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics.decisions import selected
from recsys_core.fairness.terms import quotient

SMOOTHING = 0.5  # pairs of either decision that every group is given


def decisions(inputs: MetricInputs) -> np.ndarray:
    """Each user's pairs that are decided for, and all: of those taken, then of those not, ``(n_users, 4)``."""
    taken = inputs.is_positive
    parts = (inputs.of_pairs(selected(inputs) * kind, kind) for kind in (taken, 1 - taken))
    return np.column_stack([column for pair in parts for column in pair])


def true_positive_rates(sums: np.ndarray) -> np.ndarray:
    return quotient(sums[..., 0], sums[..., 1])


def false_positive_rates(sums: np.ndarray) -> np.ndarray:
    return quotient(sums[..., 2], sums[..., 3])


def selection_rates(sums: np.ndarray) -> np.ndarray:
    return quotient(sums[..., 0] + sums[..., 2], sums[..., 1] + sums[..., 3])


def difference(rates: Callable[[np.ndarray], np.ndarray], sums: np.ndarray) -> np.ndarray:
    """Largest less smallest rate of the groups that have one; NaN for fewer than two."""
    value = rates(sums)
    gap = np.fmax.reduce(value, axis=-1) - np.fmin.reduce(value, axis=-1)
    return np.where((~np.isnan(value)).sum(axis=-1) > 1, gap, np.nan)


def ratio(rates: Callable[[np.ndarray], np.ndarray], sums: np.ndarray) -> np.ndarray:
    """Smallest over largest rate; NaN for fewer than two, and where all are 0."""
    value = rates(sums)
    found = quotient(np.fmin.reduce(value, axis=-1), np.fmax.reduce(value, axis=-1))
    return np.where((~np.isnan(value)).sum(axis=-1) > 1, found, np.nan)


def equalized_odds_difference(sums: np.ndarray) -> np.ndarray:
    return np.maximum(difference(true_positive_rates, sums), difference(false_positive_rates, sums))


def equalized_odds_ratio(sums: np.ndarray) -> np.ndarray:
    return np.minimum(ratio(true_positive_rates, sums), ratio(false_positive_rates, sums))


def differential_fairness(sums: np.ndarray) -> np.ndarray:
    chosen, n = sums[..., 0] + sums[..., 2], sums[..., 1] + sums[..., 3]
    rates = (np.where(n > 0, (x + SMOOTHING) / (n + 2 * SMOOTHING), np.nan) for x in (chosen, n - chosen))
    return np.maximum(*(difference(lambda log: log, np.log(rate)) for rate in rates))


def mean_ndcg(sums: np.ndarray) -> np.ndarray:
    return quotient(sums[..., 0], sums[..., 1])


def pair_difference(sums: np.ndarray) -> np.ndarray:
    """Mean absolute difference over pairs of the groups that have a figure: sorted, the i-th is larger i times."""
    value = np.sort(mean_ndcg(sums), axis=-1)  # NaN last
    n = (~np.isnan(value)).sum(axis=-1)
    place = np.arange(value.shape[-1])
    weight = np.where(np.isnan(value), 0, 2 * place - (n[..., None] - 1))
    return quotient((np.nan_to_num(value) * weight).sum(axis=-1), n * (n - 1) / 2)


def worst(sums: np.ndarray) -> np.ndarray:
    return np.fmin.reduce(mean_ndcg(sums), axis=-1)


def ndcg(inputs: MetricInputs) -> np.ndarray:
    return np.column_stack(inputs.of_lists(inputs.ranking.ndcg))


of_decisions = partial(TogetherMetric, family="together", needs=("pairs", "probabilities"), table=decisions)
of_ndcg = partial(
    TogetherMetric, family="together", needs=("lists",), unit="share", at_k=True, table=ndcg, by_group="ndcg"
)

METRICS = (
    of_decisions(
        name="demographic_parity_difference",
        by_group="selection_rate",
        place=300,
        formula="largest - smallest selection rate of a group",
        source="Fairlearn demographic_parity_difference; Agarwal et al. 2018",
        direction=LOWER_IS_BETTER,
        unit="share",
        of_sums=partial(difference, selection_rates),
    ),
    of_decisions(
        name="demographic_parity_ratio",
        by_group="selection_rate",
        place=305,
        formula="smallest / largest selection rate of a group",
        source="Fairlearn demographic_parity_ratio",
        direction=HIGHER_IS_BETTER,
        unit="share",
        of_sums=partial(ratio, selection_rates),
    ),
    of_decisions(
        name="equal_opportunity_difference",
        by_group="true_positive_rate",
        place=310,
        formula="largest - smallest true positive rate of a group",
        source="Fairlearn equal_opportunity_difference; Hardt, Price & Srebro 2016",
        direction=LOWER_IS_BETTER,
        unit="share",
        of_sums=partial(difference, true_positive_rates),
    ),
    of_decisions(
        name="false_positive_rate_difference",
        by_group="false_positive_rate",
        place=315,
        formula="largest - smallest false positive rate of a group",
        source="Fairlearn false_positive_rate_difference",
        direction=LOWER_IS_BETTER,
        unit="share",
        of_sums=partial(difference, false_positive_rates),
    ),
    of_decisions(
        name="equalized_odds_difference",
        by_group="true_positive_rate",
        place=320,
        formula="the larger of the differences of true and of false positive rates",
        source="Fairlearn equalized_odds_difference; Hardt, Price & Srebro 2016",
        direction=LOWER_IS_BETTER,
        unit="share",
        of_sums=equalized_odds_difference,
    ),
    of_decisions(
        name="equalized_odds_ratio",
        by_group="true_positive_rate",
        place=325,
        formula="the smaller of the ratios (smallest / largest) of true and of false positive rates",
        source="Fairlearn equalized_odds_ratio",
        direction=HIGHER_IS_BETTER,
        unit="share",
        of_sums=equalized_odds_ratio,
    ),
    of_decisions(
        name="differential_fairness",
        by_group="selection_rate",
        place=330,
        formula="largest |log r_g - log r_h| over groups g, h and both decisions; r = (decided so + 0.5) / (pairs + 1)",
        source="Foulds et al. 2020; Islam et al. 2021",
        direction=LOWER_IS_BETTER,
        unit="amount",
        of_sums=differential_fairness,
    ),
    of_ndcg(
        name="ndcg_pair_difference",
        place=370,
        formula="mean over pairs of groups of |mean NDCG of one - mean NDCG of the other|",
        source="Fu et al. 2020; Li et al. 2021, user-oriented fairness",
        direction=LOWER_IS_BETTER,
        of_sums=pair_difference,
    ),
    of_ndcg(
        name="worst_group_ndcg",
        place=380,
        formula="smallest mean NDCG of a group",
        source="Rawls' difference principle; Sagawa et al. 2020",
        direction=HIGHER_IS_BETTER,
        of_sums=worst,
    ),
)
