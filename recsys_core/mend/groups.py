"""Groups that a mended training treats: those of user columns, small ones pooled."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.fairness import DEFAULT_SETTINGS, by_columns, find_column, make_grouping
from recsys_core.models.split_dataset import SplitDataset

ALONE = -1  # code of users in groups so small that even together they are none


@dataclass(frozen=True, slots=True, eq=False)
class UserGroups:
    """Users in groups large enough to be treated.

    Attributes
    ----------
    by
        The columns, full names.
    labels
        Of the groups, in reading order; the pool of small ones, if there is one, is last and called ``(small)``.
    code
        ``(n_users,)``: each user's group; ``ALONE`` for users who are treated as in a plain training.
    """

    by: tuple[str, ...]
    labels: tuple[str, ...]
    code: np.ndarray

    @property
    def n_groups(self) -> int:
        return len(self.labels)


def user_groups(split_dataset: SplitDataset, by: tuple[str, ...], *, least: int | None = None) -> UserGroups:
    """The groups of users by some columns, of ``least`` users with training rows or more (an audit's least size).

    Smaller ones are pooled; a pool that is still smaller is left alone. Raises ``SettingError``: ``mend.one_group``
    where fewer than two groups remain, and what `make_grouping` raises.
    """
    least = DEFAULT_SETTINGS.least_size if least is None else least
    grouping = make_grouping(split_dataset.dataset, by, train=split_dataset.sequences())
    trained = np.zeros(split_dataset.dataset.n_users, dtype=bool)
    trained[split_dataset.histories.user[split_dataset.split.train]] = True
    size = np.bincount(grouping.code[trained], minlength=len(grouping.groups))
    large = np.flatnonzero(size >= least)
    pooled = int(size.sum() - size[large].sum())
    place = np.full(len(size), len(large) if pooled >= least else ALONE)
    place[large] = np.arange(len(large))
    labels = tuple(grouping.groups[g].label for g in large) + (("(small)",) if pooled >= least else ())
    if len(labels) < 2:
        raise SettingError("mend.one_group", column=" × ".join(by), least=least)
    return UserGroups(grouping.by, labels, place[grouping.code])


def split_columns(dataset: Dataset, spelled: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """User columns and item columns that ``--by`` asks for; raises as `by_columns`."""
    found = [(name, find_column(dataset, name).side) for name in by_columns(dataset, spelled)]
    return tuple(n for n, side in found if side == "user"), tuple(n for n, side in found if side == "item")


def spelled(columns: Sequence[str]) -> str:
    """Columns as ``--by`` spells them: a line of CSV.

    >>> spelled(["user.gender", "user.city, state"])
    'user.gender,"user.city, state"'
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(columns)
    return out.getvalue()
