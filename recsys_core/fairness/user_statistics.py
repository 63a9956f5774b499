"""Sufficient statistics of an audit: what each evaluated user adds to every metric of a group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.terms import Members, SummedTerms, Terms, WeightedTerms
from recsys_core.results import Evaluation, LeftOut


@dataclass(frozen=True, slots=True, eq=False)
class ResampledTerms:
    """Terms of some metrics, ready for resampling: those that are summed in one single-precision table.

    Attributes
    ----------
    terms
        In the order of the metrics.
    table
        ``(n_users, width)`` float32: `SummedTerms.columns` side by side. Single precision makes the
        products twice as fast; counts are exact below 2**24.
    """

    terms: tuple[Terms, ...]
    table: np.ndarray
    _parts: tuple[slice, ...]

    @classmethod
    def of(cls, terms: Iterable[Terms], n_users: int) -> ResampledTerms:
        terms = tuple(terms)
        columns = [t.columns() for t in terms if isinstance(t, SummedTerms)]
        table = np.hstack(columns) if columns else np.zeros((n_users, 0))
        return cls(terms, table.astype(np.float32), _side_by_side(columns))

    def only(self, metrics: np.ndarray) -> ResampledTerms:
        """Some of the metrics, by position."""
        parts = dict(zip(self._summed, self._parts, strict=True))
        columns = [self.table[:, parts[m]] for m in metrics.tolist() if m in parts]
        table = np.hstack(columns) if columns else self.table[:, :0]
        return ResampledTerms(tuple(self.terms[m] for m in metrics), table, _side_by_side(columns))

    def values(self, sums: np.ndarray, members: Members) -> np.ndarray:
        """Every metric of every set in every resample, ``(b, n_sets, n_metrics)``.

        ``sums`` ``(b, n_sets, width)`` are those of `table` over the same ``members``.
        """
        out = np.full((*sums.shape[:2], len(self.terms)), np.nan)
        parts = iter(self._parts)
        for at, terms in enumerate(self.terms):
            if isinstance(terms, WeightedTerms):
                out[..., at] = terms.values(members)
            else:
                out[..., at] = terms.from_sums(sums[..., next(parts)].astype(float))
        return out

    @property
    def _summed(self) -> list[int]:
        return [at for at, terms in enumerate(self.terms) if isinstance(terms, SummedTerms)]


@dataclass(frozen=True, eq=False)
class UserStatistics:
    """What each evaluated user adds to every metric.

    Attributes
    ----------
    user_index
        ``(n_users,)`` ascending: every user with a list or a scored pair.
    is_ranked
        ``(n_users,)``: has a held-out item, so counts in a group's ``n``.
    metrics, terms
        Names in order, and what every user adds to each.
    if_undefined
        Why a metric has no figure for anybody, where that turns out.
    left_out
        Metrics that these data cannot give, and why.
    """

    user_index: np.ndarray
    is_ranked: np.ndarray
    metrics: tuple[str, ...]
    terms: tuple[Terms, ...]
    if_undefined: tuple[Phrase, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def n_users(self) -> int:
        return len(self.user_index)

    @cached_property
    def resampled(self) -> ResampledTerms:
        """The terms ready for resampling, made once for all columns of a scan."""
        return ResampledTerms.of(self.terms, self.n_users)


def user_statistics(dataset: Dataset, evaluation: Evaluation, train: csr_array) -> UserStatistics:
    """What every user adds to every registered metric (`recsys_core.fairness.metrics`) that the data can give.

    Metrics of pairs depend on how negatives came about (``evaluation.pairs.negatives``): with sampled
    negatives, calibration and selection rate speak of the sample and not of the world.
    """
    inputs, k = MetricInputs.of(dataset, evaluation, train), evaluation.ranking.k
    unmet = {metric.name: inputs.unmet(metric.needs) for metric in METRICS.values()}
    given = [metric for metric in METRICS.values() if unmet[metric.name] is None]
    left_out = ((METRICS[name].full_name(k), reason) for name, reason in unmet.items() if reason is not None)
    return UserStatistics(
        user_index=inputs.user_index,
        is_ranked=np.isin(inputs.user_index, evaluation.ranking.user_index),
        metrics=tuple(metric.full_name(k) for metric in given),
        terms=tuple(metric.terms(inputs) for metric in given),
        if_undefined=tuple(inputs.nobody_has(metric.needs) for metric in given),
        left_out=tuple(LeftOut(name, reason) for name, reason in left_out),
    )


def metric_values(statistics: UserStatistics, code: np.ndarray, group_sets: np.ndarray) -> np.ndarray:
    """Every metric of every set of groups, ``(n_sets, n_metrics)``, exact; NaN where undefined.

    ``code`` ``(n_users,)`` is the group of each user; ``group_sets`` ``(n_sets, n_groups + 1)`` holds 1
    where a group belongs to a set: the identity gives the groups, a row of ones everyone, ``1 - identity``
    everyone else. The last column stands for the users of groups that are not reportable.
    """
    member = group_sets[:, code]
    members = Members(np.ones((1, len(code))), code[None], group_sets)
    columns = [t.exact(member) if isinstance(t, SummedTerms) else t.values(members)[0] for t in statistics.terms]
    return np.column_stack(columns) if columns else np.zeros((len(group_sets), 0))


def _side_by_side(columns: list[np.ndarray]) -> tuple[slice, ...]:
    """Where each block of columns lies in a table of all of them."""
    ends = accumulate((part.shape[1] for part in columns), initial=0)
    return tuple(slice(first, last) for first, last in pairwise(ends))
