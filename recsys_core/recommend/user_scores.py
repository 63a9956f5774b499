"""Recommend: the best unseen items of the whole catalogue for a user, and the place of any one item."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.results import RankedItem, Recommendation
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class UserScores:
    """All scores of one user: ``scores`` (n_items,) logits, ``seen`` (n_items,) bool, ``held_out`` item indices.

    ``tie_order`` (n_items,) is the place of each item among items of equal score; ``reranker`` makes lists
    of them. ``seconds`` is what scoring took.
    """

    user_index: int
    scores: np.ndarray
    seen: np.ndarray
    held_out: np.ndarray
    tie_order: np.ndarray
    variant: ModelVariant = DENSE
    seconds: float = 0.0
    reranker: Reranker = BY_SCORE

    @property
    def n_candidates(self) -> int:
        return int((~self.seen).sum())

    def top(self, k: int) -> np.ndarray:
        """Item indices of the list of ``k``, first place first; fewer where there are no more candidates."""
        who = np.array([self.user_index])
        listed = self.reranker.lists(Candidates(who, self.scores[None], self.seen[None], self.tie_order), k)[0]
        return listed[listed >= 0]

    def rank_of(self, item_index: int) -> int | None:
        """Place among the unseen items, from 1; None for an item that the user has seen. Ties go by ``tie_order``."""
        if self.seen[item_index]:
            return None
        if not self.reranker.settings.is_identity:
            return int(np.flatnonzero(self.top(self.n_candidates) == item_index)[0]) + 1
        score = self.scores[item_index]
        tied_ahead = (self.scores == score) & (self.tie_order < self.tie_order[item_index])
        return int((((self.scores > score) | tied_ahead) & ~self.seen).sum()) + 1


def user_pairs(split_dataset: SplitDataset, user_index: int, items: np.ndarray) -> Pairs:
    """Items for one user, each with the user's history (all that lies before the test part)."""
    items = np.atleast_1d(np.asarray(items, dtype=np.int64))
    known = split_dataset.histories.known(np.array([user_index]), "test")
    of_user = Pairs(known.user, items[:1], known.newest(), known)
    return replace(of_user[np.zeros(len(items), dtype=np.int64)], items=items)


def score_user(
    scorer: Scorer, split_dataset: SplitDataset, user_index: int, reranker: Reranker = BY_SCORE
) -> UserScores:
    """Score the whole catalogue for one user; ``reranker`` will make lists of the scores."""
    began = time.perf_counter()
    known = split_dataset.histories.known(np.array([user_index]), "test")
    scores = scorer.score_catalogue(known.user, known.newest(), known)[0]
    seen = np.zeros(len(scores), dtype=bool)
    seen[split_dataset.histories.seen(user_index, "test")] = True
    held_out = split_dataset.histories.held_out(np.array([user_index]), "test").indices
    variant = replace(scorer.variant, reranking=reranker.settings)
    seconds = time.perf_counter() - began
    return UserScores(user_index, scores, seen, held_out, split_dataset.tie_order, variant, seconds, reranker)


def recommend(
    scorer: Scorer, split_dataset: SplitDataset, user_index: int, *, k: int = 10, reranker: Reranker = BY_SCORE
) -> Recommendation:
    """The ``k`` best unseen items, ties by ``split_dataset.tie_order``. Raises ``SettingError`` for ``k`` below 1."""
    return list_items(score_user(scorer, split_dataset, user_index, reranker), split_dataset, k=k)


def list_items(user_scores: UserScores, split_dataset: SplitDataset, *, k: int = 10) -> Recommendation:
    """The list of a user whose catalogue is scored. Raises ``SettingError`` for ``k`` below 1."""
    if k < 1:
        raise SettingError("setting.k", value=k)
    began = time.perf_counter()
    top = user_scores.top(k)
    items = _described(user_scores, split_dataset, top.tolist())
    n_tied_listed, n_tied = count_ties(user_scores.scores, top, excluded=user_scores.seen)
    return Recommendation(
        user_scores.user_index,
        split_dataset.dataset.users["user_id"].iloc[user_scores.user_index],
        items,
        user_scores.n_candidates,
        user_scores.seconds + time.perf_counter() - began,
        user_scores.variant,
        n_tied_listed,
        n_tied,
    )


def count_ties(scores: np.ndarray, listed: np.ndarray, *, excluded: np.ndarray | None = None) -> tuple[int, int]:
    """How many listed items share their score with another candidate, and how many candidates have such a score.

    Their order among themselves says nothing, and which of them are on the list neither.

    Parameters
    ----------
    scores
        ``(n_items,)``, of one user.
    listed
        Item indices on the list.
    excluded
        ``(n_items,)`` bool: items that are no candidates.

    >>> count_ties(np.array([0.5, 2.0, 0.5, 0.5, 1.0]), np.array([1, 4, 0]))  # item 0 equals 2 and 3
    (1, 3)
    """
    candidates = scores if excluded is None else scores[~excluded]
    values, n_listed = np.unique(scores[listed], return_counts=True)
    n_alike = (candidates[None] == values[:, None]).sum(1)
    return int(n_listed[n_alike > 1].sum()), int(n_alike[n_alike > 1].sum())


def ranked_item(user_scores: UserScores, split_dataset: SplitDataset, item_index: int) -> RankedItem:
    """Score and rank of any item for the user (rank 0: seen already, so not a candidate)."""
    return _described(user_scores, split_dataset, [item_index], first=user_scores.rank_of(item_index) or 0)[0]


def _described(
    user_scores: UserScores, split_dataset: SplitDataset, items: list[int], *, first: int = 1
) -> tuple[RankedItem, ...]:
    """Items of consecutive ranks from ``first`` with their names and scores."""
    dataset = split_dataset.dataset
    ids = dataset.items["item_id"].iloc[items].tolist()
    titles = dataset.items[dataset.schema.item_title].iloc[items].tolist()
    held_out = set(user_scores.held_out.tolist())
    return tuple(
        RankedItem(item, item_id, title, float(user_scores.scores[item]), rank, held_out=item in held_out)
        for rank, (item, item_id, title) in enumerate(zip(items, ids, titles, strict=True), first)
    )
