"""Baselines on the same split and under the same history rule: what is popular, and EASE in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.known import Known, spans
from recsys_core.models.split_dataset import SplitDataset

LARGEST_CATALOGUE = 12_000  # EASE inverts an n_items x n_items matrix: 1.2 GB in double precision
MOST_PRODUCTS = 4_000_000_000  # pairs of items of one user, over all users: about a minute
EASE_PENALTIES = (100.0, 400.0, 800.0)


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """Scores an item by how often it was taken by anyone before the held-out part; the same list for everybody.

    At the test part these are training and validation rows, as for every scorer's histories, and
    as for the popularity that stands in a sample's ``truth.json``.
    """

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        counts = known.popularity.astype(np.float32)
        return np.broadcast_to(counts, (len(users), len(counts)))

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return known.popularity[items].astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Ease:
    """Embarrassingly shallow autoencoder (Steck 2019): ``scores = X B``, ``B = I - P / diag(P)``, zero diagonal.

    ``P`` is the inverse of ``X'X + penalty I``, ``X`` the 0/1 matrix of taken training items. A
    user is scored by the 0/1 row of all that is known of the user at the moment.
    """

    weights: np.ndarray  # B

    @classmethod
    def fit(cls, gram: np.ndarray, penalty: float) -> Ease:
        """``gram``: X'X, see `item_gram`."""
        from scipy.linalg import lapack

        factor, _ = lapack.spotrf(gram + penalty * np.eye(len(gram), dtype=np.float32), lower=True)
        inverse, _ = lapack.spotri(factor, lower=True)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = -inverse / np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        return cls(weights)

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return _zero_one(known.csr()) @ self.weights

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        moments, own = known.moments()
        out, order = np.empty(len(items), dtype=np.float32), np.argsort(own, kind="stable")
        for some in moments.chunks():
            table = moments[some].csr()
            rows = order[slice(*np.searchsorted(own[order], [some[0], some[-1] + 1]))]
            for part in spans(np.diff(table.indptr)[own[rows] - some[0]]):
                pairs = rows[part]
                out[pairs] = self._sums(table[own[pairs] - some[0]], items[pairs], known.target[pairs])
        return out

    def _sums(self, table: csr_array, items: np.ndarray, target: np.ndarray) -> np.ndarray:
        pair, read = np.repeat(np.arange(len(items)), np.diff(table.indptr)), table.indices
        weights = self.weights[read, items[pair]] * (read != target[pair])
        return np.bincount(pair, weights=weights, minlength=len(items))


def item_gram(split_dataset: SplitDataset) -> np.ndarray:
    """How many users took both items in training, ``(n_items, n_items)`` float32."""
    taken = _zero_one(split_dataset.sequences())
    return (taken.T @ taken).toarray()


def _zero_one(table: csr_array) -> csr_array:
    """The table as a 0/1 matrix; an item that stands in a row twice counts once."""
    matrix = table.astype(np.float32)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def is_feasible(split_dataset: SplitDataset) -> bool:
    """Whether EASE can be computed for this catalogue on an ordinary machine."""
    lengths = np.diff(split_dataset.sequences().indptr).astype(float)
    few = np.minimum(lengths, split_dataset.dataset.n_items)
    return split_dataset.dataset.n_items <= LARGEST_CATALOGUE and float(few @ few) <= MOST_PRODUCTS
