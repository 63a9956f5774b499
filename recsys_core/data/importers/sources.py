"""Where tables lie: a folder, a file, an archive of several, a workbook with a sheet for each."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from recsys_core.data.build_dataset import Warnings
from recsys_core.data.importers.flat import split_flat
from recsys_core.data.importers.mapping import InteractionMapping, Mapping, SideMapping, guess_mapping, read_mapping
from recsys_core.data.readers import read_table
from recsys_core.data.readers.packed import is_table_name, members, read_content
from recsys_core.data.readers.workbook import read_sheets
from recsys_core.data.tables import KINDS, Table, find_file, find_table, unreadable
from recsys_core.errors import DataError, phrase

SIDES = ("users", "items", "interactions")
MAPPING = "mapping.json"
_SHOWN_FILES = 5


@contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The source itself; an archive of several files is a folder for as long as this lasts.

    Raises ``DataError`` (``table.missing``, ``table.unreadable``; ``table.too_big`` for an archive that
    this machine's disk cannot hold).
    """
    if not source.exists():
        expected = phrase("expected.source")
        raise DataError("table.missing", file=source.name, folder=source.parent, expected=expected)
    if source.is_dir() or not _is_archive_of_several(source):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="reclens-") as folder:
        _unpack(source, Path(folder))
        try:
            yield _lone_folder(Path(folder))
        except DataError as problem:  # nobody knows the folder that it was unpacked to
            if "folder" not in problem.values:
                raise
            raise DataError(problem.key, **{**problem.values, "folder": source}) from None


def _is_archive_of_several(source: Path) -> bool:
    """Several tables in a zip, which is no workbook or other document."""
    if not zipfile.is_zipfile(source):
        return False
    try:
        with zipfile.ZipFile(source) as archive:
            inside = members(archive)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as problem:
        raise unreadable(source.name, problem) from None
    tables = [name for name in inside if is_table_name(name) or name.count(".") != 1]
    tables = [name for name in tables if not PurePosixPath(name).stem.lower().startswith("readme")]
    return "[Content_Types].xml" not in inside and "content.xml" not in inside and len(tables) > 1


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            size = sum(info.file_size for info in archive.infolist())
            if size > shutil.disk_usage(folder).free:
                raise DataError("table.too_big", file=source.name, size=f"{size / 1e9:.0f} GB")
            for name in members(archive):
                archive.extract(name, folder)
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError) as problem:
        raise unreadable(source.name, problem) from None
    except (zipfile.BadZipFile, zlib.error) as problem:
        raise unreadable(source.name, problem) from None


def _lone_folder(folder: Path) -> Path:
    """The folder below which an archive puts everything, else the archive's own."""
    inside = list(folder.iterdir())
    return _lone_folder(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


def read_source(source: Path, mapping: Path | None, *, name: str) -> tuple[Mapping, dict[str, Table], Warnings]:
    """The tables of a folder or file, and which of their columns are what.

    Parameters
    ----------
    source
        A folder with the tables (or with one flat table), or one file: a flat table, or a workbook with a
        sheet a table.
    mapping
        Says which file and column is what; else the folder's ``mapping.json``, else names are guessed.
    name
        What the dataset is called where the mapping does not say.
    """
    folder, file = (source, None) if source.is_dir() else (source.parent, source)
    path = mapping or (None if file else folder / MAPPING)
    if path and (mapping or path.is_file()):
        known, tables = _read_mapped(folder, read_mapping(path, name=name, file=file.name if file else None))
        return known, *split_flat(known, tables)
    file = file or _lone_table(folder)
    tables, warnings = _find_tables(folder, file)
    known = guess_mapping(tables, name=name, flat=file is not None and len(tables) == 1)
    made, noticed = split_flat(known, tables)
    return _label_items(known, made), made, [*warnings, *noticed]


def _label_items(known: Mapping, tables: dict[str, Table]) -> Mapping:
    """A flat file's ``name`` is the items' title where it turned out to be theirs."""
    items, found = known.items, tables.get("items")
    if items and found and items.label is None and "title" not in found.columns and "name" in found.columns:
        return replace(known, items=replace(items, label="name"))
    return known


def _read_mapped(folder: Path, known: Mapping) -> tuple[Mapping, dict[str, Table]]:
    """Every table that the mapping names; a file that several sides name is flat, or a workbook with their sheets."""
    expected = phrase("expected.mapped", file=known.source)
    log = known.interactions
    sides = {"users": known.users, "items": known.items}
    parts: dict[str, InteractionMapping | SideMapping] = {"interactions": log}
    parts |= {side: part for side, part in sides.items() if part}
    paths = {key: find_file(folder, part.file, expected=expected) for key, part in parts.items()}
    shared = paths["interactions"]
    sheets = _read_sheets(shared) if list(paths.values()).count(shared) > 1 else {}
    tables = {key: sheets[key] for key, path in paths.items() if path == shared and key in sheets}
    renamed: dict[str, Any] = {key: replace(parts[key], file=table.file) for key, table in tables.items()}
    known = replace(known, **renamed)
    if "interactions" not in tables:
        tables["interactions"] = read_table(shared, log.form)
    for key, path in paths.items():
        if key not in tables and path != shared:
            tables[key] = read_table(path, parts[key].form)
    return known, tables


def _lone_table(folder: Path) -> Path | None:
    """The one table in a folder, whatever its name."""
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and _is_table(path)]
    return found[0] if len(found) == 1 and not find_table(folder, "interactions") else None


def _is_table(path: Path) -> bool:
    return is_table_name(path.name) and not path.name.lower().startswith(("readme", "truth."))


def _read_sheets(file: Path) -> dict[str, Table]:
    """Sheets of a workbook that are called like the three tables; none of another file."""
    if not zipfile.is_zipfile(file):
        return {}
    label, data, kind = read_content(file)
    return read_sheets(label, data, SIDES) if kind == "workbook" else {}


def _find_tables(folder: Path, file: Path | None) -> tuple[dict[str, Table], Warnings]:
    """Tables by the names of files or sheets; one flat file stands for all three."""
    if file:
        sheets = _read_sheets(file)
        if "interactions" in sheets:
            return sheets, []
        return {"interactions": read_table(file)}, []
    paths = {side: path for side in SIDES if (path := find_table(folder, side))}
    if "interactions" not in paths:
        names = ", ".join(f"interactions{kind}" for kind in KINDS[:6])
        expected = phrase("expected.interactions", names=names)
        raise DataError("table.missing", file="interactions", folder=folder, expected=expected)
    unread = [p.name for p in sorted(folder.iterdir()) if p not in paths.values() and _is_table(p)]
    warnings: Warnings = []
    if unread:
        shown = ", ".join(unread[:_SHOWN_FILES]) + (", …" if len(unread) > _SHOWN_FILES else "")
        warnings.append(("warning.files_unused", {"count": len(unread), "files": shown}))
    return {side: read_table(path) for side, path in paths.items()}, warnings
