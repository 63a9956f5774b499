"""Cohorts: the evaluated users in their groups, those of small groups pooled out of sight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.split import label_interactions
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.metrics import UserTotals, user_totals
from recsys_core.metrics import Csr, to_csr
from recsys_core.results import Evaluation


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How an audit is done.

    Parameters
    ----------
    n_bootstrap
        Resamplings of users behind each interval, and shuffles behind each p-value.
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

    def __post_init__(self) -> None:
        for name, least in (("n_bootstrap", 1), ("least_size", 1), ("seed", 0)):
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
    labels, size
        Every group, and its number of users with held-out items.
    shown
        Positions in ``labels`` of the groups of ``least_size`` users or more.
    code
        ``(totals.n_users,)``: position in ``shown``; ``len(shown)`` for users of small groups.
    """

    totals: UserTotals
    labels: tuple[str, ...]
    size: np.ndarray
    shown: np.ndarray
    code: np.ndarray

    @property
    def shown_labels(self) -> tuple[str, ...]:
        return tuple(self.labels[g] for g in self.shown)

    @property
    def unions(self) -> np.ndarray:
        """The shown groups one by one, then everyone: rows over the shown groups and the pool."""
        n = len(self.shown)
        return np.vstack([np.eye(n, n + 1), np.ones(n + 1)])


def user_cohort(
    dataset: Dataset, evaluation: Evaluation, grouping: Grouping, *, train: Csr, settings: AuditSettings
) -> UserCohort:
    """Sort the evaluated users into groups.

    Raises ``RecLensError`` (``fairness.no_groups``) where every group is too small.
    """
    totals = user_totals(dataset, evaluation, train)
    group = grouping.code[totals.user_index]
    size = np.bincount(group[totals.is_ranked], minlength=len(grouping.labels))
    shown = shown_groups(size, grouping, settings)
    position = np.full(len(size), len(shown))
    position[shown] = np.arange(len(shown))
    return UserCohort(totals, grouping.labels, size, shown, position[group])


def shown_groups(size: np.ndarray, grouping: Grouping, settings: AuditSettings) -> np.ndarray:
    """Positions of the groups that are large enough; ``fairness.no_groups`` if none is."""
    shown = np.flatnonzero(size >= settings.least_size)
    if not len(shown):
        raise RecLensError("fairness.no_groups", column=" × ".join(grouping.by), least=settings.least_size)
    return shown


def training_rows(dataset: Dataset, evaluation: Evaluation) -> Csr:
    """Items that each user took outside the test pairs, ``(indptr, indices)`` over all users.

    Taken as for task ``implicit``: clicks, taken items, ratings of 3 stars or more. Validation
    rows are among them; pass the training rows of the split where that matters.
    """
    user, item = (dataset.interactions[c].to_numpy(np.int64) for c in ("user_index", "item_index"))
    tested = evaluation.pairs.user_index.astype(np.int64) * dataset.n_items + evaluation.pairs.item_index
    taken = ~np.isnan(label_interactions(dataset, "implicit"))
    kept = taken & ~np.isin(user * dataset.n_items + item, tested)
    return to_csr(user[kept], item[kept], dataset.n_users)
