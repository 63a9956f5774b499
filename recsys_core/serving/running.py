"""Running: all that a service needs, opened in the order in which it may be refused, closed the other way round."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import torch

from recsys_core.errors import RecLensError
from recsys_core.feedback import FeedbackLog, FeedbackReader
from recsys_core.live.engine import Engine
from recsys_core.live.histories import LiveHistories
from recsys_core.models.model_store import read_about
from recsys_core.models.workspace import Workspace
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.quality_watch import QualityWatch, item_shares
from recsys_core.serving.served import ServedModels
from recsys_core.serving.service import Service
from recsys_core.serving.watcher import VersionWatcher
from recsys_core.variant import ModelVariant

TRAFFIC_SECONDS = 5.0
EVENTS_AT_ONCE = 200_000
log = logging.getLogger("recsys_core.serving")


@contextmanager
def open_service(workspace: Path, variant: ModelVariant) -> Iterator[Service]:
    """A service that answers; at the end of the block its threads end and the log writes what waits.

    Raises ``WorkspaceError`` (``feedback.locked`` where another service serves the workspace, and what opening the
    workspace, the log and the model raise), ``SettingError`` for a variant that cannot be.
    """
    torch.set_num_threads(1)  # two requests whose sums are split among threads wait for one another
    read_about(workspace)
    with ExitStack() as held:
        feedback = held.enter_context(FeedbackLog.open(workspace, on_commit=lambda seconds, _: metrics.commit(seconds)))
        opened = Workspace.open(workspace)
        groups, shares = item_shares(opened.split_dataset)
        metrics = ServiceMetrics(groups=groups, shares=shares)
        histories = LiveHistories.build(opened.split_dataset, _logged(FeedbackReader(workspace)))

        def swapped(engine: Engine) -> None:
            metrics.version(engine.served, engine.variant.key)

        models = ServedModels(opened, variant, histories)
        watcher = VersionWatcher(models, on_swap=swapped, on_failure=metrics.version_not_loaded)
        service = Service(watcher=watcher, histories=histories, log=feedback, metrics=metrics)
        watcher.start()
        held.callback(service.close)
        held.enter_context(_traffic(service))
        quality = QualityWatch(opened, metrics, lambda: watcher.engine)
        quality.start()
        held.callback(quality.stop)
        yield service


def _logged(reader: FeedbackReader) -> Iterator[pd.DataFrame]:
    """All feedback in parts, so that a log of years is never in memory as texts."""
    for after in range(0, reader.last_seq, EVENTS_AT_ONCE):
        yield reader.events(after=after, upto=after + EVENTS_AT_ONCE)


@contextmanager
def _traffic(service: Service) -> Iterator[None]:
    """Note the service's traffic in its log every five seconds, and once more at the end."""
    stopped = threading.Event()

    def note() -> None:
        try:
            service.note_traffic()
        except RecLensError as problem:  # a full queue or disk: the metrics have it all the same
            log.warning("%s", problem)
        except Exception:  # the next row may be written: without any the page says that nothing is served
            log.exception("a row of traffic could not be made")

    def run() -> None:
        while not stopped.wait(TRAFFIC_SECONDS):
            note()

    thread = threading.Thread(target=run, name="traffic", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        note()
