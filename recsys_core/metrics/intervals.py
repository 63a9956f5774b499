"""Intervals of plain means."""

from __future__ import annotations

import numpy as np

from recsys_core.seeds import random_stream

CELLS = 8_000_000  # counts of drawn users that are held at once
LEAST_USERS = 6  # of fewer, all on one side are no finding: 2 * .5 ** 5 > .05


def mean_interval(values: np.ndarray, *, seed: int, n_draws: int = 1000) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a mean over users, which always holds the mean.

    NaN for fewer than ``LEAST_USERS``: draws of so few repeat each other, and their spread is no noise.

    >>> mean_interval(np.full(6, 0.5), seed=0)
    (0.5, 0.5)
    """
    if len(values) < LEAST_USERS:
        return (float("nan"), float("nan"))
    random = random_stream(seed, "interval of a mean")
    share, size = np.full(len(values), 1 / len(values)), max(1, CELLS // len(values))
    pieces = [min(size, n_draws - first) for first in range(0, n_draws, size)]  # the draws are those of one piece
    means = np.concatenate([random.multinomial(len(values), share, n) @ values for n in pieces]) / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    mean = float(np.mean(values))  # equal values: every draw is the mean but for its last digit
    return (min(float(low), mean), max(float(high), mean))
