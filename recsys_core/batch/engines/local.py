"""Processes of this machine, each with the workspace opened once."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

from recsys_core.batch.engines import Told
from recsys_core.batch.users import Partition
from recsys_core.batch.worker import Job, Outcome, Worker, WorkerEnded
from recsys_core.errors import RecLensError

SECONDS_TO_END = 5


def run(partitions: list[Partition], job: Job, processes: int, told: Told) -> Generator[Outcome]:
    """Partitions in the order in which they are done; with one process, in this one.

    Raises `WorkerEnded` where a worker was killed.
    """
    n_workers = min(processes, len(partitions))
    if n_workers <= 1:
        worker = Worker(job)
        for partition in partitions:
            yield worker(partition, partial(told, partition.name))
        return
    waiting, started = list(reversed(partitions)), [_start(job) for _ in range(n_workers)]
    busy = dict(started)
    try:
        while busy:
            ready = wait(list(busy))
            for connection in [c for c in busy if c in ready]:
                answer = _received(connection, busy[connection])
                if isinstance(answer, tuple):
                    told(*answer)
                    continue
                if isinstance(answer, Outcome):
                    yield answer
                if waiting:
                    connection.send(waiting.pop())
                else:
                    del busy[connection]
    finally:
        _end(started)


def _start(job: Job) -> tuple[Connection, Any]:
    """A process and this side of the pipe to it. It is spawned: a copy of a process with threads may hang."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(there, job), daemon=True)
    process.start()
    there.close()  # so that its end is heard of
    return here, process


def _received(connection: Connection, process: Any) -> Any:
    """What a worker says: None (ready), a partition's name with how many users are done, or an `Outcome`."""
    try:
        said = connection.recv()
    except (EOFError, OSError):
        process.join(SECONDS_TO_END)
        raise WorkerEnded(process.exitcode) from None
    if isinstance(said, RecLensError):
        raise said
    return said


def _end(started: list[tuple[Connection, Any]]) -> None:
    """Close the pipes, which idle workers take for the end, and stop those at work."""
    for connection, process in started:
        connection.close()
        with suppress(OSError):
            process.terminate()
    for _, process in started:
        process.join(SECONDS_TO_END)
        if process.is_alive():
            process.kill()
            process.join()


def _work(connection: Connection, job: Job) -> None:
    """A worker's life: partitions in, outcomes out, until nobody is at the other end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the run itself ends its workers
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that no half-written file stays
    with suppress(BrokenPipeError, ConnectionResetError):
        try:
            worker = Worker(job)
            connection.send(None)
            while True:
                _serve(connection, worker)
        except (EOFError, BrokenPipeError, ConnectionResetError):  # the run was killed
            return
        except Exception as problem:
            connection.send(_told(problem))


def _serve(connection: Connection, worker: Worker) -> None:
    partition: Partition = connection.recv()
    connection.send(worker(partition, lambda n_users: connection.send((partition.name, n_users))))


def _told(problem: Exception) -> RecLensError:
    """What ended a worker, as the run says it."""
    if isinstance(problem, RecLensError):
        return problem
    if isinstance(problem, MemoryError):
        return RecLensError("run.memory")
    about = {"kind": type(problem).__name__, "reason": str(problem)}
    return RecLensError("run.unexpected", **about, variable="RECLENS_TRACEBACK")
