"""Differences beyond the two extremes: a group against everyone else, and a gap under compression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, UserCohort, training_rows, user_cohort
from recsys_core.fairness.gaps import extremes
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.intervals import bootstrap, interval
from recsys_core.fairness.metrics import figures
from recsys_core.metrics import Csr
from recsys_core.results import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class RestGap:
    """One group against everyone else. ``difference = value - rest``, negative where the group gets less.

    ``low`` and ``high`` bound the difference (95 %, paired bootstrap over users).
    """

    metric: str
    group: str
    n: int
    value: float
    rest: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """The interval leaves out 0. One in twenty does so by chance: read it beside the gap's p-value."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False)
class GapChange:
    """What a variant does to one gap: the two groups that are extreme for the dense model, under both.

    ``dense`` and ``compressed`` are larger minus smaller group as the dense model has them
    (``compressed`` is negative where the order turned over); ``change = compressed - dense``,
    with its paired interval.
    """

    metric: str
    worst_group: str
    best_group: str
    dense: float
    compressed: float
    change: float
    low: float
    high: float


def against_rest(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    train: Csr | None = None,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[RestGap, ...]:
    """Every group of users that may be shown against all other users, metric by metric.

    "The North is served worse than elsewhere: NDCG@10 lower by 0.07 to 0.12." Arguments and
    errors as in `audit`; user columns only (``SettingError`` for an item column). Suppressed
    groups count among the others. Empty where one group is all there is.
    """
    cohort = _cohort(dataset, evaluation, by, train, settings)
    n = len(cohort.shown)
    alone = cohort.unions[:n]
    unions = np.vstack([alone, 1 - alone])
    value = figures(cohort.totals, cohort.code, unions)
    again = {"n_draws": settings.n_bootstrap, "seed": settings.seed}
    draws = bootstrap(cohort.totals, cohort.code, unions, value=value, **again)
    group, rest = value[:n], value[n:]
    table = np.stack([group, rest, group - rest, *interval(draws[:, :n] - draws[:, n:], group - rest)])
    return tuple(
        RestGap(metric, cohort.shown_labels[g], int(cohort.size[cohort.shown[g]]), *table[:, g, m].tolist())
        for m, metric in enumerate(cohort.totals.metrics)
        for g in np.flatnonzero(~np.isnan(table[2, :, m]))
    )


def gap_changes(
    dataset: Dataset,
    dense: Evaluation,
    compressed: Evaluation,
    *,
    by: tuple[str, ...],
    train: Csr | None = None,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[GapChange, ...]:
    """What compression does to the gap of every metric, paired user by user.

    ``ValueError`` where the two evaluations are not of the same users. Other arguments and
    errors as in `against_rest`.
    """
    cohorts = [_cohort(dataset, evaluation, by, train, settings) for evaluation in (dense, compressed)]
    before, after = (c.totals for c in cohorts)
    if not np.array_equal(before.user_index, after.user_index) or before.metrics != after.metrics:
        raise ValueError("the two evaluations must be of the same users, with the same metrics")
    unions = cohorts[0].unions[:-1]
    again = {"n_draws": settings.n_bootstrap, "seed": settings.seed}
    values = [figures(c.totals, c.code, unions) for c in cohorts]
    draws = [
        bootstrap(c.totals, c.code, unions, value=value, **again) for c, value in zip(cohorts, values, strict=True)
    ]
    values, draws = np.stack(values), np.stack(draws)
    changes = (
        _gap_change(metric, cohorts[0].shown_labels, values[..., m], draws[..., m])
        for m, metric in enumerate(before.metrics)
    )
    return tuple(c for c in changes if c is not None)


def _cohort(
    dataset: Dataset, evaluation: Evaluation, by: tuple[str, ...], train: Csr | None, settings: AuditSettings
) -> UserCohort:
    train = training_rows(dataset, evaluation) if train is None else train
    grouping = make_grouping(dataset, by, train=train)
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices="the user columns", value=", ".join(by))
    return user_cohort(dataset, evaluation, grouping, train=train, settings=settings)


def _gap_change(metric: str, labels: tuple[str, ...], values: np.ndarray, draws: np.ndarray) -> GapChange | None:
    """``values`` is (2, n_groups) and ``draws`` (2, n_draws, n_groups): dense, then compressed."""
    pair = extremes(metric, values[0])
    if pair is None:
        return None
    low_group, high_group = sorted(pair, key=lambda group: (values[0, group], group))
    dense, compressed = values[:, high_group] - values[:, low_group]
    change = np.asarray(compressed - dense)
    if np.isnan(change):
        return None
    resampled = draws[..., high_group] - draws[..., low_group]
    low, high = interval(resampled[1] - resampled[0], change)
    return GapChange(
        metric, labels[pair[0]], labels[pair[1]], *(float(x) for x in (dense, compressed, change, low, high))
    )
