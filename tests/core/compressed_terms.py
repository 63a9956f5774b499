"""Pairs of the random models with all that their users had taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys_core.data.known import KnownItems
from recsys_core.models.scorer import Pairs


def with_known(pairs: Pairs, n_items: int, *, seed: int = 0) -> Pairs:
    """Each pair's history and up to a third of the catalogue are known to be taken, never its own item."""
    rng = np.random.default_rng(seed)
    more = [rng.choice(n_items, rng.integers(0, n_items // 3), replace=False) for _ in range(len(pairs))]
    taken = [np.concatenate([a, b]) for a, b in zip(pairs.histories, more, strict=True)]
    rows = [row[row != item] for row, item in zip(taken, pairs.items, strict=True)]
    return replace(pairs, known=KnownItems.of(rows, n_items))
