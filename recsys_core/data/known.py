"""Known positives: what users had taken before given moments, in memory that follows what is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.order import by_group, by_rank

BLOCK = 64  # rows of a user who repeats items, between two stored states
CELLS = 1 << 20  # rows of the log that are looked at in one go
USERS = 4096


class Positives(Protocol):
    """All that users had taken before given moments, one row a moment: as the log tells it, or as somebody supposes."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | np.ndarray) -> Self: ...

    def csr(self) -> csr_array:
        """The items of each moment ``(n, n_items)`` bool, each once, in any order within a row."""
        ...

    def chunks(self) -> Iterator[np.ndarray]:
        """Consecutive row numbers, so that ``self[rows].csr()`` fits the memory."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownItems:
    """Positives that somebody supposes: another history than the log's, or one with items added or taken off.

    ``table`` is ``(n, n_items)`` bool, one row a moment.
    """

    table: csr_array

    @classmethod
    def of(cls, rows: Sequence[np.ndarray], n_items: int) -> KnownItems:
        """Each row's items (any order; below 0 is padding), each counted once.

        >>> KnownItems.of([np.array([3, 1, 3, -1])], 4).csr().indices.tolist()
        [1, 3]
        """
        kept = [np.unique(row[row >= 0]) for row in map(np.asarray, rows)]
        start = np.cumsum([0, *map(len, kept)])
        items = np.concatenate([np.zeros(0, dtype=np.int64), *kept])
        return cls(csr_array((np.ones(len(items), dtype=bool), items, start), shape=(len(kept), n_items)))

    def __len__(self) -> int:
        return self.table.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> KnownItems:
        return KnownItems(self.table[rows])

    def csr(self) -> csr_array:
        return self.table

    def chunks(self) -> Iterator[np.ndarray]:
        return spans(np.diff(self.table.indptr))


@dataclass(frozen=True, slots=True, eq=False)
class PositiveRows:
    """Rows with a positive, of some parts, sorted by (user, order); a moment is a position in them.

    Attributes
    ----------
    length
        How many of the newest items `Known.newest` returns.
    key
        ``user * n + order``: one binary search finds a moment in a user's sequence.
    item
        Item of each row.
    start
        ``(n_users + 1,)``: where a user's rows begin.
    following
        Position of the user's next row with the same item, past the end where there is none. A
        row counts at a moment before that position only, so each item counts once.
    counts
        ``(n_items,)``: how often each item was taken.
    first_block
        ``(n_users,)``: row of ``newest`` that holds the user's first state, -1 for a user without repeats.
    newest
        ``(n_states, length + 1)``: the newest rows that count at every ``BLOCK``-th row of a user who
        repeats items, newest first, -1 padded. So a moment looks at ``BLOCK`` rows and one state,
        however often the user repeats one item.
    """

    length: int
    key: np.ndarray
    item: np.ndarray
    start: np.ndarray
    following: np.ndarray
    counts: np.ndarray
    first_block: np.ndarray
    newest: np.ndarray

    @classmethod
    def build(cls, user: np.ndarray, item: np.ndarray, order: np.ndarray, *, shape: tuple, length: int) -> PositiveRows:
        """``shape``: number of users, of items, and of all rows that ``order`` ranks."""
        n_users, n_items, n_rows = shape
        sequence = by_rank(order, n_rows)
        sequence = sequence[by_group(user[sequence], n_users)]
        user, item = user[sequence].astype(np.int64), item[sequence].astype(np.int32)
        key = user * n_rows + order[sequence]
        start = np.searchsorted(user, np.arange(n_users + 1))
        following = next_same(user, item, n_items)
        n_repeats = np.bincount(user[following < len(key)], minlength=n_users)
        n_states = np.where(n_repeats > 0, np.diff(start) // BLOCK + 1, 0)
        first_block = np.where(n_repeats > 0, np.cumsum(n_states) - n_states, -1)
        newest = _states(start, following, n_states, first_block, width=length + 1)
        counts = np.bincount(item, minlength=n_items)
        return cls(length, key, item, start, following, counts, first_block, newest)


def next_same(user: np.ndarray, item: np.ndarray, n_items: int) -> np.ndarray:
    """Of rows sorted by user: the position of the user's next row with the same item, past the end without one."""
    following = np.full(len(user), len(user))
    at = by_group(item, n_items)
    same = (user[at[1:]] == user[at[:-1]]) & (item[at[1:]] == item[at[:-1]])
    following[at[:-1][same]] = at[1:][same]
    return following


def _states(
    start: np.ndarray, following: np.ndarray, n_states: np.ndarray, first_block: np.ndarray, *, width: int
) -> np.ndarray:
    """Each state from the one before it and the rows between them, all users side by side."""
    newest = np.full((n_states.sum(), width), -1, dtype=np.int32 if len(following) < 2**31 else np.int64)
    users = np.argsort(-n_states, kind="stable")[: np.count_nonzero(n_states)]
    for begin in range(0, len(users), USERS):
        some = users[begin : begin + USERS]
        for block in range(1, n_states[some[0]]):
            active = some[: np.searchsorted(-n_states[some], -block)]
            moment = (start[active] + block * BLOCK)[:, None]
            before = newest[first_block[active] + block - 1]
            rows = np.concatenate([moment - 1 - np.arange(BLOCK), before], axis=1)
            counted = (rows >= 0) & (following[rows] >= moment)
            newest[first_block[active] + block] = _first(rows, counted, width)
    return newest


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """All that users had taken before given moments: one row a moment, each item once, never the target.

    The rule is that of `recsys_core.data.history.Histories`; where a history holds the newest
    items, here is everything. Nothing is copied until it is read, so a million moments cost
    their positions.

    Attributes
    ----------
    positives
        All rows that may be known.
    user, position
        ``(n,)``: whose moment, and how many of ``positives`` lie before it (the user's own are the last of these).
    target
        ``(n,)``: an item never to be returned, -1 for none.
    """

    positives: PositiveRows
    user: np.ndarray
    position: np.ndarray
    target: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, rows: slice | np.ndarray) -> Known:
        return Known(self.positives, self.user[rows], self.position[rows], self.target[rows])

    @property
    def popularity(self) -> np.ndarray:
        """How often each item was a positive of anyone in the rows that may be known, ``(n_items,)``."""
        return self.positives.counts

    def moments(self) -> tuple[Known, np.ndarray]:
        """The different moments, without targets, and for each row which of them is its own."""
        moment = self.user * (len(self.positives.key) + 1) + self.position
        _, first, own = np.unique(moment, return_index=True, return_inverse=True)
        return Known(self.positives, self.user[first], self.position[first], np.full(len(first), -1)), own

    def chunks(self) -> Iterator[np.ndarray]:
        """Consecutive row numbers, so that ``self[rows].csr()`` looks at about a million rows of the log at most."""
        return spans(self.position - self.positives.start[self.user])

    def csr(self) -> csr_array:
        """The items known at each moment ``(n, n_items)``, stored with the oldest last taking first.

        Looks at every earlier row of the user; see `chunks`.
        """
        begin = self.positives.start[self.user]
        n_before = self.position - begin
        owner = np.repeat(np.arange(len(self)), n_before)
        row = np.arange(len(owner)) - np.repeat(np.cumsum(n_before) - n_before - begin, n_before)
        item = self.positives.item[row]
        counted = (self.positives.following[row] >= self.position[owner]) & (item != self.target[owner])
        sizes = np.bincount(owner[counted], minlength=len(self))
        start = np.concatenate([[0], np.cumsum(sizes)])
        shape = (len(self), len(self.positives.counts))
        return csr_array((np.ones(start[-1], dtype=bool), item[counted], start), shape=shape)

    def newest(self) -> np.ndarray:
        """The newest ``positives.length`` items before each moment, newest first, int32, padded with -1."""
        length = self.positives.length
        out = np.full((len(self), length), -1, dtype=np.int32)
        repeats = self.positives.first_block[self.user] >= 0
        step = 1 + CELLS // (length + 1 + BLOCK)
        for read, some in ((Known._straight, np.flatnonzero(~repeats)), (Known._by_blocks, np.flatnonzero(repeats))):
            for begin in range(0, len(some), step):
                rows = some[begin : begin + step]
                out[rows] = read(self[rows], length)
        return out

    def _straight(self, length: int) -> np.ndarray:
        """Of users who took no item twice: the rows before the moment as they stand, less the target's."""
        rows = self.position[:, None] - 1 - np.arange(length + 1)
        inside = rows >= self.positives.start[self.user][:, None]
        if not len(self.positives.item):
            return np.full((len(self), length), -1)
        items = np.where(inside, self.positives.item[np.where(inside, rows, 0)], -1)
        is_target = inside & (items == self.target[:, None])
        hit = np.flatnonzero(is_target.any(axis=1))
        out = items[:, :length]
        out[hit] = _first(items[hit], inside[hit] & ~is_target[hit], length)
        return out

    def _by_blocks(self, length: int) -> np.ndarray:
        """Of users who repeat items: the rows since the last stored state, then those of the state."""
        begin, moment = self.positives.start[self.user], self.position[:, None]
        block = (self.position - begin) // BLOCK
        rows = moment - 1 - np.arange(BLOCK)
        rows = np.where(rows >= (begin + block * BLOCK)[:, None], rows, -1)
        rows = np.concatenate([rows, self.positives.newest[self.positives.first_block[self.user] + block]], axis=1)
        items = self.positives.item[rows]
        counted = (rows >= 0) & (self.positives.following[rows] >= moment) & (items != self.target[:, None])
        return _first(items, counted, length)


def spans(cost: np.ndarray) -> Iterator[np.ndarray]:
    """Consecutive row numbers, so that each run costs about a million together (or is one row)."""
    cuts = np.flatnonzero(np.diff(np.cumsum(1 + cost) // CELLS)) + 1
    return (rows for rows in np.split(np.arange(len(cost)), cuts) if len(rows))


def _first(values: np.ndarray, wanted: np.ndarray, width: int) -> np.ndarray:
    """The first ``width`` wanted values of each row, side by side, padded with -1."""
    out = np.full((len(values), width), -1, dtype=values.dtype)
    place = np.cumsum(wanted, axis=1, dtype=np.int32)
    row, column = np.nonzero(wanted & (place <= width))
    out[row, place[row, column] - 1] = values[row, column]
    return out
