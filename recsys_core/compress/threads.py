"""Threads: what has to be repeatable or comparable runs on one core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_core() -> Iterator[None]:
    """PyTorch on a single thread inside the block, and on as many as before when the last block ends.

    With two threads and another process on one of the cores, PyTorch's threads wait for one
    another and a call of 2 ms takes 80: a latency would measure the neighbour. Also, sums
    that are split among threads are rounded differently, and a trained student should not
    depend on how many cores trained it.

    Blocks may nest, and blocks of several threads may overlap in any order.
    """
    _blocks.enter()
    try:
        yield
    finally:
        _blocks.leave()


class _Blocks:
    """Counts the blocks in all threads; the first to come in remembers the number that is put back.

    ``torch.set_num_threads`` sets the calling thread's own number and the one that new threads
    start with, so each thread sets its own on the way in and out.
    """

    def __init__(self) -> None:
        self._lock, self._own = threading.Lock(), threading.local()
        self._inside, self._before = 0, 1

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = torch.get_num_threads()
            self._inside += 1
            self._own.depth = getattr(self._own, "depth", 0) + 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            self._own.depth -= 1
            if self._own.depth:
                return
            torch.set_num_threads(self._before)
            if self._inside:  # others are inside still: what new threads start with stays 1
                helper = threading.Thread(target=torch.set_num_threads, args=(1,))
                helper.start()
                helper.join()


_blocks = _Blocks()
