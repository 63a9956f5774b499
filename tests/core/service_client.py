"""A service as its callers meet it: in this process through ASGI, or as a process of its own through sockets."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from recsys_core.models import artifact
from recsys_core.models.model_store import ModelStore

ROOT = Path(__file__).resolve().parents[2]
LOCAL = "http://127.0.0.1:8600"


class InProcess:
    """Requests to an application without sockets, on an event loop that stays open between them."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.transport = httpx.ASGITransport(app=app)
        self.headers = headers

    def ask(self, path: str, body: Any = None, *, method: str = "", **headers: str) -> httpx.Response:
        """The answer to a body (sent as it is where it is bytes), or to none."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        return self.loop.run_until_complete(self.send(method, path, content, headers))

    async def send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> httpx.Response:
        sent = {"content-type": "application/json"} | self.headers | headers
        async with httpx.AsyncClient(transport=self.transport, base_url=LOCAL) as client:
            return await client.request(method, path, content=content, headers=sent)

    def at_once(self, *questions: tuple[str, Any]) -> list[httpx.Response]:
        """Answers to several bodies that are sent at the same time."""

        async def all_of_them() -> list[httpx.Response]:
            sent = (self.send("POST", path, json.dumps(body).encode(), {}) for path, body in questions)
            return await asyncio.gather(*sent)

        return self.loop.run_until_complete(all_of_them())

    def close(self) -> None:
        self.loop.close()


@contextmanager
def serving(workspace: Path, *words: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """A service in a process of its own, with ``--json``, and its address; killed at the end where it still runs."""
    arguments = [sys.executable, "-m", "recsys_core", "serve", "--workspace", str(workspace), "--port", "0", "--json"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    process = subprocess.Popen([*arguments, *words], env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipes)
    try:
        assert process.stderr is not None
        yield process, process.stderr.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def add_changed_model(workspace: Path, model_id: str, *, factor: float, base: str = "first") -> str:
    """Add a model whose scores differ from those of ``base``: its last layer multiplied by ``factor``."""
    from safetensors.numpy import load, save

    store = ModelStore(workspace)

    def write(folder: Path, about: dict[str, str]) -> None:
        for file in (p for p in store.folder(base).iterdir() if p.is_file() and p.name != artifact.SUMS):
            shutil.copy(file, folder)
        weights = load((folder / artifact.WEIGHTS).read_bytes())
        changed = {name: value * factor if name.startswith("head") else value for name, value in weights.items()}
        assert any(name.startswith("head") for name in weights)
        (folder / artifact.WEIGHTS).write_bytes(save(changed))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | about))

    return store.add(model_id, write, model_id=model_id)


def until(true: Any, *, seconds: float = 20.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
