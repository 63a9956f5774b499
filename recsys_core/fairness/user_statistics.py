"""Sufficient statistics of an audit: what each evaluated user adds to every metric of a group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, phrase
from recsys_core.fairness.metric import HIGHER_IS_BETTER, Metric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics import METRICS, direction
from recsys_core.fairness.resampled_terms import ResampledTerms
from recsys_core.fairness.terms import Members, SummedTerms, Terms, TogetherTerms
from recsys_core.results import Evaluation, LeftOut


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
    train
        Items taken in training by every user, where known.
    """

    user_index: np.ndarray
    is_ranked: np.ndarray
    metrics: tuple[str, ...]
    terms: tuple[Terms, ...]
    if_undefined: tuple[Phrase, ...]
    left_out: tuple[LeftOut, ...] = ()
    train: csr_array | None = None

    @property
    def n_users(self) -> int:
        return len(self.user_index)

    @property
    def more_is_better(self) -> np.ndarray:
        """Whether the high end of each metric is the good one, ``(n_metrics,)``."""
        return np.array([direction(metric) == HIGHER_IS_BETTER for metric in self.metrics], dtype=bool)

    @cached_property
    def resampled(self) -> ResampledTerms:
        """The terms ready for resampling, made once for all columns of a scan."""
        return ResampledTerms.of(self.terms, self.n_users)

    @cached_property
    def shuffled(self) -> ResampledTerms:
        """The same for shuffled groups, which need no standard errors."""
        return ResampledTerms.of(self.terms, self.n_users, spread=False)


def user_statistics(
    dataset: Dataset, evaluation: Evaluation, train: csr_array, *, scanned: bool = False
) -> UserStatistics:
    """What every user adds to every registered metric (`recsys_core.fairness.metrics`) that the data can give.

    ``scanned``: only to those that a scan of all columns tests (`Metric.is_scanned`).

    Metrics of pairs depend on how negatives came about (``evaluation.pairs.negatives``): with sampled
    negatives, calibration and selection rate speak of the sample and not of the world.
    """
    inputs, k = MetricInputs.of(dataset, evaluation, train), evaluation.ranking.k
    asked = [metric for metric in METRICS.values() if metric.is_scanned or not scanned]
    unmet = {metric.name: inputs.unmet(metric.needs) for metric in asked}
    given = [metric for metric in asked if unmet[metric.name] is None]
    left_out = ((METRICS[name].full_name(k), reason) for name, reason in unmet.items() if reason is not None)
    return UserStatistics(
        user_index=inputs.user_index,
        is_ranked=np.isin(inputs.user_index, evaluation.ranking.user_index),
        metrics=tuple(metric.full_name(k) for metric in given),
        terms=tuple(metric.terms(inputs) for metric in given),
        if_undefined=tuple(_why(metric, inputs) for metric in given),
        left_out=tuple(LeftOut(name, reason) for name, reason in left_out),
        train=train,
    )


def _why(metric: Metric, inputs: MetricInputs) -> Phrase:
    return phrase(metric.undefined) if metric.undefined else inputs.nobody_has(metric.needs)


def metric_values(statistics: UserStatistics, code: np.ndarray, group_sets: np.ndarray) -> np.ndarray:
    """Every metric of every set of groups, ``(n_sets, n_metrics)``, exact; NaN where undefined.

    ``code`` ``(n_users,)`` is the group of each user; ``group_sets`` ``(n_sets, n_groups + 1)`` holds 1
    where a group belongs to a set: the identity gives the groups, a row of ones everyone, ``1 - identity``
    everyone else. The last column stands for the users of groups that are not reportable.
    """
    member = group_sets[:, code]
    members = Members(np.ones((1, len(code))), code[None], group_sets)
    groups = (code == np.arange(members.n_groups)[:, None]).astype(float)
    columns = [_exact(terms, member, groups, members) for terms in statistics.terms]
    return np.column_stack(columns) if columns else np.zeros((len(group_sets), 0))


def _exact(terms: Terms, member: np.ndarray, groups: np.ndarray, members: Members) -> np.ndarray:
    """One metric of every set ``(n_sets,)``; what is of all groups together stands with everyone."""
    if isinstance(terms, SummedTerms):
        return terms.exact(member)
    is_everyone = members.group_sets.all(axis=1)
    if isinstance(terms, TogetherTerms):
        return np.where(is_everyone, terms.exact(groups), np.nan)
    if terms.of_set is not None:
        return terms.of_sets(members)[0]
    return np.where(is_everyone, terms.together(members)[0] if is_everyone.any() else np.nan, np.nan)
