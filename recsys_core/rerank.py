"""Rerank: the seam between scores and lists. A re-ranker changes which items a list holds, never a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.known import Positives
from recsys_core.metrics import top_k
from recsys_core.variant import DENSE, Reranking


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Some users' scores of the whole catalogue, from which their lists are made.

    Attributes
    ----------
    users
        ``(n,)`` user indices.
    scores
        ``(n, n_items)`` logits; not changed.
    excluded
        Items that are no candidates (those seen already): a boolean mask of the same shape, or a
        sparse table of it.
    tie_order
        ``(n_items,)``: place of each item among items of equal score.
    known
        What each of the users has taken, where that is not what the split knows of them before the test part.
    """

    users: np.ndarray
    scores: np.ndarray
    excluded: np.ndarray | csr_array
    tie_order: np.ndarray
    known: Positives | None = None


class Reranker(Protocol):
    """Who makes lists from scores. Rows are independent: a user's list is the same alone and among others."""

    @property
    def settings(self) -> Reranking:
        """What it was made from."""
        ...

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        """``(n, k)`` item indices, first place first, each item once and none excluded; -1 where there are fewer."""
        ...

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> np.ndarray | None:
        """Chance that each scored pair ``(n,)`` is decided for; None where all with a probability of one half are."""
        ...


@dataclass(frozen=True, slots=True)
class ByScore:
    """The identity: lists are in order of score, equal scores by ``tie_order``."""

    settings: Reranking = DENSE.reranking

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return top_k(candidates.scores, k, excluded=candidates.excluded, tie_order=candidates.tie_order)

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> None:
        return None


BY_SCORE = ByScore()
RERANKERS = ("exposure", "calibrated", "fair", "minimum-share", "threshold")  # modules of `recsys_core.rerankers`


def is_reranking(name: str) -> bool:
    """Whether a text names re-rankers: one, or several with commas between them, applied in this order."""
    names = name.split(",")
    return all(part in RERANKERS for part in names) and len(set(names)) == len(names)
