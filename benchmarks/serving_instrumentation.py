"""What metrics cost a request: the application asked in one process, with its metrics and with none, turn by turn."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recsys_core.feedback import FeedbackLog
from recsys_core.live.histories import LiveHistories
from recsys_core.models.workspace import Workspace
from recsys_core.serving.app import make_app
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.served import ServedModels
from recsys_core.serving.service import Service
from recsys_core.serving.watcher import VersionWatcher
from recsys_core.variant import ModelVariant

ROUNDS, REQUESTS = 20, 100


class NoMetrics:
    """Takes everything and keeps nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


async def overhead(copy: Path, workspace: Path, users: list[str]) -> tuple[float, float]:
    """CPU of a request with metrics to without (median over rounds), and milliseconds without."""
    with ExitStack() as held:
        apps = []
        for name, metrics in (("with", ServiceMetrics()), ("without", NoMetrics())):
            own = Path(shutil.copytree(workspace, f"{copy}-{name}", ignore=shutil.ignore_patterns("serving")))
            apps.append(make_app(held.enter_context(service_of(own, metrics))))
        bodies = [json.dumps({"user_id": user, "k": 10}).encode() for user in users]
        spent = np.array([[await cpu_of(app, bodies, round_) for app in apps] for round_ in range(ROUNDS)])[2:]
    return float(np.median(spent[:, 0] / spent[:, 1])), 1000 * float(np.median(spent[:, 1])) / REQUESTS


@contextmanager
def service_of(workspace: Path, metrics: Any) -> Iterator[Service]:
    """A service with these metrics, as `recsys_core.serving.running.open_service` makes it with its own."""
    torch.set_num_threads(1)
    with FeedbackLog.open(workspace) as log:
        opened = Workspace.open(workspace)
        histories = LiveHistories.build(opened.split_dataset)
        models = ServedModels(opened, ModelVariant(), histories)
        watcher = VersionWatcher(models, on_swap=lambda engine: None, on_failure=lambda: None)
        service = Service(watcher=watcher, histories=histories, log=log, metrics=metrics)
        watcher.start()
        yield service
        service.close()


async def cpu_of(app: Any, bodies: list[bytes], round_: int) -> float:
    """Seconds of this process for so many lists."""
    before = time.process_time()
    for number in range(REQUESTS):
        await ask(app, bodies[(round_ * REQUESTS + number) % len(bodies)])
    await asyncio.sleep(0)
    return time.process_time() - before


async def ask(app: Any, body: bytes) -> None:
    """One list over ASGI. Raises ``AssertionError`` where there is none."""
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"}
    scope |= {"path": "/recommend", "raw_path": b"/recommend", "query_string": b"", "headers": headers}
    scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": ""}
    told: list[int] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    await app(scope, receive, send)
    assert told == [200], told
