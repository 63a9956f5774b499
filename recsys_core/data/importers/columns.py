"""Attributes of users and items: what each column is, named by the mapping or inferred from its cells."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.assemble import frame_of
from recsys_core.data.cells import (
    MISSING_NUMBERS,
    parse_numbers,
    read_codes,
    read_numbers,
    read_text,
    read_unique_ids,
)
from recsys_core.data.importers.mapping import NamedColumn, SideMapping
from recsys_core.data.schema import Column, stored_name
from recsys_core.data.tables import TEXT, Table, row_indexes
from recsys_core.errors import DataError, phrase

SENSITIVE = frozenset({"gender", "sex", "age", "ethnicity", "race", "religion", "disability", "nationality"})
MOST_CODES = 12  # numbers with at most this many values are read as codes
MOST_CATEGORIES = 100
LONG_TEXT = 40  # letters in the median cell
_CODE_NAME = re.compile(r"(^|[_ ])(id|code|zip|zipcode|postcode)$", re.IGNORECASE)


def convert_side(table: Table, side: SideMapping, id_name: str) -> tuple[pd.DataFrame, tuple[Column, ...], str | None]:
    """A user or item table with typed columns.

    Returns
    -------
    frame, columns, label
        ``label`` is the column that a person reads (a user's name, an item's title), or None.

    Raises
    ------
    DataError
        For a column that is missing or cannot be read as its kind.
    """
    ids = read_unique_ids(table, side.id)
    default = "name" if id_name == "user_id" else "title"
    label = side.label or (default if default in table.columns else None)
    named = {c: what for c, what in side.columns.items() if c != side.id}
    if label == side.id:
        label = None
    elif label:
        named[label] = _named_label(named.get(label, NamedColumn()), id_name)
    names = attribute_names(table, side)
    for column, what in named.items():
        if not (what.kind == "ignored" and column in table.nested):
            table.cells(column)
    plain = NamedColumn()
    pairs = [_convert_column(table, c, named.get(c, plain), guess=id_name == "user_id") for c in names]
    frame = frame_of(id_name, ids, {column.stored: values for column, values in pairs})
    return frame, tuple(column for column, _ in pairs), label and stored_name(label)


def attribute_names(table: Table, side: SideMapping) -> list[str]:
    """Columns that are kept: all but the id and row numbers that the mapping does not name."""
    left_out = {side.id, *(c for c in row_indexes(table) if c not in side.columns and c != side.label)}
    return [column for column in table.columns if column not in left_out]


def _named_label(named: NamedColumn, id_name: str) -> NamedColumn:
    """A person's name is no feature; an item's title is text, unless the mapping says otherwise."""
    if id_name == "user_id":
        return NamedColumn("ignored")
    return named if named.kind not in (None, "number") else NamedColumn("text")


def _convert_column(table: Table, column: str, named: NamedColumn, *, guess: bool) -> tuple[Column, pd.Series]:
    kind = named.kind or infer_kind(column, table.cells(column))
    sensitive = named.sensitive if named.sensitive is not None else guess and column.lower() in SENSITIVE
    levels: tuple[str, ...] = ()
    if kind == "number":
        values = pd.Series(read_numbers(table, column, optional=True))
    elif kind == "ordered":
        levels = named.levels or _sorted_levels(table, column)
        values = read_codes(table, column, dict(zip(levels, levels, strict=True)))
    else:
        values = read_text(table, column)
    return Column(column, kind, sensitive, levels, named.unit), values


def _sorted_levels(table: Table, column: str) -> tuple[str, ...]:
    """Numbers have an order of their own; words need the mapping's ``levels``."""
    cells = [c for c in pc.unique(table.cells(column)).to_pylist() if c]
    numbers = parse_numbers(pa.array(cells, TEXT))
    if not np.isfinite(numbers).all():
        reason = phrase("mapping.words_ordered", column=column)
        raise DataError("mapping.bad", file=table.file, reason=reason)
    return tuple(cells[i] for i in np.argsort(numbers, kind="stable"))


def infer_kind(column: str, cells: pa.Array) -> str:
    """Kind of a column that nobody has described.

    More than 12 different numbers are a ``number`` (unless the column's name ends in id, code or
    zip); other values are a ``category`` where at most 100, or fewer than half the rows, differ;
    long or mostly different text is ``ignored``. ``ordered``, ``set`` and ``text`` are never inferred.

    >>> infer_kind("colour", pa.array(["red", "blue", "red"], TEXT))
    'category'
    """
    filled = cells.filter(pc.invert(pc.is_in(cells, value_set=pa.array(MISSING_NUMBERS, TEXT))))
    if not len(filled):
        return "ignored"
    n_values = pc.count_distinct(filled).as_py()
    if n_values > MOST_CODES and not _CODE_NAME.search(column) and np.isfinite(parse_numbers(filled)).all():
        return "number"
    long = np.median(pc.utf8_length(filled).to_numpy()) > LONG_TEXT
    return "category" if not long and (n_values <= MOST_CATEGORIES or n_values < len(cells) / 2) else "ignored"
