"""Conditions on users as the address writes them, and who fits: ``age:25..35;region:north|south``."""

from __future__ import annotations

import math
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd

Condition = tuple[float, float] | tuple[str, ...]
Conditions = dict[str, Condition]


def parse(text: str) -> Conditions:
    """Conditions by column: a range of numbers, or the values to be among; what cannot be read is left out.

    >>> parse("age:25..35;region:north|new%20south;nonsense")
    {'age': (25.0, 35.0), 'region': ('north', 'new south')}
    """
    found: Conditions = {}
    for part in text.split(";"):
        column, colon, rest = part.partition(":")
        if colon and rest:
            found[unquote(column)] = _range(rest) or tuple(unquote(v) for v in rest.split("|"))
    return found


def _range(text: str) -> tuple[float, float] | None:
    low, dots, high = text.partition("..")
    try:
        ends = (float(low), float(high)) if dots else (math.nan, math.nan)
    except ValueError:
        return None
    return ends if ends[0] <= ends[1] and math.isfinite(ends[1] - ends[0]) else None


def written(conditions: Conditions) -> str:
    """The inverse of `parse`.

    >>> written({"age": (25.0, 35.0), "a;b": ("x|y", "z..")})
    'age:25..35;a%3Bb:x%7Cy|z%2E%2E'
    >>> parse(written({"a;b": ("x|y", "1..2")}))
    {'a;b': ('x|y', '1..2')}
    """
    return ";".join(f"{_quoted(column)}:{_condition(c)}" for column, c in conditions.items() if c)


def _condition(condition: Condition) -> str:
    if isinstance(condition[0], str):
        return "|".join(_quoted(v) for v in condition)
    return f"{condition[0]:g}..{condition[1]:g}"


def _quoted(text: str) -> str:
    return quote(text, safe="").replace(".", "%2E")


def fitting(cells: dict[str, pd.Series | np.ndarray | list[str]], conditions: Conditions) -> np.ndarray:
    """Matrix rows of the users who meet every condition; ``cells`` hold the columns, numbers or texts.

    >>> cells = {"age": np.array([20.0, 30, np.nan]), "region": ["north", "south", "north"]}
    >>> fitting(cells, {"age": (18, 25), "region": ("north",)}).tolist(), fitting(cells, {}).tolist()
    ([0], [0, 1, 2])
    """
    n = len(next(iter(cells.values()))) if cells else 0
    fits = np.ones(n, dtype=bool)
    for column, condition in conditions.items():
        if column not in cells:
            continue
        if isinstance(condition[0], str):
            fits &= np.isin(np.asarray(cells[column], dtype=str), condition)
        else:
            numbers = pd.to_numeric(pd.Series(cells[column]), errors="coerce").to_numpy(float)
            fits &= (numbers >= condition[0]) & (numbers <= condition[1])
    return np.flatnonzero(fits)
