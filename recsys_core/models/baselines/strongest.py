"""The strongest entries of each column of an item-item matrix: what a sparse term or item-kNN keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True, eq=False)
class Strongest:
    """For each item those that speak most for or against it, by absolute size.

    Attributes
    ----------
    known
        ``(n_items, width)`` int32: which item each weight reads, the strongest first, equal ones by
        index; -1 where there is none.
    weight
        ``(n_items, width)`` float32: its weight, 0 beside -1.
    """

    known: np.ndarray
    weight: np.ndarray

    @classmethod
    def none(cls, n_items: int, width: int) -> Strongest:
        """Nothing for any item, to be filled by `put`."""
        shape = (n_items, width)
        return cls(np.full(shape, -1, dtype=np.int32), np.zeros(shape, dtype=np.float32))

    @property
    def width(self) -> int:
        return self.known.shape[1]

    def put(self, items: np.ndarray, candidates: np.ndarray, weight: np.ndarray) -> None:
        """Fill the rows of ``items`` from the weights ``(n, m)`` of candidates ``(m,)``; 0 is no entry."""
        n_kept = min(self.width, len(candidates))
        if not n_kept or not len(items):
            return
        size = -np.abs(weight)
        at = np.argpartition(size, n_kept - 1, axis=1)[:, :n_kept]
        at.sort(axis=1)  # the stable sort after it puts equal ones by index
        at = np.take_along_axis(at, np.argsort(np.take_along_axis(size, at, axis=1), axis=1, kind="stable"), axis=1)
        found = np.take_along_axis(weight, at, axis=1)
        self.weight[items, :n_kept] = found
        self.known[items, :n_kept] = np.where(found != 0, candidates[at], -1)

    def put_sparse(self, rows: slice, weight: csr_array) -> None:
        """Fill consecutive rows from sparse ones: columns are the candidates; 0 is no entry."""
        owner = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
        order = np.lexsort((weight.indices, -np.abs(weight.data), owner))
        place = np.arange(len(owner)) - weight.indptr[owner]
        kept = (place < self.width) & (weight.data[order] != 0)
        row, place, order = rows.start + owner[kept], place[kept], order[kept]
        self.known[row, place], self.weight[row, place] = weight.indices[order], weight.data[order]

    def weights(self, most: int) -> csr_array:
        """``(n_items, n_items)`` float32: row the item known, column the item scored, ``most`` entries a column."""
        known, weight = self.known[:, :most], self.weight[:, :most]
        item, place = np.nonzero(known >= 0)
        read = known[item, place]
        n_items = len(known)
        table = csr_array((weight[item, place], read, _starts(item, n_items)), shape=(n_items, n_items))
        return table.T.tocsr()


def _starts(row: np.ndarray, n_rows: int) -> np.ndarray:
    return np.searchsorted(row, np.arange(n_rows + 1))
