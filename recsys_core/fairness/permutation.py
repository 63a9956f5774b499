"""Permutation tests of gaps: is the difference between groups more than groups drawn by lot would have?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_core.fairness.resampled_terms import ResampledTerms
from recsys_core.fairness.resamples import ROUNDING, Resamples
from recsys_core.fairness.rotations import Rotations
from recsys_core.fairness.terms import Members
from recsys_core.fairness.user_statistics import UserStatistics

SHUFFLES_A_TEST, LEAST_A_TEST = 100, 25  # the smallest corrected p-values are 0.01 and 0.04
MOST_SHUFFLED, LEAST_SHUFFLES = 200_000_000, 2500  # users times shuffles of one audit: half a minute
FEW, MORE = 10, 4  # a gap that so few shuffles reach is shuffled so many times as often


def permutation_p(
    statistics: UserStatistics, code: np.ndarray, n_groups: int, *, resamples: Resamples, most: int
) -> np.ndarray:
    r"""Chance of a gap this large if groups were drawn by lot, for each metric, ``(n_metrics,)``.

    .. math:: p = \frac{1 + \#\{b : T_b \ge T\}}{1 + B}, \qquad T = \max_g v_g - \min_g v_g

    Group labels are shuffled over users (Good 2005; the ``+ 1`` as in Phipson & Smyth 2010).
    The largest and the smallest group are found anew in every shuffle, so that having picked
    them costs nothing: ten groups of pure noise have a gap, too, and this is that gap. A figure of all
    groups together is itself ``T``, turned over where more of it is better.

    Parameters
    ----------
    code
        Groups 0 to ``n_groups - 1`` are compared; users with a higher code stay out.
    resamples, most
        As many shuffles as bootstrap samples at first, and ``most`` where the p-value is small (`shuffled_p`).
        Metrics that are no function of sums over users have the first ones alone.

    Returns
    -------
    array
        NaN where the gap itself is undefined.

    Notes
    -----
    The hypothesis is that groups have the same distribution, not only the same mean. A very
    small group makes large gaps likely and so hides smaller real ones between large groups.
    """
    out = np.full(len(statistics.metrics), np.nan)
    if n_groups < 2:
        return out
    terms, sign = statistics.shuffled, np.where(statistics.more_is_better, -1.0, 1.0)
    summed, weighted = (np.flatnonzero(terms.is_weighted == kind) for kind in (False, True))
    inside = np.flatnonzero(code < n_groups)
    turned, own = Rotations(code[inside], n_groups, seed=resamples.seed), terms.of_users(inside)

    def draw(first: int, last: int, metrics: np.ndarray) -> Iterator[np.ndarray]:
        at = summed[metrics]
        yield from turned.gaps(own.only(at), first, last, sign=sign[at], metrics=metrics)

    observed = turned.observed(own.only(summed), sign[summed])
    out[summed] = shuffled_p(observed, draw, n_draws=resamples.n_draws, most=most)
    if len(weighted):
        out[weighted] = _reordered_p(terms.only(weighted), code, n_groups, sign=sign[weighted], resamples=resamples)
    return out


def _reordered_p(
    terms: ResampledTerms, code: np.ndarray, n_groups: int, *, sign: np.ndarray, resamples: Resamples
) -> np.ndarray:
    """P-values ``(n_metrics,)`` of metrics that are no function of sums, from as many shuffles as bootstrap samples."""
    code = code.astype(np.int16)
    inside = np.flatnonzero(code < n_groups)
    everyone, sets = np.ones((1, len(code)), dtype=np.float32), np.eye(n_groups, n_groups + 1, dtype=np.float32)

    def gaps(codes: np.ndarray) -> np.ndarray:
        """``codes`` ``(b, len(inside))`` are the groups of the users that have one."""
        of_everyone = np.full((len(codes), len(code)), n_groups, dtype=np.int16)
        of_everyone[:, inside] = codes
        members = Members(everyone, of_everyone, sets)
        nothing = np.zeros((len(codes), n_groups, 0))
        values = terms.of_sets(nothing, members)
        found = np.fmax.reduce(values, axis=1) - np.fmin.reduce(values, axis=1)
        return np.where(terms.is_together, terms.together(nothing, members) * sign, found)

    observed = gaps(code[None, inside])[0]
    reached, n = np.zeros(len(observed)), resamples.n_draws
    for order in resamples.orders(0, n):
        codes = code[order]  # an order of everyone holds an order of those inside
        found = gaps(codes[codes < n_groups].reshape(len(order), -1))
        reached += (found >= observed - ROUNDING).sum(axis=0)
    return np.where(np.isnan(observed), np.nan, (1 + reached) / (1 + n))


def most_shuffles(n: int, n_tests: int, wanted: int) -> int:
    """Shuffles of ``n`` users (or items) at most: ``wanted``, 100 a test, fewer where they would take minutes.

    Never so few that a verdict corrected for ``n_tests`` tests cannot be reached: 25 a test.

    >>> most_shuffles(2_000, 80, 10_000), most_shuffles(2_000, 300, 10_000), most_shuffles(100_000, 80, 10_000)
    (10000, 30000, 2500)
    """
    asked = max(wanted, SHUFFLES_A_TEST * n_tests)
    return min(asked, max(MOST_SHUFFLED // max(n, 1), LEAST_A_TEST * n_tests, LEAST_SHUFFLES))


def shuffled_p(
    observed: np.ndarray, draw: Callable[[int, int, np.ndarray], Iterator[np.ndarray]], *, n_draws: int, most: int
) -> np.ndarray:
    """P-values ``(n_metrics,)`` of observed gaps, with more shuffles only where they are small.

    A correction for eighty tests needs p-values that a thousand shuffles cannot reach. So a metric
    whose gap was met by at most ten shuffles gets four times as many, up to ``most``; the others stop.
    The stages keep the test's level: a metric that stops early has a p-value above any that going on can
    give (Besag & Clifford 1991). ``draw(first, last, metrics)`` yields gaps ``(b, len(metrics))`` of the
    shuffles from ``first`` up to ``last``.
    """
    reached, drawn = np.zeros(len(observed)), np.zeros(len(observed))
    active = np.flatnonzero(~np.isnan(observed))
    total = 0
    while len(active) and total < max(most, n_draws):
        goal = min(total * MORE, most) if total else n_draws
        for gaps in draw(total, goal, active):
            reached[active] += (gaps >= observed[active] - ROUNDING).sum(axis=0)
        drawn[active] = total = goal
        active = active[reached[active] <= FEW]
    return np.where(np.isnan(observed), np.nan, (1 + reached) / (1 + drawn))
