"""Intervals of means over lists that belong to users, and of differences between two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.results.monitoring import Estimate

LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class UserSums:
    """A figure of lists, between 0 and 1, in parts by user ``(n_users,)``: its sum, that of its squares, and lists.

    Users without a list are left out of every figure.
    """

    total: np.ndarray
    n_lists: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, user: np.ndarray, n_users: int) -> UserSums:
        """Of lists ``(n,)``: each one's value and user."""
        return cls(
            np.bincount(user, weights=values, minlength=n_users),
            np.bincount(user, minlength=n_users).astype(float),
            np.bincount(user, weights=values * values, minlength=n_users),
        )

    def only(self, users: np.ndarray) -> UserSums:
        """The same for some users (a mask), all others without a list."""
        return UserSums(self.total * users, self.n_lists * users, self.squares * users)

    @property
    def n(self) -> float:
        return float(self.n_lists.sum())

    @property
    def mean(self) -> float:
        """NaN without a list."""
        return float(self.total.sum() / self.n) if self.n else float("nan")

    @property
    def influence(self) -> np.ndarray:
        """What each user adds to the error of the mean."""
        return (self.total - self.mean * self.n_lists) / self.n

    @property
    def variance(self) -> float:
        """Of the mean, lists of one user being alike; never below that of independent lists."""
        n_users = int(np.count_nonzero(self.n_lists))
        between = float((self.influence**2).sum()) * (n_users / max(n_users - 1, 1))
        return max(between, (float(self.squares.sum()) / self.n - self.mean**2) / self.n)


def estimate(sums: UserSums, *, level: float = LEVEL) -> Estimate:
    r"""A mean over lists with its interval over users.

    Wilson's interval (1927) of :math:`n^* = \bar x (1 - \bar x) / \hat V` lists, the number of independent ones with
    the variance :math:`\hat V` that the users' sums show (Korn & Graubard 1998), with Student's quantile for so many
    users: unlike a bootstrap it does not shrink to nothing where nothing, or everything, was taken. There every user
    counts as one list. ``low`` and ``high`` are None for fewer than two users.
    """
    n_users = int(np.count_nonzero(sums.n_lists))
    if not n_users:
        return Estimate(value=None, low=None, high=None, n=0)
    mean = sums.mean
    if n_users < 2:
        return Estimate(value=mean, low=None, high=None, n=n_users)
    spread = mean * (1 - mean)
    n = n_users if sums.variance <= 0 or spread <= 0 else spread / sums.variance
    c = quantile(level, n_users - 1)
    centre = (mean + c * c / (2 * n)) / (1 + c * c / n)
    half = c / (1 + c * c / n) * np.sqrt(max(spread, 0.0) / n + c * c / (4 * n * n))
    low, high = min(float(centre - half), mean), max(float(centre + half), mean)
    return Estimate(value=mean, low=max(0.0, low), high=min(1.0, high), n=n_users)


def quantile(level: float, degrees: int) -> float:
    """Student's: how many standard errors an interval of this confidence goes to either side."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def difference(first: Estimate, second: Estimate, *, correlation: float = 0.0) -> tuple[float, float, float] | None:
    """First less second with the interval that follows from theirs; None where one has none.

    Method of variance estimates recovery (Zou & Donner 2008); ``correlation`` is that of the two estimates.
    """
    if first.value is None or second.value is None or first.low is None or second.low is None:
        return None
    if first.high is None or second.high is None:
        return None
    moved = first.value - second.value
    below, above = first.value - first.low, first.high - first.value
    under, over = second.value - second.low, second.high - second.value
    low = moved - np.sqrt(max(0.0, below**2 + over**2 - 2 * correlation * below * over))
    high = moved + np.sqrt(max(0.0, above**2 + under**2 - 2 * correlation * above * under))
    return moved, float(low), float(high)


def correlation(first: UserSums, second: UserSums) -> float:
    """Correlation of two means over the same users, as they are drawn together; 0 where one does not vary."""
    a, b = first.influence, second.influence
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float(np.clip((a * b).sum() / size, -1, 1)) if size > 0 else 0.0
