"""A server in a process of its own, and callers that do not wait for it: arrivals are planned before, latencies count
from the planned moment, so a server that stands still is charged for everybody who would have come meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 120
CONNECTIONS = 64


@dataclass(frozen=True)
class Server:
    """A running service."""

    process: subprocess.Popen
    port: int

    @property
    def cpu_seconds(self) -> float:
        """Of all its threads so far, in ticks of 10 ms."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1000


@contextmanager
def running(workspace: Path, *words: str) -> Iterator[Server]:
    """``python -m recsys_core serve`` over a workspace, on a free port; ended as an operator would, by SIGTERM."""
    command = [sys.executable, "-m", "recsys_core", "serve", "--workspace", str(workspace), "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
        line = process.stdout.readline() if ready else ""
        if ":" not in line:
            raise SystemExit(f"no server: {line!r}")
        yield Server(process, int(line.rsplit(":", 1)[1].strip().strip("/")))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@dataclass(frozen=True)
class Answer:
    """``seconds`` from the planned moment, ``at`` that moment since the start; status 0 where no answer came."""

    at: float
    seconds: float
    status: int
    body: Any


@dataclass
class Run:
    """What the callers of one run got."""

    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def errors(self) -> int:
        return sum(not 200 <= answer.status < 300 for answer in self.answers)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (len(self.answers) - self.errors) / self.seconds

    def ms(self, percent: float) -> float:
        """A percentile of all latencies."""
        return 1000 * float(np.percentile([answer.seconds for answer in self.answers], percent))


class Client:
    """HTTP over kept connections; asks are bytes made before, so that it takes little of the processor."""

    def __init__(self, port: int) -> None:
        self._port, self._idle = port, []

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; (0, b"") where the connection broke."""
        try:
            reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
        except (OSError, EOFError, IndexError, ValueError):
            return 0, b""
        self._idle.append((reader, writer))
        return int(head[9:12]), body

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


def post(path: str, body: object) -> bytes:
    """A request, ready to be sent."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    return head.encode() + b"\r\n\r\n" + data


def poisson(rate: float, seconds: float, seed: int) -> np.ndarray:
    """Moments of arrivals at ``rate`` a second."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, int(rate * seconds * 1.5) + 50)
    moments = np.cumsum(gaps)
    return moments[moments < seconds]


async def open_loop(client: Client, moments: np.ndarray, ask: Callable[[int], bytes], *, keep: bool = False) -> Run:
    """Every ask at its moment, whatever became of those before; ``keep``: with the bodies of the answers."""
    run, began = Run(), time.perf_counter()

    async def one(number: int, moment: float) -> None:
        status, body = await client.ask(ask(number))
        seconds = time.perf_counter() - began - moment
        run.answers.append(Answer(moment, seconds, status, json.loads(body) if keep and body else None))

    tasks = []
    for number, moment in enumerate(moments.tolist()):
        ahead = moment - (time.perf_counter() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        tasks.append(asyncio.create_task(one(number, moment)))
    await asyncio.gather(*tasks)
    run.seconds = time.perf_counter() - began
    return run


async def closed_loop(client: Client, callers: int, seconds: float, ask: Callable[[int], bytes]) -> Run:
    """So many callers, each of whom waits for an answer before the next ask."""
    run, began, asked = Run(), time.perf_counter(), 0

    async def caller() -> None:
        nonlocal asked
        while (moment := time.perf_counter() - began) < seconds:
            asked += 1
            status, _ = await client.ask(ask(asked))
            run.answers.append(Answer(moment, time.perf_counter() - began - moment, status, None))

    await asyncio.gather(*(caller() for _ in range(callers)))
    run.seconds = time.perf_counter() - began
    return run
