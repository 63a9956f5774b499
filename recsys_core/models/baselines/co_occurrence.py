"""Which items were taken by the same users: from training positives, in memory that does not follow the work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.known import spans
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream

MOST_PRODUCTS = 4_000_000_000  # pairs of items of one user, over all users: about half a minute


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPositives:
    """What users took in training, as the closed-form baselines read it.

    Attributes
    ----------
    taken
        ``(n_users, n_items)`` 0/1 float32; an item taken again counts once.
    longest
        How many positives of one user count at most; 0 where all of everybody's do.
    """

    taken: csr_array
    longest: int

    @classmethod
    def of(cls, split_dataset: SplitDataset, most_products: int = MOST_PRODUCTS) -> TrainingPositives:
        """Training positives; the work on pairs of one user's items is bounded by ``most_products``.

        Where all pairs would be more, users with many positives are cut to as many as keep the
        bound, drawn by the split's seed: one who took 20,000 items must not cost as much as 40,000
        users who took 100 each.
        """
        taken = zero_one(split_dataset.sequences())
        lengths = np.diff(taken.indptr)
        longest = _longest(lengths, most_products)
        if longest:
            taken = _cut(taken, longest, random_stream(split_dataset.split.seed, "positives of long users"))
        return cls(taken, longest)

    @property
    def counts(self) -> np.ndarray:
        """How many users took each item, ``(n_items,)``."""
        return np.bincount(self.taken.indices, minlength=self.taken.shape[1])

    def weighted(self, exponent: float) -> csr_array:
        """``taken`` so that ``X'X`` counts a user of n positives ``n ** -exponent``; its trace stays as it is."""
        n_taken = np.diff(self.taken.indptr).astype(float)
        weight = np.maximum(n_taken, 1) ** -exponent
        weight *= n_taken.sum() / max(n_taken @ weight, np.finfo(float).tiny)
        each = np.repeat(np.sqrt(weight), np.diff(self.taken.indptr)).astype(np.float32)
        return csr_array((each, self.taken.indices, self.taken.indptr), shape=self.taken.shape)

    def only(self, items: np.ndarray) -> TrainingPositives:
        """As if the other items had never been taken; the catalogue stays as long."""
        kept = np.zeros(self.taken.shape[1], dtype=bool)
        kept[items] = True
        taken = self.taken.copy()
        taken.data[~kept[taken.indices]] = 0
        taken.eliminate_zeros()
        return TrainingPositives(taken, self.longest)


def items_taken_often(counts: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """The items with at least n positives, ascending, and n: the least that leaves at most ``most`` items.

    Where that would be less than half of ``most`` (many items with equally many positives), the
    first of the equal ones fill it up and n is theirs.

    >>> items_taken_often(np.array([3, 0, 1, 2]), 2)
    (array([0, 3]), 2)
    """
    taken = np.flatnonzero(counts)
    if len(taken) <= most:
        return taken, 1
    order = taken[np.argsort(-counts[taken], kind="stable")]
    n_least = int(counts[order[most]]) + 1
    often = np.flatnonzero(counts >= n_least)
    return (often, n_least) if 2 * len(often) >= most else (np.sort(order[:most]), n_least - 1)


def zero_one(table: csr_array) -> csr_array:
    """The table as a 0/1 float32 matrix; an item that stands in a row twice counts once."""
    matrix = table.astype(np.float32)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _longest(lengths: np.ndarray, most_products: int) -> int:
    """The largest number of positives a user may keep within the bound (at least 1); 0 for no cut at all."""
    ascending = np.sort(lengths).astype(float)
    if ascending @ ascending <= most_products:
        return 0
    below = np.concatenate([[0.0], np.cumsum(ascending**2)[:-1]])
    n_cut = len(ascending) - np.arange(len(ascending))  # cut at this length: this user and all longer ones
    cut = np.flatnonzero(below + ascending**2 * n_cut > most_products)[0]
    return max(1, int(np.sqrt(max(most_products - below[cut], 0) / n_cut[cut])))


def _cut(taken: csr_array, longest: int, random: np.random.Generator) -> csr_array:
    """At most ``longest`` entries of each row, the others left out by lot."""
    owner = np.repeat(np.arange(taken.shape[0]), np.diff(taken.indptr))
    drawn = np.lexsort((random.random(len(owner)), owner))  # each row's entries stay in its place, shuffled
    kept = np.sort(drawn[np.arange(len(owner)) - taken.indptr[owner] < longest])
    start = np.searchsorted(owner[kept], np.arange(taken.shape[0] + 1))
    return csr_array((taken.data[kept], taken.indices[kept], start), shape=taken.shape)


def co_occurrences(taken: csr_array) -> Iterator[tuple[slice, csr_array]]:
    """How many users took both items, as consecutive rows of the ``(n_items, n_items)`` table.

    Each block is the work of about a million products (or one item's), so the memory of a block
    is bounded whatever users took. The diagonal holds each item's own count.
    """
    by_item = taken.T.tocsr()
    for some in spans(by_item @ np.diff(taken.indptr).astype(float)):
        rows = slice(int(some[0]), int(some[-1]) + 1)
        yield rows, by_item[rows] @ taken


def item_gram(taken: csr_array) -> np.ndarray:
    """How many users took both items, dense ``(n_items, n_items)`` float32."""
    n_items = taken.shape[1]
    gram = np.empty((n_items, n_items), dtype=np.float32)
    for rows, block in co_occurrences(taken):
        block.toarray(out=gram[rows])
    return gram
