"""Dataset: validated users, items and interactions with a schema and a content fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.data.folder import atomic_folder, read_checked_json, sha256
from recsys_core.data.schema import Schema
from recsys_core.errors import DataError, RecLensError, phrase, require, values_from_json, values_to_json

FORMAT = "reclens-dataset-1"
TABLES = ("users", "items", "interactions")
TRUTH = "truth.json"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three tables that fit together.

    Attributes
    ----------
    name
        What a person calls it: ``MovieLens 100K``.
    schema
        What each column is.
    users
        One row a user, row number = ``user_index``; column ``user_id`` (str, raw id) and the
        schema's user columns (numbers float, everything else str, missing = None or NaN).
    items
        One row an item, row number = ``item_index``; ``item_id``, the title column, and the
        schema's item columns.
    interactions
        ``user_index`` and ``item_index`` (int32), ``value`` (float32, see ``Schema.outcome``),
        ``time`` (int64, unix seconds, 0 where there is none), and ``propensity`` (float32)
        where the logging policy is known. In an order that the content alone decides
        (`recsys_core.data.order.in_canonical_order`).
    warnings
        Problems that do not stop anyone, as ``(message key, values)``.
    truth
        Of sample data: the function that its outcomes were drawn from, as the sample's ``truth.json`` tells it.
    segments
        Matrix rows of users by the name of a segment, where somebody asks for groups of them
        (`recsys_core.data.segments.with_segments`); no part of what is saved, nor of the fingerprint.
    """

    name: str
    schema: Schema
    users: pd.DataFrame
    items: pd.DataFrame
    interactions: pd.DataFrame
    warnings: tuple[tuple[str, dict], ...] = ()
    truth: dict | None = None
    segments: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` where the tables do not fit together: importers say it in a person's words before."""
        schema, log = self.schema, self.interactions
        named = {schema.item_title, *(c.stored for c in schema.items)}
        _check_columns(self.users, "users", {"user_id", *(c.stored for c in schema.users)})
        _check_columns(self.items, "items", {"item_id", *named})
        _check_columns(log, "interactions", {"user_index", "item_index", "value", "time"})
        for frame, name in ((self.users, "user"), (self.items, "item")):
            if not frame[f"{name}_id"].is_unique:
                raise ValueError(f"{name}_id holds a value twice")
            index = log[f"{name}_index"]
            if len(index) and not 0 <= index.min() <= index.max() < len(frame):
                raise ValueError(f"{name}_index points outside the {len(frame)} {name}s")

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def n_interactions(self) -> int:
        return len(self.interactions)

    @cached_property
    def titles(self) -> list[str]:
        """What a person reads for each item, by ``item_index``; made once."""
        return self.items[self.schema.item_title].tolist()

    def user_index(self, user_id: str, where: str = "") -> int:
        """Row of a raw user id. Raises ``RecLensError`` (``user.unknown``) if there is none."""
        return _row(self.user_ids, user_id, "user", where or self.name)

    def item_index(self, item_id: str, where: str = "") -> int:
        """Row of a raw item id. Raises ``RecLensError`` (``item.unknown``) if there is none."""
        return _row(self.item_ids, item_id, "item", where or self.name)

    @cached_property
    def user_ids(self) -> pd.Index:
        """Raw ids by row, to be looked up."""
        return pd.Index(self.users["user_id"])

    @cached_property
    def item_ids(self) -> pd.Index:
        """Raw ids by row, to be looked up."""
        return pd.Index(self.items["item_id"])

    def fingerprint(self) -> str:
        """SHA-256 (first 16 hex digits) over schema, truth and the content of the three tables.

        Neither the name nor the way it was read (mapping, order of rows) plays a part.
        """
        digest = hashlib.sha256(json.dumps([self.schema.to_json(), self.truth], sort_keys=True).encode())
        for frame in (self.users, self.items, self.interactions):
            digest.update(json.dumps([list(frame.columns), len(frame)]).encode())
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write to ``folder`` (replaced as a whole, or not at all)."""
        with atomic_folder(Path(folder), phrase("what.dataset"), marker="dataset.json") as aside:
            self.write_into(aside)

    def write_into(self, folder: Path) -> None:
        """Write the files into an existing empty folder."""
        for name in TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        files = [f"{name}.parquet" for name in TABLES]
        if self.truth is not None:
            (folder / TRUTH).write_text(json.dumps(self.truth, indent=1))
            files.append(TRUTH)
        about = {
            "format": FORMAT,
            "name": self.name,
            "schema": self.schema.to_json(),
            "fingerprint": self.fingerprint(),
            "sha256": {name: sha256(folder / name) for name in files},
            "warnings": [[key, values_to_json(values)] for key, values in self.warnings],
        }
        (folder / "dataset.json").write_text(json.dumps(about, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Read a saved dataset.

        Raises ``DataError`` where the folder is missing (``dataset.missing``), a file is not
        the one that was written, or the content has another fingerprint (``dataset.damaged``).
        """
        folder = Path(folder)
        if not (folder / "dataset.json").is_file():
            raise DataError("dataset.missing", path=folder)
        about = read_checked_json(folder / "dataset.json", FORMAT, "dataset")
        try:
            frames = {name: _read_parquet(folder, name, about["sha256"][f"{name}.parquet"]) for name in TABLES}
            warnings = tuple((key, values_from_json(values)) for key, values in about["warnings"])
            truth = _read_truth(folder, about["sha256"].get(TRUTH))
            dataset = cls(about["name"], Schema.from_json(about["schema"]), warnings=warnings, truth=truth, **frames)
            same = dataset.fingerprint() == about["fingerprint"]
        except (KeyError, TypeError, ValueError, AttributeError):
            reason = phrase("reason.unreadable")
            raise DataError("dataset.damaged", path=folder, file="dataset.json", reason=reason) from None
        require(
            same, DataError, "dataset.damaged", path=folder, file="dataset.json", reason=phrase("reason.other_tables")
        )
        return dataset


def _check_columns(frame: pd.DataFrame, table: str, expected: set[str]) -> None:
    missing = sorted(expected.difference(frame.columns))
    if missing:
        raise ValueError(f"{table} lack the columns {missing}")


def _read_truth(folder: Path, checksum: str | None) -> dict | None:
    if checksum is None:
        return None
    _check(folder, TRUTH, checksum)
    return json.loads((folder / TRUTH).read_text())


def _read_parquet(folder: Path, name: str, checksum: str) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    try:  # the checksum comes first: a Parquet reader is not built for damaged files
        _check(folder, path.name, checksum)
        return pd.read_parquet(path)
    except (OSError, ValueError):
        raise DataError("dataset.damaged", path=folder, file=path.name, reason=phrase("reason.unreadable")) from None


def _check(folder: Path, file: str, checksum: str) -> None:
    require(
        (folder / file).is_file(), DataError, "dataset.damaged", path=folder, file=file, reason=phrase("reason.missing")
    )
    same = sha256(folder / file) == checksum
    require(same, DataError, "dataset.damaged", path=folder, file=file, reason=phrase("reason.changed"))


def _row(ids: pd.Index, wanted: str, what: str, where: str) -> int:
    try:  # the index hashes its ids at the first look-up: the others need no scan
        return int(ids.get_loc(str(wanted)))
    except KeyError:
        raise RecLensError(f"{what}.unknown", **{what: wanted, "workspace": where}) from None
