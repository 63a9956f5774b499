"""What each user adds to a metric of a group, in the kinds of metric: exact, and from resampled users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import gini, roc_auc

N_BINS = 32
GroupStatistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``(inside, everyone) -> (b,)``: both ``(b, n_users)``, how often each user of the group, and of all, counts."""
SumsStatistic = Callable[[np.ndarray], np.ndarray]
"""``(sums) -> (…)``: sums over the users of every group, ``(…, n_groups, width)``."""


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

    @property
    def n_groups(self) -> int:
        """Reportable groups."""
        return self.group_sets.shape[1] - 1

    def inside(self) -> np.ndarray:
        """How often each user of a reportable group counts, ``(b, n_users)``."""
        return self.weights * (self.code < self.n_groups)

    def sets(self) -> Iterator[np.ndarray]:
        """How often each user counts in each set of groups, ``(b, n_users)`` one after another."""
        return (self.weights * group_set[self.code] for group_set in self.group_sets)

    def groups(self) -> Iterator[np.ndarray]:
        """How often each user counts in each reportable group, ``(b, n_users)`` one after another."""
        return (self.weights * (self.code == group) for group in range(self.n_groups))


GroupingStatistic = Callable[[Members], np.ndarray]
"""``(members) -> (b,)``: of who counts how often in which group."""


class TableTerms(ABC):
    """Terms whose metric follows from sums of columns over users: one matrix product resamples all such metrics."""

    @abstractmethod
    def columns(self) -> np.ndarray:
        """What each user adds, ``(n_users, width)``; small numbers, so that sums in single precision lose nothing."""


class SummedTerms(TableTerms):
    """Terms of which every set of users has a figure."""

    @abstractmethod
    def exact(self, member: np.ndarray) -> np.ndarray:
        """The metric ``(n_sets,)`` of the users of every set, ``member`` ``(n_sets, n_users)`` of 0 and 1."""

    @abstractmethod
    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        """The metric ``(…)`` from sums of `columns` ``(…, width)``; NaN where it is undefined."""

    def spread_columns(self) -> np.ndarray:
        """What `errors` sums over users as well, ``(n_users, width)``; none where there is no formula for them."""
        return np.zeros((len(self.columns()), 0))

    def errors(self, sums: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Standard error ``(…)`` of the metric from sums of `columns` and of `spread_columns`; NaN: no formula."""
        return np.full(sums.shape[:-1], np.nan)


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
        return quotient(member @ self.numerator, member @ self.denominator) - self.offset

    def columns(self) -> np.ndarray:
        return np.column_stack([self.numerator - self.centre * self.denominator, self.denominator])

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return quotient(sums[..., 0], sums[..., 1]) + (self.centre - self.offset)

    def spread_columns(self) -> np.ndarray:
        above, below = self.columns().T
        return np.column_stack([above**2, above * below, below**2])

    def errors(self, sums: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """That of the linearised ratio (Cochran 1977, 6.4): residuals ``numerator - ratio * denominator``."""
        ratio = quotient(sums[..., 0], sums[..., 1])
        squares = spread[..., 0] - 2 * ratio * spread[..., 1] + ratio**2 * spread[..., 2]
        return quotient(np.sqrt(np.maximum(squares, 0)), sums[..., 1])


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
class BinnedErrorTerms(SummedTerms):
    """``sum over bins of |sum of errors| / number of pairs``: ``(n_users, n_bins)`` and ``(n_users,)``.

    The expected calibration error, where errors are predicted probability less outcome by bin of probability.
    """

    bin_errors: np.ndarray
    count: np.ndarray

    def exact(self, member: np.ndarray) -> np.ndarray:
        return self.from_sums(member @ self.columns())

    def columns(self) -> np.ndarray:
        return np.column_stack([self.bin_errors, self.count])

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return quotient(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


@dataclass(frozen=True, slots=True, eq=False)
class InequalityTerms(SummedTerms):
    """Gini index over the users of ``value`` ``(n_users,)``, NaN for a user who has none.

    Resampled with values rounded to the ``levels`` of their bins, ``place`` ``(n_users,)``, -1 for none.
    """

    value: np.ndarray
    place: np.ndarray
    levels: np.ndarray

    @classmethod
    def of(cls, value: np.ndarray) -> InequalityTerms:
        place, known = np.full(len(value), -1), ~np.isnan(value)
        place[known] = score_bins(value[known])
        count, total = (np.bincount(place[known], weights=w, minlength=N_BINS) for w in (None, value[known]))
        return cls(value, place, quotient(total, count, empty=0.0))

    def exact(self, member: np.ndarray) -> np.ndarray:
        return np.array([gini(self.value[(own > 0) & ~np.isnan(self.value)]) for own in member])

    def columns(self) -> np.ndarray:
        """One in the bin of a user's value, ``(n_users, N_BINS)``."""
        return (self.place[:, None] == np.arange(N_BINS)).astype(float)

    def from_sums(self, sums: np.ndarray) -> np.ndarray:
        return gini_of_bins(sums, self.levels)


@dataclass(frozen=True, slots=True, eq=False)
class TogetherTerms(TableTerms):
    """A function of the sums of all groups, ``table`` ``(n_users, width)``: one value a grouping, no group's own."""

    table: np.ndarray
    of_sums: SumsStatistic

    def exact(self, groups: np.ndarray) -> float:
        """The metric of groups with members ``(n_groups, n_users)`` of 0 and 1; NaN for fewer than two."""
        return float(self.of_sums(groups @ self.table)) if len(groups) > 1 else np.nan

    def columns(self) -> np.ndarray:
        return self.table


@dataclass(frozen=True, slots=True, eq=False)
class WeightedTerms:
    """Any function of how often each user counts: of one set of groups, or of all groups together.

    A function ``of_groups`` has one value a grouping, which stands with everyone; no group has one.
    """

    of_set: GroupStatistic | None = None
    of_groups: GroupingStatistic | None = None

    def of_sets(self, members: Members) -> np.ndarray:
        """The metric of every set in every resample, ``(b, n_sets)``."""
        if self.of_set is None or not len(members.group_sets):
            return np.full((len(members.weights), len(members.group_sets)), np.nan)
        return np.stack([self.of_set(inside, members.weights) for inside in members.sets()], axis=1)

    def together(self, members: Members) -> np.ndarray:
        """The metric of all groups together in every resample, ``(b,)``; NaN for fewer than two."""
        if self.of_groups is None or members.n_groups < 2:
            return np.full(max(len(members.weights), len(members.code)), np.nan)
        return self.of_groups(members)


Terms = SummedTerms | TogetherTerms | WeightedTerms


def auc_of_bins(counts: np.ndarray) -> np.ndarray:
    """AUC from counts by score bin ``(..., 2 * N_BINS)``, pairs within a bin counting half.

    >>> counts = np.zeros(2 * N_BINS); counts[[3, N_BINS + 1, N_BINS + 3]] = 1
    >>> float(auc_of_bins(counts))
    0.75
    """
    positive, negative = counts[..., :N_BINS], counts[..., N_BINS:].astype(float)
    below = np.cumsum(negative, axis=-1) - negative / 2
    n_pairs = positive.sum(axis=-1, dtype=float) * negative.sum(axis=-1)
    return quotient(np.einsum("...l,...l->...", positive, below), n_pairs)


def gini_of_bins(counts: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Gini index of values that are ``levels`` ``(n_bins,)``, ascending, each ``counts`` ``(…, n_bins)`` times.

    >>> float(gini_of_bins(np.array([2.0, 1.0, 1.0]), np.array([0.0, 1.0, 3.0])))
    0.625
    """
    total = counts.sum(axis=-1)
    place = 2 * np.cumsum(counts, axis=-1) - counts - total[..., None]
    amount = counts @ levels
    return quotient(np.einsum("...b,...b,b->...", place, counts, levels), total * amount)


def score_bins(score: np.ndarray) -> np.ndarray:
    """Scores in up to 32 bins of equal size, equal scores always in the same one, ``(n,)``.

    Resampling AUC costs a matrix product instead of a sort a draw this way; what rounding
    takes from the figure itself is put back (`recsys_core.fairness.bootstrap.bootstrap`).
    """
    distinct = np.unique(score)
    if len(distinct) <= N_BINS:
        return np.searchsorted(distinct, score)
    return np.searchsorted(np.quantile(score, np.linspace(0, 1, N_BINS + 1)[1:-1]), score)


def quotient(over: np.ndarray, under: np.ndarray, *, empty: float = np.nan) -> np.ndarray:
    """``over / under``, ``empty`` where there is nothing below."""
    return np.divide(over, under, out=np.full(np.shape(under), empty), where=under > 0)
