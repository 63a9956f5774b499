"""Long work (seconds to minutes) as a run of the command line in a process of its own, with progress and cancel.

The process survives a change of the page, disturbs nobody's clicks with Python's lock, and writes aside: told to
stop, it leaves nothing half-written. One runs at a time, so that two do not disturb each other's figures.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from dashboard.jobs.queue import Cancelled, Job
from recsys_core.errors import Phrase, RecLensError, values_from_json
from recsys_core.progress import EVENTS

ROOT = Path(__file__).resolve().parents[2]
MERCY_SECONDS = 20.0  # to put away what is half-written, after being told to stop
MAX_KEPT = 16
KILLED = -signal.SIGKILL  # by the system, where a process takes too much memory


@dataclass(eq=False)
class LongJob(Job):
    """A run of ``python -m recsys_core``; ``result`` is the object it printed.

    ``title`` is a key of the interface's texts and its values, so that every reader sees it in their own language.
    """

    key: tuple = ()
    command: tuple[str, ...] = ()
    title: tuple[str, tuple[tuple[str, object], ...]] = ("", ())
    is_cancelled: bool = False
    process: subprocess.Popen | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_failed(self) -> bool:
        """Whether it was stopped by anything but its reader."""
        return self.error is not None and not isinstance(self.error, Cancelled)

    def cancel(self) -> None:
        """Tell the work to stop; it ends a moment later, with ``error`` a ``Cancelled``."""
        with self.lock:
            self.is_cancelled = True
            if self.process is not None and self.process.poll() is None:
                self.process.terminate()
                threading.Thread(target=self._end, args=(self.process,), daemon=True).start()

    def run(self) -> None:
        """Start the process, follow it to its end, and note its result or what stopped it."""
        try:
            with tempfile.TemporaryFile() as printed:
                problem = self._follow(printed)
                printed.seek(0)
                self.result = self._result(printed.read(), problem)
        except Exception as error:
            self.error = error
        finally:
            self.finished.set()

    def _follow(self, printed: IO[bytes]) -> RecLensError | None:
        with self.lock:
            if self.is_cancelled:
                raise Cancelled
            self.process = self._started(printed)
        self.started.set()
        problem: RecLensError | None = None
        for line in self.process.stderr or ():
            event = _event(line)
            if "error" in event:
                problem = _error(event)
            elif "stage" in event:
                self.stage, self.share = _stage(event["stage"]), min(max(float(event["share"]), 0.0), 1.0)
        self.process.wait()
        return problem

    def _started(self, printed: IO[bytes]) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "recsys_core", *self.command, "--json"],
            cwd=ROOT,
            env=os.environ | {EVENTS: "1"},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.PIPE,
            start_new_session=True,  # an interruption typed at the server's terminal reaches it through the server
        )

    def _result(self, printed: bytes, problem: RecLensError | None) -> object:
        """What the process printed. Raises what stopped it."""
        status = self.process.returncode if self.process else None
        if status == 0:
            self.share = 1.0
            return json.loads(printed)
        if self.is_cancelled:
            raise Cancelled
        if problem is None:
            problem = RecLensError("run.memory") if status == KILLED else RecLensError("run.ended", status=status)
        raise problem

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        try:
            process.wait(MERCY_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _event(line: bytes) -> dict:
    """A line of the process as an event; a library's warning is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _stage(stage: str | dict) -> str | Phrase:
    found = values_from_json({"stage": stage})["stage"]
    return found if isinstance(found, Phrase) else str(found)


def _error(event: dict) -> RecLensError:
    """The core's own error, to be said in the reader's language."""
    return RecLensError(event["error"], **values_from_json(event["values"]))


class Processes:
    """Long jobs by key, one at a time; those that wait, run or failed can be listed, and each be cancelled."""

    def __init__(self) -> None:
        self._jobs: dict[tuple, LongJob] = {}
        self._lock = threading.Lock()
        self._queue: SimpleQueue[LongJob] = SimpleQueue()
        # a daemon: Python's own pools would hold the server's end back until the work is done
        threading.Thread(target=self._work, name="reclens-processes", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._queue.get().run()

    def start(self, key: tuple, command: Sequence[object], title: str, /, **values: object) -> LongJob:
        """The unfinished job of this key, else a new one: ``python -m recsys_core COMMAND --json``."""
        with self._lock:
            held = self._jobs.get(key)
            if held is not None and not held.is_done:
                return held
            titled = (title, tuple(values.items()))
            job = self._jobs[key] = LongJob(key=key, command=tuple(map(str, command)), title=titled)
            done = [k for k, j in self._jobs.items() if j.is_done]
            for old in done[: max(0, len(self._jobs) - MAX_KEPT)]:
                del self._jobs[old]
        self._queue.put(job)
        return job

    def find(self, key: tuple) -> LongJob | None:
        """The last job of this key, done or not."""
        return self._jobs.get(key)

    def listed(self) -> list[LongJob]:
        """Jobs that wait, run, or failed and were not dismissed, in the order in which they were started."""
        with self._lock:
            return [j for j in self._jobs.values() if not j.is_done or j.is_failed]

    def dismiss(self, job: LongJob) -> None:
        """Take a finished job off the list."""
        with self._lock:
            if job.is_done and self._jobs.get(job.key) is job:
                del self._jobs[job.key]

    def end(self) -> None:
        """Cancel everything and wait for it: the server ends."""
        with self._lock:
            jobs = [j for j in self._jobs.values() if not j.is_done]
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait(MERCY_SECONDS)


@cache
def processes() -> Processes:
    """The server's long jobs; they end with it."""
    found = Processes()
    atexit.register(found.end)
    return found
