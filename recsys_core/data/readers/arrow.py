"""Parquet and Feather: typed columns as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet

from recsys_core.data.readers.delimited import name_columns
from recsys_core.data.tables import TEXT, Table, missing, unreadable
from recsys_core.errors import DataError, phrase, require

_DAMAGE = (OSError, ValueError, KeyError, NotImplementedError, OverflowError, MemoryError, pa.ArrowException)
_SHOWN_TYPE = 60


def read_arrow(file: str, data: bytes, kind: str) -> Table:
    """Read Parquet (``parquet``) or Feather (``arrow``) as text; lists become values joined by ``|``.

    Rows count from 1. Columns of structures are passed over. Raises ``DataError`` (``table.unreadable``,
    ``table.empty``, ``table.column_twice``).
    """
    try:
        raw = _read_parquet(data) if kind == "parquet" else pyarrow.feather.read_table(pa.BufferReader(data))
        raw.validate(full=True)
        names = [" ".join(name.split()) for name in raw.column_names]
        found = [(name, *_as_text(raw.column(i))) for i, name in enumerate(names)]
        types = {name: str(raw.schema.field(i).type)[:_SHOWN_TYPE] for i, name in enumerate(names)}
    except _DAMAGE as problem:
        raise unreadable(file, problem) from None
    require(raw.num_rows > 0, DataError, "table.empty", file=file, expected=phrase("expected.rows"))
    pairs = [(name, cells) for name, cells, _ in found if cells is not None]
    table = name_columns(file, pairs, np.arange(1, raw.num_rows + 1))
    lists = frozenset(name for name, cells, is_list in found if is_list)
    nested = {name: types[name] for name, cells, _ in found if cells is None}
    return Table(file, table.columns, table.rows, 0, lists, nested, table.noticed)


def read_parquet_columns(path: Path, columns: tuple[str, ...], *, file: str, least: int = 1) -> Table:
    """Some columns of a Parquet file as text, and nothing else of it; ``file`` is what messages call it.

    A column that is not there is not in the table. Rows count from 1. Raises ``DataError`` as `read_arrow`
    (``table.empty`` for fewer than ``least`` rows), and ``table.missing``.
    """
    try:
        with pyarrow.parquet.ParquetFile(path) as opened:
            names = opened.schema_arrow.names
            raw = opened.read(columns=[name for name in columns if name in names])
            n_rows = opened.metadata.num_rows
        found = {name: _as_text(raw.column(name))[0] for name in raw.column_names}
        nested = {
            name: str(raw.schema.field(name).type)[:_SHOWN_TYPE] for name, cells in found.items() if cells is None
        }
    except FileNotFoundError:
        raise missing(path) from None
    except _DAMAGE as problem:
        raise unreadable(file, problem) from None
    require(n_rows >= least, DataError, "table.empty", file=file, expected=phrase("expected.rows"))
    others = {name: pa.array([], TEXT) for name in names if name not in found}  # named where the wanted one is missing
    kept = {name: cells for name, cells in found.items() if cells is not None}
    return Table(file, kept if kept or nested else others, np.arange(1, n_rows + 1), nested=nested)


def _read_parquet(data: bytes) -> pa.Table:
    """All columns; structures, which are passed over, without their content."""
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(data))
    names = file.schema_arrow.names
    flat = [f.name for f in file.schema_arrow if not _is_structure(f.type)]
    if any("." in name for name in names):  # a dot would name a structure's field
        return file.read()
    raw = file.read(columns=flat)
    empty = {name: pa.nulls(raw.num_rows, file.schema_arrow.field(name).type) for name in names if name not in flat}
    for name, cells in empty.items():
        raw = raw.append_column(name, cells)
    return raw


def _is_structure(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) and not _is_list(kind)


def _is_list(kind: pa.DataType) -> bool:
    """Lists of plain values; a list of fractions is a vector and no set of anything."""
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(is_one(kind) for is_one in lists):
        return False
    return not (pa.types.is_nested(kind.value_type) or pa.types.is_floating(kind.value_type))


def _as_text(column: pa.ChunkedArray) -> tuple[pa.Array | None, bool]:
    """Trimmed text of a column and whether its cells were lists; None where they are no plain values."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_nested(kind) and not _is_list(kind):
        return None, False
    try:
        if pa.types.is_nested(kind):
            column = pc.binary_join(column.cast(pa.list_(pa.string())), "|")
        elif pa.types.is_floating(kind):
            column = _plain_numbers(column)
        text = column.cast(TEXT)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # bytes that are no text
        return None, False
    cells = text.combine_chunks() if text.num_chunks else pa.array([], TEXT)
    return pc.utf8_trim_whitespace(pc.fill_null(cells, "")), pa.types.is_nested(kind)


def _plain_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """NaN as missing, and whole numbers without a fraction: ids with a gap are stored as floats."""
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.all(pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))).as_py()
    return column.cast(pa.int64()) if whole else column
