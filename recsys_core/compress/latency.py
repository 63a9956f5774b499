"""Latency of variants beside the dense model, one measurement at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys_core.compress.threads import one_core
from recsys_core.models.scorer import Pairs, Scorer

try:
    import fcntl
except ImportError:  # not on Windows: there only the threads of one process take turns
    fcntl = None  # type: ignore[assignment]

LOCK_FILE = ".measuring"
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class LatencySettings:
    """How latency is measured: for about ``seconds``, at least ``least`` and at most ``most`` rounds a batch size."""

    seconds: float = 1.5
    least: int = 12
    most: int = 200
    warm_up: int = 3
    batch: int = 256


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other thread, and no other process with this folder, is measuring.

    The queue is a lock on a file in ``folder``; a process that dies gives it back. Where the
    folder cannot be written to, only this process takes turns.
    """
    with _turn:
        try:
            file = (Path(folder) / LOCK_FILE).open("w")
        except OSError:
            yield
            return
        with file:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield  # closing the file gives the lock back


def measure_latency(
    scorers: Sequence[Scorer], pairs: Pairs, settings: LatencySettings | None = None
) -> list[dict[str, dict[str, float]]]:
    """Milliseconds to score one pair (``batch_1``) and one user's 256 candidates (``batch_256``), ``p50`` and ``p95``.

    End to end, from row numbers and a history to logits, each on one core; where the model has
    an item-item term, reading what the user had taken is part of it. The scorers take
    turns within each round, the first of a round changing, so that a busy moment of the
    machine strikes all of them; each round uses another of the ``pairs``. Call it inside
    `one_at_a_time`.

    Parameters
    ----------
    scorers
        The dense model's and one or more variants'.
    pairs
        Users with their histories and all they had taken; a few dozen.
    """
    settings = settings or LatencySettings()
    n_items = scorers[0].n_items
    candidates = np.resize(np.arange(n_items), settings.batch)  # a smaller catalogue is gone through again
    calls = {
        "batch_1": lambda scorer, row: _score_one(scorer, pairs[row : row + 1]),
        f"batch_{settings.batch}": lambda scorer, row: _score_list(scorer, candidates, pairs[row : row + 1]),
    }
    share = settings.seconds / len(calls)
    with one_core():
        times = {name: _time_rounds(call, scorers, len(pairs), share, settings) for name, call in calls.items()}
    return [{name: _percentiles(spent[:, i]) for name, spent in times.items()} for i in range(len(scorers))]


def _score_one(scorer: Scorer, pair: Pairs) -> np.ndarray:
    return scorer.score_pairs(pair.users, pair.items, pair.histories, pair.known)


def _score_list(scorer: Scorer, items: np.ndarray, pair: Pairs) -> np.ndarray:
    return scorer.score_items(int(pair.users[0]), items, pair.histories[0], pair.known)


def _time_rounds(
    call: Callable[[Scorer, int], np.ndarray],
    scorers: Sequence[Scorer],
    n_pairs: int,
    seconds: float,
    settings: LatencySettings,
) -> np.ndarray:
    """Milliseconds ``(n_rounds, n_scorers)``."""
    for step in range(settings.warm_up):
        for scorer in scorers:
            call(scorer, step % n_pairs)
    spent: list[np.ndarray] = []
    end = time.perf_counter() + seconds
    while len(spent) < settings.most and (len(spent) < settings.least or time.perf_counter() < end):
        line = np.empty(len(scorers))
        for i in np.roll(np.arange(len(scorers)), len(spent)).tolist():
            began = time.perf_counter()
            call(scorers[int(i)], len(spent) % n_pairs)
            line[i] = 1000 * (time.perf_counter() - began)
        spent.append(line)
    return np.array(spent)


def _percentiles(milliseconds: np.ndarray) -> dict[str, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50": float(p50), "p95": float(p95)}
