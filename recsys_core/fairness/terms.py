"""What each user adds to a metric of a group, in the three kinds of metric: exact, and from resampled users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import roc_auc

N_BINS = 32
GroupStatistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``(inside, everyone) -> (b,)``: both ``(b, n_users)``, how often each user of the group, and of all, counts."""
GroupingStatistic = Callable[[Iterator[np.ndarray], np.ndarray], np.ndarray]
"""``(groups, everyone) -> (b,)``: the same with every group's ``(b, n_users)``, one after another."""


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Who counts how often in each of ``b`` resamples, and in which group.

    Attributes
    ----------
    weights
        ``(b, n_users)``: how often each user was drawn; ones for the users themselves.
    code
        ``(1, n_users)``, or ``(b, n_users)`` where groups are shuffled: the group of each user,
        ``n_groups`` for those of groups that are not reportable.
    group_sets
        ``(n_sets, n_groups + 1)``: 1 where a group belongs to a set, those not reportable in the last column.
    """

    weights: np.ndarray
    code: np.ndarray
    group_sets: np.ndarray

    def sets(self) -> Iterator[np.ndarray]:
        """How often each user counts in each set of groups, ``(b, n_users)`` one after another."""
        return (self.weights * group_set[self.code] for group_set in self.group_sets)

    def groups(self) -> Iterator[np.ndarray]:
        """How often each user counts in each reportable group, ``(b, n_users)`` one after another."""
        return (self.weights * (self.code == group) for group in range(self.group_sets.shape[1] - 1))


class SummedTerms(ABC):
    """Terms whose metric is a function of their sums over users: resampled by one matrix product for all metrics."""

    @abstractmethod
    def exact(self, member: np.ndarray) -> np.ndarray:
        """The metric ``(n_sets,)`` of the users of every set, ``member`` ``(n_sets, n_users)`` of 0 and 1."""

    @abstractmethod
    def columns(self) -> np.ndarray:
        """What each user adds, ``(n_users, width)``; small numbers, so that sums in single precision lose nothing."""

    @abstractmethod
    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        """The metric ``(…)`` from sums of `columns` ``(…, width)``; NaN where it is undefined."""


@dataclass(frozen=True, slots=True, eq=False)
class RatioTerms(SummedTerms):
    """``sum(numerator) / sum(denominator) - offset``; both ``(n_users,)``, both 0 for a user without the figure."""

    numerator: np.ndarray
    denominator: np.ndarray
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """Everyone's ratio: numerators less so many denominators sum to small deviations."""
        below = self.denominator.sum()
        return float(self.numerator.sum() / below) if below > 0 else 0.0

    def exact(self, member: np.ndarray) -> np.ndarray:
        return _quotient(member @ self.numerator, member @ self.denominator) - self.offset

    def columns(self) -> np.ndarray:
        return np.column_stack([self.numerator - self.centre * self.denominator, self.denominator])

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return _quotient(sums[..., 0], sums[..., 1]) + (self.centre - self.offset)


@dataclass(frozen=True, slots=True, eq=False)
class PairTerms(SummedTerms):
    """Scored pairs, of which a group's AUC is formed; ``pair_user`` ``(n_pairs,)`` is the position of its user."""

    n_users: int
    pair_user: np.ndarray
    label: np.ndarray
    score: np.ndarray

    def exact(self, member: np.ndarray) -> np.ndarray:
        return np.array([roc_auc(self.label[own], self.score[own]) for own in member[:, self.pair_user] > 0])

    def columns(self) -> np.ndarray:
        """Each user's positive pairs, then the negative ones, counted by score bin: ``(n_users, 2 * N_BINS)``."""
        cell = score_bins(self.score) + np.where(self.label > 0, 0, N_BINS)
        counts = np.bincount(self.pair_user * 2 * N_BINS + cell, minlength=self.n_users * 2 * N_BINS)
        return counts.reshape(self.n_users, 2 * N_BINS)

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return auc_of_bins(sums)


@dataclass(frozen=True, slots=True, eq=False)
class WeightedTerms:
    """Any function of how often each user counts: of one set of groups, or of all groups together.

    A function ``of_groups`` has one value a grouping, which stands with everyone; no group has one.
    """

    of_set: GroupStatistic | None = None
    of_groups: GroupingStatistic | None = None

    def values(self, members: Members) -> np.ndarray:
        """The metric of every set in every resample, ``(b, n_sets)``."""
        if self.of_set is not None:
            return np.stack([self.of_set(inside, members.weights) for inside in members.sets()], axis=1)
        out = np.full((len(members.weights), len(members.group_sets)), np.nan)
        everyone = members.group_sets.all(axis=1)
        if self.of_groups is not None and everyone.any():
            out[:, everyone] = self.of_groups(members.groups(), members.weights)[:, None]
        return out


Terms = SummedTerms | WeightedTerms


def auc_of_bins(counts: np.ndarray) -> np.ndarray:
    """AUC from counts by score bin ``(..., 2 * N_BINS)``, pairs within a bin counting half.

    >>> counts = np.zeros(2 * N_BINS); counts[[3, N_BINS + 1, N_BINS + 3]] = 1
    >>> float(auc_of_bins(counts))
    0.75
    """
    positive, negative = counts[..., :N_BINS], counts[..., N_BINS:].astype(float)
    below = np.cumsum(negative, axis=-1) - negative / 2
    n_pairs = positive.sum(axis=-1, dtype=float) * negative.sum(axis=-1)
    return _quotient(np.einsum("...l,...l->...", positive, below), n_pairs)


def score_bins(score: np.ndarray) -> np.ndarray:
    """Scores in up to 32 bins of equal size, equal scores always in the same one, ``(n,)``.

    Resampling AUC costs a matrix product instead of a sort a draw this way; what rounding
    takes from the figure itself is put back (`recsys_core.fairness.bootstrap.bootstrap`).
    """
    distinct = np.unique(score)
    if len(distinct) <= N_BINS:
        return np.searchsorted(distinct, score)
    return np.searchsorted(np.quantile(score, np.linspace(0, 1, N_BINS + 1)[1:-1]), score)


def _quotient(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    return np.divide(over, under, out=np.full(np.shape(under), np.nan), where=under > 0)
