"""Orders that depend on ids and content alone, never on the row of a file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import takewhile

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

DIGITS = 19  # a shorter number fits into 64 bits
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def in_canonical_order(users: pd.DataFrame, items: pd.DataFrame, interactions: pd.DataFrame) -> Tables:
    """The three tables in an order that their content alone decides, so that shuffled files make the same dataset.

    Users and items by `natural_order` of their ids; interactions by time, user, item, value and
    propensity (rows that are equal in all of them are the same row twice).
    """
    sides = []
    for side, frame in (("user", users), ("item", items)):
        order = natural_order(frame[f"{side}_id"])
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        column = f"{side}_index"
        interactions = interactions.assign(**{column: place[interactions[column].to_numpy()]})
        sides.append(frame.iloc[order].reset_index(drop=True))
    keys = [k for k in ("propensity", "value", "item_index", "user_index") if k in interactions.columns]
    rows = by_time(interactions["time"].to_numpy(), [interactions[key].to_numpy() for key in keys])
    return *sides, interactions.iloc[rows].reset_index(drop=True)


def by_time(time: np.ndarray, ties: Sequence[np.ndarray]) -> np.ndarray:
    """Positions that sort by time; rows of equal times alone are looked at further, by ``ties`` (the last one first).

    >>> by_time(np.array([5, 3, 5]), [np.array([2, 0, 1])]).tolist()
    [1, 2, 0]
    """
    sequence = np.arange(len(time)) if (time[1:] >= time[:-1]).all() else np.argsort(time, kind="stable")
    equal = np.diff(time[sequence]) == 0
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal)) if len(time) else sequence
    rows = sequence[tied]
    sequence[tied] = rows[np.lexsort([*(key[rows] for key in ties), time[rows]])]
    return sequence


def by_rank(rank: np.ndarray, n: int) -> np.ndarray:
    """Positions that sort different ranks from 0 to ``n - 1``, in linear time.

    >>> by_rank(np.array([7, 2, 4]), 9).tolist()
    [1, 2, 0]
    """
    place = np.full(n, -1, dtype=np.int64)
    place[rank] = np.arange(len(rank))
    return place[place >= 0]


def by_group(group: np.ndarray, n_groups: int) -> np.ndarray:
    """Positions that sort by group (from 0), those of one group as they stand, in linear time.

    >>> by_group(np.array([1, 0, 2, 1, 0]), 3).tolist()
    [1, 4, 0, 3, 2]
    """
    n = len(group)
    if not n:
        return np.zeros(0, dtype=np.int64)
    table = csr_array((np.empty(n, dtype=bool), (group, np.arange(n))), shape=(n_groups, n))  # SciPy sorts by counting
    return table.indices.astype(np.int64)


def natural_order(ids: pd.Series) -> np.ndarray:
    """Positions that sort different raw ids as a person would: numbers in them by their value, the rest as text.

    >>> natural_order(pd.Series(["i10", "i2", "7", "007", "12"])).tolist()
    [3, 2, 4, 1, 0]
    """
    names = [str(i) for i in ids]
    n_shared = len(_shared_beginning(names).rstrip("0123456789"))  # user_1, user_2, …: the rest decides
    digits = [name[n_shared:] for name in names]
    if all(rest.isascii() and rest.isdigit() and len(rest) < DIGITS for rest in digits):
        numbers = np.array(digits, dtype=np.int64)
        if len(np.unique(numbers)) == len(numbers):
            return np.argsort(numbers)
        return np.lexsort((np.array(digits, dtype=str), numbers))
    return np.array(sorted(range(len(names)), key=lambda i: (_spelled_out(names[i]), names[i])), dtype=np.int64)


def _shared_beginning(names: list[str]) -> str:
    first, last = min(names, default=""), max(names, default="")
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def _spelled_out(name: str) -> str:
    """A text that sorts as the name should: each number behind the count of its digits."""
    return re.sub("[0-9]+", lambda digits: f"{len(digits[0].lstrip('0')):04d}{digits[0].lstrip('0')}", name)


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
