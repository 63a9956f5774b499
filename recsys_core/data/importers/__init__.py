"""Importers: from files on disk, in a known format, to a validated Dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers.amazon import import_amazon
from recsys_core.data.importers.movielens import import_1m, import_100k, import_latest
from recsys_core.data.importers.sources import opened
from recsys_core.data.importers.tables import import_tables
from recsys_core.errors import DataError, SettingError, phrase

IMPORTERS: dict[str, Callable[[Path], Dataset]] = {
    "movielens-100k": import_100k,
    "movielens-1m": import_1m,
    "movielens-latest": import_latest,
    "amazon-reviews": import_amazon,
    "tables": import_tables,
}
FORMATS = tuple(IMPORTERS)


def import_dataset(format: str, source: Path, mapping: Path | None = None) -> Dataset:
    """Read ``source`` in one of ``FORMATS``.

    Parameters
    ----------
    format
        ``tables`` for anybody's own, or the name of a published data set's form.
    source
        The folder with the files, packed or not, or a zip of it; for ``tables`` also one flat file.
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
    if format not in IMPORTERS:
        raise SettingError("setting.choice", name="format", choices=", ".join(FORMATS), value=format)
    if mapping and format != "tables":
        raise SettingError("setting.unused", name="mapping", use="--format tables")
    with opened(source) as place:
        if format == "tables":
            name = source.resolve().name if source.is_dir() else source.name.partition(".")[0]
            return import_tables(place, Path(mapping) if mapping else None, name=name)
        if not place.is_dir():
            raise DataError("table.missing", file=source.name, folder=source.parent, expected=phrase("expected.folder"))
        return IMPORTERS[format](place)
