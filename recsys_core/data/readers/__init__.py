"""Readers: from a file of any kind that holds a table to its cells as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recsys_core.data.readers.arrow import read_arrow
from recsys_core.data.readers.delimited import parse_delimited
from recsys_core.data.readers.json_records import looks_like_json, parse_json
from recsys_core.data.readers.packed import read_content
from recsys_core.data.readers.text import PLAIN, TextFormat, decode_text
from recsys_core.data.readers.workbook import read_workbook
from recsys_core.data.tables import Table

__all__ = ["PLAIN", "TextFormat", "read_delimited", "read_records", "read_table"]


def read_table(path: Path, how: TextFormat = PLAIN) -> Table:
    """Read a table with a header.

    Text parted by a delimiter, JSON (an object a line, or a list of objects), Parquet, Feather or a
    workbook; packed or in an archive of its own. The content tells which, not the file's suffix.

    Parameters
    ----------
    how
        What is known of a text file; the rest is found out.

    Raises
    ------
    DataError
        ``table.…``, with the file, the first offending row and the way to mend it.
    """
    file, data, kind = read_content(path)
    if kind == "workbook":
        return read_workbook(file, data)
    if kind != "text":
        return read_arrow(file, data, kind)
    text = decode_text(file, data, how.encoding)
    if how.delimiter is None and looks_like_json(file, text):
        return parse_json(file, text)
    return parse_delimited(file, text, how)


def read_records(path: Path, columns: Iterable[str]) -> Table:
    """Read some fields of JSON records; see `read_table`. Raises ``DataError`` (``table.json``) for other text."""
    file, data, _ = read_content(path)
    return parse_json(file, decode_text(file, data, None), columns=columns)


def read_delimited(path: Path, how: TextFormat = PLAIN) -> Table:
    """Read a text table whose format is known; see `read_table`."""
    file, data, _ = read_content(path)
    return parse_delimited(file, decode_text(file, data, how.encoding), how)
