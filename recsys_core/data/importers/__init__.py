"""Importers: from files on disk, in a known format, to a validated Dataset."""

from __future__ import annotations

from pathlib import Path

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers.movielens import import_1m, import_100k, import_latest
from recsys_core.data.importers.tables import import_tables
from recsys_core.errors import DataError, SettingError, phrase

_MOVIELENS = {"movielens-100k": import_100k, "movielens-1m": import_1m, "movielens-latest": import_latest}
FORMATS = (*_MOVIELENS, "tables")


def import_dataset(format: str, source: Path, mapping: Path | None = None) -> Dataset:
    """Read the folder ``source`` in one of ``FORMATS``.

    Parameters
    ----------
    format
        ``movielens-100k``, ``movielens-1m``, ``movielens-latest`` or ``tables``.
    source
        The folder with the files, gzip-packed or not.
    mapping
        For ``tables``: a JSON file that says which file and column is what. Without it the
        folder's own ``mapping.json`` counts, else files and columns are found by name.

    Raises
    ------
    SettingError
        For an unknown format (``setting.choice``), or a mapping that is not used (``setting.unused``).
    DataError
        For anything in the files that cannot be used; the message names file, row and column.
    """
    source = Path(source)
    if format not in FORMATS:
        raise SettingError("setting.choice", name="format", choices=", ".join(FORMATS), value=format)
    if not source.is_dir():
        raise DataError("table.missing", file=source.name, folder=source.parent, expected=phrase("expected.source"))
    if format == "tables":
        return import_tables(source, Path(mapping) if mapping else None)
    if mapping:
        raise SettingError("setting.unused", name="mapping", use="--format tables")
    return _MOVIELENS[format](source)
