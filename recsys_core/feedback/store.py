"""Store of the feedback log: what one group commit writes, in one transaction that is synced before it returns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys_core.errors import RecLensError, SettingError, WorkspaceError, require
from recsys_core.feedback.database import open_writer, said
from recsys_core.results.dataclass_json import to_json
from recsys_core.results.feedback import Appended
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.results.traffic import Traffic

MOST_TRAFFIC = 120_960  # rows: seven days of one every five seconds
INSERT_LIST = "INSERT INTO lists VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (list_id) DO NOTHING"
INSERT_EVENT = "INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Events that are kept together or not at all, and whom to tell."""

    events: tuple[FeedbackEvent, ...]
    client: str
    received: float
    told: Future[Appended] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, eq=False)
class NotedList:
    """A served list, and whom to tell that it is kept."""

    served: ServedList
    told: Future[None] = field(default_factory=Future)


Entry = Batch | NotedList | Traffic


@dataclass(frozen=True, slots=True)
class OnList:
    """What the log knows of an event from its list; all None where it stands on none."""

    position: int | None = None
    score: float | None = None
    version: int | None = None
    propensity: float | None = None


class Store:
    """The writing connection of a feedback log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = open_writer(path)
        self._file = _identity(path)
        self._journal = path.with_name(f"{path.name}-wal")
        self._journal_file: tuple[int, int] | None = None  # known from the first commit on

    def commit(self, entries: Sequence[Entry]) -> list[Appended | RecLensError | None]:
        """What became of each entry, after all of them lie on the disk: an error concerns its own batch alone.

        Raises ``WorkspaceError``: ``feedback.full`` or ``feedback.damaged`` where nothing was kept, ``feedback.moved``
        where the file is no longer the one that was opened, so that nothing may be answered for.
        """
        with said(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                found = [self._write(entry) for entry in entries]
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        require(_identity(self.path) == self._file, WorkspaceError, "feedback.moved", path=self.path)
        journal = _identity(self._journal)
        if journal is None or journal != (self._journal_file or journal):
            self._rescue()
        self._journal_file = _identity(self._journal)
        return found

    def _rescue(self) -> None:
        """Move what only our handle still reaches into the log: somebody removed the journal, as if to make room."""
        with said(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.connection.close()
            self.connection = open_writer(self.path)

    def close(self) -> None:
        self.connection.close()

    def _write(self, entry: Entry) -> Appended | RecLensError | None:
        if isinstance(entry, Batch):
            try:
                return self._append(entry)
            except SettingError as problem:  # found before the first of its rows was written
                return problem
        if isinstance(entry, NotedList):
            self.connection.execute(INSERT_LIST, _list_row(entry.served))
        else:
            self.connection.execute("INSERT INTO traffic VALUES (NULL, ?, ?)", (entry.time, json.dumps(to_json(entry))))
            oldest = self.connection.last_insert_rowid() - MOST_TRAFFIC
            self.connection.execute("DELETE FROM traffic WHERE number <= ?", (oldest,))
        return None

    def _append(self, batch: Batch) -> Appended:
        first: dict[str, FeedbackEvent] = {}
        for event in batch.events:  # of two with one id in a batch, the first is the event
            first.setdefault(event.event_id, event)
        new = [event for event in first.values() if not self._has(event.event_id)]
        placed = [self._on_list(event) for event in new]
        for event, on in zip(new, placed, strict=True):
            self.connection.execute(INSERT_EVENT, _event_row(event, on, batch))
        return Appended(
            accepted=len(new), duplicates=len(batch.events) - len(new), new=tuple(new), upto=self._last_seq()
        )

    def _has(self, event_id: str) -> bool:
        return self._one("SELECT 1 FROM events WHERE event_id = ?", event_id) is not None

    def _last_seq(self) -> int:
        return self._one("SELECT max(seq) FROM events")[0] or 0

    def _on_list(self, event: FeedbackEvent) -> OnList:
        """Where an event stands on its list. Raises ``SettingError``: ``feedback.list``, ``feedback.list_user``."""
        if event.list_id is None:
            return OnList()
        found = self._one(
            "SELECT user_id, version, items, scores, propensities FROM lists WHERE list_id = ?", event.list_id
        )
        if found is None:
            raise SettingError("feedback.list", event=event.event_id, list=event.list_id)
        user_id, version, *places = found
        if user_id is not None and user_id != event.user_id:
            raise SettingError("feedback.list_user", event=event.event_id, list=event.list_id, user=event.user_id)
        items, scores, propensities = map(json.loads, places)
        if event.item_id not in items:
            return OnList(version=version)
        place = items.index(event.item_id)
        return OnList(place + 1, scores[place], version, propensities[place])

    def _one(self, query: str, *values: Any) -> Any:
        return self.connection.execute(query, values).fetchone()


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _list_row(served: ServedList) -> tuple[Any, ...]:
    lines = (json.dumps(part) for part in (served.items, served.scores, served.propensities))
    return (
        *(served.list_id, served.user_id, served.served, served.version, served.variant),
        *lines,
        served.n_candidates,
    )


def _event_row(event: FeedbackEvent, on: OnList, batch: Batch) -> tuple[Any, ...]:
    return (
        *(event.event_id, event.user_id, event.item_id, float(event.outcome), event.list_id),
        *(on.position, on.score, on.version, on.propensity),
        *(batch.received, event.time, batch.client),
    )
