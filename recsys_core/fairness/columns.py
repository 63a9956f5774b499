"""Columns that can form groups: how a person spells them, which there are, and those made of the training history."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.data.segments import COLUMN as SEGMENT
from recsys_core.errors import RecLensError, SettingError
from recsys_core.metrics import head_items

GROUPABLE = ("category", "ordered", "number", "set")
TRAINING = "training"  # prefix of the columns that are made of the training history
ACTIVITY = Column("activity", "number")
POPULAR_TASTE = Column("popular_taste", "number", unit="%")
POPULARITY = Column("popularity", "number")
ITEM_AGE = Column("item_age", "number", unit="days")  # since the item first appeared, at the end of the data
INTERACTIONS = Column("interactions", "number")  # logged, taken or not; found by its name, offered for strata alone
DERIVED = (
    ("user", INTERACTIONS),
    ("user", ACTIVITY),
    ("user", POPULAR_TASTE),
    ("item", POPULARITY),
    ("item", ITEM_AGE),
)
PARTS, PART = "=", "/"  # age=30/50: the edges of a number's buckets, or the values that are groups of their own
MOST_PARTS = 100
SECONDS_A_DAY = 86_400
_OWN_SIGN: set[str] = set()  # full names, met in any dataset so far, that hold the sign themselves; see `without_parts`


class FoundColumn(NamedTuple):
    """A column as somebody asked for it.

    Attributes
    ----------
    side, key, column
        ``user``, its full name (``user.age=30/50`` where parts were asked for), and what it is.
    edges
        Of a number: the lower ends of all buckets but the first. Empty: quartiles.
    values
        Of other columns: those that are groups of their own, all others sharing one. Empty: the most frequent.
    """

    side: str
    key: str
    column: Column
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """The full name less the parts; a sign that belongs to the column's own name stays."""
        return self.key.rpartition(PARTS)[0] if self.edges or self.values else self.key


def groupable_columns(dataset: Dataset, side: str | None = None) -> tuple[str, ...]:
    """Every COLUMN that can be asked for (of one ``side``), users before items, sensitive ones first.

    ``user.gender``, ``item.category``; ``training.activity`` and the like are made of the history,
    so they are there for data without any attribute. Segments that the dataset knows are the last of the users'.
    """
    found = sorted(_columns(dataset), key=lambda c: (c[0] != "user", not c[2].sensitive))
    return tuple(key for of, key, column in found if side in (None, of) and column is not INTERACTIONS)


def find_column(dataset: Dataset, spelled: str) -> FoundColumn:
    """The column that ``gender``, ``user.gender``, ``item.category``, ``activity`` or ``age=30/50`` means.

    A full name is what it says. A bare name is a user column first, then an item column, then one made
    of the training history. ``segment:NAME`` is that segment, whatever columns there are. A column that the model
    ignores can form groups if it is marked sensitive: leaving an attribute out of the model does not make the
    model fair to it. What stands behind the last ``=`` of a text that is no column's name are its parts.

    Raises ``RecLensError`` for any other name: ``column.one_value`` where it is a column that tells nobody apart, else
    ``column.unknown``; ``SettingError`` for parts that are none:
    ``fairness.edges``, ``fairness.parts``, ``fairness.value`` (a value that nobody has).
    """
    columns = _columns(dataset)
    found = _named(columns, spelled)
    if found is not None:
        return FoundColumn(*found)
    name, sign, text = spelled.rpartition(PARTS)
    found = _named(columns, name) if sign else None
    if found is None:
        key = "column.one_value" if has_one_value(dataset, spelled) else "column.unknown"
        raise RecLensError(key, column=spelled, workspace=dataset.name, known=known_columns(dataset))
    side, key, column = found
    if key.startswith(SEGMENT):
        raise SettingError("fairness.parts", column=key, text=text)
    is_number = column.kind == "number"
    edges, values = (_edges(key, text), ()) if is_number else ((), _values(dataset, found, text))
    return FoundColumn(side, f"{key}{PARTS}{PART.join(map(part_text, edges or values))}", column, edges, values)


def has_one_value(dataset: Dataset, spelled: str) -> bool:
    """Whether a text names a column that is kept, and ignored, as all of its cells are alike."""
    sides = (("user", dataset.schema.users, dataset.users), ("item", dataset.schema.items, dataset.items))
    named = (
        table[column.stored]
        for side, columns, table in sides
        for column in columns
        if column.kind == "ignored" and spelled in (column.name, f"{side}.{column.name}")
    )
    return any(cells.nunique(dropna=False) == 1 for cells in named)


def part_text(part: float | str) -> str:
    """An edge or a value as it stands in the name of a column, the inverse of what `find_column` reads.

    >>> part_text(30.0), part_text("wood/metal")
    ('30', 'wood%2Fmetal')
    """
    if isinstance(part, str):
        return part.replace("%", "%25").replace(PART, "%2F").replace(PARTS, "%3D")
    return repr(float(part)).removesuffix(".0")


def without_parts(key: str) -> tuple[str, str]:
    """A full name as `find_column` gives it, less its parts, and these as they are written.

    For words alone: a column whose own name holds the sign is told from one with parts where this process has looked
    for columns in its dataset; `FoundColumn.whole` always tells them apart.

    >>> without_parts("user.age=30/50"), without_parts("segment:a=b")
    (('user.age', '30/50'), ('segment:a=b', ''))
    """
    name, sign, parts = key.rpartition(PARTS)
    if key in _OWN_SIGN:
        return key, ""
    return (name, parts) if sign and not key.startswith(SEGMENT) else (key, "")


def _named(columns: list[tuple[str, str, Column]], spelled: str) -> tuple[str, str, Column] | None:
    """A full name, then a bare one, then a derived column by its side (``item.popularity``, ``item.age``)."""
    names = (
        lambda side, key, column: key,
        lambda side, key, column: column.name,
        lambda side, key, column: f"{side}.{column.name}",
        lambda side, key, column: f"{side}.{column.name.removeprefix('item_')}" if column is ITEM_AGE else "",
    )
    return next((found for name in names for found in columns if spelled and spelled == name(*found)), None)


def _edges(column: str, text: str) -> tuple[float, ...]:
    try:
        edges = tuple(float(part) for part in text.split(PART))
    except ValueError:
        raise SettingError("fairness.edges", column=column, text=text) from None
    if not all(map(math.isfinite, edges)) or any(b <= a for a, b in pairwise(edges)) or len(edges) > MOST_PARTS:
        raise SettingError("fairness.edges", column=column, text=text)
    return edges


def _values(dataset: Dataset, found: tuple[str, str, Column], text: str) -> tuple[str, ...]:
    side, key, column = found
    values = tuple(dict.fromkeys(unquote(part) for part in text.split(PART)))
    if not all(values) or len(values) > MOST_PARTS:
        raise SettingError("fairness.parts", column=key, text=text)
    cells = (dataset.users if side == "user" else dataset.items)[column.stored].dropna().unique()
    known = (
        {v for c in cells for v in set_values(c)} if (side, column.kind) == ("item", "set") else set(map(str, cells))
    )
    gone = [value for value in values if value not in known]
    if gone:
        raise SettingError("fairness.value", column=key, value=gone[0])
    return values


def set_values(cell: object) -> list[str]:
    """The different values of a ``set`` column's cell, in order."""
    return [] if pd.isna(cell) else [v for v in dict.fromkeys(str(cell).split("|")) if v]


def known_columns(dataset: Dataset) -> str:
    """All names, for a refusal."""
    return ", ".join(groupable_columns(dataset))


def by_columns(dataset: Dataset, spelled: str) -> tuple[str, ...]:
    """Names of the columns that ``--by`` asks for: one, or several with commas between them.

    A text that is the name of one column is that column, commas and all; else it is read as a line of
    CSV, so that ``"city, state",gender`` crosses two; a column said twice counts once. Raises as `find_column`.
    """
    try:
        return (find_column(dataset, spelled).key,)
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
        return find_column(dataset, name).key
    except SettingError:
        raise
    except RecLensError:
        return find_column(dataset, name.strip()).key


def derived_numbers(column: Column, train: csr_array, dataset: Dataset) -> np.ndarray:
    """Values of a column that is made of the history, one a user (or item)."""
    if column is ACTIVITY:
        return n_training_items(train)
    if column is POPULAR_TASTE:
        return popularity_share(train)
    if column is ITEM_AGE:
        return item_age(dataset)
    if column is INTERACTIONS:
        return np.bincount(dataset.interactions["user_index"], minlength=dataset.n_users).astype(float)
    return np.bincount(train.indices, minlength=dataset.n_items).astype(float)


def item_age(dataset: Dataset) -> np.ndarray:
    """Days from each item's first interaction to the last one of all, ``(n_items,)``; NaN for items without any."""
    log = dataset.interactions
    item, time = log["item_index"].to_numpy(), log["time"].to_numpy().astype(float)
    first = np.full(dataset.n_items, np.inf)
    np.minimum.at(first, item, time)
    return np.where(np.isfinite(first), (time.max(initial=-np.inf) - first) / SECONDS_A_DAY, np.nan)


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
    _OWN_SIGN.update(key for _, key, _ in own if PARTS in key)
    segments = ((name, Column(name, "category")) for name in (f"{SEGMENT}{s}" for s in dataset.segments))
    derived = [(side, c) for side, c in DERIVED if c is not ITEM_AGE or dataset.schema.has_time]
    return own + [(side, f"{TRAINING}.{c.name}", c) for side, c in derived] + [("user", n, c) for n, c in segments]
