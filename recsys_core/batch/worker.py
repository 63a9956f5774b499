"""Worker: opens the workspace once and makes one partition's file after another, wherever an engine puts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from recsys_core.batch.output import stamp_of, write_partition
from recsys_core.batch.partition import ListExplainer
from recsys_core.batch.request import BatchRequest
from recsys_core.batch.users import Partition
from recsys_core.compress.threads import one_core
from recsys_core.errors import RecLensError, WorkspaceError, require


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What every worker of a run is told: the request, where files go, and what the run began with."""

    request: BatchRequest
    out: Path
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a partition: its rows, or what stopped it: an error of ours, or why it could not be written."""

    name: str
    n_rows: int = 0
    error: RecLensError | None = None
    unwritten: str = ""


class WorkerEnded(Exception):
    """A worker's process ended before its work did; ``status`` is negative where a signal killed it."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        super().__init__(status)


class Worker:
    """Makes partitions of one job. Raises ``WorkspaceError`` (``batch.other_model``) where the model has changed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        with one_thread():
            self.explainer = ListExplainer.open(job.request)
        same = self.explainer.model.fingerprint == job.manifest["model"]
        require(same, WorkspaceError, "batch.other_model", workspace=job.request.workspace)

    def __call__(self, partition: Partition, told: Callable[[int], object] = lambda n_users: None) -> Outcome:
        """Explain and write one partition; ``told`` how many of its users are done."""
        tables = self.explainer.tables(partition.users, told)
        path, stamp = self.job.out / partition.name, stamp_of(self.job.manifest, partition)
        try:
            with one_thread():
                return Outcome(partition.name, write_partition(path, tables, self.explainer.schema, stamp))
        except RecLensError as error:
            return Outcome(partition.name, error=error)
        except OSError as error:
            return Outcome(partition.name, unwritten=error.strerror or type(error).__name__)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of PyTorch and of NumPy's products: workers share the cores, and sums are rounded alike in each."""
    with one_core(), threadpool_limits(limits=1):
        yield
