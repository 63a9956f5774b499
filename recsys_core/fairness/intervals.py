"""Doubt of group figures: bootstrap over users, and a permutation test of the gap between groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from recsys_core.fairness.metrics import UserTotals, auc_of_levels, ratios

TAILS = (0.025, 0.975)
CELLS_A_CHUNK = 2_000_000
ROUNDING = 1e-6  # gaps closer than this are the same gap
BOOTSTRAP, PERMUTATION = 0, 1  # two independent streams of one seed


def bootstrap_draws(n_users: int, *, n_draws: int, seed: int) -> Iterator[np.ndarray]:
    """Users drawn with replacement, in chunks ``(b, n_users)`` of positions.

    They depend on the number of users and the seed alone, so every group, metric and model
    variant is resampled by the same users and differences between them are paired.
    """
    generator = np.random.default_rng([seed, BOOTSTRAP])
    for size in _chunks(n_users, n_draws):
        yield generator.integers(n_users, size=(size, n_users))


def draw_weights(draws: np.ndarray, n_users: int) -> np.ndarray:
    """How often each user was drawn, ``(b, n_users)`` float64; rows are multinomial and sum to n_users.

    >>> draw_weights(np.array([[0, 2, 2]]), 3).tolist()
    [[1.0, 0.0, 2.0]]
    """
    cell = draws + np.arange(len(draws))[:, None] * n_users
    return np.bincount(cell.ravel(), minlength=len(draws) * n_users).reshape(len(draws), n_users).astype(float)


def bootstrap(
    totals: UserTotals, code: np.ndarray, unions: np.ndarray, *, value: np.ndarray, n_draws: int, seed: int
) -> np.ndarray:
    """Every metric of every union of groups in every resampling of users.

    Parameters
    ----------
    totals, code, unions, value
        Arguments and result of `recsys_core.fairness.metrics.figures`.
    n_draws, seed
        See `bootstrap_draws`.

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
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    edges = np.searchsorted(code[order], np.arange(unions.shape[1] + 1))
    sums = user_sums(totals)
    groups = [(slice(first, last), sums.table[order[first:last]]) for first, last in pairwise(edges)]
    unions = unions.astype(np.float32)
    chunks = []
    for draws in bootstrap_draws(totals.n_users, n_draws=n_draws, seed=seed):
        weights = draw_weights(place[draws], totals.n_users).astype(np.float32)
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


def permutation_p(totals: UserTotals, code: np.ndarray, n_groups: int, *, n_draws: int, seed: int) -> np.ndarray:
    r"""Chance of a gap this large if groups were drawn by lot, for each metric, ``(len(metrics),)``.

    .. math:: p = \frac{1 + \#\{b : T_b \ge T\}}{1 + B}, \qquad T = \max_g v_g - \min_g v_g

    Group labels are shuffled over users (Good 2005; the ``+ 1`` as in Phipson & Smyth 2010).
    The largest and the smallest group are found anew in every shuffle, so that having picked
    them costs nothing: ten groups of pure noise have a gap, too, and this is that gap.

    Parameters
    ----------
    code
        Groups 0 to ``n_groups - 1`` are compared; users with a higher code stay out.

    Returns
    -------
    array
        NaN where the gap itself is undefined.

    Notes
    -----
    The hypothesis is that groups have the same distribution, not only the same mean. A very
    small group makes large gaps likely and so hides smaller real ones between large groups.
    """
    inside = code < n_groups
    code = code[inside].astype(np.int16)
    sums = user_sums(totals)
    table = sums.table[inside]
    generator = np.random.default_rng([seed, PERMUTATION])

    def gaps(codes: np.ndarray) -> np.ndarray:
        by_group = [(codes == group).astype(np.float32) @ table for group in range(n_groups)]
        values = sums.figures(np.stack(by_group, axis=1))
        return np.fmax.reduce(values, axis=1) - np.fmin.reduce(values, axis=1)

    observed = gaps(code[None])[0]
    reached = np.zeros(len(observed))
    for size in _chunks(len(code), n_draws):
        shuffled = generator.permuted(np.broadcast_to(code, (size, len(code))).copy(), axis=1)
        reached += (gaps(shuffled) >= observed - ROUNDING).sum(axis=0)
    return np.where(np.isnan(observed), np.nan, (1 + reached) / (1 + n_draws))


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

    def figures(self, sums: np.ndarray) -> np.ndarray:
        """Metrics ``(…, n_metrics)`` of summed rows ``(…, width)``; AUC, last, from rounded scores."""
        sums = sums.astype(float)
        n = len(self.centre)
        means = ratios(sums[..., :n], sums[..., n : 2 * n], self.offset - self.centre)
        return np.concatenate([means, auc_of_levels(sums[..., 2 * n :])[..., None]], axis=-1)


def user_sums(totals: UserTotals) -> UserSums:
    """The table that resampling multiplies by user weights."""
    centre = np.nan_to_num(ratios(totals.numerator.sum(axis=0), totals.denominator.sum(axis=0), np.float64(0)))
    table = np.hstack([totals.numerator - centre * totals.denominator, totals.denominator, totals.levels])
    return UserSums(table.astype(np.float32), centre, totals.offset)


def _chunks(n_users: int, n_draws: int) -> list[int]:
    size = max(1, min(n_draws, CELLS_A_CHUNK // max(n_users, 1)))
    return [size] * (n_draws // size) + ([n_draws % size] if n_draws % size else [])
