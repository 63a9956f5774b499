"""Output folder of a batch: what it holds is written in it, whole files only, and never two runs' in one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from recsys_core.batch.request import FORMAT
from recsys_core.batch.users import Partition
from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import SettingError, require

MANIFEST = "_batch.json"  # what reads a folder of Parquet files passes over names with an underscore
STAMP = b"reclens"
ROWS_A_GROUP = 8192


def prepare_folder(out: Path, manifest: dict[str, Any]) -> None:
    """Make the folder, or see that it belongs to the same run.

    Raises ``SettingError``: ``batch.foreign`` for a folder of other files, ``batch.other_run`` with the first setting
    that differs; ``WorkspaceError`` for a damaged manifest.
    """
    if (out / MANIFEST).is_file():
        there = read_checked_json(out / MANIFEST, FORMAT, "workspace")
        for name, wanted in manifest.items():
            same = there.get(name) == wanted
            require(same, SettingError, "batch.other_run", out=out, name=name, there=there.get(name), wanted=wanted)
        return
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SettingError("batch.foreign", out=out)
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / MANIFEST, json.dumps(manifest, indent=1).encode())


def stamp_of(manifest: dict[str, Any], partition: Partition) -> bytes:
    """What a file says of itself, wherever it is copied to: the run's settings, and whose lists it holds."""
    return json.dumps(manifest | {"users": partition.digest}).encode()


def rows_written(out: Path, partition: Partition, manifest: dict[str, Any]) -> int | None:
    """Rows of a partition that is whole; None where it has to be made (a file cut off by a broken disk, too).

    Raises ``SettingError`` (``batch.other_users``) for a file of other users or of another run.
    """
    path = out / partition.name
    try:
        found = pyarrow.parquet.read_metadata(path)
    except (OSError, pa.ArrowException):
        return None
    same = (found.metadata or {}).get(STAMP) == stamp_of(manifest, partition)
    require(same, SettingError, "batch.other_users", file=partition.name, out=out)
    return found.num_rows


def write_partition(path: Path, tables: Iterable[pa.Table], schema: pa.Schema, stamp: bytes) -> int:
    """Write a partition's rows aside and move them into place when all are there; returns their number.

    Equal rows give equal bytes: row groups of a fixed size, no times. Nothing stays of a file that was not finished,
    unless the process was killed: see `clear_leftovers`. Raises ``OSError``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            n_rows = _write(file, tables, schema.with_metadata({STAMP: stamp}))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return n_rows


def _write(file: Any, tables: Iterable[pa.Table], schema: pa.Schema) -> int:
    held, n_held, n_rows = [], 0, 0
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd", version="2.6") as writer:
        for table in tables:
            held.append(table.replace_schema_metadata(schema.metadata))
            n_held, n_rows = n_held + len(table), n_rows + len(table)
            if n_held >= ROWS_A_GROUP:
                writer.write_table(pa.concat_tables(held), row_group_size=n_held)
                held, n_held = [], 0
        if held:
            writer.write_table(pa.concat_tables(held), row_group_size=max(1, n_held))
    return n_rows


def clear_leftovers(out: Path, partitions: list[Partition]) -> None:
    """Remove what killed runs left half-written beside these partitions."""
    names = {out / partition.name for partition in partitions}
    for folder in {path.parent for path in names}:
        for left in folder.glob(".*.parquet.*") if folder.is_dir() else ():
            if left.with_name(left.name[1:].rsplit(".", 1)[0]) in names:
                left.unlink(missing_ok=True)
