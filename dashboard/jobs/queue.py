"""Short work (up to a minute) in the background, one piece at a time, its progress open to every session."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

from recsys_core.errors import Phrase
from recsys_core.progress import Progress

MAX_KEPT = 64
PATIENCE_SECONDS = 3.0  # queued work that nobody has asked for since is dropped, if its asker allowed that


class Cancelled(Exception):
    """Work that was stopped because nobody wants it any more."""


@dataclass(eq=False)
class Job:
    """One piece of work. ``stage`` and ``share`` (0 to 1) say how far it is; ``error`` what stopped it.

    ``stage`` is empty while other work is done first. ``partial`` is what is known before the
    end; ``last_requested`` is when somebody last wanted the job.
    """

    result: object = None
    error: Exception | None = None
    stage: str | Phrase = ""
    share: float = 0.0
    partial: object = None
    last_requested: float = field(default_factory=time.monotonic)
    finished: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)
    is_wanted: Callable[[], bool] = lambda: True

    @property
    def is_done(self) -> bool:
        return self.finished.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; returns whether it came."""
        return self.finished.wait(seconds)

    def outcome(self) -> object:
        """The result, waited for; raises what stopped the work."""
        self.finished.wait()
        if self.error:
            raise self.error
        return self.result

    def report(self, stage: str | Phrase, share: float) -> None:
        """Note how far it is. Raises ``Cancelled`` where nobody wants the work any more."""
        if not self.is_wanted():
            raise Cancelled
        self.stage, self.share = stage, min(max(share, 0.0), 1.0)

    def publish_partial(self, partial: object) -> None:
        """Show what is known before the end."""
        self.partial = partial
        self.started.set()


class JobQueue:
    """Keeps jobs by key, at most ``limit`` finished ones; the same key is worked on once, whoever asks.

    A job that failed tells those who hold it and is not kept: asked again, the work runs again.
    """

    def __init__(self, name: str = "job", *, limit: int = MAX_KEPT) -> None:
        self.limit = limit
        self._jobs: OrderedDict[tuple, Job] = OrderedDict()
        self._waiting = 0
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"reclens-{name}")

    def job(self, key: tuple, work: Callable[[Progress], object]) -> Job:
        """The job of this key, queued now if there is none. ``work`` gets a function to report progress with."""
        return self._ask(key, lambda job: self._run(key, job, lambda: work(job.report)))

    def cancellable(self, key: tuple, work: Callable[[Job], object]) -> Job:
        """Like ``job``, but dropped if nobody asks for it when its turn comes; ``work`` gets the job itself.

        Work that has started is dropped at its next report, where nobody asks for it and other work waits.
        """

        def run(job: Job) -> None:
            job.is_wanted = lambda: self._is_asked(job) or not self._waiting
            if self._is_asked(job):
                self._run(key, job, lambda: work(job))
            else:
                self._drop(key, job)

        return self._ask(key, run)

    def _is_asked(self, job: Job) -> bool:
        return time.monotonic() - job.last_requested <= PATIENCE_SECONDS

    def _drop(self, key: tuple, job: Job) -> None:
        """End a job without keeping it."""
        with self._lock:
            self._jobs.pop(key, None)
        job.finished.set()

    def _ask(self, key: tuple, run: Callable[[Job], None]) -> Job:
        with self._lock:
            if key not in self._jobs:
                job = self._jobs[key] = Job()
                self._waiting += 1
                self._worker.submit(self._begin, job, run)
            self._jobs.move_to_end(key)
            self._jobs[key].last_requested = time.monotonic()
            return self._jobs[key]

    def _begin(self, job: Job, run: Callable[[Job], None]) -> None:
        with self._lock:
            self._waiting -= 1
        run(job)

    def _run(self, key: tuple, job: Job, work: Callable[[], object]) -> None:
        try:
            job.result = work()
        except Cancelled:
            self._drop(key, job)
            return
        except Exception as problem:
            job.error = problem
            self._drop(key, job)
            return
        job.finished.set()
        with self._lock:
            finished = [k for k, j in self._jobs.items() if j.is_done]
            for old in finished[: max(0, len(finished) - self.limit)]:
                del self._jobs[old]


@cache
def shared_queue(name: str) -> JobQueue:
    """One of the server's queues: ``answers`` of the pages, ``levels`` that are measured.

    Two, so that Fairness and Global do not wait until a level is measured.
    """
    return JobQueue(name)
