"""Conditions on users: ranges of numbers and values of columns, how the address writes them, and who meets them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, stored_name
from recsys_core.errors import SettingError

ACTIVITY = "training.activity"  # how many items a user took in training; the name that audits of groups give it
CONDITIONED = ("number", "category", "ordered", "set")
DESCRIBED_BY = ("age", "occupation")  # what people are called by can be asked for, whatever its kind

Condition = tuple[float, float] | tuple[str, ...]
Conditions = dict[str, Condition]
Cells = np.ndarray | list[str] | list[tuple[str, ...]]
"""A column of all users: numbers (NaN where missing), texts (empty where missing), or the members of sets."""


def parse_conditions(text: str) -> Conditions:
    """Conditions by column: a range of numbers, or the values to be among; what cannot be read is left out.

    >>> parse_conditions("age:25..35;region:north|new%20south;nonsense")
    {'age': (25.0, 35.0), 'region': ('north', 'new south')}
    """
    found: Conditions = {}
    for part in text.split(";"):
        column, colon, rest = part.partition(":")
        condition = _range(rest) if ".." in rest else tuple(unquote(v) for v in rest.split("|") if v)
        if colon and condition:
            found[unquote(column)] = condition
    return found


def checked_conditions(text: str) -> Conditions:
    """`parse_conditions` of what a person wrote: every part must be a condition, on a column of its own.

    Raises ``SettingError`` (``segment.where``) else.
    """
    found = parse_conditions(text)
    if not found or len(found) != text.count(";") + 1:
        raise SettingError("segment.where", text=text)
    return found


def _range(text: str) -> tuple[float, float] | None:
    low, dots, high = text.partition("..")
    try:
        ends = (float(low), float(high)) if dots else (math.nan, math.nan)
    except ValueError:
        return None
    return ends if ends[0] <= ends[1] and all(map(math.isfinite, ends)) else None


def write_conditions(conditions: Mapping[str, Condition]) -> str:
    """The inverse of `parse_conditions`; a column without a condition is left out.

    >>> write_conditions({"age": (25.0, 35.0), "a;b": ("x|y", "z..")})
    'age:25..35;a%3Bb:x%7Cy|z%2E%2E'
    >>> parse_conditions(write_conditions({"a;b": ("x|y", "1..2")}))
    {'a;b': ('x|y', '1..2')}
    """
    return ";".join(f"{_quoted(column)}:{_written(c)}" for column, c in conditions.items() if c)


def _written(condition: Condition) -> str:
    if isinstance(condition[0], str):
        return "|".join(_quoted(str(v)) for v in condition)
    return "..".join(repr(float(end)).removesuffix(".0") for end in condition)


def _quoted(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")


def condition_columns(dataset: Dataset) -> tuple[str, ...]:
    """Names of the columns that users can be told apart by, in the schema's order; the last one is `ACTIVITY`.

    Columns that the model does not read are among them where they are sensitive: as for groups.
    """
    return (*(c.name for c in dataset.schema.users if _can_be_asked_for(c)), ACTIVITY)


def _can_be_asked_for(column: Column) -> bool:
    return column.kind in CONDITIONED or column.sensitive or column.name in DESCRIBED_BY


def condition_cells(dataset: Dataset, column: str, taken: csr_array) -> Cells:
    """One of the `condition_columns` for every user, in matrix order.

    ``taken`` ``(n_users, n_items)``: items taken in training (`SplitDataset.sequences`). A number's cells that all
    are missing are empty texts: there is no range to choose from.
    """
    if column == ACTIVITY:
        return np.diff(taken.indptr).astype(float)
    about, raw = dataset.schema.user_column(column), dataset.users[stored_name(column)]
    kind = about.kind if about is not None else "category"
    if kind == "set":
        return [tuple(v for v in text.split("|") if v) for text in cell_texts(raw)]
    numbers = pd.to_numeric(raw, errors="coerce").to_numpy(float) if kind == "number" else np.full(1, np.nan)
    return cell_texts(raw) if np.isnan(numbers).all() else numbers


def cell_texts(cells: pd.Series) -> list[str]:
    """Cells as text without superfluous blanks, whole numbers without a point; empty where the cell is.

    >>> cell_texts(pd.Series([3.0, None, " new  south "], dtype=object))
    ['3', '', 'new south']
    """
    return ["" if pd.isna(cell) else " ".join(str(_whole(cell)).split()) for cell in cells.tolist()]


def _whole(cell: object) -> object:
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def values_of(cells: Cells) -> list[str]:
    """The different values of a column of texts or sets, in order; none of a column of numbers."""
    if isinstance(cells, np.ndarray):
        return []
    return sorted({v for cell in cells for v in ((cell,) if isinstance(cell, str) else cell)} - {""})


def fitting(cells: Mapping[str, Cells], conditions: Mapping[str, Condition]) -> np.ndarray:
    """Matrix rows of the users who meet every condition; ``cells`` hold the columns of all users.

    A missing cell meets none. A set meets a condition that names one of its members.

    Raises ``KeyError`` for a condition on a column that is not among the cells.

    >>> cells = {"age": np.array([20.0, 30, np.nan]), "region": ["north", "south", "north"]}
    >>> fitting(cells, {"age": (18, 25), "region": ("north",)}).tolist(), fitting(cells, {}).tolist()
    ([0], [0, 1, 2])
    """
    n = len(next(iter(cells.values()))) if cells else 0
    fits = np.ones(n, dtype=bool)
    for column, condition in conditions.items():
        fits &= _meets(cells[column], condition)
    return np.flatnonzero(fits)


def _meets(cells: Cells, condition: Condition) -> np.ndarray:
    low, high = condition[0], condition[-1]
    if isinstance(low, str) or isinstance(high, str):
        return _is_among(cells, {str(v) for v in condition})
    if not isinstance(cells, np.ndarray):  # texts have no range
        return np.zeros(len(cells), dtype=bool)
    return (cells >= low) & (cells <= high)


def _is_among(cells: Cells, wanted: Iterable[str]) -> np.ndarray:
    wanted = set(wanted) - {""}
    if isinstance(cells, np.ndarray):
        cells = cell_texts(pd.Series(cells))
    found = (cell in wanted if isinstance(cell, str) else not wanted.isdisjoint(cell) for cell in cells)
    return np.fromiter(found, dtype=bool, count=len(cells))
