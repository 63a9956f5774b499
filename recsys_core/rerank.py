"""Rerank: the seam between scores and lists. A re-ranker changes which items a list holds, never a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
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
    """

    users: np.ndarray
    scores: np.ndarray
    excluded: np.ndarray | csr_array
    tie_order: np.ndarray


class Reranker(Protocol):
    """Who makes lists from scores. Rows are independent: a user's list is the same alone and among others."""

    @property
    def settings(self) -> Reranking:
        """What it was made from."""
        ...

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        """``(n, k)`` item indices, first place first, each item once and none excluded; -1 where there are fewer."""
        ...


@dataclass(frozen=True, slots=True)
class ByScore:
    """The identity: lists are in order of score, equal scores by ``tie_order``."""

    settings: Reranking = DENSE.reranking

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return top_k(candidates.scores, k, excluded=candidates.excluded, tie_order=candidates.tie_order)


BY_SCORE = ByScore()
RERANKERS: dict[str, Callable[[Reranking, Dataset], Reranker]] = {}  # by name; a new one is a line here and its file


def make_reranker(settings: Reranking, dataset: Dataset) -> Reranker:
    """The re-ranker of a variant. Raises ``SettingError`` (``setting.choice``) for a name that nobody has."""
    if settings.name and settings.name not in RERANKERS:
        raise SettingError("setting.choice", name="rerank", choices=", ".join(RERANKERS) or "-", value=settings.name)
    return BY_SCORE if settings.is_identity else RERANKERS[settings.name](settings, dataset)
