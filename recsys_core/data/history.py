"""Histories: what a user had taken before a given moment, without a look at what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.known import Known, PositiveRows
from recsys_core.data.order import by_group
from recsys_core.data.schema import Schema
from recsys_core.data.split import Split
from recsys_core.metrics import sorted_once

LENGTH = 50
PARTS = ("train", "validation", "test")
UPPER_PART = 0.75  # of the scale: what is a positive where the task is the rating itself


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What is known of every user at every row, under one rule against leaks that holds for every scorer.

    Known at a moment is what the user *took* strictly earlier (in ``Split.order``), each item once,
    never the target. Taken (positive) are rows of label 1, for task ``rating`` those in the upper quarter of
    the scale. For a training or a validation row only training rows count, for a test row
    training and validation rows. A history is the newest ``length`` of it, newest first, padded
    with -1; `known` is all of it.

    Attributes
    ----------
    user, item, order, positive, part
        Of each interaction; ``part`` is 0 train, 1 validation, 2 test, -1 none.
    rows_by_user, start
        Row numbers sorted by user, and where each user's begin ``(n_users + 1,)``.
    held_from
        ``(3, n_users)``: order of the user's first row of this part or a later one.
    pools
        Positive rows of training, and of training and validation.
    """

    length: int
    n_items: int
    user: np.ndarray
    item: np.ndarray
    order: np.ndarray
    positive: np.ndarray
    part: np.ndarray
    kind: str
    rows_by_user: np.ndarray
    start: np.ndarray
    held_from: np.ndarray
    pools: tuple[PositiveRows, PositiveRows]

    @classmethod
    def build(cls, dataset: Dataset, split: Split, length: int = LENGTH) -> Histories:
        """Sort the rows once; the look-ups are binary searches after that."""
        user = dataset.interactions["user_index"].to_numpy()
        item = dataset.interactions["item_index"].to_numpy()
        shape = (dataset.n_users, dataset.n_items, len(user))
        part = np.full(len(user), -1, dtype=np.int8)
        held_from = np.full((3, dataset.n_users), len(user))
        for number, name in enumerate(PARTS):
            rows = getattr(split, name)
            part[rows] = number
            np.minimum.at(held_from[number], user[rows], split.order[rows])
        held_from = np.minimum.accumulate(held_from[::-1])[::-1]
        positive = is_positive(split.label, split.task, dataset.schema)

        def pool(most: int) -> PositiveRows:
            rows = np.flatnonzero(positive & (part >= 0) & (part <= most))
            return PositiveRows.build(user[rows], item[rows], split.order[rows], shape=shape, length=length)

        by_user = by_group(user, dataset.n_users)
        start = np.append(0, np.cumsum(np.bincount(user, minlength=dataset.n_users)))
        about = (length, dataset.n_items, user, item, split.order, positive, part, split.kind)
        return cls(*about, by_user, start, held_from, (pool(0), pool(1)))

    @property
    def n_users(self) -> int:
        return len(self.start) - 1

    def users(self, user_index: np.ndarray, part: str = "test") -> np.ndarray:
        """UserScores history of users as int32 ``(n, length)``: the newest of all that ``part`` may know of them."""
        return self.known(user_index, part).newest()

    def known_at(self, rows: np.ndarray, part: str) -> Known:
        """All that is known at each interaction (``rows``: row numbers), by the rule of ``part``."""
        pool, user = self._pool(part), self.user[rows].astype(np.int64)
        position = np.searchsorted(pool.key, user * len(self.user) + self.order[rows])
        return Known(pool, user, position, self.item[rows])

    def known(self, user_index: np.ndarray, part: str = "test") -> Known:
        """All that ``part`` may know of users."""
        pool, user = self._pool(part), np.asarray(user_index, dtype=np.int64)
        return Known(pool, user, pool.start[user + 1], np.full(len(user), -1))

    def rows_of(self, user_index: int) -> np.ndarray:
        """Row numbers of one user's interactions, ascending."""
        return self.rows_by_user[self.start[user_index] : self.start[user_index + 1]]

    def rows_of_all(self, user_index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of several users' interactions, user after user, and whose each is: a place in ``user_index``."""
        begin = self.start[user_index]
        count = self.start[user_index + 1] - begin
        owner = np.repeat(np.arange(len(count)), count)
        at = np.arange(len(owner)) + np.repeat(begin - (np.cumsum(count) - count), count)
        return self.rows_by_user[at], owner

    def met(self, user_index: np.ndarray) -> csr_array:
        """Items of all interactions of some users, of any part and label, one row each ``(n, n_items)``, ascending."""
        rows, owner = self.rows_of_all(user_index)
        return self._table(self._pairs(owner, self.item[rows]), len(user_index))

    def seen(self, user_index: int, part: str = "test") -> np.ndarray:
        """Items (int32, ascending) that are no candidates for a user; see `seen_by`."""
        rows = self.rows_of(user_index)
        return np.unique(self.item[rows[self._is_seen(rows, part)]])

    def seen_by(self, user_index: np.ndarray, part: str = "test") -> csr_array:
        """Items that some users have met before the held-out part begins, one row each ``(n, n_items)``.

        They are those of the training rows, whatever their label (for ``test`` of the validation
        rows too), and of rows without a label that lie before the user's first held-out row.
        Under a ``random`` split nothing lies before: there rows without a label do not count.
        """
        rows, owner = self.rows_of_all(user_index)
        seen = self._is_seen(rows, part)
        return self._table(self._pairs(owner[seen], self.item[rows[seen]]), len(user_index))

    def held_out(self, user_index: np.ndarray | None = None, part: str = "test") -> csr_array:
        """Positives of ``part`` for the given users (all by default), one row each, ``(n, n_items)``.

        An item that the user has seen before is no candidate of the ranking, so it is left out.
        """
        rows, owner = self.rows_of_all(np.arange(self.n_users) if user_index is None else np.asarray(user_index))
        held = self.positive[rows] & (self.part[rows] == PARTS.index(part))
        known = self._is_seen(rows, part)
        held, known = (self._pairs(owner[some], self.item[rows[some]]) for some in (held, known))
        known = np.append(known, -1)
        new = held[known[np.searchsorted(known[:-1], held)] != held]
        return self._table(new, self.n_users if user_index is None else len(user_index))

    def _pool(self, part: str) -> PositiveRows:
        return self.pools[PARTS.index(part) == 2]

    def _is_seen(self, rows: np.ndarray, part: str) -> np.ndarray:
        """Which of ``rows`` count as seen when ``part`` begins."""
        held_from = max(PARTS.index(part), 1)
        part_of = self.part[rows]
        known = (part_of >= 0) & (part_of < held_from)
        if self.kind == "random":
            return known
        return known | ((part_of < 0) & (self.order[rows] < self.held_from[held_from, self.user[rows]]))

    def _pairs(self, owner: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Each pair of owner and item once, as ``owner * n_items + item``, ascending."""
        return sorted_once(owner.astype(np.int64) * self.n_items + item)

    def _table(self, pairs: np.ndarray, n_rows: int) -> csr_array:
        owner, item = np.divmod(pairs, self.n_items)
        start = np.searchsorted(owner, np.arange(n_rows + 1))
        return csr_array((np.ones(len(item), dtype=bool), item, start), shape=(n_rows, self.n_items))


def is_positive(label: np.ndarray, task: str, schema: Schema) -> np.ndarray:
    """Which labels ``(n,)`` are of what belongs to a history, or is looked for when held out (bool)."""
    if task == "rating":
        return (label - schema.low) / (schema.high - schema.low) >= UPPER_PART
    return label == 1
