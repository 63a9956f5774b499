"""Resampling of users: one set of draws behind every interval of a comparison, so that all of them are paired."""

from __future__ import annotations

import numpy as np

from recsys_core.fairness.resamples import bootstrap_draws, draw_weights

DRAWS = 300  # bootstrap samples behind every interval of a comparison
TAILS = (0.025, 0.975)


def user_draws(n_users: int, *, seed: int) -> np.ndarray:
    """How often each user is drawn in each resampling, ``(300, n_users)`` float32; rows sum to ``n_users``."""
    if not n_users:
        return np.zeros((DRAWS, 0), dtype=np.float32)
    parts = bootstrap_draws(n_users, n_draws=DRAWS, seed=seed)
    return np.concatenate([draw_weights(draws, n_users).astype(np.float32) for draws in parts])


def mean_ends(values: np.ndarray, draws: np.ndarray) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a mean over users, those with NaN left out; NaN where none are left.

    >>> mean_ends(np.array([0.5, np.nan, 0.5]), user_draws(3, seed=0))
    (0.5, 0.5)
    """
    known = ~np.isnan(values)
    if not known.any():
        return (float("nan"), float("nan"))
    centre = values[known].mean()
    weights = draws[:, known]
    size = weights.sum(axis=1)
    sums = weights @ (values[known] - centre).astype(np.float32)  # centred: single precision loses nothing
    low, high = np.quantile(sums[size > 0] / size[size > 0], TAILS) + centre
    return (float(low), float(high))
