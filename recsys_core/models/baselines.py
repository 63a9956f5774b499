"""Baselines on the same split: what is popular, and EASE in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.models.material import Material

LARGEST_CATALOGUE = 12_000  # EASE inverts an n_items x n_items matrix: 1.2 GB in double precision
EASE_PENALTIES = (100.0, 400.0, 800.0)


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """Scores an item by how often it was taken in training; the same list for everybody."""

    counts: np.ndarray

    @classmethod
    def fit(cls, material: Material) -> Popularity:
        items = material.sequences()[1]
        return cls(np.bincount(items, minlength=material.dataset.n_items).astype(np.float32))

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.counts, (len(users), len(self.counts)))

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        return self.counts[items]


@dataclass(frozen=True, slots=True, eq=False)
class Ease:
    """Embarrassingly shallow autoencoder (Steck 2019): ``scores = X B``, ``B = I - P / diag(P)``, zero diagonal.

    ``P`` is the inverse of ``X'X + penalty I``, ``X`` the 0/1 matrix of taken training items.
    """

    taken: np.ndarray  # X, (n_users, n_items) float32
    weights: np.ndarray  # B

    @classmethod
    def fit(cls, material: Material, penalty: float) -> Ease:
        from scipy.linalg import lapack

        indptr, items = material.sequences()
        taken = np.zeros((len(indptr) - 1, material.dataset.n_items), dtype=np.float32)
        taken[np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), items] = 1
        gram = (taken.T @ taken).astype(np.float32)
        gram[np.diag_indices_from(gram)] += penalty
        factor, _ = lapack.spotrf(gram, lower=True)
        inverse, _ = lapack.spotri(factor, lower=True)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = -inverse / np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        return cls(taken, weights)

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        return self.taken[users] @ self.weights

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray) -> np.ndarray:
        out = np.empty(len(users), dtype=np.float32)
        for start in range(0, len(users), 4096):
            rows = slice(start, start + 4096)
            out[rows] = np.einsum("ij,ij->i", self.taken[users[rows]], self.weights.T[items[rows]])
        return out


def fits_in_memory(material: Material) -> bool:
    """Whether EASE can be computed for this catalogue on an ordinary machine."""
    n_users, n_items = material.dataset.n_users, material.dataset.n_items
    return n_items <= LARGEST_CATALOGUE and n_users * n_items <= 400_000_000
