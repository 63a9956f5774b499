"""Item-item term: what the items a user has taken add to an item's logit, outside the network.

``logit = network + alpha * sum over known positives h of B[h, item]``, ``B`` from EASE's closed form (Steck 2019),
kept sparse: the strongest entries of each column. It is linear in the items taken, so its share of a score splits
among them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.known import Positives, spans

BITS = (32, 16, 8)  # that an entry can be stored in
WIDEST = 127  # largest code of 8 bits
CHUNK_FLOATS = 4_000_000  # of a product with a whole catalogue


@dataclass(frozen=True, eq=False)
class ItemItemTerm:
    """A sparse item-item matrix beside the network.

    Attributes
    ----------
    alpha
        Strength: what a sum of weights is multiplied by, in logits.
    penalty
        EASE's, as validation chose it.
    weights
        ``(n_items, n_items)`` float32: what having taken the row's item says of the column's; zero diagonal.
    neighbours
        Most entries of a column.
    n_least
        Items with fewer training positives have no entries; 0 where all were fitted.
    bits
        Width in which an entry is stored.
    user_exponent, penalty_exponent
        How far long users count less, and popular items are penalised more, than in EASE itself
        (`recsys_core.models.item_item_fit.weighted_ease`).
    """

    alpha: float
    penalty: float
    weights: csr_array
    neighbours: int
    n_least: int = 0
    bits: int = 32
    user_exponent: float = 0.0
    penalty_exponent: float = 0.0

    @property
    def n_items(self) -> int:
        return self.weights.shape[0]

    @property
    def n_entries(self) -> int:
        return self.weights.nnz

    @cached_property
    def widest(self) -> int:
        """Entries of the fullest column."""
        return int(np.bincount(self.weights.indices, minlength=1).max())

    @property
    def levels(self) -> tuple[int, ...]:
        """Entries of a column that are worth trying instead: a half of the fullest one's, a quarter and so on."""
        return tuple(n for n in (self.widest >> k for k in range(1, 5)) if n)

    @cached_property
    def by_known(self) -> csr_array:
        """The weights in double precision, a row for each item taken, sorted."""
        return _sorted(self.weights.astype(np.float64))

    @cached_property
    def by_item(self) -> csr_array:
        """The same with a row for each item that is scored."""
        return _sorted(csr_array(self.by_known.T))

    def catalogue(self, known: Positives) -> np.ndarray:
        """What it adds to the logits of every item: ``(b, n_items)`` float32."""
        out = np.empty((len(known), self.n_items), dtype=np.float32)
        step = max(1, CHUNK_FLOATS // self.n_items)
        for start in range(0, len(known), step):
            rows = slice(start, start + step)
            out[rows] = (self._table(known[rows]) @ self.by_known).toarray() * self.alpha
        return out

    def of_items(self, items: np.ndarray, known: Positives) -> np.ndarray:
        """The same for some items ``(m,)`` only: ``(b, m)``."""
        entries, out = self.by_item[items], np.empty((len(known), len(items)), dtype=np.float32)
        step = max(1, CHUNK_FLOATS // self.n_items)
        for start in range(0, len(known), step):
            rows = slice(start, start + step)
            taken = self._table(known[rows]).toarray()
            out[rows] = (entries @ taken.T).T * self.alpha
        return out

    def of_candidates(self, own: np.ndarray, shared: np.ndarray, known: Positives) -> tuple[np.ndarray, np.ndarray]:
        """The same for each row's own items ``(b, m)`` and for those which all share ``(n,)``: (b, m) and (b, n)."""
        taken = self._table(known)
        told = (self.by_item[shared] @ csr_array(taken.T)).toarray().T
        return self._own(own, taken), (told * self.alpha).astype(np.float32)

    def _own(self, items: np.ndarray, taken: csr_array) -> np.ndarray:
        """Each entry of the items' columns is looked up among what the row ``taken``; ascending, as the others sum."""
        entries, out = self.by_item, np.empty(items.shape, dtype=np.float32)
        step = max(1, CHUNK_FLOATS // self.n_items)
        for first in range(0, len(items), step):
            some, rows = items[first : first + step], taken[first : first + step]
            has = np.zeros(rows.shape, dtype=bool)
            has[np.repeat(np.arange(len(some)), np.diff(rows.indptr)), rows.indices] = True
            start, end = entries.indptr[some.ravel()].astype(np.int64), entries.indptr[some.ravel() + 1]
            last = np.cumsum(end - start)
            owner = np.repeat(np.arange(some.size), end - start)
            entry = np.arange(len(owner)) + np.repeat(end - last, end - start)
            hit = has[owner // some.shape[1], entries.indices[entry]]
            sums = np.bincount(owner[hit], weights=entries.data[entry[hit]], minlength=some.size)
            out[first : first + step] = sums.reshape(some.shape) * self.alpha
        return out

    def pairs(self, items: np.ndarray, known: Positives) -> np.ndarray:
        """What it adds to pairs ``(n,)``: bit for bit what `catalogue` gives, as both sum in ascending order."""
        if len(items) == 1:  # a request: twice as fast
            return self.of_items(items, known)[0]
        out, n_entries = np.zeros(len(items), dtype=np.float32), np.diff(self.by_item.indptr)
        for some in known.chunks():
            for part in spans(n_entries[items[some]]):
                rows = some[part]
                out[rows] = self._entries(items[rows], known[rows]).sum(axis=1) * self.alpha
        return out

    def shares(self, items: np.ndarray, known: Positives) -> csr_array:
        """What each known positive adds to each pair: ``(n, n_items)`` float64, whose rows sum to `pairs`."""
        return self._entries(items, known) * self.alpha

    def _entries(self, items: np.ndarray, known: Positives) -> csr_array:
        return self._table(known).multiply(self.by_item[items]).tocsr()

    def _table(self, known: Positives) -> csr_array:
        """Known positives as sorted rows of ones, as wide as the catalogue: nobody took what was appended."""
        table = known.csr()
        ones = np.ones(table.nnz)
        return _sorted(csr_array((ones, table.indices, table.indptr), shape=(len(known), self.n_items)))

    def cut(self, neighbours: int) -> ItemItemTerm:
        """The same with the strongest ``neighbours`` entries of each column."""
        return replace(self, weights=strongest(self.weights, neighbours), neighbours=min(neighbours, self.neighbours))

    def stored(self, bits: int) -> ItemItemTerm:
        """The same as it is after storing its entries in so many bits; 8: whole numbers, one scale a column."""
        narrow = replace(self, bits=bits)
        return replace(narrow, weights=_weights(narrow.arrays(), self.n_items))

    def with_items(self, n_items: int) -> ItemItemTerm:
        """The same over a longer catalogue: what was appended has no entries."""
        if n_items == self.n_items:
            return self
        pointer = np.pad(self.weights.indptr, (0, n_items - self.n_items), mode="edge")
        weights = csr_array((self.weights.data, self.weights.indices, pointer), shape=(n_items, n_items))
        return replace(self, weights=weights)

    def arrays(self) -> dict[str, np.ndarray]:
        """What is stored: by column of ``weights`` where it begins, the rows of its entries and their values."""
        columns = _sorted(csr_array(self.weights.T))
        narrow = np.uint16 if self.n_items <= 2**16 else np.int32
        found = {"start": columns.indptr.astype(np.int64), "known": columns.indices.astype(narrow)}
        if self.bits != 8:
            return found | {"values": columns.data.astype(np.float16 if self.bits == 16 else np.float32)}
        owner = np.repeat(np.arange(self.n_items), np.diff(columns.indptr))
        scale = np.zeros(self.n_items, dtype=np.float32)
        np.maximum.at(scale, owner, np.abs(columns.data) / WIDEST)
        codes = np.rint(columns.data / np.where(scale > 0, scale, 1)[owner]).astype(np.int8)
        return found | {"values": codes, "scales": scale}

    @property
    def size_bytes(self) -> int:
        """Bytes of what is stored."""
        return sum(array.nbytes for array in self.arrays().values())

    def to_json(self) -> dict[str, float]:
        """Everything but the weights."""
        named = ("alpha", "penalty", "neighbours", "n_least", "bits", "user_exponent", "penalty_exponent")
        return {name: getattr(self, name) for name in named}

    @classmethod
    def from_stored(cls, about: Mapping[str, float], arrays: Mapping[str, np.ndarray], n_items: int) -> ItemItemTerm:
        """The inverse of `to_json` and `arrays`. Raises ``ValueError`` where the arrays do not fit the catalogue."""
        _check(arrays, n_items)
        whole = {name: int(about[name]) for name in ("neighbours", "n_least", "bits")}
        exponents = {name: float(about[name]) for name in ("user_exponent", "penalty_exponent")}
        numbers: dict[str, Any] = whole | exponents
        return cls(float(about["alpha"]), float(about["penalty"]), _weights(arrays, n_items), **numbers)


def _check(arrays: Mapping[str, np.ndarray], n_items: int) -> None:
    """Raise ``ValueError`` unless the arrays are columns of a catalogue of so many items: SciPy reads what they say."""
    start, known, values = (arrays[name] for name in ("start", "known", "values"))
    if len(start) != n_items + 1:
        raise ValueError(f"item-item weights of {len(start) - 1} items, not of {n_items}")
    fits = start[0] == 0 and start[-1] == len(known) == len(values) and (np.diff(start) >= 0).all()
    if not fits or (len(known) and not 0 <= known.min() <= known.max() < n_items) or not np.isfinite(values).all():
        raise ValueError("item-item weights that do not fit together")


def strongest(weights: csr_array, neighbours: int) -> csr_array:
    """The ``neighbours`` entries of largest size (single precision) in each column; of equal ones those of first rows.

    >>> strongest(csr_array(np.array([[0, 3.0], [-2.0, 0], [1.0, -4.0]])), 1).toarray().tolist()
    [[0.0, 0.0], [-2.0, 0.0], [0.0, -4.0]]
    """
    columns = _sorted(csr_array(weights.T))
    n_entries = np.diff(columns.indptr)
    kept = np.flatnonzero(_is_strongest(np.abs(columns.data, dtype=np.float32), n_entries, neighbours))
    start = np.searchsorted(kept, columns.indptr)
    few = csr_array((columns.data[kept], columns.indices[kept], start), shape=columns.shape)
    return _sorted(csr_array(few.T))


def _is_strongest(sizes: np.ndarray, n_entries: np.ndarray, most: int) -> np.ndarray:
    """Which entries are among the ``most`` largest of their column, the first among equals; columns lie end to end.

    The bits of positive floats are ordered as the floats are, so that column and size make one integer and a single
    sort puts every column in order.
    """
    if not len(sizes) or n_entries.max() <= most:
        return np.ones(len(sizes), dtype=bool)
    start = np.cumsum(n_entries) - n_entries
    owner = np.repeat(np.arange(len(n_entries), dtype=np.uint64), n_entries) << np.uint64(32)
    keys = owner | (np.uint32(2**32 - 1) - sizes.view(np.uint32))  # the largest first
    last = np.sort(keys)[np.minimum(start + np.minimum(n_entries, most), len(keys)) - 1]
    last = np.repeat(last, n_entries)
    is_equal, is_larger = keys == last, keys < last
    n_before = np.cumsum(is_equal) - is_equal
    in_column = n_before - np.repeat(n_before[np.minimum(start, len(keys) - 1)], n_entries)
    n_larger = np.add.reduceat(np.append(is_larger, False), start) * (n_entries > 0)
    return is_larger | (is_equal & (in_column < np.repeat(most - n_larger, n_entries)))


def _weights(arrays: Mapping[str, np.ndarray], n_items: int) -> csr_array:
    values, start = arrays["values"].astype(np.float32), arrays["start"]
    if "scales" in arrays:
        values = values * np.repeat(arrays["scales"], np.diff(start))
    columns = csr_array((values, arrays["known"].astype(np.int64), start), shape=(n_items, n_items))
    return _sorted(csr_array(columns.T))


def _sorted(table: csr_array) -> csr_array:
    """The table with ascending columns in each row; a sorted one itself."""
    if table.has_sorted_indices:
        return table
    table = table.copy()
    table.sort_indices()
    return table
