"""Raw tables as text: every cell with the line it stands on, or an error that names both."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from recsys_core.data.folder import verify
from recsys_core.errors import DataError, Phrase, phrase

TEXT = pa.large_string()
SUFFIXES = (".csv", ".csv.gz", ".parquet")
_BLOCK = 1 << 22
_SHOWN_COLUMNS = 20
_PRIVATE = b"\x1f"  # "unit separator": stands for a delimiter of several characters


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One file, cell by cell, as trimmed text; an empty string is a missing cell.

    Attributes
    ----------
    file
        The file's name, for messages.
    columns
        Arrow text array of each column, all of the same length.
    rows
        Line number of each record in the file, from 1, a header counted (int64).
    n_blank
        Blank lines between the records; they hold nothing and are passed over.
    """

    file: str
    columns: dict[str, pa.Array]
    rows: np.ndarray
    n_blank: int = 0

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    def cells(self, column: str) -> pa.Array:
        """Text of one column. Raises ``DataError`` (``table.column_missing``) if there is none."""
        found = ", ".join(list(self.columns)[:_SHOWN_COLUMNS])
        verify(column in self.columns, "table.column_missing", file=self.file, column=column, found=found)
        return self.columns[column]


def find_file(folder: Path, name: str, *, expected: Phrase) -> Path:
    """Path of ``name`` or ``name.gz`` in ``folder``. Raises ``DataError`` (``table.missing``)."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError("table.missing", file=name, folder=folder, expected=expected)


def find_table(folder: Path, stem: str) -> Path | None:
    """Path of ``stem`` as CSV, packed CSV or Parquet in ``folder``, None where there is none."""
    return next((p for s in SUFFIXES if (p := folder / f"{stem}{s}").is_file()), None)


def read_table(path: Path, *, quoting: bool = True) -> Table:
    """Read a table with a header: CSV (comma, semicolon or tab; ``.gz`` or plain) or Parquet."""
    if path.name.endswith(".parquet"):
        return read_parquet(path)
    return read_delimited(path, quoting=quoting)


def read_delimited(
    path: Path,
    *,
    delimiter: str | None = None,
    names: tuple[str, ...] | None = None,
    encoding: str = "UTF-8",
    quoting: bool = True,
) -> Table:
    """Read a text table.

    Parameters
    ----------
    delimiter
        Any text; None finds out from the header (comma, semicolon or tab).
    names
        The columns of a file without a header.
    quoting
        Whether a double quote may enclose a cell that holds the delimiter or a line end.

    Raises
    ------
    DataError
        ``table.missing``, ``empty``, ``unreadable``, ``nul``, ``encoding``, ``cut``, ``quote``
        or ``column_twice``, with the file and the first offending row.
    """
    data = _read_text(path, encoding)
    delimiter = delimiter or _find_delimiter(data)
    if quoting and b'"' in data:
        return _read_quoted(path.name, data, delimiter, names)
    return _read_plain(path.name, data, delimiter, names)


def read_parquet(path: Path) -> Table:
    """Read a Parquet file as text; lists become values joined by ``|``, rows count from 1."""
    try:
        raw = pyarrow.parquet.read_table(path)
        columns = {name: _as_text(raw.column(name)) for name in raw.column_names}
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, ValueError, KeyError, NotImplementedError, pa.ArrowException) as problem:
        raise _unreadable(path.name, problem) from None
    verify(raw.num_rows > 0, "table.empty", file=path.name, expected=phrase("expected.rows"))
    return Table(path.name, columns, np.arange(1, raw.num_rows + 1))


def _missing(path: Path) -> DataError:
    return DataError("table.missing", file=path.name, folder=path.parent, expected=phrase("expected.table"))


def _unreadable(file: str, problem: Exception) -> DataError:
    reason = (str(problem).splitlines() or [""])[0][:80] or type(problem).__name__
    return DataError("table.unreadable", file=file, reason=reason)


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), "|")
    elif pa.types.is_floating(kind):
        column = _plain_numbers(column)
    text = column.combine_chunks().cast(TEXT)
    return pc.utf8_trim_whitespace(pc.fill_null(text, ""))


def _plain_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """NaN as missing, and whole numbers without a fraction: ids with a gap are stored as floats."""
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.all(pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))).as_py()
    return column.cast(pa.int64()) if whole else column


def _read_text(path: Path, encoding: str) -> bytes:
    """UTF-8 bytes of a text file with ``\\n`` line ends, the last line ended too."""
    data = _read_bytes(path)
    verify(bool(data.strip()), "table.empty", file=path.name, expected=phrase("expected.records"))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16 would only be told by its NUL bytes
        raise DataError("table.encoding", file=path.name, row=1, encoding=encoding)
    nul = data.find(b"\0")
    verify(nul < 0, "table.nul", file=path.name, row=_row_of(data, nul))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as problem:
        row = _row_of(data, problem.start)
        raise DataError("table.encoding", file=path.name, row=row, encoding=encoding) from None
    data = (text.removeprefix("\ufeff")).encode()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def _row_of(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, max(position, 0)) + 1


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.name.endswith(".gz") and data else data
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, EOFError, zlib.error) as problem:
        raise _unreadable(path.name, problem) from None


def _find_delimiter(data: bytes) -> str:
    header = data[: data.find(b"\n")].decode()
    return max(",;\t", key=header.count)


def _read_plain(file: str, data: bytes, delimiter: str, names: tuple[str, ...] | None) -> Table:
    """Without quotes a delimiter is always one, so lines are checked by counting bytes."""
    mark = delimiter.encode()
    if len(mark) > 1:
        data, mark = data.replace(mark, _PRIVATE), _PRIVATE
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw == ord("\n"))
    marks = np.flatnonzero(raw == mark[0])
    n_fields = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    length = np.diff(ends, prepend=-1) - 1
    lines = np.flatnonzero(length > 0)
    begin = 0
    if names is None:
        first, lines = lines[0], lines[1:]
        header = data[ends[first] - length[first] : ends[first]].decode().split(mark.decode())
        names, begin = _check_names(file, header), int(ends[first]) + 1
    _check_fields(file, n_fields[lines], lines + 1, len(names))
    columns = _parse_plain(memoryview(data)[begin:], mark.decode(), names, int(length.max()))
    n_blank = int(np.count_nonzero(length[: lines[-1]] == 0))
    return _table(file, names, columns, lines + 1, n_blank)


def _parse_plain(data: memoryview, delimiter: str, names: tuple[str, ...], longest: int) -> list[pa.Array]:
    options = pyarrow.csv.ParseOptions(delimiter=delimiter, quote_char=False)
    read = pyarrow.csv.ReadOptions(column_names=list(names), block_size=max(_BLOCK, 2 * longest))
    convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, TEXT), strings_can_be_null=False)
    parsed = pyarrow.csv.read_csv(pa.BufferReader(data), read, options, convert)
    return [parsed.column(name).combine_chunks() for name in names]


def _read_quoted(file: str, data: bytes, delimiter: str, names: tuple[str, ...] | None) -> Table:
    records, lines = _parse_quoted(file, data.rstrip(b"\n").decode(), delimiter)
    filled = [i for i, record in enumerate(records) if record]
    if names is None:
        names = _check_names(file, records[filled[0]])
        filled = filled[1:]
    n_fields = np.array([len(records[i]) for i in filled], dtype=np.int64)
    rows = np.array([lines[i] for i in filled], dtype=np.int64)
    _check_fields(file, n_fields, rows, len(names))
    columns = [pa.array(cells, TEXT) for cells in zip(*(records[i] for i in filled), strict=True)]
    return _table(file, names, columns, rows, sum(not record for record in records))


def _parse_quoted(file: str, text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """All records, blank ones included, and the line on which each begins (a cell may hold line ends)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, lines, line = [], [], 1
    try:
        for record in reader:
            records.append(record)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as problem:
        raise DataError("table.quote", file=file, row=line, reason=str(problem)) from None
    return records, lines


def _check_names(file: str, header: list[str]) -> tuple[str, ...]:
    names = tuple(" ".join(name.split()) for name in header)
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    verify(twice is None, "table.column_twice", file=file, column=twice)
    return names


def _check_fields(file: str, n_fields: np.ndarray, lines: np.ndarray, expected: int) -> None:
    verify(len(lines) > 0, "table.empty", file=file, expected=phrase("expected.below_header"))
    wrong = np.flatnonzero(n_fields != expected)
    if len(wrong):
        row, got = int(lines[wrong[0]]), int(n_fields[wrong[0]])
        raise DataError("table.cut", file=file, row=row, got=got, expected=expected)


def _table(file: str, names: tuple[str, ...], columns: list[pa.Array], rows: np.ndarray, n_blank: int) -> Table:
    trimmed = {n: pc.utf8_trim_whitespace(c) for n, c in zip(names, columns, strict=True)}
    return Table(file, trimmed, rows, n_blank)
