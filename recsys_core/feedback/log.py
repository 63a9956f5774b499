"""Feedback log: the one writer of a workspace's feedback, which answers after the commit.

Callers queue, one thread writes: whatever waits is written as one transaction and synced once (group commit), and
then everybody in it is told. So an answer means that the rows lie on the disk, whatever ends the process.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

from recsys_core.data.folder import locked
from recsys_core.errors import Phrase, RecLensError, SettingError, WorkspaceError, phrase
from recsys_core.feedback.database import LOCK, log_path
from recsys_core.feedback.store import Batch, Entry, NotedList, Store
from recsys_core.results.feedback import Appended
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.results.traffic import Traffic

log = logging.getLogger(__name__)
QUEUE_ROWS = 50_000  # rows that may wait; more are refused at once
GROUP_ROWS = 5_000  # rows of one transaction, so that a full queue does not make the first in it wait for the last
RETRY_SECONDS = 1.0  # lists that the disk did not take are tried again
MOST_CHARACTERS = 500  # of an id


class FeedbackLog:
    """The open log; `open` makes one. Safe to call from any thread."""

    def __init__(self, store: Store, held: ExitStack, on_commit: Callable[[float, int], None] | None) -> None:
        self.queue_limit = QUEUE_ROWS
        self._store, self._held, self._on_commit = store, held, on_commit
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._unwritten: list[NotedList] = []  # lists that the disk did not take
        self._n_waiting = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="feedback-log", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, workspace: Path, *, on_commit: Callable[[float, int], None] | None = None) -> FeedbackLog:
        """The log of a workspace, made where there is none; a lock keeps every other writer out till it is closed.

        Parameters
        ----------
        on_commit
            Called by the writing thread after each commit, with the seconds it took and how many rows it wrote.

        Raises
        ------
        WorkspaceError
            ``feedback.locked``, ``feedback.foreign``, ``feedback.newer``, ``feedback.damaged``,
            ``feedback.unreadable``, ``feedback.full``, ``feedback.sqlite``; the file is then as it was.
        """
        path = log_path(workspace)
        path.parent.mkdir(exist_ok=True)
        with ExitStack() as held:
            _lock(path, held)
            store = Store(path)
            for folder in (path.parent, Path(workspace)):
                _sync(folder)  # the names of a new file and folder, which no commit syncs
            return cls(store, held.pop_all(), on_commit)

    @property
    def queue_depth(self) -> int:
        """How many rows wait for their commit."""
        return self._n_waiting + len(self._unwritten)

    def append(self, events: Sequence[FeedbackEvent], *, client: str = "") -> Future[Appended]:
        """Queue events, kept together or not at all; the future is resolved when they lie on the disk.

        An event whose id the log holds is a duplicate, and is not looked at further. Position, score, version and
        propensity are those of the event's list.

        Raises
        ------
        SettingError
            ``feedback.event`` for an event that no log can hold, at once; in the future ``feedback.list`` for a
            list that was not served and ``feedback.list_user`` for somebody else's.
        WorkspaceError
            ``feedback.busy`` where too much waits and ``feedback.closed``, at once; in the future ``feedback.full``
            where the disk takes no more. Nothing of the batch is kept then.
        """
        for event in events:
            _check(event)
        batch = Batch(tuple(events), client, time.time())
        self._queue(batch, len(events))
        return batch.told

    def note_list(self, served: ServedList) -> Future[None]:
        """Queue a served list, before any feedback on it; the future need not be waited for.

        Where the disk takes no more the list is kept in memory and written when it does. Raises as `append` at once.
        """
        noted = NotedList(served)
        self._queue(noted, 1)
        return noted.told

    def note_traffic(self, row: Traffic) -> None:
        """Queue a row of traffic; where it cannot be written it is dropped."""
        self._queue(row, 1)

    def close(self) -> None:
        """Write what waits, tell everybody, and let the next writer in."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()
        with self._held:
            self._end()

    def __enter__(self) -> FeedbackLog:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _queue(self, entry: Entry, n_rows: int) -> None:
        with self._changed:
            if self._is_closing:
                raise WorkspaceError("feedback.closed")
            if self.queue_depth + n_rows > self.queue_limit:
                raise WorkspaceError("feedback.busy", waiting=self.queue_depth, limit=self.queue_limit)
            self._waiting.append(entry)
            self._n_waiting += n_rows
            self._changed.notify()

    def _run(self) -> None:
        while True:
            group = self._next_group()
            if group:
                self._commit(group)
            elif self._is_closing:
                return

    def _next_group(self) -> list[Entry]:
        """What the next transaction holds, lists that are still to be written first; empty where nothing waits."""
        with self._changed:
            if not self._waiting and not self._is_closing:
                self._changed.wait(RETRY_SECONDS if self._unwritten else None)
            group: list[Entry] = []
            room = GROUP_ROWS
            while self._waiting and room > 0:
                entry = self._waiting.popleft()
                self._n_waiting -= _n_rows(entry)
                room -= _n_rows(entry)
                group.append(entry)
            return group if self._is_closing and not group else [*self._unwritten, *group]

    def _commit(self, group: list[Entry]) -> None:
        start = time.perf_counter()
        try:
            found = self._store.commit(group)
        except RecLensError as problem:
            self._refuse(group, problem)
            return
        except Exception as fault:  # whatever it is, this thread and those who wait for it live on
            self._find(group, fault)
            return
        self._unwritten = []
        self._count(time.perf_counter() - start, sum(map(_n_rows, group)))
        for entry, outcome in zip(group, found, strict=True):
            if not isinstance(entry, Traffic):
                _tell(entry.told, outcome)

    def _find(self, group: list[Entry], fault: Exception) -> None:
        """Drop the entry that no table takes, which has nothing to do with the disk, and write the others."""
        self._unwritten = []
        if len(group) > 1:
            unwritten: list[NotedList] = []
            for entry in group:
                self._commit([entry])
                unwritten += self._unwritten
            self._unwritten = unwritten
            return
        log.error("an entry of the feedback log cannot be written and is dropped", exc_info=fault)
        if not isinstance(group[0], Traffic):
            reason = type(fault).__name__
            _tell(group[0].told, WorkspaceError("feedback.full", path=self._store.path, reason=reason))

    def _count(self, seconds: float, n_rows: int) -> None:
        """Tell who counts; a fault of theirs does not stop the log."""
        try:
            if self._on_commit is not None:
                self._on_commit(seconds, n_rows)
        except Exception:
            log.exception("a commit of the feedback log was not counted")

    def _refuse(self, group: list[Entry], problem: RecLensError) -> None:
        """Tell who sent feedback; keep the lists for the next try, as feedback on them will come."""
        self._unwritten = [entry for entry in group if isinstance(entry, NotedList)]
        for entry in group:
            if isinstance(entry, Batch):
                _tell(entry.told, problem)

    def _end(self) -> None:
        """The last try for lists that the disk did not take."""
        if self._unwritten:
            self._commit([*self._unwritten])
        for noted in self._unwritten:
            _tell(noted.told, WorkspaceError("feedback.closed"))
        self._store.close()


def _n_rows(entry: Entry) -> int:
    return len(entry.events) if isinstance(entry, Batch) else 1


def _tell(told: Future[Any], outcome: object) -> None:
    if not told.set_running_or_notify_cancel():
        return  # who asked has gone; what was kept stays kept
    if isinstance(outcome, RecLensError):
        told.set_exception(outcome)
    else:
        told.set_result(outcome)


def _check(event: FeedbackEvent) -> None:
    """Raise ``SettingError`` (``feedback.event``) for what the tables would not take or not give back."""
    texts = [(name, getattr(event, name)) for name in ("event_id", "user_id", "item_id")]
    texts += [("list_id", event.list_id)] if event.list_id is not None else []
    for name, value in texts:
        if not (isinstance(value, str) and 1 <= len(value) <= MOST_CHARACTERS and _is_text(value)):
            wanted = phrase("feedback.wanted.text", most=MOST_CHARACTERS)
            _refuse_event(event, name, value, wanted)
    numbers = [("outcome", event.outcome)] + ([("time", event.time)] if event.time is not None else [])
    for name, value in numbers:
        if not (isinstance(value, int | float) and math.isfinite(value)):
            _refuse_event(event, name, value, phrase("feedback.wanted.number"))


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8 (no half of a surrogate pair) and is found again (no NUL)."""
    return "\0" not in value and value.encode("utf-8", "ignore").decode() == value


def _refuse_event(event: FeedbackEvent, field: str, value: object, wanted: Phrase) -> NoReturn:
    raise SettingError("feedback.event", event=_short(event.event_id), field=field, value=_short(value), wanted=wanted)


def _short(value: object) -> str:
    return ascii(value)[:80]


def _lock(path: Path, held: ExitStack) -> None:
    """Keep every other writer out, and say who is the one."""
    lock = path.with_name(LOCK)
    lock.touch()
    if not held.enter_context(locked(lock, wait=False)):
        process = lock.read_text().strip() or "?"
        raise WorkspaceError("feedback.locked", path=path, process=process)
    lock.write_text(str(os.getpid()))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
