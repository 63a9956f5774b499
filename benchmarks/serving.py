"""What serving costs and how long people wait.

Run ``python benchmarks/serving.py [WORKSPACE] [--seconds 60] [--only cpu,steady]``. Works on a copy of the workspace,
against ``python -m recsys_core serve`` in a process of its own, with an open-loop driver (`open_loop`). Prints one
figure a line, beside it what was asked of the shop demo on two quiet cores; the last line says how busy the machine
was, as wall-clock figures mean little beside other work. Returns 1 where one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from open_loop import Client, Run, Server, closed_loop, open_loop, poisson, post, running
from serving_instrumentation import overhead
from serving_versions import give_second_version, judge, promote, roll_back

from recsys_core.models.workspace import Workspace

SEED = 0
IDLE = 0.05  # seconds of CPU a second


@dataclass
class Bench:
    """The running service and whom it is asked about."""

    server: Server
    workspace: Path
    seconds: float
    users: list[str]
    items: list[str]
    missed: int = 0

    def say(self, what: str, figure: float, unit: str, asked: str = "", *, good: bool = True) -> None:
        """One line; a figure that is not good counts as missed."""
        self.missed += not good
        verdict = f"  (asked: {asked}{'' if good else '; MISSED'})" if asked else ""
        print(f"{what}: {figure:.3g} {unit}{verdict}", flush=True)

    def most(self, what: str, figure: float, most: float, unit: str) -> None:
        self.say(what, figure, unit, f"<= {most:g}", good=figure <= most)

    def least(self, what: str, figure: float, least: float, unit: str) -> None:
        self.say(what, figure, unit, f">= {least:g}", good=figure >= least)

    def recommend(self, number: int) -> bytes:
        return post("/recommend", {"user_id": self.users[number % len(self.users)], "k": 10})

    def explain(self, number: int) -> bytes:
        item = self.items[number * 7 % len(self.items)]
        return post("/explain", {"user_id": self.users[number % len(self.users)], "item_id": item})

    def score(self, number: int) -> bytes:
        items = [self.items[(number + j) % len(self.items)] for j in range(10)]
        return post("/score", {"user_id": self.users[number % len(self.users)], "item_ids": items})

    def feedback(self, prefix: str, number: int, size: int) -> bytes:
        events = [
            {
                "event_id": f"{prefix}-{number}-{j}",
                "user_id": self.users[(number * size + j) % len(self.users)],
                "item_id": self.items[(number + 31 * j) % len(self.items)],
                "outcome": 1,
            }
            for j in range(size)
        ]
        return post("/feedback", {"events": events})

    async def steady(self, rate: float, seconds: float, ask: Callable[[int], bytes], *, keep: bool = False) -> Run:
        client = Client(self.server.port)
        run = await open_loop(client, poisson(rate, seconds, SEED), ask, keep=keep)
        client.close()
        return run


def settle(bench: Bench, *, most: float = 120.0) -> None:
    """Wait until the service is done with what it makes once at its start (the reference of its drift measures)."""
    began, quiet = time.perf_counter(), 0
    while quiet < 3 and time.perf_counter() - began < most:
        before = bench.server.cpu_seconds
        time.sleep(1.0)
        quiet = quiet + 1 if bench.server.cpu_seconds - before <= IDLE else 0
    bench.say("service at rest after", time.perf_counter() - began, "s")


async def cpu(bench: Bench) -> None:
    """Processor time of the server for one request, with nobody else asking."""
    client = Client(bench.server.port)
    for name, ask, n, most in (
        ("/recommend", bench.recommend, 1000, 5.0),
        ("/score of 10 items", bench.score, 1000, 1.5),
        ("/explain", bench.explain, 200, None),
    ):
        for number in range(20):
            await client.ask(ask(number))
        before = bench.server.cpu_seconds
        for number in range(n):
            await client.ask(ask(number))
        figure = 1000 * (bench.server.cpu_seconds - before) / n
        if most is None:
            bench.say(f"server CPU a {name}", figure, "ms")
        else:
            bench.most(f"server CPU a {name}", figure, most, "ms")
    client.close()


async def steady(bench: Bench) -> None:
    """Lists at 50 a second."""
    run = await bench.steady(50, bench.seconds, bench.recommend)
    bench.most(f"/recommend p95, 50/s for {bench.seconds:.0f} s", run.ms(95), 30, "ms")
    bench.say("/recommend p50, p99 there", run.ms(50), f"ms, {run.ms(99):.3g} ms")
    bench.most("errors there", run.errors, 0, f"of {len(run.answers)}")


async def sustained(bench: Bench) -> None:
    """Lists at 160 a second: more than is asked, so that the rate of Poisson arrivals does not decide."""
    seconds = min(bench.seconds, 30.0)
    run = await bench.steady(160, seconds, bench.recommend)
    bench.least(f"/recommend sustained for {seconds:.0f} s", run.rate, 150, "/s")
    bench.most("/recommend p50 there", run.ms(50), 15, "ms")
    bench.most("errors there", run.errors, 0, f"of {len(run.answers)}")


async def explain(bench: Bench) -> None:
    """Explanations at 5 a second, and what lists cost meanwhile."""
    alone = await bench.steady(20, bench.seconds / 2, bench.recommend)
    run, beside = await asyncio.gather(
        bench.steady(5, bench.seconds / 2, bench.explain), bench.steady(20, bench.seconds / 2, bench.recommend)
    )
    bench.most(f"/explain p95, 5/s beside 20 lists/s for {bench.seconds / 2:.0f} s", run.ms(95), 100, "ms")
    bench.most("errors there", run.errors + beside.errors, 0, f"of {len(run.answers) + len(beside.answers)}")
    times = beside.ms(95) / alone.ms(95)
    bench.most(
        f"/recommend p95 beside explanations ({beside.ms(95):.3g} ms) to alone ({alone.ms(95):.3g} ms)", times, 2, ""
    )
    only = await bench.steady(5, bench.seconds / 4, bench.explain)
    bench.most("/explain p95, 5/s and nothing else", only.ms(95), 100, "ms")


async def feedback(bench: Bench) -> None:
    """Single events of 32 callers who wait for each acknowledgement, and batches of ten."""
    client, seconds, run_id = Client(bench.server.port), min(bench.seconds, 20.0), f"{time.time_ns():x}"
    run = await closed_loop(client, 32, seconds, lambda n: bench.feedback(f"{run_id}a", n, 1))
    bench.most("/feedback p95, 32 callers, one event each", run.ms(95), 50, "ms")
    bench.say("/feedback acknowledged there", run.rate, "rows/s")
    batches = await closed_loop(client, 32, seconds, lambda n: bench.feedback(f"{run_id}b", n, 10))
    bench.least("/feedback acknowledged, 32 callers, batches of 10", 10 * batches.rate, 1000, "rows/s")
    bench.most("errors there", run.errors + batches.errors, 0, f"of {len(run.answers) + len(batches.answers)}")
    client.close()


async def swap(bench: Bench) -> None:
    """Two versions take turns under 50 lists a second; every answer is compared with the version that it names."""
    other = give_second_version(bench.workspace)
    seconds, waits = min(bench.seconds, 40.0), []

    async def turns() -> None:
        for number in itertools.count():
            await asyncio.sleep(seconds / 8)
            waits.append(await asyncio.to_thread(roll_back if number % 2 else promote, bench.workspace, other))

    turning = asyncio.create_task(turns())
    run = await bench.steady(50, seconds, bench.recommend, keep=True)
    turning.cancel()
    found = judge(bench.workspace, other, [(number, answer.body) for number, answer in numbered(run)], bench.users)
    bench.most(
        f"errors under 50/s while the version changed {len(waits)} times", run.errors, 0, f"of {len(run.answers)}"
    )
    bench.least("versions that answered", found.n_versions, 2, "")
    bench.most("answers with a score that is not their version's", found.n_mixed, 0, f"of {len(run.answers)}")
    bench.say("/recommend p95 meanwhile", run.ms(95), "ms")


def numbered(run: Run) -> list:
    """Answers with the number of their ask."""
    moments = sorted(answer.at for answer in run.answers)
    place = {moment: number for number, moment in enumerate(moments)}
    return [(place[answer.at], answer) for answer in run.answers if answer.body is not None]


async def rollback(bench: Bench) -> None:
    """The command as a whole, and the time until the service answers with the version before."""
    other = give_second_version(bench.workspace)
    commands, answers = [], []
    for _ in range(5):
        promote(bench.workspace, other)
        await answered_by(bench, lambda version: version["model"] == other)
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "recsys_core", "rollback", "--workspace", str(bench.workspace), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        commands.append(time.perf_counter() - began)
        assert json.loads(done.stdout)["current"]
        answers.append(await answered_by(bench, lambda version: version["model"] != other))
    bench.most("rollback, the whole command (median of 5)", float(np.median(commands)), 1, "s")
    bench.say("and until the service answers so (median)", float(np.median(answers)), "s")


async def answered_by(bench: Bench, wanted: Callable[[dict], bool]) -> float:
    """Seconds until ``/version`` says so."""
    client, began = Client(bench.server.port), time.perf_counter()
    request = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    while not wanted(json.loads((await client.ask(request))[1])):
        if time.perf_counter() - began > 30:
            raise SystemExit("the service does not change its version")
        await asyncio.sleep(0.02)
    client.close()
    return time.perf_counter() - began


async def instrumentation(bench: Bench) -> None:
    """The application in this process, its metrics left out and not, turn by turn."""
    ratio, ms = await overhead(bench.workspace.parent / "instrumented", bench.workspace, bench.users)
    bench.most(f"instrumentation of a /recommend ({ms:.3g} ms of CPU without)", 100 * (ratio - 1), 10, "%")


PARTS: dict[str, Callable[[Bench], Awaitable[None]]] = {
    part.__name__: part for part in (cpu, steady, sustained, explain, feedback, swap, rollback, instrumentation)
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?", default=Path("workspaces/shop-demo"))
    parser.add_argument("--seconds", type=float, default=60.0, help="of the longest run (default: 60)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    args = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "workspace"
        shutil.copytree(args.workspace, copy, ignore=shutil.ignore_patterns("serving"))
        dataset = Workspace.open(copy).dataset
        users, items = dataset.users["user_id"].tolist(), dataset.items["item_id"].tolist()
        with running(copy) as server:
            bench = Bench(server, copy, args.seconds, users, items)
            settle(bench)
            for name in args.only.split(","):
                asyncio.run(PARTS[name](bench))
            bench.say("server memory", server.megabytes, "MB")
    used = time.process_time() / max(time.perf_counter() - STARTED, 1)
    print(
        f"seed {SEED}; {platform.platform()}, {os.cpu_count()} cores; load {load[0]:.1f} before; "
        f"driver {used:.0%} of a core"
    )
    return int(bench.missed > 0)


STARTED = time.perf_counter()

if __name__ == "__main__":
    sys.exit(main())
