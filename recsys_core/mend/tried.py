"""Everything tried: a line of a workspace's ``tried.jsonl`` for each mending that was measured."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys_core.errors import SettingError
from recsys_core.models.model_store import ModelStore
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.results.mending import Mending
from recsys_core.variant import ModelVariant

FILE = "tried.jsonl"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tried:
    """One mending that was measured.

    Attributes
    ----------
    query
        What an address says of the variant, with the model's id (`ModelVariant.to_query`).
    base
        Id of the model that was mended.
    by
        Columns of the audit: those of users, of items where there are none.
    ndcg, base_ndcg
        Overall quality after and before, on the same test users.
    gap, base_gap
        Best minus worst group's NDCG; None where fewer than two groups have one.
    """

    query: dict[str, str]
    base: str
    mendings: tuple[Mending, ...]
    by: str
    ndcg: float
    base_ndcg: float
    gap: float | None
    base_gap: float | None
    reasons_kept: float | None
    lists_kept: float | None
    size_bytes: int
    made: str

    @property
    def variant(self) -> ModelVariant:
        """Raises ``SettingError`` for settings that are no more."""
        return ModelVariant.from_query(self.query)


class TriedStore:
    """What was tried in the workspace in ``workspace``, oldest first."""

    def __init__(self, workspace: Path) -> None:
        self._file, self._models = Path(workspace) / FILE, ModelStore(Path(workspace))

    def add(self, tried: Tried) -> None:
        """Append a line, as a whole; a workspace that cannot be written to forgets it."""
        line = json.dumps(to_json(tried), sort_keys=True, allow_nan=False) + "\n"
        with contextlib.suppress(OSError):
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, ("" if self._ends_well() else "\n").encode() + line.encode())
            finally:
                os.close(handle)

    def all(self) -> tuple[Tried, ...]:
        """What can still be shown: of models that are still there; of one variant and column the newest line.

        Their ``query`` names no model where it is the current one, as everywhere else.
        """
        there, current, found = set(self._models.ids()), self._models.current, dict[tuple, Tried]()
        for line in self._lines():
            tried = _read(line)
            if tried is not None and {tried.base, tried.query.get("model", tried.base)} <= there:
                query = {k: v for k, v in tried.query.items() if (k, v) != ("model", current)}
                found[tuple(sorted(query.items())), tried.by] = replace(tried, query=query)
        return tuple(found.values())

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def _ends_well(self) -> bool:
        """Whether the last line is whole: a run that was killed may have left half of one."""
        try:
            return self._file.read_bytes()[-1:] in (b"", b"\n")
        except OSError:
            return True


def _read(line: str) -> Tried | None:
    try:
        data: dict[str, Any] = json.loads(line)
        tried = from_json(Tried, data)
        return tried if tried.variant else None
    except (ValueError, KeyError, TypeError, AttributeError, SettingError):
        return None


def now() -> str:
    """The time as ``made`` says it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
