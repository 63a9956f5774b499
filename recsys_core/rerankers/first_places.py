"""First places: the part of a ranking that a re-ranker rearranges; what lies below stays in order of score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from recsys_core.data.known import Positives
from recsys_core.metrics import top_k
from recsys_core.models.evaluation import CHUNK, CanScore
from recsys_core.models.split_dataset import RankingTask
from recsys_core.progress import Progress, silent
from recsys_core.rerank import Candidates, Reranker
from recsys_core.variant import Reranking

N_PLACES = 100  # enough to fill ten places otherwise; keeps an item's rank and a slider affordable


@dataclass(frozen=True, slots=True, eq=False)
class FirstPlaces:
    """Some users' best candidates, best first; at most 100 a user.

    Attributes
    ----------
    users
        ``(n,)`` user indices.
    items
        ``(n, m)`` item indices, -1 where a user has fewer candidates.
    scores
        ``(n, m)`` logits, descending; ``-inf`` where there is no item.
    known
        What each user has taken, as `recsys_core.rerank.Candidates` says it.
    """

    users: np.ndarray
    items: np.ndarray
    scores: np.ndarray
    known: Positives | None = None

    @property
    def is_item(self) -> np.ndarray:
        """Which places hold an item, ``(n, m)``."""
        return self.items >= 0

    def __getitem__(self, rows: slice) -> FirstPlaces:
        known = None if self.known is None else self.known[rows]
        return FirstPlaces(self.users[rows], self.items[rows], self.scores[rows], known)

    def __len__(self) -> int:
        return len(self.users)

    def rearranged(self, order: np.ndarray) -> FirstPlaces:
        """The same scores, given to the items in another order ``(n, m)``: what the next of several re-rankers sees."""
        return replace(self, items=np.take_along_axis(self.items, order, axis=1))

    def column(self, of_items: np.ndarray, *, empty: float | bool) -> np.ndarray:
        """A value of every item ``(n_items,)`` at its place ``(n, m)``, ``empty`` where there is no item."""
        return np.where(self.is_item, of_items[self.items], empty)


class QuickReranker(Reranker, Protocol):
    """A re-ranker that needs no scores but those of the first places."""

    def top(self, first: FirstPlaces, k: int) -> np.ndarray:
        """The lists of at most 100 items from first places alone, ``(n, k)``."""
        ...


class Arranger(Protocol):
    """Who gives first places to other items. Rows are independent, and the first places do not depend on ``k``."""

    def order(self, places: FirstPlaces, k: int) -> np.ndarray:
        """``(n, k)``: which of the places by score each of the first ``k`` places (at most m) takes its item from."""
        ...


def by_score(candidates: Candidates, k: int) -> FirstPlaces:
    """The ``k`` best candidates of each user, equal scores by ``tie_order``."""
    items = top_k(candidates.scores, k, excluded=candidates.excluded, tie_order=candidates.tie_order)
    scores = np.take_along_axis(candidates.scores, np.maximum(items, 0), axis=1)
    return FirstPlaces(candidates.users, items, np.where(items >= 0, scores, -np.inf), candidates.known)


def joined(parts: list[FirstPlaces], width: int) -> FirstPlaces:
    """First places of several pieces of users; empty ones ``width`` wide where there is no piece."""
    if not parts:
        empty = np.zeros((0, width))
        return FirstPlaces(np.zeros(0, dtype=np.int64), empty.astype(np.int64), empty)
    users, items, scores = zip(*((part.users, part.items, part.scores) for part in parts), strict=True)
    return FirstPlaces(np.concatenate(users), np.concatenate(items), np.concatenate(scores))


def rank_places(scorer: CanScore, task: RankingTask, *, progress: Progress = silent) -> FirstPlaces:
    """The first 100 places of every user of a task by score: what a re-ranker of any strength needs, and no more."""
    parts = []
    for start in range(0, len(task), CHUNK):
        some = task[np.arange(start, min(start + CHUNK, len(task)))]
        scores = scorer.score_catalogue(some.users, some.histories, some.known)
        parts.append(by_score(Candidates(some.users, scores, some.seen, some.tie_order), N_PLACES))
        progress("ranking the catalogue", (start + len(some)) / len(task))
    return joined(parts, N_PLACES)


@dataclass(frozen=True, slots=True, eq=False)
class PlacesReranker:
    """A re-ranker that rearranges the first 100 places of a list and no others."""

    settings: Reranking
    arranger: Arranger

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        every = by_score(candidates, max(k, N_PLACES))
        first = replace(every, items=every.items[:, :N_PLACES], scores=every.scores[:, :N_PLACES])
        return np.concatenate([self.top(first, min(k, N_PLACES)), every.items[:, N_PLACES:k]], axis=1)

    def top(self, first: FirstPlaces, k: int) -> np.ndarray:
        """The same lists of at most 100 items from first places alone, ``(n, k)``."""
        return np.take_along_axis(first.items, self.arranger.order(first, k), axis=1)

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> None:
        return None
