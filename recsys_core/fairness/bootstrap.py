"""Intervals of group figures: bootstrap over users."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.terms import Members
from recsys_core.fairness.user_statistics import UserStatistics

LEVEL = 0.95
MOSTLY = 0.8  # of the draws must have a standard error for the studentised ends to be asked


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Every metric of every set of groups, and the same in every resampling of users.

    Attributes
    ----------
    value, draws
        ``(n_sets, n_metrics)`` and ``(n_draws, n_sets, n_metrics)``; NaN where undefined.
    error, errors
        Standard errors of both; NaN for metrics without a formula for them.
    n
        ``(n_sets,)``: users of each set.
    """

    value: np.ndarray
    draws: np.ndarray
    error: np.ndarray
    errors: np.ndarray
    n: np.ndarray

    def intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of every figure, ``(n_sets, n_metrics)`` each."""
        return interval(self.draws, self.value, n=self.n[:, None], error=self.error, errors=self.errors)

    def of_difference(self, first: np.ndarray | int, second: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of ``value[first] - value[second]``, sets without a user in common."""
        error, errors = (np.hypot(e[..., first, :], e[..., second, :]) for e in (self.error, self.errors))
        value, draws = (x[..., first, :] - x[..., second, :] for x in (self.value, self.draws))
        n = np.minimum(self.n[first], self.n[second])
        return interval(draws, value, n=np.asarray(n)[..., None], error=error, errors=errors)

    def only(self, sets: np.ndarray | slice, metrics: np.ndarray | slice) -> Bootstrap:
        """Some of the sets and metrics."""
        value, draws, error, errors = (
            x[..., sets, :][..., metrics] for x in (self.value, self.draws, self.error, self.errors)
        )
        return Bootstrap(value, draws, error, errors, self.n[sets])


def bootstrap(
    statistics: UserStatistics, code: np.ndarray, group_sets: np.ndarray, *, value: np.ndarray, resamples: Resamples
) -> Bootstrap:
    """Every metric of every set of groups in every resampling of users.

    Parameters
    ----------
    statistics, code, group_sets, value
        Arguments and result of `recsys_core.fairness.user_statistics.metric_values`.
    resamples
        Of the users of ``statistics``.

    Notes
    -----
    Draws are shifted by what rounding takes from the exact figure in ``value``: AUC is resampled with scores
    rounded to 32 bins, sums are of single precision. Draws of metrics that are no ratio are shifted further, until
    their mean is the figure: resampled users repeat each other, so that sums of absolute errors come out too large
    and coverage too small.
    """
    order = np.argsort(code, kind="stable")  # each group's users side by side
    edges = np.searchsorted(code[order], np.arange(group_sets.shape[1] + 1))
    terms = statistics.resampled
    groups = [(order[first:last], terms.table[order[first:last]]) for first, last in pairwise(edges)]
    sets = group_sets.astype(np.float32)
    is_everyone = group_sets.all(axis=1)
    is_together = terms.is_together

    def values(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_group = np.stack([weights[:, users] @ table for users, table in groups], axis=1)
        members, sums = Members(weights, code[None], sets), sets @ by_group
        found = terms.of_sets(sums, members)
        if is_together.any() and is_everyone.any():
            of_all = terms.together(by_group[:, :-1], members)
            found[:, is_everyone] = np.where(is_together, of_all, found[:, is_everyone].swapaxes(0, 1)).swapaxes(0, 1)
        return found, terms.errors(sums)

    draws, errors = (np.concatenate(x) for x in zip(*map(values, resamples.weights()), strict=True))
    rounded, error = (x[0] for x in values(np.ones((1, statistics.n_users), dtype=np.float32)))
    draws += value - rounded
    no_ratio = np.isnan(error).all(axis=0)
    draws[..., no_ratio] = moved_to(value[:, no_ratio], draws[..., no_ratio])
    n = group_sets @ np.bincount(code, minlength=group_sets.shape[1])
    return Bootstrap(value, draws, error, errors, n)


def interval(
    draws: np.ndarray,
    value: np.ndarray,
    *,
    n: np.ndarray | int | None = None,
    error: np.ndarray | None = None,
    errors: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Bootstrap interval (95 %) of ``value`` from ``draws`` ``(n_draws, *value.shape)``.

    Percentiles of the draws, which on small groups hold the truth too seldom. So with ``n`` users the tails are
    widened to :math:`\Phi(-\sqrt{n/(n-1)}\, t_{n-1,.975})` (Hesterberg 2015), and with standard errors of value and
    draws the interval reaches to the ends of the studentised one (Efron & Tibshirani 1993, ch. 12) where these are
    further out, which skewed figures need. It always holds the value itself. Undefined draws are left out; NaN
    where all are.

    >>> low, high = interval(np.arange(101.0)[:, None], np.array([50.0]))
    >>> low.round(9).tolist(), high.round(9).tolist()
    ([2.5], [97.5])
    """
    value = np.asarray(value)
    tail = _tail(np.broadcast_to(np.inf if n is None else n, value.shape))
    low, high = _quantiles(draws, tail)
    if error is not None and errors is not None:
        far, near = _studentised(draws, value, error, errors)
        low, high = np.fmin(low, far), np.fmax(high, near)
    return np.minimum(low, value), np.maximum(high, value)


def _studentised(
    draws: np.ndarray, value: np.ndarray, error: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends; NaN where too few draws have a standard error."""
    t = np.divide(draws - value, errors, out=np.full(draws.shape, np.nan), where=errors > 0)
    low, high = _quantiles(t, np.full(value.shape, (1 - LEVEL) / 2))
    is_known = (~np.isnan(t)).mean(axis=0) >= MOSTLY
    return np.where(is_known, value - high * error, np.nan), np.where(is_known, value - low * error, np.nan)


def _tail(n: np.ndarray) -> np.ndarray:
    """Share of draws beyond either end."""
    degrees = np.maximum(np.where(np.isinf(n), 1e9, n) - 1, 1e-9)
    wide = np.sqrt(1 + 1 / degrees) * stats.t.ppf((1 + LEVEL) / 2, degrees)
    return np.where(np.isinf(n), (1 - LEVEL) / 2, stats.norm.cdf(-wide))


def _quantiles(draws: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles ``tail`` and ``1 - tail`` of the draws that are known, as ``np.quantile`` has them."""
    ordered = np.sort(draws, axis=0)  # NaN last
    last = (~np.isnan(ordered)).sum(axis=0) - 1

    def at(share: np.ndarray) -> np.ndarray:
        place = share * np.maximum(last, 0)
        before = np.floor(place).astype(np.int64)
        after = np.minimum(before + 1, np.maximum(last, 0))
        first, second = (np.take_along_axis(ordered, p[None], axis=0)[0] for p in (before, after))
        return first + (second - first) * (place - before)

    return at(tail), at(1 - tail)


def moved_to(value: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The draws ``(n_draws, *value.shape)``, their mean moved to the figure."""
    return draws + (value - _mean(draws))


def _mean(draws: np.ndarray) -> np.ndarray:
    """Mean of the draws that are known; NaN where none is."""
    known = ~np.isnan(draws)
    n = known.sum(axis=0)
    return np.divide(np.where(known, draws, 0).sum(axis=0), n, out=np.full(n.shape, np.nan), where=n > 0)
