"""Ray Data: an actor a process, on this machine or on a cluster whose machines share workspace and output folder.

An extra: ``pip install -r requirements-ray.txt``. Ray listens on all addresses of a machine, without a password.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Generator
from typing import Any

from recsys_core.batch.engines import Told
from recsys_core.batch.users import Partition
from recsys_core.batch.worker import Job, Outcome, Worker
from recsys_core.errors import RecLensError, SettingError

EXTRA = "requirements-ray.txt"


def run(partitions: list[Partition], job: Job, processes: int, told: Told) -> Generator[Outcome]:
    """Partitions in the order in which they are done; on the cluster of ``RAY_ADDRESS``, where that is set.

    Raises ``SettingError`` (``batch.no_ray``) where Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError:
        raise SettingError("batch.no_ray", file=EXTRA) from None
    own = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": processes, "include_dashboard": False}
    ray.init(log_to_driver=False, logging_level="ERROR", **own)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        tasks = [{"partition": pickle.dumps(partition)} for partition in partitions]
        made = ray.data.from_items(tasks, override_num_blocks=len(tasks)).map(
            _Actor, fn_constructor_args=(job,), concurrency=min(processes, len(tasks))
        )
        for row in made.iter_rows():
            outcome = pickle.loads(row["outcome"])
            yield outcome
    finally:
        ray.shutdown()


class _Actor:
    """A `Worker`, made where the first partition reaches it: Ray would try one again that could not be made."""

    def __init__(self, job: Job) -> None:
        self.job, self.worker = job, None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        partition = pickle.loads(row["partition"])
        try:
            self.worker = self.worker or Worker(self.job)
            outcome = self.worker(partition)
        except RecLensError as error:
            outcome = Outcome(partition.name, error=error)
        return {"outcome": pickle.dumps(outcome)}
