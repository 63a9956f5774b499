"""Columns that are watched: the groups of users that quality is shown by, and those of items that get attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.columns import find_column, groupable_columns
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.metrics import exposure_weights
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.monitoring.served_lists import K, ServedLists
from recsys_core.results.fairness import Group
from recsys_core.results.monitoring import ItemExposure

MOST_GROUPS, ALONE = 12, 20  # of a watched column; users that a group has that is shown alone


def watched_column(split_dataset: SplitDataset, side: str) -> str:
    """The column of users (or items) that is watched where nobody says which.

    The first that has two to twelve groups of at least 20, categories before numbers and sensitive ones before others,
    else the first of any; where the data have no attribute, it is made of the training history.
    """
    dataset = split_dataset.dataset
    names = [n for n in groupable_columns(dataset, side) if not n.startswith("segment:")]
    names = sorted(names, key=lambda name: find_column(dataset, name).column.kind == "number")
    for name in names:
        sizes = _grouping(split_dataset, name).membership.sum(axis=0)
        if 2 <= np.count_nonzero(sizes >= ALONE) <= MOST_GROUPS:
            return name
    return names[0]


@dataclass(frozen=True, slots=True, eq=False)
class ItemGroups:
    """Groups of items by one column: ``shares`` (n_items, n_groups), each row adding up to 1."""

    by: str
    groups: tuple[Group, ...]
    shares: np.ndarray

    @classmethod
    def make(cls, split_dataset: SplitDataset, by: str, *, most: int = MOST_GROUPS) -> ItemGroups:
        """The ``most - 1`` largest groups of a column and all others as one."""
        found = _grouping(split_dataset, by)
        groups, shares = found.groups, found.membership
        if len(groups) > most:
            rest = np.array([g.kind == "rest" for g in groups])
            order = np.argsort(-np.where(rest, -1.0, shares.sum(axis=0)), kind="stable")
            kept = np.sort(order[: most - 1])
            others = 1 - shares[:, kept].sum(axis=1, keepdims=True)
            groups, shares = (*(groups[i] for i in kept), Group("rest")), np.hstack([shares[:, kept], others])
        return cls(found.by[0], groups, np.clip(shares, 0.0, 1.0))

    def exposure(self, lists: ServedLists, rows: np.ndarray) -> tuple[ItemExposure, ...]:
        """Share of the attention that lists gave to each group, none where there is no list."""
        items = lists.items[rows]
        weight = np.where(items >= 0, exposure_weights(K), 0.0)
        given = np.bincount(np.maximum(items, 0).ravel(), weights=weight.ravel(), minlength=len(self.shares))
        if not given.sum():
            return ()
        share, catalogue = given @ self.shares / given.sum(), self.shares.mean(axis=0)
        figures = zip(self.groups, share.tolist(), catalogue.tolist(), strict=True)
        return tuple(ItemExposure(group=g, share=s, catalogue_share=c) for g, s, c in figures)


def _grouping(split_dataset: SplitDataset, by: str) -> Grouping:
    return make_grouping(split_dataset.dataset, (by,), train=split_dataset.sequences())
