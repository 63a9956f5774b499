"""What the feedback log takes by itself: acknowledged rows a second in batches, and how long 32 callers wait.

``.venv/bin/python benchmarks/feedback_log.py [--callers 32] [--seconds 5] [--rate 20] [--folder F]``; the disk of
``--folder`` (default: the folder one stands in) is measured. Two loads: every caller sends its next batch of ten as
soon as the last one is acknowledged (closed loop: the most that the log takes), and every caller sends ``--rate``
single events a second at planned moments (open loop: a wait counts from the planned moment).
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from recsys_core.feedback import FeedbackLog, FeedbackReader
from recsys_core.results.serving import FeedbackEvent, ServedList

ITEMS = tuple(str(k) for k in range(10))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--folder", type=Path, default=Path())
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        commits: list[float] = []
        with FeedbackLog.open(Path(folder), on_commit=lambda seconds, n: commits.append(seconds)) as log:
            for k in range(args.callers):
                log.note_list(served(f"list-{k}")).result()
            for title, n_rows, rate in (("batches of 10, closed loop", 10, None), ("1 event, open loop", 1, args.rate)):
                commits.clear()
                waits, seconds, cpu = drive(log, args, n_rows, rate)
                told(title, waits, seconds, cpu, n_rows, commits)
        found = FeedbackReader(Path(folder)).summary()
        print(f"{found.n_events} events in the log, {log_bytes(Path(folder)) / found.n_events:.0f} bytes each")


def served(list_id: str) -> ServedList:
    return ServedList(
        list_id=list_id, user_id=None, served=time.time(), version=1, variant="dense", items=ITEMS,
        scores=(0.5,) * 10, propensities=(1.0,) * 10, n_candidates=1000,
    )  # fmt: skip


def drive(
    log: FeedbackLog, args: argparse.Namespace, n_rows: int, rate: float | None
) -> tuple[np.ndarray, float, float]:
    """Milliseconds that each append waited, the seconds of the whole, and its CPU seconds."""
    waits: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    end = start + args.seconds

    def call(caller: int) -> None:
        planned, number = start + caller / args.callers / (rate or 1e9), 0
        while planned < end:
            time.sleep(max(0.0, planned - time.perf_counter()))
            sent = planned if rate else time.perf_counter()
            log.append([event(f"{n_rows}-{caller}-{number}-{k}", caller, k) for k in range(n_rows)]).result()
            waits.append(1e3 * (time.perf_counter() - sent))
            number += 1
            planned = planned + 1 / rate if rate else time.perf_counter()

    callers = [threading.Thread(target=call, args=(k,)) for k in range(args.callers)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return np.array(waits), time.perf_counter() - start, time.process_time() - cpu


def event(event_id: str, caller: int, k: int) -> FeedbackEvent:
    return FeedbackEvent(
        event_id=event_id, user_id=str(caller), item_id=ITEMS[k], outcome=k % 2, list_id=f"list-{caller}"
    )


def told(title: str, waits: np.ndarray, seconds: float, cpu: float, n_rows: int, commits: list[float]) -> None:
    p50, p95, p99 = np.quantile(waits, (0.5, 0.95, 0.99))
    n = len(waits) * n_rows
    print(f"{title}: {n / seconds:,.0f} rows/s acknowledged, wait p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} ms")
    ms = 1e3 * np.array(commits)
    print(f"  {len(ms)} commits of {n / len(ms):.0f} rows, p50 {np.median(ms):.1f} p95 {np.quantile(ms, 0.95):.1f} ms")
    print(f"  CPU {1e6 * cpu / n:.0f} µs a row, callers included")


def log_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.sqlite"))


if __name__ == "__main__":
    main()
