"""Groups: any column of users or items, numbers in buckets, two columns crossed, as memberships."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.errors import Phrase, RecLensError, SettingError, phrase
from recsys_core.fairness.columns import DERIVED, SEGMENT, derived_numbers, find_column, known_columns
from recsys_core.results import Group

N_BUCKETS = 4
MOST_GROUPS = 500
MOST_ALONE = 50  # of a column with more values than that, so many stay groups of their own
Sides = tuple[tuple[Group, ...], np.ndarray]  # groups, and (n_rows, n_groups) memberships


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


def make_grouping(dataset: Dataset, by: tuple[str, ...], *, train: csr_array) -> Grouping:
    """Group users or items by one column, or by several crossed (``F × 18–24``).

    A column of more than 500 values keeps its 50 most frequent as groups, the others share one.

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
        ``fairness.mixed_sides`` where user and item columns are crossed;
        ``fairness.too_many_groups`` where crossing makes more than 500 groups.
    """
    if not by:
        raise RecLensError("column.unknown", column="''", workspace=dataset.name, known=known_columns(dataset))
    found = [find_column(dataset, name) for name in by]
    names, sides = tuple(key for _, key, _ in found), {side for side, _, _ in found}
    if len(sides) > 1:
        raise SettingError("fairness.mixed_sides", columns=", ".join(names))
    side = sides.pop()
    parts = [
        _segment_groups(dataset, key.removeprefix(SEGMENT))
        if key.startswith(SEGMENT)
        else _column_groups(dataset, side, column, train)
        for _, key, column in found
    ]
    notes = (_note(key, groups, membership) for key, (groups, membership) in zip(names, parts, strict=True))
    groups, membership = reduce(_cross, parts)
    return Grouping(names, side, groups, membership, tuple(n for n in notes if n))


def _note(column: str, groups: tuple[Group, ...], membership: np.ndarray) -> Phrase | None:
    """What must be said of a column with too many values."""
    rest = next((i for i, group in enumerate(groups) if group.kind == "rest"), None)
    if rest is None:
        return None
    return phrase("fairness.note.rest", column=column, alone=MOST_ALONE, count=int((membership[:, rest] > 0).sum()))


def bucket(numbers: np.ndarray, *, n_buckets: int = N_BUCKETS, unit: str = "") -> tuple[tuple[Group, ...], np.ndarray]:
    """Groups and codes ``(n,)`` of quantile buckets; code -1 where the number is missing or infinite.

    Up to ``n_buckets`` different numbers each stay a group of their own. A group is named after the
    smallest and the largest number really in the bucket, so buckets never overlap in words.

    >>> [group.label for group in bucket(np.array([18, 20, 27, 31, 40, 44, 52, 70.0]))[0]]
    ['18–20', '27–31', '40–44', '52–70']
    """
    known = np.isfinite(numbers)
    code = np.full(len(numbers), -1)
    distinct = np.unique(numbers[known])
    if len(distinct) <= n_buckets:
        code[known] = np.searchsorted(distinct, numbers[known])
        return _ranges(list(zip(distinct, distinct, strict=True)), unit), code
    inner = np.quantile(numbers[known], np.linspace(0, 1, n_buckets + 1)[1:-1])
    slot = np.searchsorted(np.unique(inner), numbers[known], side="right")
    code[known] = np.unique(slot, return_inverse=True)[1]  # many equal numbers can leave a bucket empty
    ends = [(numbers[code == c].min(), numbers[code == c].max()) for c in range(code.max() + 1)]
    return _ranges(ends, unit), code


def _segment_groups(dataset: Dataset, name: str) -> Sides:
    """A segment's users, and all others."""
    code = np.ones(dataset.n_users, dtype=np.int64)
    code[dataset.segments[name]] = 0
    return _one_hot((Group("segment", name), Group("others", name)), code)


def _column_groups(dataset: Dataset, side: str, column: Column, train: csr_array) -> Sides:
    if any(column is derived for _, derived in DERIVED):
        return _one_hot(*bucket(derived_numbers(column, train, dataset.n_items), unit=column.unit))
    raw = (dataset.users if side == "user" else dataset.items)[column.stored]
    if column.kind == "number":
        return _one_hot(*bucket(pd.to_numeric(raw, errors="coerce").to_numpy(float), unit=column.unit))
    if column.kind == "set" and side == "item":
        return _set_groups(raw)
    # a user's set counts as one value, so that every user is in one group and sizes add up
    return _value_groups(raw, column.levels)


def _value_groups(raw: pd.Series, levels: tuple[str, ...]) -> Sides:
    found, values = pd.factorize(raw)  # -1 for missing
    texts = np.array([str(v) for v in values], dtype=object)
    count = np.bincount(found[found >= 0], minlength=len(texts))
    kept, groups = _kept_values(dict(zip(texts, count.tolist(), strict=True)), levels)
    place = {value: i for i, value in enumerate(kept)}
    return _one_hot(groups, np.array([*(place.get(v, len(kept)) for v in texts), -1])[found])


def _set_groups(raw: pd.Series) -> Sides:
    cells = [set_values(cell) for cell in raw.astype(object)]
    kept, groups = _kept_values(Counter(v for cell in cells for v in cell), ())
    place = {value: i for i, value in enumerate(kept)}
    membership = np.zeros((len(cells), len(groups)))
    for row, cell in enumerate(cells):
        for value in cell:
            membership[row, place.get(value, len(kept))] += 1 / len(cell)
    return _with_missing(groups, membership)


def set_values(cell: object) -> list[str]:
    """The different values of a ``set`` column's cell, in order."""
    return [] if pd.isna(cell) else [v for v in dict.fromkeys(str(cell).split("|")) if v]


def _kept_values(count: dict[str, int], levels: tuple[str, ...]) -> tuple[list[str], tuple[Group, ...]]:
    """Values that are groups of their own, in reading order, and all groups: the rarer of too many values share one."""
    kept = set(count)
    if len(count) > MOST_GROUPS:
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


def _cross(a: Sides, b: Sides) -> Sides:
    """Every pair of groups that somebody is in."""
    n_pairs = len(a[0]) * len(b[0])
    if n_pairs > MOST_GROUPS:
        raise SettingError("fairness.too_many_groups", count=n_pairs, most=MOST_GROUPS)
    groups = [Group("crossed", parts=(*(x.parts or (x,)), y)) for x in a[0] for y in b[0]]
    membership = (a[1][:, :, None] * b[1][:, None, :]).reshape(len(a[1]), -1)
    met = np.flatnonzero(membership.any(axis=0))
    return tuple(groups[i] for i in met), membership[:, met]


def _ranges(ends: list[tuple[float, float]], unit: str) -> tuple[Group, ...]:
    labels: tuple[str, ...] = ()
    for digits in range(3, 18):
        labels = tuple(_range_label(low, high, digits) for low, high in ends)
        if len(set(labels)) == len(labels):
            break
    return tuple(
        Group("range", label, unit, float(low), float(high)) for label, (low, high) in zip(labels, ends, strict=True)
    )


def _range_label(low: float, high: float, digits: int) -> str:
    first, last = (_plain(x, digits) for x in (low, high))
    return first if first == last else f"{first}–{last}"


def _plain(x: float, digits: int) -> str:
    whole = x == int(x) or abs(x) >= 10 ** (digits - 1)
    return f"{x:.0f}" if whole else f"{x:.{digits}g}"
