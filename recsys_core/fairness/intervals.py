"""Doubt of group figures: bootstrap over users, and a permutation test of the gap between groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from recsys_core.fairness.metrics import UserTotals, auc_of_levels, ratios
from recsys_core.fairness.resamples import Resamples, shuffled_p

TAILS = (0.025, 0.975)


def bootstrap(
    totals: UserTotals, code: np.ndarray, unions: np.ndarray, *, value: np.ndarray, resamples: Resamples
) -> np.ndarray:
    """Every metric of every union of groups in every resampling of users.

    Parameters
    ----------
    totals, code, unions, value
        Arguments and result of `recsys_core.fairness.metrics.figures`.
    resamples
        Of the users of ``totals``.

    Returns
    -------
    array ``(n_draws, n_unions, len(metrics))``
        NaN where a draw leaves a figure undefined.

    Notes
    -----
    AUC is resampled with scores rounded to 32 levels, and shifted by what the rounding took
    from the exact figure in ``value``.
    """
    order = np.argsort(code, kind="stable")  # each group's users side by side
    edges = np.searchsorted(code[order], np.arange(unions.shape[1] + 1))
    sums = user_sums(totals)
    groups = [(order[first:last], sums.table[order[first:last]]) for first, last in pairwise(edges)]
    unions = unions.astype(np.float32)
    chunks = []
    for weights in resamples.weights():
        by_group = np.stack([weights[:, users] @ table for users, table in groups], axis=1)
        chunks.append(sums.figures(unions @ by_group))
    out = np.concatenate(chunks)
    rounded = sums.figures(unions[:, code] @ sums.table)
    out[..., -1] += value[:, -1] - rounded[:, -1]
    return out


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


def permutation_p(
    totals: UserTotals, code: np.ndarray, n_groups: int, *, resamples: Resamples, most: int
) -> np.ndarray:
    r"""Chance of a gap this large if groups were drawn by lot, for each metric, ``(len(metrics),)``.

    .. math:: p = \frac{1 + \#\{b : T_b \ge T\}}{1 + B}, \qquad T = \max_g v_g - \min_g v_g

    Group labels are shuffled over users (Good 2005; the ``+ 1`` as in Phipson & Smyth 2010).
    The largest and the smallest group are found anew in every shuffle, so that having picked
    them costs nothing: ten groups of pure noise have a gap, too, and this is that gap.

    Parameters
    ----------
    code
        Groups 0 to ``n_groups - 1`` are compared; users with a higher code stay out.
    resamples, most
        Orders of the users of ``totals``: as many as bootstrap samples at first, and ``most`` where the
        p-value is small (`shuffled_p`).

    Returns
    -------
    array
        NaN where the gap itself is undefined.

    Notes
    -----
    The hypothesis is that groups have the same distribution, not only the same mean. A very
    small group makes large gaps likely and so hides smaller real ones between large groups.
    """
    if n_groups < 2:
        return np.full(len(totals.metrics), np.nan)
    inside = code < n_groups
    everyone = inside.all()
    code = code.astype(np.int16)
    kept = code[inside]
    sums = user_sums(totals)
    sums = replace(sums, table=sums.table[inside])

    def gaps(codes: np.ndarray, part: UserSums) -> np.ndarray:
        by_group = [(codes == group).astype(np.float32) @ part.table for group in range(n_groups)]
        values = part.figures(np.stack(by_group, axis=1))
        return np.fmax.reduce(values, axis=1) - np.fmin.reduce(values, axis=1)

    def draw(first: int, last: int, metrics: np.ndarray) -> Iterator[np.ndarray]:
        part = sums.only(metrics)
        for order in resamples.orders(first, last):
            codes = code[order]  # an order of everyone holds an order of those inside
            yield gaps(codes if everyone else codes[codes < n_groups].reshape(len(order), -1), part)

    return shuffled_p(gaps(kept[None], sums)[0], draw, n_draws=resamples.n_draws, most=most)


@dataclass(frozen=True, slots=True, eq=False)
class UserSums:
    """`UserTotals` as one single-precision table, and the way from its sums back to figures.

    ``table`` is ``(n_users, width)``: numerators less ``centre`` times denominators, then the
    denominators, then the score levels. Centred, a sum is a small deviation and loses nothing
    to single precision, which makes the products twice as fast; counts are exact below 2**24.
    """

    table: np.ndarray
    centre: np.ndarray
    offset: np.ndarray
    has_auc: bool = True

    def figures(self, sums: np.ndarray) -> np.ndarray:
        """Metrics ``(…, n_metrics)`` of summed rows ``(…, width)``; AUC, last, from rounded scores."""
        sums = sums.astype(float)
        n = len(self.centre)
        means = ratios(sums[..., :n], sums[..., n : 2 * n], self.offset - self.centre)
        if not self.has_auc:
            return means
        return np.concatenate([means, auc_of_levels(sums[..., 2 * n :])[..., None]], axis=-1)

    def only(self, metrics: np.ndarray) -> UserSums:
        """The columns that some metrics (ascending positions) need; AUC is the last."""
        n = len(self.centre)
        kept, has_auc = metrics[metrics < n], n in metrics
        levels = np.arange(2 * n, self.table.shape[1]) if has_auc else np.zeros(0, dtype=int)
        table = np.ascontiguousarray(self.table[:, [*kept, *(n + kept), *levels]])
        return UserSums(table, self.centre[kept], self.offset[kept], has_auc)


def user_sums(totals: UserTotals) -> UserSums:
    """The table that resampling multiplies by user weights."""
    centre = np.nan_to_num(ratios(totals.numerator.sum(axis=0), totals.denominator.sum(axis=0), np.float64(0)))
    table = np.hstack([totals.numerator - centre * totals.denominator, totals.denominator, totals.levels])
    return UserSums(table.astype(np.float32), centre, totals.offset)
