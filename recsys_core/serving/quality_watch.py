"""Quality watch: the thread that brings the gauges up to date from the log, while requests go first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from recsys_core.errors import RecLensError
from recsys_core.live.engine import Engine
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import Workspace
from recsys_core.monitoring import Monitor
from recsys_core.monitoring.columns import ItemGroups, watched_column
from recsys_core.monitoring.reference import load_reference, make_reference, save_reference
from recsys_core.monitoring.score_drift import DriftWatch
from recsys_core.monitoring.served_lists import HORIZON_SECONDS
from recsys_core.serving.metrics import ItemShares, ServiceMetrics
from recsys_core.serving.quality_metrics import ADWIN, PSI
from recsys_core.versions import DecisionLog

EVERY_SECONDS = 5.0
BUSY_SHARE = 0.2  # of a core at most: after each piece of work four times as long is waited
log = logging.getLogger("recsys_core.serving")


def item_shares(split_dataset: SplitDataset) -> tuple[tuple[str, ...], ItemShares]:
    """Labels of the item groups whose exposure is counted, and of every item id its groups with its share in each."""
    found = ItemGroups.make(split_dataset, watched_column(split_dataset, "item"))
    ids = [str(item) for item in split_dataset.dataset.items["item_id"].tolist()]
    held = (tuple((int(g), float(row[g])) for g in row.nonzero()[0]) for row in found.shares)
    return tuple(group.label for group in found.groups), dict(zip(ids, held, strict=True))


class QualityWatch:
    """A thread that reads what is new in the log every few seconds, and publishes what it says.

    It also makes the reference of the version that answers, where the workspace has none yet, and counts what became
    of candidates, as the learner is another process.

    Parameters
    ----------
    workspace, metrics
        What is read, and where it is published.
    engine
        The version that answers now, asked at every look.
    every
        Seconds between two looks.
    horizon
        Feedback counts that was received within so many seconds of its list.
    """

    def __init__(
        self,
        workspace: Workspace,
        metrics: ServiceMetrics,
        engine: Callable[[], Engine],
        *,
        every: float = EVERY_SECONDS,
        horizon: float = HORIZON_SECONDS,
    ) -> None:
        self._workspace, self._metrics, self._engine, self._every = workspace, metrics, engine, every
        self._monitor = Monitor(workspace, horizon=horizon, between=self._rest)
        self._decisions = DecisionLog(workspace.path)
        self._n_decisions: int | None = None
        self._watch: DriftWatch | None = None
        self._n_changes, self._is_above = 0, False
        self._has_reference = ("", "")
        self._worked, self._looked = 0.0, time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quality", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a piece of work that has begun is waited for."""
        self._stopped.set()
        self._thread.join()

    def look(self, now: float | None = None) -> None:
        """Read what is new and publish what the log says of the hour before ``now``."""
        self._looked = time.monotonic()
        self._count_decisions()
        report = self._monitor.report(now=now)
        watch = self._monitor.drift_watch
        self._metrics.quality.publish(report, is_changing=bool(watch and watch.is_changing))
        if watch is not self._watch:
            self._watch, self._n_changes = watch, 0
        for _ in range(watch.n_changes - self._n_changes if watch else 0):
            self._metrics.quality.alarm(ADWIN)
        self._n_changes = watch.n_changes if watch else 0
        if report.drift.is_above and not self._is_above:
            self._metrics.quality.alarm(PSI)
        self._is_above = report.drift.is_above

    def make_reference(self) -> None:
        """Score the held-out users by the version that answers, where nobody has: what comes later is held to it."""
        engine = self._engine()
        mark = (engine.served.fingerprint, engine.variant.key)
        if mark == self._has_reference:
            return
        if load_reference(self._workspace.path, *mark) is None:
            save_reference(self._workspace.path, make_reference(engine, rest=self._rest_beside))
        self._has_reference = mark

    def _count_decisions(self) -> None:
        """Count candidates that were decided since the service started."""
        try:
            found = self._decisions.list()
        except RecLensError as problem:  # quality is told all the same
            log.warning("%s", problem)
            return
        for decision in found[self._n_decisions :] if self._n_decisions is not None else ():
            if decision.candidate:  # else there was too little to make one
                self._metrics.update(decision.decision)
        self._n_decisions = len(found)

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = time.thread_time()
            try:
                self.look()
                self.make_reference()
            except _Stopped:
                return
            except RecLensError as problem:  # a damaged log: the service says so by itself
                log.warning("%s", problem)
            except Exception:  # whatever it is, the gauges must not end for good
                log.exception("the gauges could not be brought up to date")
            self._stopped.wait(max(self._every, (time.thread_time() - began) / BUSY_SHARE))

    def _rest(self) -> None:
        """Wait four times as long as was worked since the last time."""
        now = time.thread_time()
        self._rest_after(now - self._worked)
        self._worked = time.thread_time()

    def _rest_beside(self, seconds: float) -> None:
        """Wait as long as is due after a list of the reference, and look at the log meanwhile, too."""
        self._rest_after(seconds)
        if time.monotonic() - self._looked > self._every:
            self.look()

    def _rest_after(self, seconds: float) -> None:
        if self._stopped.wait(min(1.0, seconds * (1 / BUSY_SHARE - 1))):
            raise _Stopped


class _Stopped(Exception):
    """The service ends while something long is read or made."""
