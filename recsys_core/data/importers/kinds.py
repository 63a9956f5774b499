"""What a column is that nobody has described: a number, a category, a set of values, or nothing to learn from."""

from __future__ import annotations

import ast
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.cells import MISSING_NUMBERS, as_series, read_text
from recsys_core.data.numbers import parse_numbers
from recsys_core.data.tables import TEXT, Table

MOST_CODES = 12  # numbers with at most this many values are read as codes
MOST_CATEGORIES = 100
LONG_TEXT = 40  # letters in the median cell
MOST_MEMBERS = 500  # values of a set that nobody has called one
NUMBER_SHARE = 0.9  # of the filled cells: the others are misprints, and said
SET_SHARE = 0.05  # of the filled cells hold several values
_CODE_NAME = re.compile(r"(^|[_ ])(id|code|zip|zipcode|postcode)$", re.IGNORECASE)
_LISTED = re.compile(r"[\[({].*[\])}]", re.DOTALL)


def infer_kind(column: str, cells: pa.Array, *, decimal: str | None = None) -> tuple[str, str]:
    """Kind of a column, and the key of the reason why it is ``ignored`` (else empty).

    More than 12 different numbers are a ``number`` where 9 of 10 filled cells are one (unless the
    column's name ends in id, code or zip); lists, and values joined by ``|`` that come back, are a
    ``set``; other values are a ``category`` where at most 100, or fewer than half the rows, differ;
    long or mostly different text, and a column of one value, is ``ignored``. ``ordered`` and
    ``text`` are never inferred.

    >>> infer_kind("colour", pa.array(["red", "blue", "red"], TEXT))
    ('category', '')
    """
    filled = cells.filter(pc.invert(pc.is_in(cells, value_set=pa.array(MISSING_NUMBERS, TEXT))))
    if not len(filled):
        return "ignored", "ignored.empty"
    n_values = pc.count_distinct(filled).as_py()
    if n_values == 1 and len(filled) == len(cells):
        return "ignored", "ignored.one_value"
    if n_values > MOST_CODES and not _CODE_NAME.search(column) and _are_numbers(filled, decimal):
        return "number", ""
    if _are_sets(filled):
        return "set", ""
    if np.median(pc.utf8_length(filled).to_numpy()) > LONG_TEXT:
        return "ignored", "ignored.long"
    if n_values <= MOST_CATEGORIES or n_values < len(cells) / 2:
        return "category", ""
    return "ignored", "ignored.many"


def _are_numbers(filled: pa.Array, decimal: str | None) -> bool:
    numbers = parse_numbers(filled, decimal).values
    known = numbers[np.isfinite(numbers)]
    return len(known) >= NUMBER_SHARE * len(filled) and len(np.unique(known)) > MOST_CODES


def _are_sets(filled: pa.Array) -> bool:
    """Whether cells hold several values each, and the values come back in other cells."""
    listed = pc.match_substring_regex(filled, r"^\[.*\]$")
    joined = pc.match_substring(filled, "|")
    several = pc.or_(listed, joined)
    if pc.sum(several).as_py() < max(1, SET_SHARE * len(filled)):
        return False
    members = [(split_set(each["values"].as_py()), each["counts"].as_py()) for each in pc.value_counts(filled)]
    known = {value for cell, _ in members for value in cell}
    n_named = sum(len(cell) * count for cell, count in members)
    return 1 < len(known) <= MOST_MEMBERS and n_named >= 2 * len(known)


def split_set(cell: str) -> list[str]:
    """Values of one cell: of a list as Python or JSON write it, else what stands between ``|``.

    >>> split_set("['a', 'b']"), split_set('["x", 3]'), split_set("red|new"), split_set("[]")
    (['a', 'b'], ['x', '3'], ['red', 'new'], [])
    """
    values: object = None
    if _LISTED.fullmatch(cell):
        for read in (json.loads, ast.literal_eval):
            try:
                values = read(cell)
                break
            except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
                continue
    if not isinstance(values, list | tuple | set):
        values = cell.split("|")
    texts = [" ".join(str(value).split()).replace("|", "/") for value in values if value is not None]
    return list(dict.fromkeys(text for text in texts if text))


def read_sets(table: Table, column: str) -> pd.Series:
    """Cells of a set, values joined by ``|``, missing where there is none."""
    if column in table.lists:
        return read_text(table, column)
    codes = pc.dictionary_encode(table.cells(column))
    joined = ["|".join(split_set(cell)) or None for cell in codes.dictionary.to_pylist()]
    return as_series(pc.take(pa.array(joined, TEXT), codes.indices))
