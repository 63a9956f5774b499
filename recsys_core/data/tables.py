"""Raw tables as text: every cell with the line it stands on, and where a table's file is found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.errors import DataError, Phrase, phrase, require

TEXT = pa.large_string()
KINDS = (".csv", ".parquet", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".xlsx", ".feather", ".arrow", ".zip")
PACKINGS = ("", ".gz", ".bz2", ".xz", ".zst", ".zip")
Notice = tuple[str, dict]
_SHOWN_COLUMNS = 20
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
# names that programs give to the row numbers they write beside the data
_INDEX_NAME = re.compile(r"Unnamed: \d+(\.\d+)*|__index_level_\d+__")
_COUNTER_NAME = re.compile(r"index|level_\d+|(row|line)[_ ]?(number|num|no|id|index)?", re.IGNORECASE)


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
    lists
        Columns whose cells were lists; a cell joins the values by ``|``.
    nested
        Columns that were passed over, as their cells hold no plain values: name and type.
    noticed
        Warnings of the reader: message keys and values.
    """

    file: str
    columns: dict[str, pa.Array]
    rows: np.ndarray
    n_blank: int = 0
    lists: frozenset[str] = frozenset()
    nested: dict[str, str] = field(default_factory=dict)
    noticed: tuple[Notice, ...] = ()

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    def cells(self, column: str) -> pa.Array:
        """Text of one column.

        Raises ``DataError`` where there is none (``table.column_missing``), where it holds no plain
        values (``table.nested``), where the whole file seems to be one column (``table.one_column``) or to
        have no header (``table.no_header``).
        """
        if column in self.nested:
            raise DataError("table.nested", file=self.file, column=column, type=self.nested[column])
        if column not in self.columns:
            check_header(self.file, list(self.columns))
            found = ", ".join(list(self.columns)[:_SHOWN_COLUMNS])
            one = len(self.columns) == 1 and not found.isidentifier()
            key = "table.one_column" if one else "table.column_missing"
            raise DataError(key, file=self.file, column=column, found=found)
        return self.columns[column]


def check_header(file: str, names: list[str]) -> None:
    """Raises ``DataError`` (``table.no_header``) where names are numbers: half of them, or one that is there twice."""
    numbers = [name for name in names if _NUMBER.fullmatch(name)]
    data = len(names) > 1 and (2 * len(numbers) >= len(names) or len(set(numbers)) < len(numbers))
    require(not data, DataError, "table.no_header", file=file, found=", ".join(names[:_SHOWN_COLUMNS]))


def row_indexes(table: Table) -> list[str]:
    """Columns that a program wrote to number the rows (a data frame's index): no attribute of anybody.

    >>> cells = pa.array(["7", "3"], TEXT)
    >>> row_indexes(Table("t", {"Unnamed: 0": cells, "index": cells, "age": cells}, np.arange(2)))
    ['Unnamed: 0']
    """
    return [name for name, cells in table.columns.items() if _is_row_index(name, cells)]


def _is_row_index(name: str, cells: pa.Array) -> bool:
    if _INDEX_NAME.fullmatch(name):
        return are_row_numbers(cells)
    return bool(_COUNTER_NAME.fullmatch(name)) and are_row_numbers(cells, counted=True)


def are_row_numbers(cells: pa.Array, *, counted: bool = False) -> bool:
    """Whether all cells are different whole numbers; where ``counted``, from 0 or 1 upwards one by one."""
    try:
        numbers = pc.cast(cells, pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return False
    if counted:
        return bool(len(numbers)) and numbers[0] in (0, 1) and bool((np.diff(numbers) == 1).all())
    return len(np.unique(numbers)) == len(numbers)


def find_file(folder: Path, name: str, *, expected: Phrase) -> Path:
    """Path of ``name``, packed or not, in ``folder``. Raises ``DataError`` (``table.missing``)."""
    for path in (folder / f"{name}{packing}" for packing in PACKINGS):
        if path.is_file():
            return path
    raise DataError("table.missing", file=name, folder=folder, expected=expected)


def find_table(folder: Path, stem: str) -> Path | None:
    """Path of ``stem`` in any of the formats that are read, packed or not, None where there is none."""
    present = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_file()}
    wanted = (f"{stem}{kind}{packing}" for packing in PACKINGS for kind in KINDS)
    return next((present[name] for name in wanted if name in present), None)


def missing(path: Path) -> DataError:
    """A file that is not there."""
    return DataError("table.missing", file=path.name, folder=path.parent, expected=phrase("expected.table"))


def unreadable(file: str, problem: BaseException) -> DataError:
    """A file that its reader gives up on, and why, as far as the kind of the problem tells."""
    kinds = {
        PermissionError: "permission",
        EOFError: "ends_early",
        RecursionError: "deep",
        MemoryError: "memory",
        NotImplementedError: "packing",
    }
    reason = next((name for kind, name in kinds.items() if isinstance(problem, kind)), "damaged")
    if isinstance(problem, RuntimeError) and "password" in str(problem):
        reason = "password"
    return DataError("table.unreadable", file=file, reason=phrase(f"reason.{reason}"))
