"""Groups: any column of users or items, numbers in buckets, two columns crossed, as memberships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.errors import RecLensError, SettingError
from recsys_core.metrics import Csr, head_items

MISSING = "(missing)"
N_BUCKETS = 4
MOST_GROUPS = 500
GROUPABLE = ("category", "ordered", "number", "set")
ACTIVITY = Column("activity", "number")
POPULAR_TASTE = Column("popular_taste", "number", unit="%")
DERIVED = (ACTIVITY, POPULAR_TASTE)


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Which group every user or item belongs to.

    ``membership`` is ``(n_rows, n_groups)``, one row a user or item of the dataset; each row
    sums to 1. Users are in exactly one group; an item with several values of a ``set``
    column is in each of them with an equal share. ``labels`` are in reading order: the order
    of the levels, of the numbers, or of the alphabet, with ``(missing)`` last.
    """

    by: tuple[str, ...]
    side: str
    labels: tuple[str, ...]
    membership: np.ndarray

    def __post_init__(self) -> None:
        if not np.allclose(self.membership.sum(axis=1), 1):
            raise ValueError("every row of membership must sum to 1")

    @property
    def code(self) -> np.ndarray:
        """Index of each row's (largest) group, ``(n_rows,)``."""
        return self.membership.argmax(axis=1)


def make_grouping(dataset: Dataset, by: tuple[str, ...], *, train: Csr) -> Grouping:
    """Group users or items by one column, or by several crossed (``F × 18–24``).

    Parameters
    ----------
    dataset
        Where the columns are.
    by
        Columns as a person spells them: ``gender``, ``user.gender``, ``item.category``,
        ``activity``. A bare name is a user column first, then an item column.
    train
        Items taken in training by every user, ``(indptr, indices)``; feeds the two derived
        columns of users, `activity_level` and `popular_taste`.

    Raises
    ------
    RecLensError
        ``column.unknown`` for a column that is not there or cannot form groups (text, names).
    SettingError
        ``fairness.mixed_sides`` where user and item columns are crossed;
        ``fairness.too_many_groups`` beyond 500 groups (postcodes, names).
    """
    found = [find_column(dataset, name) for name in by]
    sides = {side for side, _ in found}
    if not by:
        raise RecLensError("column.unknown", column="''", workspace=dataset.name, known=_known(dataset))
    if len(sides) > 1:
        raise SettingError("fairness.mixed_sides", columns=", ".join(by))
    side = sides.pop()
    labels, membership = _column_groups(dataset, side, found[0][1], train)
    for _, column in found[1:]:
        labels, membership = _cross((labels, membership), _column_groups(dataset, side, column, train))
    return Grouping(tuple(f"{side}.{c.name}" for _, c in found), side, labels, membership)


def find_column(dataset: Dataset, spelled: str) -> tuple[str, Column]:
    """Side and column that ``gender``, ``user.gender`` or ``item.category`` means.

    A column that the model ignores can form groups if it is marked sensitive: leaving an
    attribute out of the model does not make the model fair to it.
    """
    for side, column in _columns(dataset):
        if spelled in (column.name, f"{side}.{column.name}"):
            return side, column
    raise RecLensError("column.unknown", column=spelled, workspace=dataset.name, known=_known(dataset))


def groupable_columns(dataset: Dataset) -> tuple[str, ...]:
    """Every COLUMN that can be asked for, sensitive ones first, user columns before item columns."""
    columns = sorted(_columns(dataset), key=lambda c: (c[0] != "user", not c[1].sensitive))
    return tuple(f"{side}.{column.name}" for side, column in columns)


def activity_level(train: Csr) -> np.ndarray:
    """Number of items that each user took in training, ``(n_users,)``.

    >>> activity_level((np.array([0, 2, 2]), np.array([4, 1]))).tolist()
    [2.0, 0.0]
    """
    return np.diff(train[0]).astype(float)


def popular_taste(train: Csr, n_items: int) -> np.ndarray:
    """Per cent of each user's training items that are among the most popular fifth; NaN without any.

    The split into head and tail is that of Abdollahpouri et al. 2019.

    >>> popular_taste((np.array([0, 2, 3, 3]), np.array([0, 1, 0])), n_items=3).tolist()
    [50.0, 100.0, nan]
    """
    indptr, indices = train
    count = np.diff(indptr)
    popular = head_items(np.bincount(indices, minlength=n_items))[indices]
    total = np.bincount(np.repeat(np.arange(len(count)), count), weights=popular, minlength=len(count))
    return np.divide(100 * total, count, out=np.full(len(count), np.nan), where=count > 0)


def bucket(numbers: np.ndarray, *, n_buckets: int = N_BUCKETS, unit: str = "") -> tuple[tuple[str, ...], np.ndarray]:
    """Labels and codes ``(n,)`` of quantile buckets; code -1 where the number is missing or infinite.

    Up to ``n_buckets`` different numbers each stay a group of their own. A label names the
    smallest and the largest number really in the bucket, so buckets never overlap in words.

    >>> bucket(np.array([18, 20, 27, 31, 40, 44, 52, 70.0]))[0]
    ('18–20', '27–31', '40–44', '52–70')
    """
    known = np.isfinite(numbers)
    code = np.full(len(numbers), -1)
    distinct = np.unique(numbers[known])
    if len(distinct) <= n_buckets:
        code[known] = np.searchsorted(distinct, numbers[known])
        return _range_labels(list(zip(distinct, distinct, strict=True)), unit), code
    inner = np.quantile(numbers[known], np.linspace(0, 1, n_buckets + 1)[1:-1])
    slot = np.searchsorted(np.unique(inner), numbers[known], side="right")
    code[known] = np.unique(slot, return_inverse=True)[1]  # many equal numbers can leave a bucket empty
    ends = [(numbers[code == c].min(), numbers[code == c].max()) for c in range(code.max() + 1)]
    return _range_labels(ends, unit), code


def _columns(dataset: Dataset) -> list[tuple[str, Column]]:
    users = [c for c in dataset.schema.users if c.kind in GROUPABLE or c.sensitive]
    own = {c.name for c in users}
    derived = [c for c in DERIVED if c.name not in own]
    items = [c for c in dataset.schema.items if c.kind in GROUPABLE]
    return [("user", c) for c in (*users, *derived)] + [("item", c) for c in items]


def _known(dataset: Dataset) -> str:
    return ", ".join(groupable_columns(dataset))


def _column_groups(dataset: Dataset, side: str, column: Column, train: Csr) -> tuple[tuple[str, ...], np.ndarray]:
    if column is ACTIVITY:
        return _one_hot(*bucket(activity_level(train)))
    if column is POPULAR_TASTE:
        return _one_hot(*bucket(popular_taste(train, dataset.n_items), unit=column.unit))
    raw = (dataset.users if side == "user" else dataset.items)[column.stored]
    if column.kind == "number":
        return _one_hot(*bucket(pd.to_numeric(raw, errors="coerce").to_numpy(float), unit=column.unit))
    if column.kind == "set" and side == "item":
        return _set_groups(raw)
    # a user's set counts as one value, so that every user is in one group and sizes add up
    return _value_groups(raw, column.levels)


def _value_groups(raw: pd.Series, levels: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    found, values = pd.factorize(raw)  # -1 for missing
    present = [str(v) for v in values]
    _check_count(str(raw.name), len(present))
    labels = (*(v for v in levels if v in present), *sorted(set(present) - set(levels)))
    place = np.array([*(labels.index(v) for v in present), -1])
    return _one_hot(labels, place[found])


def _set_groups(raw: pd.Series) -> tuple[tuple[str, ...], np.ndarray]:
    cells = [_set_values(cell) for cell in raw.astype(object)]
    labels = tuple(sorted({v for cell in cells for v in cell}))
    _check_count(str(raw.name), len(labels))
    column = {label: i for i, label in enumerate(labels)}
    membership = np.zeros((len(cells), len(labels)))
    for row, cell in enumerate(cells):
        membership[row, [column[v] for v in cell]] = 1 / max(len(cell), 1)
    return _with_missing(labels, membership)


def _set_values(cell: object) -> list[str]:
    return [] if pd.isna(cell) else [v for v in dict.fromkeys(str(cell).split("|")) if v]


def _check_count(column: str, count: int) -> None:
    """A row a postcode is no report, and its memberships would fill the memory."""
    if count > MOST_GROUPS:
        raise SettingError("fairness.too_many_groups", column=column, count=count, most=MOST_GROUPS)


def _one_hot(labels: tuple[str, ...], code: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    return _with_missing(labels, (code[:, None] == np.arange(len(labels))).astype(float))


def _with_missing(labels: tuple[str, ...], membership: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    missing = membership.sum(axis=1) == 0
    if not missing.any():
        return labels, membership
    return (*labels, MISSING), np.column_stack([membership, missing])


def _cross(a: tuple[tuple[str, ...], np.ndarray], b: tuple[tuple[str, ...], np.ndarray]) -> tuple:
    """Every pair of groups that somebody is in."""
    labels = [f"{x} × {y}" for x in a[0] for y in b[0]]
    _check_count("(crossed)", len(labels))
    membership = (a[1][:, :, None] * b[1][:, None, :]).reshape(len(a[1]), -1)
    met = np.flatnonzero(membership.any(axis=0))
    return tuple(labels[i] for i in met), membership[:, met]


def _range_labels(ends: list[tuple[float, float]], unit: str) -> tuple[str, ...]:
    for digits in range(3, 18):
        labels = tuple(_range_label(low, high, digits) for low, high in ends)
        if len(set(labels)) == len(labels):
            break
    return tuple(f"{label} {unit}".strip() for label in labels) if ends else ()


def _range_label(low: float, high: float, digits: int) -> str:
    first, last = (_plain(x, digits) for x in (low, high))
    return first if first == last else f"{first}–{last}"


def _plain(x: float, digits: int) -> str:
    whole = x == int(x) or abs(x) >= 10 ** (digits - 1)
    return f"{x:.0f}" if whole else f"{x:.{digits}g}"
