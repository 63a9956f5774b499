"""Segments: users under a name, by conditions on their columns or one by one, kept with a workspace."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.conditions import Condition, Conditions, condition_cells, condition_columns, fitting
from recsys_core.data.dataset import Dataset
from recsys_core.data.folder import atomic_write, locked, read_checked_json
from recsys_core.errors import Phrase, RecLensError, SettingError, WorkspaceError, phrase

FILE, FORMAT = "segments.json", "reclens-segments-1"
COLUMN = "segment:"  # before a name: the column that says who is in the segment
LONGEST_NAME = 60


class Split(Protocol):
    """What a segment asks of a split: the items that each user took in training, ``(n_users, n_items)``."""

    def sequences(self) -> csr_array: ...


@dataclass(frozen=True, slots=True)
class Segment:
    """Users under a name.

    Parameters
    ----------
    name
        Printable, at most 60 characters, no blanks around it.
    conditions
        By user column (`recsys_core.data.conditions.condition_columns`), all to be met: a range of numbers
        ``(25.0, 35.0)``, both ends belonging to it, or the values to be among ``("north", "south")``.
    users
        Raw ids of the users instead of conditions; each once.

    Raises
    ------
    SettingError
        ``segment.name``; ``segment.nothing`` without conditions and users, or with both; ``segment.condition``.
    """

    name: str
    conditions: Conditions = field(default_factory=dict)
    users: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        name = self.name
        if not name.isprintable() or name != name.strip() or not 0 < len(name) <= LONGEST_NAME:
            raise SettingError("segment.name", name=name, longest=LONGEST_NAME)
        if bool(self.conditions) == bool(self.users):
            raise SettingError("segment.nothing", name=name)
        for column, condition in self.conditions.items():
            if not (_is_range(condition) or _is_values(condition)):
                raise SettingError("segment.condition", name=name, column=column)

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.conditions.items()), self.users))

    def to_json(self) -> dict[str, Any]:
        """Its line in the file."""
        if self.users is not None:
            return {"name": self.name, "users": list(self.users)}
        return {"name": self.name, "conditions": {c: list(x) for c, x in self.conditions.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Segment:
        """The inverse of `to_json`. Raises ``TypeError``, ``KeyError``, ``AttributeError``, ``SettingError``."""
        conditions = {column: tuple(x) for column, x in data.get("conditions", {}).items()}
        users = data.get("users")
        if users is not None and not (isinstance(users, list) and all(isinstance(u, str) for u in users)):
            raise TypeError("users are texts")
        return cls(data["name"], conditions, None if users is None else tuple(dict.fromkeys(users)))


def _is_range(condition: Condition) -> bool:
    """Two finite numbers, the smaller one first."""
    if len(condition) != 2 or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in condition):
        return False
    low, high = (float(x) for x in condition)
    return math.isfinite(low) and math.isfinite(high) and low <= high


def _is_values(condition: Condition) -> bool:
    return len(condition) > 0 and all(isinstance(x, str) and x for x in condition)


class SegmentStore:
    """The segments of the workspace in ``workspace``; every question is answered from the disk.

    All raise ``WorkspaceError`` (``segments.damaged``) where the file cannot be read: nothing is lost then, as nothing
    is written over it.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = Path(workspace)

    @property
    def file(self) -> Path:
        return self.workspace / FILE

    def list(self) -> list[Segment]:
        """Every segment, in order of name."""
        return sorted(self._read().values(), key=lambda segment: (segment.name.casefold(), segment.name))

    def get(self, name: str) -> Segment:
        """The segment of that name. Raises ``SettingError`` (``segment.unknown``) where there is none."""
        held = self._read()
        if name not in held:
            raise self._unknown(name, held)
        return held[name]

    def save(self, segment: Segment) -> None:
        """Keep a segment; one of the same name is replaced."""
        self._change(lambda held: held | {segment.name: segment})

    def remove(self, name: str) -> None:
        """Forget a segment. Raises ``SettingError`` (``segment.unknown``) where there is none."""

        def without(held: dict[str, Segment]) -> dict[str, Segment]:
            if name not in held:
                raise self._unknown(name, held)
            return {n: s for n, s in held.items() if n != name}

        self._change(without)

    def _unknown(self, name: str, held: dict[str, Segment]) -> SettingError:
        return unknown_segment(name, held, self.workspace.name)

    def _change(self, change: Callable[[dict[str, Segment]], dict[str, Segment]]) -> None:
        """Read, change and write while nobody else does: two who save at once both find theirs kept."""
        with locked(self.workspace):
            after = change(self._read())
            lines = [segment.to_json() for segment in after.values()]
            text = json.dumps({"format": FORMAT, "segments": lines}, indent=1, ensure_ascii=False)
            try:
                atomic_write(self.file, text.encode())
            except OSError as problem:
                raise WorkspaceError("run.file", file=self.file, reason=problem.strerror or "") from None

    def _read(self) -> dict[str, Segment]:
        if not self.file.exists():
            return {}
        try:
            lines = read_checked_json(self.file, FORMAT, "workspace")["segments"]
            found = [Segment.from_json(line) for line in lines]
        except (RecLensError, KeyError, TypeError, AttributeError) as problem:
            raise WorkspaceError("segments.damaged", file=self.file, reason=_reason(problem)) from None
        held = {segment.name: segment for segment in found}
        if len(held) != len(found):
            raise WorkspaceError("segments.damaged", file=self.file, reason=phrase("reason.segment_twice"))
        return held


def _reason(problem: Exception) -> Phrase:
    """Why the file cannot be used: what a segment in it lacks, or that it cannot be read."""
    if isinstance(problem, SettingError):
        return phrase(problem.key, **problem.values)
    return phrase("reason.unreadable")


def unknown_segment(name: str, held: Iterable[str], workspace: str) -> SettingError:
    """The refusal of a name that is none of those held: ``segment.unknown``, or ``segment.none`` where none is."""
    known = ", ".join(sorted(held))
    return SettingError("segment.unknown" if known else "segment.none", name=name, workspace=workspace, known=known)


def segment_users(segment: Segment, dataset: Dataset, split_dataset: Split) -> np.ndarray:
    """Matrix rows of a segment's users, ascending; empty where nobody meets the conditions.

    Raises ``SettingError``: ``segment.column`` for a condition on a column that users do not have (or that cannot
    tell them apart), ``segment.users`` for ids that nobody has.
    """
    if segment.users is not None:
        return _rows_of(segment.name, segment.users, dataset)
    known = condition_columns(dataset)
    for column in segment.conditions:
        if column not in known:
            listed = ", ".join(known)
            raise SettingError("segment.column", name=segment.name, column=column, workspace=dataset.name, known=listed)
    taken = split_dataset.sequences()
    return fitting({c: condition_cells(dataset, c, taken) for c in segment.conditions}, segment.conditions)


def _rows_of(name: str, users: tuple[str, ...], dataset: Dataset) -> np.ndarray:
    row_of = {user: row for row, user in enumerate(dataset.users["user_id"])}
    gone = [user for user in users if user not in row_of]
    if gone:
        raise SettingError("segment.users", name=name, n=len(gone), first=gone[0], workspace=dataset.name)
    return np.unique(np.array([row_of[user] for user in users], dtype=np.int64))


def with_segments(dataset: Dataset, segments: Iterable[Segment], split_dataset: Split) -> Dataset:
    """The same dataset with segments as columns to group users by (``segment:NAME``: its users, and all others).

    Raises ``SettingError`` as `segment_users`.
    """
    return replace(dataset, segments={s.name: segment_users(s, dataset, split_dataset) for s in segments})


def with_named_segments(dataset: Dataset, by: str, workspace: Path, split_dataset: Split) -> Dataset:
    """The same with those segments of a workspace that ``by`` names: columns to group by, as a person wrote them.

    Raises ``SettingError`` (``segment.unknown``) where it begins with one that is not there, and as `segment_users`;
    ``WorkspaceError`` as `SegmentStore`.
    """
    store = SegmentStore(workspace)
    named = [segment for segment in store.list() if f"{COLUMN}{segment.name}" in by]
    if not named and by.startswith(COLUMN):
        named = [store.get(by.removeprefix(COLUMN))]
    return with_segments(dataset, named, split_dataset)
