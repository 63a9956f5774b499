"""Validation lists: what a scorer lists to validation users, and what they took; a re-ranker learns from nothing else.

The test part is never read. Shares are of exposure (weights ``1 / log2(1 + place)`` of the first ten places) and of
relevance (a user's held-out items as shares that sum to 1), as in the Fairness page's figures of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.metrics import exposure_weights
from recsys_core.models.evaluation import K
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset
from recsys_core.rerankers.first_places import FirstPlaces, rank_places


@dataclass(frozen=True, slots=True, eq=False)
class ValidationLists:
    """First places of validation users (1,000 at most, drawn by the split's seed) and what they took, ``(n, n_items)``.

    ``held_out`` has a row a user, its values sum to 1.
    """

    first: FirstPlaces
    held_out: csr_array

    def relevance(self, membership: np.ndarray) -> np.ndarray:
        """Each group's share of what was taken, ``(n_groups,)``; zeros where nobody took anything."""
        return self.held_out.sum(axis=0) @ membership / max(len(self.first), 1)

    def exposure(self, membership: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
        """Each group's share of the exposure of the first ten places ``(n_groups,)``, by score or in an ``order``."""
        items = self.first.items if order is None else np.take_along_axis(self.first.items, order, axis=1)
        return exposure_shares(items[:, :K], membership)


def exposure_shares(top: np.ndarray, membership: np.ndarray) -> np.ndarray:
    """Each group's share of the exposure of all lists ``(n, k)``, ``(n_groups,)``."""
    weight = np.broadcast_to(exposure_weights(top.shape[1]), top.shape)
    listed = top >= 0
    per_item = np.bincount(top[listed], weights=weight[listed], minlength=len(membership))
    return per_item @ membership / max(per_item.sum(), np.finfo(float).tiny)


def validation_lists(split_dataset: SplitDataset, scorer: Scorer) -> ValidationLists:
    """Rank the whole catalogue for validation users."""
    task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS)
    count = np.diff(task.held_out.indptr)
    share = np.repeat(1 / np.maximum(count, 1), count)
    held_out = csr_array((share, task.held_out.indices, task.held_out.indptr), shape=task.held_out.shape)
    return ValidationLists(rank_places(scorer, task), held_out)
