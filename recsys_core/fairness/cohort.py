"""Cohorts: the evaluated users in their groups, those of small groups pooled out of sight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.fairness.user_statistics import UserStatistics, user_statistics
from recsys_core.results import Evaluation, Group


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How an audit is done.

    Parameters
    ----------
    n_bootstrap
        Resamplings of users behind each interval, and shuffles behind each p-value.
    most_shuffles
        Shuffles behind the small p-values, which a correction for many tests needs to be exact.
    seed
        Of both; the same seed gives the same users in every draw for every variant.
    least_size
        Groups of fewer users (items, for item columns) are shown without figures.

    Raises
    ------
    SettingError
        For a number below 1 (``seed``: below 0).
    """

    n_bootstrap: int = 1000
    seed: int = 0
    least_size: int = 20
    most_shuffles: int = 10_000

    def __post_init__(self) -> None:
        for name, least in (("n_bootstrap", 1), ("least_size", 1), ("most_shuffles", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise SettingError("setting.least", name=name, least=least, value=getattr(self, name))


DEFAULT_SETTINGS = AuditSettings()


@dataclass(frozen=True, slots=True, eq=False)
class UserCohort:
    """Evaluated users and the groups whose figures may be shown.

    Attributes
    ----------
    statistics
        What each user adds to each metric.
    groups, size
        Every group, and its number of users with held-out items; of all test users where nobody has any.
    reportable
        Positions in ``groups`` of the groups of ``least_size`` users or more.
    code
        ``(statistics.n_users,)``: position in ``reportable``; ``len(reportable)`` for users of small groups.
    """

    statistics: UserStatistics
    groups: tuple[Group, ...]
    size: np.ndarray
    reportable: np.ndarray
    code: np.ndarray

    @property
    def reportable_groups(self) -> tuple[Group, ...]:
        return tuple(self.groups[g] for g in self.reportable)

    @property
    def n_counted(self) -> int:
        """Users that the sizes count."""
        return int(self.size.sum())

    @property
    def group_sets(self) -> np.ndarray:
        """The reportable groups one by one, then everyone: rows over the reportable groups and the pool."""
        n = len(self.reportable)
        return np.vstack([np.eye(n, n + 1), np.ones(n + 1)])


def user_cohort(statistics: UserStatistics, grouping: Grouping, settings: AuditSettings) -> UserCohort:
    """The evaluated users in their groups; no group is reportable where all are too small.

    Raises ``RecLensError`` (``fairness.nobody``) where there is no test user at all.
    """
    if not statistics.n_users:
        raise RecLensError("fairness.nobody")
    group = grouping.code[statistics.user_index]
    counted = statistics.is_ranked if statistics.is_ranked.any() else np.ones(statistics.n_users, dtype=bool)
    size = np.bincount(group[counted], minlength=len(grouping.groups))
    reportable, code = reportable_groups(size, group, least_size=settings.least_size)
    return UserCohort(statistics, grouping.groups, size, reportable, code)


def reportable_groups(size: np.ndarray, group: np.ndarray, *, least_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the groups of ``least_size`` or more, and each user's position among these.

    Users of smaller groups get the number of reportable groups.

    >>> [x.tolist() for x in reportable_groups(np.array([3, 1, 2]), np.array([0, 1, 2]), least_size=2)]
    [[0, 2], [0, 2, 1]]
    """
    reportable = np.flatnonzero(size >= least_size)
    position = np.full(len(size), len(reportable))
    position[reportable] = np.arange(len(reportable))
    return reportable, position[group]


def cohort_of(
    dataset: Dataset,
    evaluation: Evaluation,
    by: tuple[str, ...],
    train: csr_array,
    settings: AuditSettings,
    *,
    scanned: bool = False,
) -> UserCohort:
    """The cohort of one model's evaluation by user columns; ``SettingError`` for an item column.

    ``scanned`` as in `recsys_core.fairness.user_statistics.user_statistics`.
    """
    grouping = make_grouping(dataset, by, train=train)
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    return user_cohort(user_statistics(dataset, evaluation, train, scanned=scanned), grouping, settings)
