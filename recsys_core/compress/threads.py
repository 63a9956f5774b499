"""Threads: what has to be repeatable or comparable runs on one core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_core() -> Iterator[None]:
    """PyTorch on a single thread inside the block.

    With two threads and another process on one of the cores, PyTorch's threads wait for one
    another and a call of 2 ms takes 80: a latency would measure the neighbour. Also, sums
    that are split among threads are rounded differently, and a trained student should not
    depend on how many cores trained it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
