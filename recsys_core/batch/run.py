"""A batch from its request to its files: reads users, leaves out what is done, hands the rest to an engine."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from recsys_core.batch.engines import DEFAULT, ENGINES, engine
from recsys_core.batch.output import clear_leftovers, prepare_folder, rows_written
from recsys_core.batch.partition import ListExplainer
from recsys_core.batch.request import BatchRequest
from recsys_core.batch.users import PARTITION_SIZE, Partition, read_partitions
from recsys_core.batch.worker import Job, WorkerEnded
from recsys_core.data.folder import locked
from recsys_core.errors import SettingError, phrase, require
from recsys_core.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did.

    ``n_rows`` (recommendations), ``n_users`` and ``seconds`` are of this run; ``n_partitions`` counts all that were
    asked for, ``n_skipped`` those that were whole before, with ``n_rows_before`` rows. ``n_repeated`` rows of the input
    were passed over, as their user stands before them in the same file.
    """

    n_rows: int
    n_users: int
    n_partitions: int
    n_skipped: int
    n_rows_before: int
    n_repeated: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        return self.n_rows / self.seconds if self.seconds > 0 else 0.0


def explain_batch(
    request: BatchRequest,
    users: Path,
    out: Path,
    *,
    size: int = PARTITION_SIZE,
    engine_name: str = DEFAULT,
    processes: int | None = None,
    progress: Progress = silent,
) -> BatchReport:
    """Write the lists of many users, every place with its reasons; one file a partition (see `read_partitions`).

    A file is there whole or not at all. Run again, only what is missing is made, and the folder ends with the same
    bytes whatever stopped a run before, and with any engine and number of ``processes`` (all cores, where None).

    Raises
    ------
    SettingError
        ``batch.inside`` for an output folder in the input; ``batch.foreign``, ``batch.other_run``,
        ``batch.other_users`` for a folder of something else; ``batch.write`` where a file cannot be written (a full
        disk); ``batch.interrupted`` and ``batch.worker_ended`` with what is done; what `ListExplainer.open` raises.
    DataError
        Of `read_partitions`, before anything is written.
    """
    _check(users, out, engine_name, processes)
    began = time.perf_counter()
    opened = ListExplainer.open(request)  # checks all that workers rely on, and trains a variant's student once
    partitions, manifest = read_partitions(users, opened.model.dataset, size=size), request.manifest(opened.model)
    del opened
    prepare_folder(out, manifest)
    with locked(out, wait=False) as alone:
        if alone:
            clear_leftovers(out, partitions)
        before = {p.name: rows_written(out, p, manifest) for p in partitions}
        waiting = [p for p in partitions if before[p.name] is None]
        rows = _run(waiting, Job(request, out.absolute(), manifest), engine_name, processes or n_cores(), progress)
    done = [n for n in before.values() if n is not None]
    return BatchReport(
        n_rows=rows,
        n_users=sum(len(p.users) for p in waiting),
        n_partitions=len(partitions),
        n_skipped=len(done),
        n_rows_before=sum(done),
        n_repeated=sum(p.n_repeated for p in partitions),
        seconds=time.perf_counter() - began,
    )


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check(users: Path, out: Path, engine_name: str, processes: int | None) -> None:
    known = engine_name in ENGINES
    require(known, SettingError, "setting.choice", name="engine", choices=", ".join(ENGINES), value=engine_name)
    few = processes is None or processes >= 1
    require(few, SettingError, "setting.least", name="processes", least=1, value=processes)
    inside = users.is_dir() and out.resolve().is_relative_to(users.resolve())
    require(not inside, SettingError, "batch.inside", out=out, users=users)


def _run(waiting: list[Partition], job: Job, engine_name: str, processes: int, progress: Progress) -> int:
    """Rows of the partitions that were waiting, all of which are whole now."""
    if not waiting:
        return 0
    sizes = {p.name: len(p.users) for p in waiting}
    told: dict[str, int] = {}
    rows: dict[str, int] = {}
    every = sum(sizes.values())

    def tell(name: str, n_users: int) -> None:
        told[name] = n_users
        progress(phrase("stage.batch"), sum(told.values()) / every)

    progress(phrase("stage.batch"), 0.0)
    try:
        with closing(engine(engine_name)(waiting, job, processes, tell)) as outcomes:
            for outcome in outcomes:
                if outcome.error is not None:
                    raise outcome.error
                if outcome.unwritten:
                    raise _stopped("batch.write", rows, waiting, file=outcome.name, reason=outcome.unwritten)
                rows[outcome.name] = outcome.n_rows
                tell(outcome.name, sizes[outcome.name])
    except WorkerEnded as ended:
        raise _stopped("batch.worker_ended", rows, waiting, status=ended.status) from None
    except BaseException as stopped:  # a signal's exception is no `Exception`
        if isinstance(stopped, Exception):
            raise
        raise _stopped("batch.interrupted", rows, waiting) from None
    return sum(rows.values())


def _stopped(key: str, rows: dict[str, int], waiting: list[Partition], **about: object) -> SettingError:
    """What ended a run before its end, and how much of its work is done: that stays."""
    return SettingError(key, **about, done=len(rows), n=len(waiting))
