"""Columns of user-item pairs for models that explain themselves, by the same reasons as the ranker's.

The ranker reads embeddings and attends to the history; a sum of curves needs columns. Users' and items' groups give
theirs as the ranker encodes them (a text as its first principal components), the history what it has in common with the
item: how many of its items share the item's values, a group at a time. The item's id gives how often the item was taken
in training. Users' ids give nothing: alike for every item, they change no list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, ITEM_ID, Player

TEXT_WIDTH = 16  # principal components of a text's vectors
MOST_VALUES = 200  # of a category that have a column


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A reason's columns for each row of its side, ``(n_users or n_items, width)`` float32; codes are spread out."""

    player: Player
    table: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What a history has in common with an item in one group.

    ``values`` ``(n_items, width)``: an item's values, sparse; of a text a vector of length 1. The column is
    ``log(1 + count)`` of the items in common (shares where an item has several values); of texts the mean cosine.
    """

    values: csr_array | np.ndarray

    @classmethod
    def of(cls, group: FeatureGroup, table: np.ndarray) -> Common:
        if group.kind == "text":
            length = np.linalg.norm(table, axis=1, keepdims=True)
            return cls((table / np.where(length > 0, length, 1)).astype(np.float32))
        if not group.is_lookup:
            return cls(csr_array(table))
        known = np.flatnonzero(table > 0)
        return cls(csr_array((np.ones(len(known), np.float32), (known, table[known])), shape=(len(table), group.size)))

    def with_items(self, held: csr_array, items: np.ndarray) -> np.ndarray:
        """Column of pairs ``(n,)``; ``held`` ``(n, n_items)`` counts each history's items."""
        sums, own = held @ self.values, self.values[items]
        both = np.einsum("nw,nw->n", sums, own) if isinstance(own, np.ndarray) else sums.multiply(own).sum(axis=1)
        return self._scaled(np.asarray(both).ravel(), held.sum(axis=1))

    def with_catalogue(self, held: csr_array) -> np.ndarray:
        """Column for every item ``(n, n_items)``."""
        both = held @ self.values @ self.values.T
        both = both if isinstance(both, np.ndarray) else both.toarray()
        return self._scaled(both, held.sum(axis=1)[:, None])

    def _scaled(self, both: np.ndarray, length: np.ndarray) -> np.ndarray:
        if isinstance(self.values, np.ndarray):
            return (both / np.maximum(length, 1)).astype(np.float32)
        return np.log1p(np.maximum(both, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Columns of one dataset's pairs: users' blocks, items' blocks, then what history and item have in common.

    Attributes
    ----------
    users, items
        Blocks by reason.
    common
        Columns of the reason *history*, one a group of items, behind its length.
    taken
        ``(n_items,)``: positives of each item in training.
    """

    users: tuple[Block, ...]
    items: tuple[Block, ...]
    common: tuple[Common, ...]
    taken: np.ndarray

    @classmethod
    def of(cls, features: Features, taken: np.ndarray) -> Design:
        """Ids that ``features`` holds are left out; the items' becomes how often each was ``taken``."""
        users, items = (
            tuple(Block(g.player, spread(g, features.tables[g.key])) for g in features.side(side) if g.kind != "id")
            for side in ("user", "item")
        )
        popularity = Block(ITEM_ID, np.log1p(taken, dtype=np.float32)[:, None])
        common = tuple(Common.of(g, features.tables[g.key]) for g in features.side("item") if g.kind != "id")
        return cls(users, (*items, popularity), common, np.asarray(taken))

    @property
    def players(self) -> tuple[Player, ...]:
        """The reasons, in the ranker's order: users' groups, the history, items' groups, the item's id last."""
        return (*(b.player for b in self.users), HISTORY, *(b.player for b in self.items))

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of columns of each reason."""
        return (*(b.table.shape[1] for b in self.users), 1 + len(self.common), *(b.table.shape[1] for b in self.items))

    @property
    def starts(self) -> np.ndarray:
        """First column of each reason; `np.add.reduceat` sums over reasons with it."""
        return np.cumsum([0, *self.widths[:-1]])

    @property
    def history_columns(self) -> slice:
        """Where the columns of the reason *history* stand."""
        first = int(self.starts[len(self.users)])
        return slice(first, first + 1 + len(self.common))

    def rows(self, pairs: Pairs, *, own: np.ndarray | None = None) -> np.ndarray:
        """Columns ``(n, width)`` float32 of pairs; ``own`` ``(n,)``: 1 where a pair is one of the positives counted."""
        parts = [block.table[pairs.users] for block in self.users]
        parts.append(self.history(pairs.histories, pairs.items))
        parts += [block.table[pairs.items] for block in self.items[:-1]]
        counted = self.taken[pairs.items] - (0 if own is None else own)
        parts.append(np.log1p(np.maximum(counted, 0), dtype=np.float32)[:, None])
        return np.concatenate(parts, 1).astype(np.float32, copy=False)

    def history(self, histories: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Columns of the reason *history* for pairs: ``(n, 1 + len(common))``."""
        held = self.held(histories)
        columns = [np.log1p(held.sum(axis=1)), *(group.with_items(held, items) for group in self.common)]
        return np.stack(columns, 1).astype(np.float32)

    def catalogue_history(self, histories: np.ndarray) -> Iterator[np.ndarray]:
        """The same columns for every item, one after another: ``(n, n_items)`` each."""
        held = self.held(histories)
        length = np.log1p(held.sum(axis=1), dtype=np.float32)
        yield np.broadcast_to(length[:, None], held.shape)
        for group in self.common:
            yield group.with_catalogue(held)

    def held(self, histories: np.ndarray) -> csr_array:
        """How often each history holds each item ``(n, n_items)``."""
        row, place = np.nonzero(histories >= 0)
        ones, shape = np.ones(len(row), np.float32), (len(histories), len(self.taken))
        return csr_array((ones, (row, histories[row, place])), shape=shape)


def spread(group: FeatureGroup, table: np.ndarray) -> np.ndarray:
    """A group's columns: its most frequent codes as 0/1 (others, and missing: all 0), weights as they are.

    A text stands as its principal components.
    """
    if group.kind == "text":
        return components(table)
    if not group.is_lookup:
        return table.astype(np.float32, copy=False)
    counts = np.bincount(table, minlength=group.size)
    counts[0] = 0
    columns = np.flatnonzero(counts)
    columns = np.sort(columns[np.argsort(-counts[columns], kind="stable")[:MOST_VALUES]])
    return (table[:, None] == columns).astype(np.float32)


def components(vectors: np.ndarray) -> np.ndarray:
    """The first `TEXT_WIDTH` principal components of vectors ``(n, width)``, each of unit variance, signs fixed."""
    centred = vectors - vectors.mean(0)
    _, basis = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    basis = basis[:, ::-1][:, :TEXT_WIDTH]
    basis = basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])])
    found = centred @ basis
    spread_of = found.std(0)
    return (found / np.where(spread_of > 1e-6, spread_of, np.inf)).astype(np.float32)
