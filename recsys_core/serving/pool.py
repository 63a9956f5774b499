"""Bounded pool: work of requests in a few threads, refused at once where too much waits already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from recsys_core.serving.refusals import RETRY_SECONDS, Refused

P = ParamSpec("P")
R = TypeVar("R")


class BoundedPool:
    """Threads that compute while the event loop goes on answering.

    Used from one event loop only, so that counting who is inside needs no lock.

    Parameters
    ----------
    name
        What it does, in metrics and names of threads.
    threads
        How many compute at once.
    waiting
        How many more may wait; the next one is refused on the loop, in no time.
    """

    def __init__(self, name: str, *, threads: int = 1, waiting: int) -> None:
        self.name, self.limit, self.inside = name, threads + waiting, 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_on_one_core)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What ``work`` returns. Raises ``Refused`` (503, ``serve.busy``) where the queue is full."""
        if self.inside >= self.limit:
            raise Refused(503, "serve.busy", limit=self.limit).later(RETRY_SECONDS)
        self.inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))
        finally:
            self.inside -= 1

    def close(self) -> None:
        """End its threads when what they do is done."""
        self._executor.shutdown()


def _on_one_core() -> None:
    """Two requests whose sums are split among threads would wait for one another."""
    import torch

    torch.set_num_threads(1)
