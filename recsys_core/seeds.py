"""Seeds: one number a run, and a stream of its own for each purpose that draws from it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def random_stream(seed: int, name: str) -> np.random.Generator:
    """NumPy generator for one purpose of a seeded run; streams of other names are independent of it.

    The name says what is drawn (``"background rows"``), so that no two purposes share a stream by chance.

    >>> first, again, other = (int(random_stream(0, name).integers(2**40)) for name in ("a", "a", "b"))
    >>> first == again, first == other
    (True, False)
    """
    return np.random.default_rng(_entropy(seed, name))


def torch_stream(seed: int, name: str) -> torch.Generator:
    """PyTorch generator for one purpose of a seeded run, see `random_stream`.

    Never the global generator, which another thread may seed or draw from at any moment.
    """
    import torch

    state = np.random.SeedSequence(_entropy(seed, name)).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


def _entropy(seed: int, name: str) -> list[int]:
    return [seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")]
