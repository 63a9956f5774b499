"""From cells to values: ids, numbers, times and codes, or the first row that is none."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.folder import verify
from recsys_core.data.tables import TEXT, Table
from recsys_core.errors import DataError

MISSING_IDS = ("", "nan", "NaN", "None", "null", "NULL")  # what programs write for a missing id
MISSING_NUMBERS = (*MISSING_IDS, "NA", "N/A", "n/a", "NAN", "none", "-", "\\N")
FLAGS = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "false": 0.0, "true": 1.0, "False": 0.0, "True": 1.0}
LATEST_TIME = 4102444800  # 2100-01-01; anything later was not written in seconds
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SHOWN_ROWS = 5
_SHOWN_LETTERS = 80


def read_ids(table: Table, column: str) -> pa.Array:
    """Raw ids as text. Raises ``DataError`` (``table.cells_empty``) where one is missing."""
    cells = table.cells(column)
    _refuse(table, column, _is_one_of(cells, MISSING_IDS))
    return cells


def read_unique_ids(table: Table, column: str) -> pa.Array:
    """Raw ids of a user or item table. Raises ``DataError`` (``table.duplicate``) where one is repeated."""
    ids = read_ids(table, column)
    codes = pc.dictionary_encode(ids)
    if len(codes.dictionary) < len(ids):
        code = codes.indices.to_numpy()
        again = int(np.flatnonzero(pd.Series(code).duplicated())[0])
        first = int(np.flatnonzero(code == code[again])[0])
        raise DataError(
            "table.duplicate",
            file=table.file,
            row=int(table.rows[again]),
            column=column,
            value=_shown(ids, again),
            first=int(table.rows[first]),
        )
    return ids


def read_references(table: Table, column: str, known: pd.Series, other: str) -> np.ndarray:
    """Row of each id in ``known`` (int32), the ids of the file ``other``.

    Raises ``DataError`` (``table.reference``) for an unknown one.
    """
    ids = read_ids(table, column)
    found = pc.index_in(ids, value_set=pa.array(known, TEXT))
    if found.null_count:
        at = int(np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False))[0])
        row, value = int(table.rows[at]), _shown(ids, at)
        raise DataError("table.reference", file=table.file, row=row, column=column, value=value, other=other)
    return found.to_numpy().astype(np.int32)


def read_numbers(
    table: Table,
    column: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    optional: bool = False,
) -> np.ndarray:
    """Finite numbers from ``low`` to ``high`` (float64).

    A missing cell is NaN where ``optional``, and refused (``table.cells_empty``) elsewhere.
    Raises ``DataError`` (``table.number``) for letters, NaN, infinity, or a value off the scale.
    """
    cells = table.cells(column)
    missing = _is_one_of(cells, MISSING_NUMBERS if optional else ("",))
    if not optional:
        _refuse(table, column, missing)
    numbers = parse_numbers(cells)
    bad = ~missing & ~(np.isfinite(numbers) & (numbers >= low) & (numbers <= high))
    if bad.any():
        within = f" from {low:g} to {high:g}" if math.isfinite(low) and math.isfinite(high) else ""
        _refuse_value("table.number", table, column, bad, within=within)
    return np.where(missing, np.nan, numbers)


def parse_numbers(cells: pa.Array) -> np.ndarray:
    """Each cell as float64, NaN where it is no number (``0x10`` and ``1_000`` are none)."""
    try:
        return pc.cast(cells, pa.float64()).to_numpy()
    except pa.ArrowInvalid:  # some cell is no number: look at each
        return np.array([_number(cell) for cell in cells.to_pylist()], dtype=np.float64)


def _number(cell: str) -> float:
    return float(cell) if _NUMBER.fullmatch(cell) else math.nan


def read_times(table: Table, column: str) -> np.ndarray:
    """Unix seconds (int64) from unix seconds or ISO 8601, whichever the first cell is in.

    A time without a zone is read as UTC. Raises ``DataError`` (``table.time``) for anything
    else, a time before 1970 or after 2099 included (milliseconds, say).
    """
    cells = table.cells(column)
    _refuse(table, column, _is_one_of(cells, ("",)))
    seconds = parse_numbers(cells) if _NUMBER.fullmatch(cells[0].as_py()) else _parse_iso(cells)
    bad = ~((seconds >= 0) & (seconds < LATEST_TIME))
    if bad.any():
        _refuse_value("table.time", table, column, bad)
    return seconds.astype(np.int64)


def _parse_iso(cells: pa.Array) -> np.ndarray:
    stamps = pd.to_datetime(as_series(cells), format="ISO8601", utc=True, errors="coerce")
    seconds = stamps.dt.as_unit("s").astype("int64").to_numpy().astype(np.float64)
    return np.where(stamps.isna().to_numpy(), np.nan, seconds)


def read_codes(table: Table, column: str, words: dict[str, str]) -> pd.Series:
    """Codes spelled out, missing cells missing. Raises ``DataError`` (``table.code``) for an unknown code."""
    cells = table.cells(column)
    found = pc.index_in(cells, value_set=pa.array(list(words), TEXT))
    unknown = found.is_null().to_numpy(zero_copy_only=False) & ~_is_one_of(cells, ("",))
    if unknown.any():
        _refuse_value("table.code", table, column, unknown, choices=", ".join(words))
    return as_series(pc.take(pa.array(list(words.values()), TEXT), found))


def read_flags(table: Table, column: str) -> np.ndarray:
    """Not taken or taken as 0 or 1 (float64). Raises ``DataError`` (``table.code``) for anything else."""
    _refuse(table, column, _is_one_of(table.cells(column), ("",)))
    return read_codes(table, column, {cell: str(flag) for cell, flag in FLAGS.items()}).astype(float).to_numpy()


def read_text(table: Table, column: str) -> pd.Series:
    """Text of one column, missing (NaN) where the cell is empty."""
    cells = table.cells(column)
    return as_series(pc.if_else(pc.equal(cells, ""), pa.scalar(None, TEXT), cells))


def as_series(cells: pa.Array) -> pd.Series:
    return pd.Series(pd.array(cells, dtype="str"))


def _is_one_of(cells: pa.Array, words: tuple[str, ...]) -> np.ndarray:
    return pc.is_in(cells, value_set=pa.array(words, TEXT)).to_numpy(zero_copy_only=False)


def _refuse(table: Table, column: str, missing: np.ndarray) -> None:
    rows = table.rows[missing]
    shown = ", ".join(map(str, rows[:_SHOWN_ROWS])) + (", …" if len(rows) > _SHOWN_ROWS else "")
    verify(len(rows) == 0, "table.cells_empty", file=table.file, column=column, count=len(rows), rows=shown)


def _refuse_value(key: str, table: Table, column: str, bad: np.ndarray, **more: str) -> None:
    at = int(np.flatnonzero(bad)[0])
    value = _shown(table.cells(column), at)
    raise DataError(key, file=table.file, row=int(table.rows[at]), column=column, value=value, **more)


def _shown(cells: pa.Array, at: int) -> str:
    return cells[at].as_py()[:_SHOWN_LETTERS]
