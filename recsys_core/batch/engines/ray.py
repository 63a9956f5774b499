"""Ray Data: an actor a process, on this machine or on a cluster whose machines share workspace and output folder.

An extra: ``pip install -r requirements-ray.txt``. Ray listens on all addresses of a machine, without a password.
"""

from __future__ import annotations

import logging
import os
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
    try:
        import ray
    except ImportError:
        raise SettingError("batch.no_ray", file=EXTRA) from None
    own = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": processes, "include_dashboard": False}
    ray.init(log_to_driver=False, logging_level="ERROR", **own)
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # its plans are nobody's progress
        ray.data.DataContext.get_current().enable_progress_bars = False
        tasks = [{"task": (job, partition)} for partition in partitions]
        actors = ray.data.ActorPoolStrategy(size=min(processes, len(tasks)))
        made = ray.data.from_items(tasks, override_num_blocks=len(tasks)).map(_Actor, compute=actors)
        for row in made.iter_rows():
            yield row["outcome"]
    finally:
        ray.shutdown()


class _Actor:
    """A `Worker`, made where the first partition reaches it: Ray would go on trying one that cannot be made."""

    def __init__(self) -> None:
        self.worker: Worker | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        job, partition = row["task"]
        try:
            self.worker = self.worker or Worker(job)
            outcome = self.worker(partition)
        except RecLensError as error:
            outcome = Outcome(partition.name, error=error)
        return {"outcome": outcome}
