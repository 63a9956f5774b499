"""Columns that can form groups: how a person spells them, which there are, and those made of the training history."""

from __future__ import annotations

import csv

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.data.segments import COLUMN as SEGMENT
from recsys_core.errors import RecLensError
from recsys_core.metrics import head_items

GROUPABLE = ("category", "ordered", "number", "set")
TRAINING = "training"  # prefix of the columns that are made of the training history
ACTIVITY = Column("activity", "number")
POPULAR_TASTE = Column("popular_taste", "number", unit="%")
POPULARITY = Column("popularity", "number")
DERIVED = (("user", ACTIVITY), ("user", POPULAR_TASTE), ("item", POPULARITY))


def groupable_columns(dataset: Dataset, side: str | None = None) -> tuple[str, ...]:
    """Every COLUMN that can be asked for (of one ``side``), users before items, sensitive ones first.

    ``user.gender``, ``item.category``; ``training.activity`` and the like are made of the history,
    so they are there for data without any attribute. Segments that the dataset knows are the last of the users'.
    """
    found = sorted(_columns(dataset), key=lambda c: (c[0] != "user", not c[2].sensitive))
    return tuple(key for of, key, _ in found if side in (None, of))


def find_column(dataset: Dataset, spelled: str) -> tuple[str, str, Column]:
    """Side, full name and column that ``gender``, ``user.gender``, ``item.category`` or ``activity`` means.

    A full name is what it says. A bare name is a user column first, then an item column, then one made
    of the training history. ``segment:NAME`` is that segment, whatever columns there are. A column that the model
    ignores can form groups if it is marked sensitive: leaving an attribute out of the model does not make the
    model fair to it.

    Raises ``RecLensError`` (``column.unknown``) for any other name.
    """
    columns = _columns(dataset)
    bare = [(side, key, column) for side, key, column in columns if spelled == column.name]
    sided = [(side, key, column) for side, key, column in columns if spelled == f"{side}.{column.name}"]
    found = [c for c in columns if spelled == c[1]] + bare + sided
    if not found:
        raise RecLensError("column.unknown", column=spelled, workspace=dataset.name, known=known_columns(dataset))
    return found[0]


def known_columns(dataset: Dataset) -> str:
    """All names, for a refusal."""
    return ", ".join(groupable_columns(dataset))


def by_columns(dataset: Dataset, spelled: str) -> tuple[str, ...]:
    """Names of the columns that ``--by`` asks for: one, or several with commas between them.

    A text that is the name of one column is that column, commas and all; else it is read as a line of
    CSV, so that ``"city, state",gender`` crosses two; a column said twice counts once. Raises as `find_column`.
    """
    try:
        return (find_column(dataset, spelled)[1],)
    except RecLensError:
        pass
    try:
        names = next(csv.reader([spelled], skipinitialspace=True), None)
    except csv.Error:
        names = None
    return tuple(dict.fromkeys(_spelled_or_stripped(dataset, name) for name in names or [spelled]))


def _spelled_or_stripped(dataset: Dataset, name: str) -> str:
    """Blanks around a name may belong to it."""
    try:
        return find_column(dataset, name)[1]
    except RecLensError:
        return find_column(dataset, name.strip())[1]


def derived_numbers(column: Column, train: csr_array, n_items: int) -> np.ndarray:
    """Values of a column that is made of the training history, one a user (or item)."""
    if column is ACTIVITY:
        return n_training_items(train)
    if column is POPULAR_TASTE:
        return popularity_share(train)
    return np.bincount(train.indices, minlength=n_items).astype(float)


def n_training_items(train: csr_array) -> np.ndarray:
    """Number of items that each user took in training, ``(n_users,)``.

    >>> n_training_items(csr_array([[0, 1, 1], [0, 0, 0]])).tolist()
    [2.0, 0.0]
    """
    return np.diff(train.indptr).astype(float)


def popularity_share(train: csr_array) -> np.ndarray:
    """Per cent of each user's training items that are among the most popular fifth; NaN without any.

    The split into head and tail is that of Abdollahpouri et al. 2019.

    >>> popularity_share(csr_array([[1, 1, 0], [1, 0, 0], [0, 0, 0]])).tolist()
    [50.0, 100.0, nan]
    """
    count = np.diff(train.indptr)
    total = train @ head_items(np.bincount(train.indices, minlength=train.shape[1])).astype(float)
    return np.divide(100 * total, count, out=np.full(len(count), np.nan), where=count > 0)


def _columns(dataset: Dataset) -> list[tuple[str, str, Column]]:
    """Side, full name and column, in the order in which a bare name is looked for."""
    users = [c for c in dataset.schema.users if c.kind in GROUPABLE or c.sensitive]
    items = [c for c in dataset.schema.items if c.kind in GROUPABLE]
    own = [("user", f"user.{c.name}", c) for c in users] + [("item", f"item.{c.name}", c) for c in items]
    segments = ((name, Column(name, "category")) for name in (f"{SEGMENT}{s}" for s in dataset.segments))
    return own + [(side, f"{TRAINING}.{c.name}", c) for side, c in DERIVED] + [("user", n, c) for n, c in segments]
