"""Excel workbooks (.xlsx): cells as the text that a person would write into a CSV."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from recsys_core.data.readers.delimited import name_columns
from recsys_core.data.tables import TEXT, Table, unreadable
from recsys_core.errors import DataError, phrase, require

_ERRORS = ("#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!")  # formulas without a result

Rows = list[tuple[int, tuple[str, ...]]]


def read_workbook(file: str, data: bytes) -> Table:
    """The one filled sheet of a workbook, or the one that is called like the file.

    Raises ``DataError`` (``table.sheets`` where several are filled, and those of `read_sheets`).
    """
    sheets = _load(file, data)
    stem = PurePosixPath(file).name.partition(".")[0].lower()
    named = [rows for name, rows in sheets.items() if name.lower() == stem]
    if len(sheets) > 1 and not named:
        raise DataError("table.sheets", file=file, count=len(sheets), names=", ".join(list(sheets)[:5]))
    return _table(file, (named or list(sheets.values()))[0])


def read_sheets(file: str, data: bytes, wanted: Collection[str]) -> dict[str, Table]:
    """Filled sheets whose names are ``wanted`` (capitals or not); rows are those of the sheet.

    The first filled row is the header. Raises ``DataError`` (``table.unreadable``, ``table.empty``,
    ``table.column_twice``).
    """
    sheets = {name.lower(): (name, rows) for name, rows in _load(file, data).items()}
    found = {key: sheets[key] for key in wanted if key in sheets}
    return {key: _table(f"{file} ({name})", rows) for key, (name, rows) in found.items()}


def _load(file: str, data: bytes) -> dict[str, Rows]:
    """Sheets with a header and records; one that has fewer is a note."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles that it cannot show
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {sheet.title: _filled_rows(sheet) for sheet in book.worksheets}
    except Exception as problem:  # its own and those of the zip and XML readers below it
        raise unreadable(file, problem) from None
    require(any(sheets.values()), DataError, "table.empty", file=file, expected=phrase("expected.records"))
    sheets = {name: rows for name, rows in sheets.items() if len(rows) > 1}
    require(bool(sheets), DataError, "table.empty", file=file, expected=phrase("expected.below_header"))
    return sheets


def _filled_rows(sheet: Any) -> Rows:
    rows = ((number, tuple(map(_cell, row))) for number, row in enumerate(sheet.iter_rows(values_only=True), 1))
    return [(number, row) for number, row in rows if any(row)]


def _cell(value: object) -> str:
    if value is None or value in _ERRORS:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()


def _table(file: str, rows: Rows) -> Table:
    (_, header), records = rows[0], rows[1:]
    width = max(len(row) for _, row in rows)
    names = [" ".join(name.split()) for name in header] + [""] * (width - len(header))
    padded = [row + ("",) * (width - len(row)) for _, row in records]
    columns = [pa.array(cells, TEXT) for cells in zip(*padded, strict=True)]
    rows_of = np.array([number for number, _ in records], dtype=np.int64)
    return name_columns(file, list(zip(names, columns, strict=True)), rows_of)
