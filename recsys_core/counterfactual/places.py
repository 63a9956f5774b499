"""Places: where one item stands in the list of each of many supposed cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.what_if.situation import Situation


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Of each case ``(n,)``: is the item listed, and by how much (logits) is it above the last place's other holder.

    ``margin`` is the item's score less the ``k``-th best of the other candidates: about 0 where it leaves or enters.
    """

    is_listed: np.ndarray
    margin: np.ndarray

    @classmethod
    def join(cls, parts: list[Places]) -> Places:
        return cls(np.concatenate([p.is_listed for p in parts]), np.concatenate([p.margin for p in parts]))


@dataclass(frozen=True, slots=True, eq=False)
class ListRule:
    """How lists of ``k`` are made for a user: who may be on them and how equal scores and a re-ranker decide.

    Attributes
    ----------
    item
        The item that is asked about.
    others
        Candidates besides it, ascending.
    """

    user_index: int
    item: int
    k: int
    others: np.ndarray
    seen: np.ndarray
    tie_order: np.ndarray
    reranker: Reranker = BY_SCORE

    @classmethod
    def of(cls, situation: Situation, k: int, tie_order: np.ndarray, reranker: Reranker) -> ListRule:
        is_other = ~situation.seen
        is_other[situation.item_index] = False
        others = np.flatnonzero(is_other)
        return cls(situation.user_index, situation.item_index, k, others, situation.seen, tie_order, reranker)

    def by_catalogue(self, scores: np.ndarray) -> Places:
        """Places by the scores of whole catalogues ``(n, n_items)``; exactly what a list says."""
        found = self.by_scores(scores[:, self.item], scores[:, self.others], self.others)
        if self.reranker.settings.is_identity:
            return found
        users = np.full(len(scores), self.user_index)
        excluded = np.broadcast_to(self.seen, scores.shape)
        lists = self.reranker.lists(Candidates(users, scores, excluded, self.tie_order), self.k)
        return Places((lists == self.item).any(axis=1), found.margin)

    def by_scores(self, own: np.ndarray, scores: np.ndarray, items: np.ndarray) -> Places:
        """Places among some other candidates ``items`` (m,) with ``scores`` (n, m), the item's own ``own`` (n,).

        Among fewer than all others an item that is not listed is not on the whole list either: more only push it down.
        """
        own = own[:, None]
        ahead = (scores > own) | ((scores == own) & (self.tie_order[items] < self.tie_order[self.item]))
        n_ahead = ahead.sum(axis=1)
        if scores.shape[1] < self.k:
            return Places(n_ahead < self.k, np.full(len(own), np.inf))
        at = scores.shape[1] - self.k
        return Places(n_ahead < self.k, own[:, 0] - np.partition(scores, at, axis=1)[:, at])

    def strongest(self, scores: np.ndarray, most: int) -> np.ndarray:
        """The ``most`` best of the others by the scores ``(n_items,)`` of one case."""
        if len(self.others) <= most:
            return self.others
        return self.others[np.argpartition(-scores[self.others], most)[:most]]
