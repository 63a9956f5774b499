"""Processes of this machine, each with the workspace opened once."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Generator
from contextlib import suppress
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
            yield worker(partition, lambda n, name=partition.name: told(name, n))  # type: ignore[misc]
        return
    waiting, started = list(reversed(partitions)), [_start(job) for _ in range(n_workers)]
    busy = dict(started)
    try:
        while busy:
            for connection in wait(list(busy)):
                answer = _received(connection, busy[connection])  # type: ignore[index, arg-type]
                if isinstance(answer, tuple):
                    told(*answer)
                    continue
                if isinstance(answer, Outcome):
                    yield answer
                if waiting:
                    connection.send(waiting.pop())  # type: ignore[union-attr]
                else:
                    del busy[connection]  # type: ignore[arg-type]
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
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the run was killed
        try:
            worker = Worker(job)
        except RecLensError as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            partition = connection.recv()
            connection.send(worker(partition, lambda n, name=partition.name: connection.send((name, n))))
