"""Intervals of group figures: bootstrap over users."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.terms import Members
from recsys_core.fairness.user_statistics import UserStatistics

TAILS = (0.025, 0.975)


def bootstrap(
    statistics: UserStatistics, code: np.ndarray, group_sets: np.ndarray, *, value: np.ndarray, resamples: Resamples
) -> np.ndarray:
    """Every metric of every set of groups in every resampling of users.

    Parameters
    ----------
    statistics, code, group_sets, value
        Arguments and result of `recsys_core.fairness.user_statistics.metric_values`.
    resamples
        Of the users of ``statistics``.

    Returns
    -------
    array ``(n_draws, n_sets, n_metrics)``
        NaN where a draw leaves a figure undefined.

    Notes
    -----
    Draws are shifted by what rounding takes from the exact figure in ``value``: AUC is resampled
    with scores rounded to 32 bins, sums are of single precision.
    """
    order = np.argsort(code, kind="stable")  # each group's users side by side
    edges = np.searchsorted(code[order], np.arange(group_sets.shape[1] + 1))
    terms = statistics.resampled
    groups = [(order[first:last], terms.table[order[first:last]]) for first, last in pairwise(edges)]
    sets = group_sets.astype(np.float32)

    def values(weights: np.ndarray) -> np.ndarray:
        by_group = np.stack([weights[:, users] @ table for users, table in groups], axis=1)
        return terms.values(sets @ by_group, Members(weights, code[None], sets))

    draws = np.concatenate([values(weights) for weights in resamples.weights()])
    return draws + (value - values(np.ones((1, statistics.n_users), dtype=np.float32)))


def interval(draws: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Percentile bootstrap interval (95 %) of ``value`` from ``draws`` ``(n_draws, *value.shape)``.

    It always holds the value itself: where resampling is so skewed that the percentiles do
    not, the nearer end is moved to the value. Undefined draws are left out; NaN where all are.

    >>> low, high = interval(np.arange(101.0)[:, None], np.array([50.0]))
    >>> low.tolist(), high.tolist()
    ([2.5], [97.5])
    """
    flat = draws.reshape(len(draws), -1)
    ends = np.full((2, flat.shape[1]), np.nan)
    for column in np.flatnonzero(~np.isnan(flat).all(axis=0)):
        kept = flat[:, column][~np.isnan(flat[:, column])]
        ends[:, column] = np.quantile(kept, TAILS)
    low, high = ends.reshape(2, *value.shape)
    return np.minimum(low, value), np.maximum(high, value)
