"""Groups: any column of users or items, numbers in buckets, two columns crossed, as memberships."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, RecLensError, SettingError, phrase
from recsys_core.fairness.buckets import bucket
from recsys_core.fairness.columns import (
    DERIVED,
    POPULARITY,
    SEGMENT,
    FoundColumn,
    derived_numbers,
    find_column,
    known_columns,
    set_values,
)
from recsys_core.fairness.crossing import MOST_CELLS, Sides, cross
from recsys_core.metrics import popularity_parts
from recsys_core.results import Group

MOST_GROUPS = 30
MOST_ALONE = 20  # of a column with more values than that, so many stay groups of their own
POPULARITY_PARTS = ("head", "middle", "tail")


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which group every user or item belongs to.

    ``membership`` is ``(n_rows, n_groups)``, one row a user or item of the dataset; each row
    sums to 1. Users are in exactly one group; an item with several values of a ``set``
    column is in each of them with an equal share. ``groups`` are in reading order: the order
    of the levels, of the numbers, or of the alphabet, with empty cells last. ``notes`` say where
    rarer values had to share a group.
    """

    by: tuple[str, ...]
    side: str
    groups: tuple[Group, ...]
    membership: np.ndarray
    notes: tuple[Phrase, ...] = ()

    def __post_init__(self) -> None:
        if not np.allclose(self.membership.sum(axis=1), 1):
            raise ValueError("every row of membership must sum to 1")

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(group.label for group in self.groups)

    @property
    def code(self) -> np.ndarray:
        """Index of each row's (largest) group, ``(n_rows,)``."""
        return self.membership.argmax(axis=1)


def make_grouping(
    dataset: Dataset, by: tuple[str, ...], *, train: csr_array, most_groups: int = MOST_GROUPS
) -> Grouping:
    """Group users or items by one column, or by several crossed (``F × 18–24``).

    A column of more than ``most_groups`` values keeps its 20 most frequent as groups, the others share one; so do
    the smaller ones of more than 500 crossed groups.

    Parameters
    ----------
    dataset
        Where the columns are.
    by
        Columns as a person spells them (`recsys_core.fairness.columns.find_column`).
    train
        Items taken in training by every user, ``(n_users, n_items)``; feeds the columns that are made
        of the history.

    Raises
    ------
    RecLensError
        ``column.unknown`` for a column that is not there or cannot form groups (text, names).
    SettingError
        ``fairness.mixed_sides`` where user and item columns are crossed; as `find_column` for parts of a column.
    """
    if not by:
        raise RecLensError("column.unknown", column="''", workspace=dataset.name, known=known_columns(dataset))
    found = [find_column(dataset, name) for name in by]
    names, sides = tuple(column.key for column in found), {column.side for column in found}
    if len(sides) > 1:
        raise SettingError("fairness.mixed_sides", columns=", ".join(names))
    parts = [_column_groups(dataset, column, train, most_groups) for column in found]
    notes = [_note(column, *part) for column, part in zip(found, parts, strict=True)]
    (groups, membership), n_cells = cross(parts)
    if n_cells > MOST_CELLS:
        notes.append(phrase("fairness.note.cells", columns=" × ".join(names), count=n_cells, alone=MOST_CELLS))
    return Grouping(names, sides.pop(), groups, membership, tuple(n for n in notes if n))


def _note(found: FoundColumn, groups: tuple[Group, ...], membership: np.ndarray) -> Phrase | None:
    """What must be said of a column with too many values; nothing where somebody asked for some of them."""
    rest = next((i for i, group in enumerate(groups) if group.kind == "rest"), None)
    if rest is None or found.values:
        return None
    alone = sum(group.kind == "value" for group in groups)
    return phrase("fairness.note.rest", column=found.key, alone=alone, count=int((membership[:, rest] > 0).sum()))


def _segment_groups(dataset: Dataset, name: str) -> Sides:
    """A segment's users, and all others."""
    code = np.ones(dataset.n_users, dtype=np.int64)
    code[dataset.segments[name]] = 0
    return _one_hot((Group("segment", name), Group("others", name)), code)


def _column_groups(dataset: Dataset, found: FoundColumn, train: csr_array, most: int) -> Sides:
    side, key, column, edges, values = found
    if key.startswith(SEGMENT):
        return _segment_groups(dataset, key.removeprefix(SEGMENT))
    if column.kind == "number":
        numbers = column_numbers(dataset, found, train)
        if column is POPULARITY and not edges:
            return _popularity_groups(numbers)
        return _one_hot(*bucket(numbers, edges=edges, unit=column.unit))
    raw = (dataset.users if side == "user" else dataset.items)[column.stored]
    if column.kind == "set" and side == "item":
        return _set_groups(raw, values, most)
    # a user's set counts as one value, so that every user is in one group and sizes add up
    return _value_groups(raw, column.levels, values, most)


def column_numbers(dataset: Dataset, found: FoundColumn, train: csr_array) -> np.ndarray:
    """Numbers of a column that holds some, one a user (or item), NaN where there is none."""
    if any(found.column is derived for _, derived in DERIVED):
        return derived_numbers(found.column, train, dataset)
    raw = (dataset.users if found.side == "user" else dataset.items)[found.column.stored]
    return pd.to_numeric(raw, errors="coerce").to_numpy(float)


def _popularity_groups(times_taken: np.ndarray) -> Sides:
    """Head, middle and tail of the catalogue; a part that is empty is no group."""
    code = popularity_parts(times_taken)
    held = np.unique(code)
    groups = tuple(Group("popularity", POPULARITY_PARTS[part]) for part in held)
    return _one_hot(groups, np.searchsorted(held, code))


def _value_groups(raw: pd.Series, levels: tuple[str, ...], parts: tuple[str, ...], most: int) -> Sides:
    found, values = pd.factorize(raw)  # -1 for missing
    texts = np.array([str(v) for v in values], dtype=object)
    count = np.bincount(found[found >= 0], minlength=len(texts))
    kept, groups = _kept_values(dict(zip(texts, count.tolist(), strict=True)), levels, parts, most)
    place = {value: i for i, value in enumerate(kept)}
    return _one_hot(groups, np.array([*(place.get(v, len(kept)) for v in texts), -1])[found])


def _set_groups(raw: pd.Series, parts: tuple[str, ...], most: int) -> Sides:
    cells = [set_values(cell) for cell in raw.astype(object)]
    kept, groups = _kept_values(Counter(v for cell in cells for v in cell), (), parts, most)
    place = {value: i for i, value in enumerate(kept)}
    membership = np.zeros((len(cells), len(groups)))
    for row, cell in enumerate(cells):
        for value in cell:
            membership[row, place.get(value, len(kept))] += 1 / len(cell)
    return _with_missing(groups, membership)


def _kept_values(
    count: dict[str, int], levels: tuple[str, ...], parts: tuple[str, ...], most: int
) -> tuple[list[str], tuple[Group, ...]]:
    """Values that are groups of their own, in reading order, and all groups: the rarer of too many values share one."""
    kept = set(parts) or set(count)
    if len(kept) > most and not parts:
        kept = set(sorted(count, key=lambda v: (-count[v], v))[:MOST_ALONE])
    ordered = [*(v for v in levels if v in kept), *sorted(kept - set(levels))]
    rest = (Group("rest"),) if len(kept) < len(count) else ()
    return ordered, (*(Group("value", v) for v in ordered), *rest)


def _one_hot(groups: tuple[Group, ...], code: np.ndarray) -> Sides:
    return _with_missing(groups, (code[:, None] == np.arange(len(groups))).astype(float))


def _with_missing(groups: tuple[Group, ...], membership: np.ndarray) -> Sides:
    missing = membership.sum(axis=1) == 0
    if not missing.any():
        return groups, membership
    return (*groups, Group("missing")), np.column_stack([membership, missing])
