"""JSON: one object a line, a list of objects, or an object of columns."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.readers.delimited import name_columns
from recsys_core.data.tables import TEXT, Table, unreadable
from recsys_core.errors import DataError, phrase, require

_CHUNK = 50_000  # records that are held as Python objects at a time
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_WHOLE = 2.0**53
_FILLED = re.compile(rb"\S")

Record = tuple[int, dict]


def looks_like_json(file: str, data: bytes) -> bool:
    """Whether a text is JSON: by its suffix and first letter, or by a first line that is."""
    start = data[:200].lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    name = file.rstrip(")").lower()
    if any(name.removesuffix(packing).endswith(_SUFFIXES) for packing in ("", ".gz", ".bz2", ".xz", ".zst", ".zip")):
        return True
    if start[1:].lstrip()[:1] in (b'"', b"{", b"}", b"]"):
        return True
    return start[1:2] in (b"\n", b" ") and start[1:].lstrip()[:1] in (b"[", b"{")


def parse_json(file: str, data: bytes, *, columns: Iterable[str] | None = None) -> Table:
    """A table of JSON records; lists of plain values are joined by ``|``, objects are passed over.

    Parameters
    ----------
    columns
        Names to keep; None keeps all.

    Raises
    ------
    DataError
        ``table.json`` with the row that is no JSON, ``table.json_record`` for one that is no object,
        ``table.empty``.
    """
    wanted = None if columns is None else frozenset(columns)
    built = _Columns()
    for row, record in _records(file, data):
        built.add(row, record if wanted is None else {k: v for k, v in record.items() if k in wanted})
    require(bool(built.rows), DataError, "table.empty", file=file, expected=phrase("expected.rows"))
    return built.table(file)


def _records(file: str, data: bytes) -> Iterator[Record]:
    """One value where it begins with a list or with an object over several lines, else one a line."""
    filled = _FILLED.search(data)
    begin = filled.start() if filled else 0
    end = data.index(b"\n", begin)
    first = data[begin:end].rstrip()
    several = first.startswith(b"{") and first.endswith(b"}") and _FILLED.search(data, end)
    return _lines(file, data) if several else _document(file, data)


def _lines(file: str, data: bytes) -> Iterator[Record]:
    begin, row = 0, 0
    while begin < len(data):
        end = data.index(b"\n", begin)
        row, line, begin = row + 1, data[begin:end], end + 1
        if line.strip():
            yield row, _check_record(file, row, _load(file, line, row))


def _load(file: str, text: bytes, row: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        row += problem.lineno - 1
        raise DataError("table.json", file=file, row=row, letter=problem.colno) from None
    except (ValueError, RecursionError) as problem:
        raise unreadable(file, problem) from None


def _document(file: str, data: bytes) -> Iterator[Record]:
    """Records of one JSON value, counted from 1."""
    value = _load(file, data)
    for row, record in enumerate(_list_of(value) if isinstance(value, dict) else value, 1):
        yield row, _check_record(file, row, record)


def _list_of(value: dict) -> list:
    """Records of an object: its columns (as pandas writes them), the one list in it, or itself."""
    parts = list(value.values())
    if parts and all(isinstance(part, dict) for part in parts):
        labels = list(parts[0])
        if all(list(part) == labels for part in parts):
            return [{name: part[label] for name, part in value.items()} for label in labels]
    lists = [part for part in parts if isinstance(part, list)]
    if len(lists) == len(parts) > 1 and len({len(part) for part in lists}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*lists, strict=True)]
    records = [part for part in lists if part and all(isinstance(record, dict) for record in part)]
    return records[0] if len(records) == 1 else [value]


def _check_record(file: str, row: int, record: object) -> dict:
    if not isinstance(record, dict):
        raise DataError("table.json_record", file=file, row=row)
    return record


@dataclass(slots=True)
class _Columns:
    """Columns that grow record by record; a name may be met late or be left out again."""

    rows: list[int] = field(default_factory=list)
    waiting: list[dict] = field(default_factory=list)
    parts: dict[str, list[pa.Array]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    nested: dict[str, str] = field(default_factory=dict)
    done: int = 0

    def add(self, row: int, record: dict) -> None:
        self.rows.append(row)
        self.waiting.append(record)
        if len(self.waiting) == _CHUNK:
            self._convert()

    def _convert(self) -> None:
        names = dict.fromkeys(name for record in self.waiting for name in record)
        for name in {**dict.fromkeys(self.parts), **names}:
            if name not in self.parts:
                self.parts[name] = [pa.array([""] * self.done, TEXT)]
            cells = [self._cell(name, record.get(name)) for record in self.waiting]
            self.parts[name].append(_text_array(cells))
        self.done += len(self.waiting)
        self.waiting = []

    def _cell(self, name: str, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value)):
            self.nested.setdefault(name, "{…}" if isinstance(value, dict) else "[…]")
            return ""
        if isinstance(value, list):
            self.lists.add(name)
            return "|".join(_plain(v) for v in value)
        return _plain(value)

    def table(self, file: str) -> Table:
        self._convert()
        clean = {name: " ".join(name.split()) for name in self.parts}
        pairs = [
            (clean[name], pc.utf8_trim_whitespace(pa.concat_arrays(parts)))
            for name, parts in self.parts.items()
            if name not in self.nested
        ]
        table = name_columns(file, pairs, np.array(self.rows, dtype=np.int64))
        nested = {clean[name]: kind for name, kind in self.nested.items()}
        lists = frozenset(clean[name] for name in self.lists if name not in self.nested)
        return Table(file, table.columns, table.rows, 0, lists, nested, table.noticed)


def _text_array(cells: list[str]) -> pa.Array:
    try:
        return pa.array(cells, TEXT)
    except UnicodeEncodeError:  # half of a pair that stands for one letter, cut by whoever wrote it
        return pa.array([cell.encode("utf-8", "replace").decode() for cell in cells], TEXT)


def _plain(value: object) -> str:
    """A plain JSON value as a cell: null and NaN are missing, whole numbers carry no fraction."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and abs(value) < _WHOLE and value == int(value):
        return str(int(value))
    return str(value)
