"""Do two explanations of the same score say the same thing?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import rank_correlation, top_overlap
from recsys_core.results import Explanation

TOP = 3
NOTABLE = 0.15  # of the largest contribution of both: a smaller difference is not worth a word


@dataclass(frozen=True, slots=True)
class Agreement:
    """Likeness of two explanations over the reasons that both name.

    Attributes
    ----------
    rank_correlation
        Spearman's, of the signed contributions; NaN with fewer than two common reasons or
        where one side is constant.
    top_3_overlap
        Share of the first explanation's three largest contributions (by size) among the
        second's three largest.
    same_signs
        Share of the first explanation's three largest that have the same sign in the second.
    n_common
        Reasons compared.
    """

    rank_correlation: float
    top_3_overlap: float
    same_signs: float
    n_common: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One reason that two explanations see differently: its key and both contributions, in logits."""

    feature: str
    first: float
    second: float

    @property
    def changes_sign(self) -> bool:
        return self.first * self.second < 0

    @property
    def size(self) -> float:
        return abs(self.second - self.first)


def disagreements(first: Explanation, second: Explanation, *, limit: int = 2) -> tuple[Disagreement, ...]:
    """Reasons on which two explanations differ most: those that change sign first, then by size, at most ``limit``.

    Only what is worth a word: a difference of at least 15 % of the largest contribution of both.
    """
    of_second = {c.feature: c.contribution for c in second.contributions}
    found = [
        Disagreement(c.feature, c.contribution, of_second[c.feature])
        for c in first.contributions
        if c.feature in of_second
    ]
    largest_of_all = max((max(abs(d.first), abs(d.second)) for d in found), default=0.0)
    worth = [d for d in found if d.size >= NOTABLE * largest_of_all > 0]
    return tuple(sorted(worth, key=lambda d: (not d.changes_sign, -d.size))[:limit])


def compare_explanations(first: Explanation, second: Explanation) -> Agreement:
    """Agreement of ``second`` with ``first``; reasons are matched by key."""
    of_first = {c.feature: c.contribution for c in first.contributions}
    of_second = {c.feature: c.contribution for c in second.contributions}
    common = [key for key in of_first if key in of_second]
    return compare_contributions(np.array([of_first[k] for k in common]), np.array([of_second[k] for k in common]))


def compare_contributions(first: np.ndarray, second: np.ndarray) -> Agreement:
    """Agreement of two rows of contributions over the same players ``(n_players,)``.

    >>> compare_contributions(np.array([3.0, -2.0, 1.0, 0.1]), np.array([2.0, -3.0, 0.2, 0.9])).top_3_overlap
    0.6666666666666666
    """
    if not len(first):
        return Agreement(np.nan, np.nan, np.nan, 0)
    top = largest(first)
    return Agreement(
        float(rank_correlation(first, second)),
        float(top_overlap(first, second, TOP)),
        float((np.sign(first[top]) == np.sign(second[top])).mean()),
        len(first),
    )


def largest(contributions: np.ndarray, n: int = TOP) -> np.ndarray:
    """Positions of the ``n`` largest by size; ties go to the earlier player."""
    return np.argsort(-np.abs(contributions), kind="stable")[:n]
