"""Cohorts: the evaluated users in their groups, those of small groups pooled out of sight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.metrics import UserTotals
from recsys_core.results import Group


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
    totals
        What each user adds to each figure.
    groups, size
        Every group, and its number of users with held-out items; of all test users where nobody has any.
    shown
        Positions in ``groups`` of the groups of ``least_size`` users or more.
    code
        ``(totals.n_users,)``: position in ``shown``; ``len(shown)`` for users of small groups.
    """

    totals: UserTotals
    groups: tuple[Group, ...]
    size: np.ndarray
    shown: np.ndarray
    code: np.ndarray

    @property
    def shown_groups(self) -> tuple[Group, ...]:
        return tuple(self.groups[g] for g in self.shown)

    @property
    def n_counted(self) -> int:
        """Users that the sizes count."""
        return int(self.size.sum())

    @property
    def unions(self) -> np.ndarray:
        """The shown groups one by one, then everyone: rows over the shown groups and the pool."""
        n = len(self.shown)
        return np.vstack([np.eye(n, n + 1), np.ones(n + 1)])


def user_cohort(totals: UserTotals, grouping: Grouping, settings: AuditSettings) -> UserCohort:
    """Sort the evaluated users into groups; no group is shown where all are too small.

    Raises ``RecLensError`` (``fairness.nobody``) where there is no test user at all.
    """
    if not totals.n_users:
        raise RecLensError("fairness.nobody")
    group = grouping.code[totals.user_index]
    counted = totals.is_ranked if totals.is_ranked.any() else np.ones(totals.n_users, dtype=bool)
    size = np.bincount(group[counted], minlength=len(grouping.groups))
    shown = np.flatnonzero(size >= settings.least_size)
    position = np.full(len(size), len(shown))
    position[shown] = np.arange(len(shown))
    return UserCohort(totals, grouping.groups, size, shown, position[group])
