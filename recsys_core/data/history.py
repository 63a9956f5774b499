"""Histories: what a user had taken before a given moment, without a look at what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Schema
from recsys_core.data.split import Split

LENGTH = 50
PARTS = ("train", "validation", "test")
UPPER_PART = 0.75  # of the scale: what counts as taken where the task is the rating itself
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Taken rows of some parts, sorted by (user, order).

    ``key`` is ``user * n + order``, so one binary search finds a moment in a user's sequence.
    ``start`` (n_users + 1) tells where a user's rows begin. ``following`` is the position of the
    user's next row with the same item (past the end where there is none); ``spare`` is the most
    rows of one user that repeat an item.
    """

    key: np.ndarray
    item: np.ndarray
    start: np.ndarray
    following: np.ndarray
    spare: int

    @classmethod
    def build(cls, user: np.ndarray, item: np.ndarray, order: np.ndarray, n_users: int, n: int) -> _Pool:
        key = user.astype(np.int64) * n + order
        sequence = np.argsort(key)
        key, user, item = key[sequence], user[sequence], item[sequence]
        start = np.searchsorted(user, np.arange(n_users + 1))
        following = np.full(len(key), len(key))
        pairs = user.astype(np.int64) * (int(item.max(initial=0)) + 1) + item
        again = pd.Series(pairs).duplicated(keep=False).to_numpy()
        at = np.flatnonzero(again)[np.argsort(pairs[again], kind="stable")]
        same = pairs[at[1:]] == pairs[at[:-1]]
        following[at[:-1][same]] = at[1:][same]
        repeats = np.bincount(user[following < len(key)], minlength=1)
        return cls(key, item, start, following, int(repeats.max(initial=0)))

    def last(self, position: np.ndarray, user: np.ndarray, target: np.ndarray | None, length: int) -> np.ndarray:
        """The ``length`` newest items before ``position``, each once and never the target, padded with -1."""
        width = length + self.spare + (target is not None)
        index = position[:, None] - 1 - np.arange(width)
        inside = index >= self.start[user][:, None]
        if not len(self.item):
            return np.full((len(position), length), -1, dtype=np.int32)
        index = np.where(inside, index, 0)
        items = np.where(inside, self.item[index], -1).astype(np.int32)
        drop = inside & (self.following[index] < position[:, None]) if self.spare else np.zeros_like(inside)
        if target is not None:
            drop |= items == target[:, None]
        gaps = np.flatnonzero(drop.any(axis=1))  # few: close them up, the order stays
        closed = np.argsort(drop[gaps], axis=1, kind="stable")
        items[gaps] = np.take_along_axis(np.where(drop[gaps], -1, items[gaps]), closed, axis=1)
        return items[:, :length]


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Recent history of every row and every user, under one rule against leaks.

    A user's history at a moment is the items *taken* strictly earlier (in ``Split.order``), newest
    first, each item once, at most ``length``, padded with -1, never the target. Taken are rows of
    label 1, for task ``rating`` those in the upper quarter of the scale. For a training or a
    validation row only training rows count, for a test row training and validation rows.
    """

    length: int
    n_items: int
    user: np.ndarray
    item: np.ndarray
    order: np.ndarray
    taken: np.ndarray
    part: np.ndarray  # of each interaction: 0 train, 1 validation, 2 test, -1 none
    kind: str
    pools: tuple[_Pool, _Pool]

    @classmethod
    def build(cls, dataset: Dataset, split: Split, length: int = LENGTH) -> Histories:
        """Sort the taken rows once; the look-ups are binary searches after that."""
        n = dataset.n_interactions
        user = dataset.interactions["user_index"].to_numpy()
        item = dataset.interactions["item_index"].to_numpy()
        part = np.full(n, -1, dtype=np.int8)
        for number, name in enumerate(PARTS):
            part[getattr(split, name)] = number
        taken = is_taken(split, dataset.schema)
        pools = []
        for most in (0, 1):
            rows = np.flatnonzero(taken & (part >= 0) & (part <= most))
            pools.append(_Pool.build(user[rows], item[rows], split.order[rows], dataset.n_users, n))
        return cls(length, dataset.n_items, user, item, split.order, taken, part, split.kind, tuple(pools))

    @property
    def n_users(self) -> int:
        return len(self.pools[0].start) - 1

    def rows(self, rows: np.ndarray, part: str) -> np.ndarray:
        """History of each interaction (``rows``: row numbers) as int32 ``(n, length)``.

        ``part`` says by whose rule: ``test`` also counts validation rows.
        """
        pool = self._pool(part)
        out = np.empty((len(rows), self.length), dtype=np.int32)
        for begin in range(0, len(rows), _CHUNK):
            some = rows[begin : begin + _CHUNK]
            user = self.user[some]
            position = np.searchsorted(pool.key, user.astype(np.int64) * len(self.user) + self.order[some])
            out[begin : begin + _CHUNK] = pool.last(position, user, self.item[some], self.length)
        return out

    def users(self, user_index: np.ndarray, part: str = "test") -> np.ndarray:
        """Standing history of users as int32 ``(n, length)``: all that ``part`` may know of them."""
        user = np.asarray(user_index)
        pool = self._pool(part)
        return pool.last(pool.start[user + 1], user, None, self.length)

    def seen(self, user_index: int, part: str = "test") -> np.ndarray:
        """Items (int32, ascending) that are no candidates for a user; see `seen_by_all`."""
        rows = np.flatnonzero(self.user == user_index)
        return np.unique(self.item[rows[self._is_seen(rows, part)]])

    def seen_by_all(self, part: str = "test") -> tuple[np.ndarray, np.ndarray]:
        """Items that each user has met before the held-out part begins, as CSR ``(indptr, indices)``.

        They are those of the training rows, whatever their label (for ``test`` of the validation
        rows too), and of rows without a label that lie before the user's first held-out row.
        Under a ``random`` split nothing lies before: there rows without a label do not count.
        """
        rows = np.arange(len(self.user))
        return self._csr(self._pairs(rows[self._is_seen(rows, part)]))

    def held_out(self, user_index: np.ndarray | None = None, part: str = "test") -> tuple[np.ndarray, np.ndarray]:
        """Taken items of ``part`` for the given users (all by default), as CSR ``(indptr, indices)``.

        An item that the user has seen before is no candidate of the ranking, so it is left out.
        """
        every = user_index is None
        rows = np.arange(len(self.user)) if every else np.flatnonzero(np.isin(self.user, np.asarray(user_index)))
        held = self._pairs(rows[self.taken[rows] & (self.part[rows] == PARTS.index(part))])
        seen = np.append(self._pairs(rows[self._is_seen(rows, part)]), -1)
        indptr, indices = self._csr(held[seen[np.searchsorted(seen[:-1], held)] != held])
        return (indptr, indices) if every else _take_csr(indptr, indices, np.asarray(user_index))

    def _pool(self, part: str) -> _Pool:
        return self.pools[PARTS.index(part) == 2]

    def _is_seen(self, rows: np.ndarray, part: str) -> np.ndarray:
        """Which of ``rows`` (all rows of their users) count as seen when ``part`` begins."""
        held_from = max(PARTS.index(part), 1)
        part_of, user, order = self.part[rows], self.user[rows], self.order[rows]
        known = (part_of >= 0) & (part_of < held_from)
        if self.kind == "random":
            return known
        begin = np.full(self.n_users, len(self.user))
        held = part_of >= held_from
        np.minimum.at(begin, user[held], order[held])
        return known | ((part_of < 0) & (order < begin[user]))

    def _pairs(self, rows: np.ndarray) -> np.ndarray:
        """Each user-item pair of ``rows`` once, as ``user * n_items + item``, ascending."""
        pairs = np.sort(self.user[rows].astype(np.int64) * self.n_items + self.item[rows])
        return pairs[np.diff(pairs, prepend=-1) > 0]

    def _csr(self, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        owner, indices = np.divmod(pairs, self.n_items)
        return np.searchsorted(owner, np.arange(self.n_users + 1)), indices.astype(np.int32)


def is_taken(split: Split, schema: Schema) -> np.ndarray:
    """Which interactions belong to a history or are looked for when held out (bool)."""
    if split.task == "rating":
        return (split.label - schema.low) / (schema.high - schema.low) >= UPPER_PART
    return split.label == 1


def _take_csr(indptr: np.ndarray, indices: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts = indptr[rows + 1] - indptr[rows]
    taken_from = np.concatenate(([0], np.cumsum(counts)))
    offsets = np.arange(taken_from[-1]) - np.repeat(taken_from[:-1] - indptr[rows], counts)
    return taken_from, indices[offsets]
