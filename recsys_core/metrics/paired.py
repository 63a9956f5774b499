"""Paired bootstrap: is one of two scorers better on the same users, and how surely?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recsys_core.metrics.intervals import LEAST_USERS
from recsys_core.seeds import random_stream

N_DRAWS = 1000
MOST_UNITS = 2000  # more users are put into so many random groups, which are drawn in their place


@dataclass(frozen=True, slots=True, eq=False)
class UserGains:
    r"""A figure (higher is better) in parts by user: a weighted mean :math:`\sum_u g_u / \sum_u w_u`.

    Attributes
    ----------
    gain, weight
        ``(n_users,)``: sum over the user's rows of what each gains (minus its loss), and the number of rows; for
        a figure of whole users (NDCG) the user's own and 1.
    is_root
        The figure is minus the root of the mean loss (RMSE).
    """

    gain: np.ndarray
    weight: np.ndarray
    is_root: bool = False

    @property
    def figure(self) -> float:
        """NaN where there are no rows."""
        return float(self._figures(np.ones((1, len(self.gain))))[0])

    def _figures(self, counts: np.ndarray) -> np.ndarray:
        """The figure of each draw ``(n_draws, n_users)``: how often it holds each user."""
        total = counts @ self.weight
        mean = np.divide(counts @ self.gain, total, out=np.full(len(counts), np.nan), where=total > 0)
        return -np.sqrt(-np.minimum(mean, 0)) if self.is_root else mean

    def _grouped(self, group: np.ndarray) -> UserGains:
        gain, weight = (np.bincount(group, weights=values) for values in (self.gain, self.weight))
        return UserGains(gain, weight, self.is_root)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """First figure less the second on the same users: ``low`` and ``high`` end its 95 % bootstrap interval.

    ``share_at_least`` of the draws have the first at least as good as the second: 1 is sure, 0.5 no better than a coin.
    These three are NaN where there are too few users to tell (`recsys_core.metrics.intervals.LEAST_USERS`).
    """

    mean: float
    low: float
    high: float
    share_at_least: float


def paired_difference(first: UserGains, second: UserGains, *, seed: int, n_draws: int = N_DRAWS) -> PairedDifference:
    """Difference of two figures with its percentile interval; each draw takes whole users, the same for both.

    All NaN where there is no user, all but the mean of too few. Of more than ``MOST_UNITS`` users random groups of
    equal size are drawn, which has the same spread in expectation.

    >>> a, b = (UserGains(np.array(g * 4), np.ones(8)) for g in ([0.5, 0.75], [0.25, 0.5]))
    >>> paired_difference(a, b, seed=0)
    PairedDifference(mean=0.25, low=0.25, high=0.25, share_at_least=1.0)
    """
    n = len(first.gain)
    mean = first.figure - second.figure
    if n < LEAST_USERS:
        return PairedDifference(mean, *[float("nan")] * 3)
    if n > MOST_UNITS:
        group = random_stream(seed, "groups of users").permutation(n) % MOST_UNITS
        first, second, n = first._grouped(group), second._grouped(group), MOST_UNITS
    counts = _draws(n, seed, n_draws)
    change = first._figures(counts) - second._figures(counts)
    low, high = np.nanquantile(change, [0.025, 0.975])
    return PairedDifference(mean, min(float(low), mean), max(float(high), mean), float(np.mean(change >= 0)))


@lru_cache(maxsize=1)  # one comparison asks for the same draws as the next
def _draws(n: int, seed: int, n_draws: int) -> np.ndarray:
    """How often each of ``n`` users stands in each draw, ``(n_draws, n)``, not to be changed."""
    counts = random_stream(seed, "paired bootstrap").multinomial(n, np.full(n, 1 / n), n_draws).astype(float)
    counts.setflags(write=False)
    return counts
