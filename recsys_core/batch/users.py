"""Users of a batch: read from a file or a folder of Parquet partitions, each of them checked before work begins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.dataset import Dataset
from recsys_core.data.readers import read_table
from recsys_core.data.readers.arrow import read_parquet_columns
from recsys_core.data.readers.packed import read_content
from recsys_core.data.readers.text import decode_text
from recsys_core.data.tables import TEXT, Table
from recsys_core.errors import DataError, SettingError, require

COLUMN = "user_id"
PARTITION_SIZE = 1000
_MARKS = (b",", b";", b"\t", b"|", b"{", b"[")  # a first line with one of them is a header, or JSON


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Users whose lists become one file.

    Attributes
    ----------
    name
        Of the file that is written, below the output folder; folders are parted by ``/``.
    users
        ``(n,)`` user indices in the order of the input, each once.
    digest
        SHA-256 of their ids: partitions of one digest have equal rows.
    n_repeated
        Rows of the input that were passed over, as their user stands before them.
    """

    name: str
    users: np.ndarray
    digest: str
    n_repeated: int = 0


def read_partitions(source: Path, dataset: Dataset, *, size: int = PARTITION_SIZE) -> list[Partition]:
    """Partitions of the users in a file, or in the Parquet files of a folder.

    Parameters
    ----------
    source
        A table of any kind that an import reads, with the column ``user_id``, or a text with one id a line: cut into
        partitions ``part-00000.parquet``, … of ``size`` users. Or a folder: each Parquet file in it, at any depth, is a
        partition and keeps its name, one without rows too (engines write them); what begins with ``.`` or ``_`` is
        passed over.

    A user who stands twice in a file counts once, at the first place; one who stands in two files of a folder is in
    both outputs, as each is made from its own input alone.

    Raises
    ------
    DataError
        ``batch.unknown_user`` and ``batch.no_user``, with file and row; ``batch.no_partitions`` for a folder without
        Parquet files, ``batch.nobody`` where none of them has a row; ``table.…`` for a file that is missing, empty,
        unreadable or without such a column.
    SettingError
        ``setting.least`` for a size below 1.
    """
    require(size >= 1, SettingError, "setting.least", name="partition-size", least=1, value=size)
    index = pd.Index(dataset.users[COLUMN])
    if source.is_dir():
        found = list(_of_folder(source, index, dataset.name))
        require(any(len(partition.users) for partition in found), DataError, "batch.nobody", folder=source)
        return found
    users, n_repeated = _checked(_read_file(source), index, dataset.name)
    cut = [users[first : first + size] for first in range(0, len(users), size)]
    repeated = [n_repeated, *[0] * len(cut)]
    return [_partition(f"part-{at:05}.parquet", few, index, repeated[at]) for at, few in enumerate(cut)]


def _of_folder(folder: Path, index: pd.Index, where: str) -> Iterator[Partition]:
    found = (PurePosixPath(path.relative_to(folder)) for path in folder.rglob("*.parquet") if path.is_file())
    names = sorted(name for name in found if not any(part.startswith((".", "_")) for part in name.parts))
    require(bool(names), DataError, "batch.no_partitions", folder=folder)
    for name in names:
        table = read_parquet_columns(folder / name, (COLUMN,), file=str(name), least=0)
        users, n_repeated = _checked(table, index, where)
        yield _partition(str(name), users, index, n_repeated)


def _partition(name: str, users: np.ndarray, index: pd.Index, n_repeated: int) -> Partition:
    digest = hashlib.sha256("\n".join(map(str, index[users])).encode()).hexdigest()
    return Partition(name, users, digest, n_repeated)


def _read_file(path: Path) -> Table:
    """The ids of a table; of a text whose first line is no header, those of its lines."""
    file, data, kind = read_content(path)
    if kind == "parquet":
        return read_parquet_columns(path, (COLUMN,), file=file)
    if kind == "text":
        lines = decode_text(file, data, None).split(b"\n")
        first = next(line.strip() for line in lines if line.strip())
        if first.strip(b'"') != COLUMN.encode() and not any(mark in first for mark in _MARKS):
            cells = pc.utf8_trim_whitespace(pa.array([line.decode() for line in lines], TEXT))
            filled = np.flatnonzero(pc.not_equal(cells, "").to_numpy(zero_copy_only=False))
            return Table(file, {COLUMN: cells.take(filled)}, filled + 1)
    return read_table(path)


def _checked(table: Table, index: pd.Index, where: str) -> tuple[np.ndarray, int]:
    """User indices, each once, and how many rows were passed over."""
    ids = table.cells(COLUMN).to_pandas()
    users = index.get_indexer(ids)
    unknown = np.flatnonzero(users < 0)
    if len(unknown):
        row, value = int(table.rows[unknown[0]]), str(ids.iloc[unknown[0]])
        require(bool(value), DataError, "batch.no_user", file=table.file, row=row)
        about = {"file": table.file, "row": row, "user": value, "workspace": where, "count": len(unknown)}
        raise DataError("batch.unknown_user", **about)
    _, first = np.unique(users, return_index=True)
    return users[np.sort(first)].astype(np.int64), len(users) - len(first)
