"""Version watcher: sees that the workspace should be served by another version, opens it beside, and swaps."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from recsys_core.errors import RecLensError, WorkspaceError
from recsys_core.live.engine import Engine
from recsys_core.models import artifact
from recsys_core.models.model_store import ABOUT
from recsys_core.serving.served import ServedModels

EVERY_SECONDS = 0.2
STOP_SECONDS = 10.0
AGAIN_SECONDS = 10.0  # a version that could not be opened is tried again, as whoever mends it may leave no trace
Mark = tuple[tuple[int, int, int] | None, ...]


class VersionWatcher:
    """A thread that keeps ``engine`` what the disk says should be served.

    ``engine`` is one reference, replaced when the next version has answered its known requests: whoever took the old
    one ends with it. What cannot be opened leaves the old one in place, and ``problem`` says why.
    """

    def __init__(self, models: ServedModels, on_swap: Callable[[Engine], None], on_failure: Callable[[], None]) -> None:
        self.models, self._on_swap, self._on_failure = models, on_swap, on_failure
        self._data = artifact.data_fingerprint(models.workspace.path)
        self._mark: Mark = ()  # the first look compares, whatever happened while this one was opened
        self._tried_at = 0.0
        self.engine = models.open(models.wanted())
        self.problem: RecLensError | None = None
        self.n_swaps = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)

    def start(self) -> None:
        self._on_swap(self.engine)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a version that is being opened is waited for, though not for as long as a student trains."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)

    def look(self) -> None:
        """Swap to the version that should be served, where it is another one and can be opened.

        Cheap where no file changed since the last time: three questions to the file system.
        """
        mark, now = self._marked(), time.monotonic()
        if mark == self._mark and not (self.problem and now - self._tried_at > AGAIN_SECONDS):
            return
        self._mark, self._tried_at = mark, now
        try:
            self._swap()
        except RecLensError as problem:
            self._failed(problem)
        except Exception as fault:  # of whatever lies on the disk: this thread lives on, else nothing is swapped again
            reason = getattr(fault, "strerror", None) or str(fault) or "-"
            self._failed(WorkspaceError("serve.load", kind=type(fault).__name__, reason=reason))

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.look()

    def _swap(self) -> None:
        found = artifact.data_fingerprint(self.models.workspace.path)
        if found != self._data:
            raise WorkspaceError("serve.other_data", path=self.models.workspace.path)
        wanted = self.models.wanted()
        opened = self.engine if wanted == self.engine.served else self.models.open(wanted)
        self.problem = None  # before the swap: nobody sees the new version beside the old one's problem
        if opened is not self.engine:
            self.engine = opened
            self.n_swaps += 1
            self._on_swap(opened)

    def _failed(self, problem: RecLensError) -> None:
        self.problem = problem
        self._on_failure()

    def _marked(self) -> Mark:
        """What changes with the workspace's data, its current model, or the files of the model that is served."""
        path = self.models.workspace.path
        own = path / "models" / self.engine.served.model / artifact.SUMS
        return tuple(_stat(file) for file in (path / ABOUT, path / artifact.DATA, own))


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        about = os.stat(file)
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns, about.st_size
