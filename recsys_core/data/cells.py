"""From cells to values: ids, numbers, times and codes, or the first row that is none."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.moments import LATEST, parse_times
from recsys_core.data.numbers import parse_numbers
from recsys_core.data.tables import TEXT, Table
from recsys_core.errors import DataError, phrase, require

MISSING_IDS = ("", "nan", "NaN", "None", "null", "NULL")  # what programs write for a missing id
MISSING_NUMBERS = (*MISSING_IDS, "NA", "N/A", "n/a", "n.a.", "NAN", "none", "<NA>", "NaT", "-", "?", "\\N")
_NO = ("0", "false", "f", "no", "n", "nein", "non", "falsch", "off", "否", "假")
_YES = ("1", "true", "t", "yes", "y", "ja", "oui", "si", "sí", "wahr", "on", "是", "真")
LARGEST = 1e15  # beyond it a double holds no halves: nothing that a shop measures is so large
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
_EXAMPLES = 3
_SHOWN_ROWS = 5
_SHOWN_LETTERS = 80


def read_ids(table: Table, column: str) -> pa.Array:
    """Raw ids as text; where all are whole numbers, 12.0 is 12 (a float column holds ids with a gap so).

    Raises ``DataError`` (``table.cells_empty``, ``table.cells_missing``) where one is missing.
    """
    cells = table.cells(column)
    _refuse(table, column, _is_one_of(cells, MISSING_IDS))
    whole = pc.match_substring_regex(cells, r"^\d+(\.0+)?$")
    return _without_fraction(cells) if pc.all(whole).as_py() else cells


def _without_fraction(cells: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(cells, r"^(\d+)\.0+$", r"\1")


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


def find_ids(table: Table, column: str, known: pa.Array | pd.Series) -> np.ndarray:
    """Row of each id in ``known`` (int64), -1 where it is not there.

    An id that is not there as it is written is looked for without its ``.0``, on both sides.
    """
    ids, known = read_ids(table, column), pa.array(known, TEXT)
    found = pc.index_in(ids, value_set=known)
    if found.null_count:
        plain = _without_fraction(known)
        if pc.count_distinct(plain).as_py() == len(plain):
            found = pc.coalesce(found, pc.index_in(_without_fraction(ids), value_set=plain))
    return pc.fill_null(found, -1).to_numpy().astype(np.int64)


def read_references(table: Table, column: str, known: pa.Array | pd.Series, other: str) -> np.ndarray:
    """Row of each id in ``known`` (int32), the ids of the file ``other``.

    Raises ``DataError`` (``table.reference``) for an unknown one.
    """
    found = find_ids(table, column, known)
    if (found < 0).any():
        at = int(np.flatnonzero(found < 0)[0])
        row, value = int(table.rows[at]), _shown(table.cells(column), at)
        raise DataError("table.reference", file=table.file, row=row, column=column, value=value, other=other)
    return found.astype(np.int32)


def read_numbers(
    table: Table,
    column: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    optional: bool = False,
    decimal: str | None = None,
    unrated: float | None = None,
) -> np.ndarray:
    """Finite numbers from ``low`` to ``high`` (float64), all of which have to be read.

    ``unrated`` is no number of the scale and stands for none: NaN.
    A missing cell is NaN where ``optional``, and refused (``table.cells_empty``) elsewhere.
    Raises ``DataError`` (``table.number``) for letters, NaN, anything beyond 1e15, or a value off the scale.
    """
    cells = table.cells(column)
    missing = _is_one_of(cells, MISSING_NUMBERS if optional else ("",))
    if not optional:
        _refuse(table, column, missing)
    numbers = parse_numbers(cells, decimal).values
    unrated_rows = np.zeros(len(numbers), dtype=bool) if unrated is None else numbers == unrated
    readable = (np.abs(numbers) <= LARGEST) & (numbers >= low) & (numbers <= high)
    bad = ~missing & ~unrated_rows & ~readable
    if bad.any():
        bounded = math.isfinite(low) and math.isfinite(high)
        within = phrase("expected.within", low=f"{low:g}", high=f"{high:g}") if bounded else ""
        _refuse_value("table.number", table, column, bad, within=within)
    return np.where(missing | unrated_rows, np.nan, numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """What an attribute's cells were read as, NaN where missing or unreadable, and what there is to say of it.

    ``noticed`` holds message keys and values without side and column: ``warning.cells_unreadable``,
    ``warning.cells_clipped``, ``warning.decimal_unsure``.
    """

    values: pd.Series
    unit: str = ""
    noticed: tuple[tuple[str, dict], ...] = ()


def read_attribute_numbers(table: Table, column: str, decimal: str | None = None) -> Attribute:
    """Numbers of an attribute: nothing in it is refused, what cannot be read counts as missing and is said."""
    cells = table.cells(column)
    found = parse_numbers(cells, decimal)
    missing = _is_one_of(cells, MISSING_NUMBERS)
    values = np.where(missing, np.nan, found.values)
    huge = np.abs(values) > LARGEST
    noticed = [*_unreadable(cells, np.isnan(values) & ~missing)]
    if huge.any():
        rows, value = ", ".join(map(str, table.rows[huge][:_SHOWN_ROWS])), f"{values[huge][0]:g}"
        noticed.append(("warning.cells_clipped", {"count": int(huge.sum()), "rows": rows, "value": value}))
    if not found.is_sure:
        at = int(np.flatnonzero(pc.match_substring(cells, ",").to_numpy(zero_copy_only=False))[0])
        example = {"value": _shown(cells, at), "number": f"{found.values[at]:g}"}
        noticed.append(("warning.decimal_unsure", example))
    return Attribute(pd.Series(np.clip(values, -LARGEST, LARGEST)), found.sign, tuple(noticed))


def read_attribute_codes(table: Table, column: str, words: tuple[str, ...]) -> Attribute:
    """Codes of an attribute; one that is not among ``words`` counts as missing and is said."""
    cells = table.cells(column)
    known = _is_one_of(cells, words)
    values = as_series(pc.if_else(pa.array(known), cells, pa.scalar(None, TEXT)))
    return Attribute(values, noticed=tuple(_unreadable(cells, ~known & ~_is_one_of(cells, ("",)))))


def _unreadable(cells: pa.Array, bad: np.ndarray) -> list[tuple[str, dict]]:
    if not bad.any():
        return []
    examples = pc.unique(cells.filter(pa.array(bad)))[:_EXAMPLES].to_pylist()
    shown = ", ".join(example[:_SHOWN_LETTERS] for example in examples)
    return [("warning.cells_unreadable", {"count": int(bad.sum()), "of": len(cells), "examples": shown})]


def read_times(table: Table, column: str, *, form: str = "", unit: str = "") -> np.ndarray:
    """Unix seconds (int64), in the form or unit that is asked for or that fits the column; see ``moments``.

    Raises ``DataError``: ``table.time`` for a cell that is not in that form or before 1970 or after
    2099, ``table.time_ambiguous`` where day and month cannot be told apart.
    """
    cells = table.cells(column)
    _refuse(table, column, _is_one_of(cells, ("",)))
    found = parse_times(cells, form=form, unit=unit)
    bad = ~((found.seconds >= 0) & (found.seconds < LATEST))
    if bad.any():
        _refuse_value("table.time", table, column, bad)
    if found.also:
        example = {"value": _shown(cells, 0), "first": found.form, "second": found.also}
        raise DataError("table.time_ambiguous", file=table.file, column=column, **example)
    return found.seconds.astype(np.int64)


def read_codes(table: Table, column: str, words: dict[str, str]) -> pd.Series:
    """Codes spelled out, missing cells missing. Raises ``DataError`` (``table.code``) for an unknown code."""
    cells = table.cells(column)
    found = pc.index_in(cells, value_set=pa.array(list(words), TEXT))
    unknown = found.is_null().to_numpy(zero_copy_only=False) & ~_is_one_of(cells, ("",))
    if unknown.any():
        _refuse_value("table.code", table, column, unknown, choices=", ".join(words))
    return as_series(pc.take(pa.array(list(words.values()), TEXT), found))


def flag(cell: str) -> float | None:
    """Not taken (0) or taken (1) as programs and people write it; None for anything else.

    >>> [flag(cell) for cell in ("TRUE", "no", "1.0", "Ja", "2")]
    [1.0, 0.0, 1.0, 1.0, None]
    """
    word = _WHOLE.sub(r"\1", cell.casefold())
    return 1.0 if word in _YES else 0.0 if word in _NO else None


def are_flags(cells: pa.Array) -> bool:
    """Whether every cell says taken or not taken."""
    distinct = pc.unique(cells)
    return len(distinct) <= len(_YES) + len(_NO) and all(flag(cell) is not None for cell in distinct.to_pylist())


def read_flags(table: Table, column: str) -> np.ndarray:
    """Not taken or taken as 0 or 1 (float64). Raises ``DataError`` (``table.code``) for anything else."""
    cells = table.cells(column)
    _refuse(table, column, _is_one_of(cells, ("",)))
    codes = pc.dictionary_encode(cells)
    values = np.array([math.nan if (f := flag(c)) is None else f for c in codes.dictionary.to_pylist()])
    found = values[codes.indices.to_numpy()]
    if np.isnan(found).any():
        _refuse_value("table.code", table, column, np.isnan(found), choices="0, 1, true, false, yes, no")
    return found


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
    more = {"file": table.file, "column": column, "count": len(rows), "rows": shown}
    words = [word for word in pc.unique(table.cells(column).filter(pa.array(missing))).to_pylist() if word]
    # words that stand for nothing are named: whoever looks there finds no empty cell
    require(not words, DataError, "table.cells_missing", **more, value=", ".join(words))
    require(len(rows) == 0, DataError, "table.cells_empty", **more)


def _refuse_value(key: str, table: Table, column: str, bad: np.ndarray, **more: object) -> None:
    at = int(np.flatnonzero(bad)[0])
    value = _shown(table.cells(column), at)
    raise DataError(key, file=table.file, row=int(table.rows[at]), column=column, value=value, **more)


def _shown(cells: pa.Array, at: int) -> str:
    return cells[at].as_py()[:_SHOWN_LETTERS]
