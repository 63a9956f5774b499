"""Item-kNN: an item is scored by how similar it is to what a user took, its nearest neighbours alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.known import Known
from recsys_core.models.baselines.co_occurrence import (
    TrainingPositives,
    co_occurrences,
    items_taken_often,
    zero_one,
)
from recsys_core.models.baselines.pair_sums import pair_sums
from recsys_core.models.baselines.strongest import Strongest
from recsys_core.models.baselines.validation import has_winner, validation_ndcg
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent

NEIGHBOURS = (10, 25, 50, 100, 200, 400)
SHRINKAGES = (10.0, 100.0, 1000.0)
DEFAULT = (50, 10.0)  # neighbours and shrinkage where validation tells nothing apart
SHRINKAGE_ITEMS = 4_000  # the most popular: on these, with `SHRINKAGE_NEIGHBOURS`, the shrinkages are compared
SHRINKAGE_NEIGHBOURS = 100
DENSE = 0.1  # share of a block's entries that are there, from which on it is sorted as a full table


@dataclass(frozen=True, slots=True, eq=False)
class ItemKnn:
    """The sum of an item's similarities to what a user took, over the item's ``neighbours`` most similar items.

    Attributes
    ----------
    weights
        ``(n_items, n_items)`` float32: row the item known, column the item scored.
    neighbours
        Entries a column at most.
    shrinkage
        Of `similarities`.
    longest
        How many positives of one user counted at most, 0 without a bound (`TrainingPositives`).
    """

    weights: csr_array
    neighbours: int
    shrinkage: float
    longest: int = 0

    @property
    def settings(self) -> dict[str, float]:
        """What was fitted, for reports."""
        return {"neighbours": self.neighbours, "shrinkage": self.shrinkage, "longest": self.longest}

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return (zero_one(known.csr()) @ self.weights).toarray()

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return pair_sums(self._entries, items, known)

    def _entries(self, read: np.ndarray, scored: np.ndarray) -> np.ndarray:
        if not len(read):  # scipy gives a table for no entries
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self.weights[read, scored], dtype=np.float32)


def similarities(positives: TrainingPositives, *, width: int, shrinkage: float) -> Strongest:
    r"""The ``width`` items most similar to each, by cosine shrunk towards 0 where few people took both.

    .. math:: \frac{|U_i \cap U_j|}{\sqrt{|U_i| |U_j|} + \mathrm{shrinkage}}

    with :math:`U_i` the users who took item i in training. An item is no neighbour of its own.
    Computed by blocks of items: the memory is that of the entries kept.
    """
    found, length = Strongest.none(positives.taken.shape[1], width), np.sqrt(positives.counts)
    for rows, both in co_occurrences(positives.taken):
        item = rows.start + np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
        both.data /= length[item] * length[both.indices] + shrinkage
        both.data[item == both.indices] = 0
        if both.nnz > DENSE * both.shape[0] * both.shape[1]:
            found.put(np.arange(rows.start, rows.stop), np.arange(both.shape[1]), both.toarray())
        else:
            found.put_sparse(rows, both)
    return found


def fit_item_knn(split_dataset: SplitDataset, progress: Progress = silent) -> ItemKnn:
    """Item-kNN with the shrinkage, then the number of neighbours, that validation likes best.

    By `validation_ndcg`; the smallest of equal ones, `DEFAULT` where that tells nothing apart. The
    shrinkages are compared on the most popular items.
    """
    progress("fitting item-kNN", 0.0)
    positives, figure = TrainingPositives.of(split_dataset), validation_ndcg(split_dataset)
    few = positives.only(items_taken_often(positives.counts, SHRINKAGE_ITEMS)[0])

    def knn(nearest: Strongest, neighbours: int, shrinkage: float) -> ItemKnn:
        return ItemKnn(nearest.weights(neighbours), neighbours, shrinkage, positives.longest)

    def probe(shrinkage: float) -> float:
        nearest = similarities(few, width=SHRINKAGE_NEIGHBOURS, shrinkage=shrinkage)
        return figure(knn(nearest, SHRINKAGE_NEIGHBOURS, shrinkage).score_catalogue)

    shrinkage = _best({s: probe(s) for s in SHRINKAGES}, DEFAULT[1])
    nearest = similarities(positives, width=max(NEIGHBOURS), shrinkage=shrinkage)
    by_number = {float(n): figure(knn(nearest, n, shrinkage).score_catalogue) for n in NEIGHBOURS}
    return knn(nearest, int(_best(by_number, DEFAULT[0])), shrinkage)


def _best(found: Mapping[float, float], default: float) -> float:
    """The option of the highest figure, the smallest of equal ones."""
    return max(found, key=lambda option: (found[option], -option)) if has_winner([*found.values()]) else default
