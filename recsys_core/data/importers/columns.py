"""Attributes of users and items: what each column is, named by the mapping or inferred from its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.build_dataset import frame_of
from recsys_core.data.cells import (
    Attribute,
    read_attribute_codes,
    read_attribute_numbers,
    read_text,
    read_unique_ids,
)
from recsys_core.data.importers.kinds import infer_kind, read_sets
from recsys_core.data.importers.mapping import NamedColumn, SideMapping
from recsys_core.data.numbers import parse_numbers
from recsys_core.data.schema import Column, stored_name
from recsys_core.data.tables import TEXT, Table, row_indexes
from recsys_core.errors import DataError, phrase

SENSITIVE = frozenset({"gender", "sex", "age", "ethnicity", "race", "religion", "disability", "nationality"})


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Users or items: their table (raw ids first), its columns, and what the importer has noticed.

    ``label`` is the column that a person reads (a user's name, an item's title), None where there is
    none; ``file`` the table's name, empty where only the interactions tell who there is.
    """

    frame: pd.DataFrame
    columns: tuple[Column, ...] = ()
    label: str | None = None
    file: str = ""
    noticed: tuple[tuple[str, dict], ...] = ()


def convert_side(table: Table, side: SideMapping, id_name: str) -> Side:
    """A user or item table with typed columns.

    Raises ``DataError`` for ids that are missing or repeated, and for a column that the mapping names
    and the table does not have; a cell of an attribute is never refused.
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
    found = [_convert_column(table, c, named.get(c), guess=id_name == "user_id") for c in names]
    frame = frame_of(id_name, ids, {column.stored: read.values for column, read in found})
    about = {"side": phrase(f"side.{id_name.replace('_id', 's')}")}
    noticed = [(k, {**about, "column": column.name, **v}) for column, read in found for k, v in read.noticed]
    return Side(frame, tuple(column for column, _ in found), label and stored_name(label), table.file, tuple(noticed))


def attribute_names(table: Table, side: SideMapping) -> list[str]:
    """Columns that are kept: all but the id and row numbers that the mapping does not name."""
    left_out = {side.id, *(c for c in row_indexes(table) if c not in side.columns and c != side.label)}
    return [column for column in table.columns if column not in left_out]


def _named_label(named: NamedColumn, id_name: str) -> NamedColumn:
    """A person's name is no feature; an item's title is text, unless the mapping says otherwise."""
    if id_name == "user_id":
        return NamedColumn("ignored")
    return named if named.kind not in (None, "number") else NamedColumn("text")


def _convert_column(table: Table, column: str, named: NamedColumn | None, *, guess: bool) -> tuple[Column, Attribute]:
    known = named or NamedColumn()
    kind, why = (known.kind, "") if known.kind else _infer(table, column, known)
    sensitive = known.sensitive if known.sensitive is not None else guess and column.lower() in SENSITIVE
    levels: tuple[str, ...] = ()
    if kind == "number":
        read = read_attribute_numbers(table, column, known.decimal)
    elif kind == "ordered":
        levels = known.levels or _sorted_levels(table, column)
        read = read_attribute_codes(table, column, levels)
    else:
        values = read_sets(table, column) if kind == "set" else read_text(table, column)
        noticed = (("warning.column_ignored", {"reason": phrase(why)}),) if why else ()
        read = Attribute(values, noticed=noticed)
    return Column(column, kind, sensitive, levels, known.unit or read.unit, known.feature), read


def _infer(table: Table, column: str, known: NamedColumn) -> tuple[str, str]:
    cells = table.cells(column)
    return ("set", "") if column in table.lists else infer_kind(column, cells, decimal=known.decimal)


def _sorted_levels(table: Table, column: str) -> tuple[str, ...]:
    """Numbers have an order of their own; words need the mapping's ``levels``."""
    cells = [c for c in pc.unique(table.cells(column)).to_pylist() if c]
    numbers = parse_numbers(pa.array(cells, TEXT)).values
    if not np.isfinite(numbers).all():
        reason = phrase("mapping.words_ordered", column=column)
        raise DataError("mapping.bad", file=table.file, reason=reason)
    return tuple(cells[i] for i in np.argsort(numbers, kind="stable"))
