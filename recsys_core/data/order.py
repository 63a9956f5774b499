"""Orders that depend on ids and content alone, never on the row of a file."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd


def tie_order(item_ids: pd.Series, seed: int) -> np.ndarray:
    """Place of each item among items of equal score, ``(n_items,)``: a permutation of ``0 … n - 1``.

    By a hash of the seed and the raw item id (BLAKE2b, Aumasson et al. 2013), so the same items
    stand in the same order for every model and every order of the items' table.

    >>> tie_order(pd.Series(["a", "b", "c"]), 0).tolist() == tie_order(pd.Series(["c", "b", "a"]), 0).tolist()[::-1]
    True
    """
    drawn = np.array([_drawn(str(item_id), seed) for item_id in item_ids], dtype=np.uint64)
    place = np.empty(len(drawn), dtype=np.int64)
    place[np.argsort(drawn, kind="stable")] = np.arange(len(drawn))
    return place


def _drawn(item_id: str, seed: int) -> int:
    name = item_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(name, digest_size=8, key=str(seed).encode()[:64]).digest())
