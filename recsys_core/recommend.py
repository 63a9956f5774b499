"""Recommend: the best unseen items of the whole catalogue for a user, and the place of any one item."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.metrics import top_k
from recsys_core.models.material import Material
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import RankedItem, Recommendation


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """All scores of one user: ``scores`` (n_items,) logits, ``seen`` (n_items,) bool, ``held_out`` item indices.

    ``tie_order`` (n_items,) is the place of each item among items of equal score.
    """

    user_index: int
    scores: np.ndarray
    seen: np.ndarray
    held_out: np.ndarray
    tie_order: np.ndarray

    @property
    def n_candidates(self) -> int:
        return int((~self.seen).sum())

    def rank_of(self, item_index: int) -> int | None:
        """Place among the unseen items, from 1; None for an item that the user has seen. Ties go by ``tie_order``."""
        if self.seen[item_index]:
            return None
        score = self.scores[item_index]
        tied_ahead = (self.scores == score) & (self.tie_order < self.tie_order[item_index])
        return int((((self.scores > score) | tied_ahead) & ~self.seen).sum()) + 1


def user_pairs(material: Material, user_index: int, items: np.ndarray) -> Pairs:
    """Items for one user, each with the user's standing history (all that lies before the test part)."""
    items = np.atleast_1d(np.asarray(items, dtype=np.int64))
    history = material.histories.users(np.array([user_index]), "test")
    return Pairs(np.full(len(items), user_index), items, np.repeat(history, len(items), axis=0))


def stand(scorer: Scorer, material: Material, user_index: int) -> Standing:
    """Score the whole catalogue for one user."""
    known = material.histories.known(np.array([user_index]), "test")
    scores = scorer.score_catalogue(known.user, known.newest(), known)[0]
    seen = np.zeros(len(scores), dtype=bool)
    seen[material.histories.seen(user_index, "test")] = True
    held_out = material.histories.held_out(np.array([user_index]), "test")[1]
    return Standing(user_index, scores, seen, held_out, material.tie_order)


def recommend(scorer: Scorer, material: Material, user_index: int, *, k: int = 10) -> Recommendation:
    """The ``k`` best unseen items, ties by ``material.tie_order``. Raises ``SettingError`` for ``k`` below 1."""
    if k < 1:
        raise SettingError("setting.k", value=k)
    began = time.perf_counter()
    standing = stand(scorer, material, user_index)
    top = top_k(standing.scores[None], k, excluded=standing.seen[None], tie_order=standing.tie_order)[0]
    top = top[top >= 0]
    items = _described(standing, material, top.tolist())
    n_tied_listed, n_tied = count_ties(standing.scores, top, excluded=standing.seen)
    user_id = material.dataset.users["user_id"].iloc[user_index]
    seconds = time.perf_counter() - began
    return Recommendation(
        user_index, user_id, items, standing.n_candidates, seconds, scorer.variant, n_tied_listed, n_tied
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


def ranked_item(standing: Standing, material: Material, item_index: int) -> RankedItem:
    """Score and rank of any item for the user (rank 0: seen already, so not a candidate)."""
    return _described(standing, material, [item_index], first=standing.rank_of(item_index) or 0)[0]


def _described(standing: Standing, material: Material, items: list[int], *, first: int = 1) -> tuple[RankedItem, ...]:
    """Items of consecutive ranks from ``first`` with their names and scores."""
    dataset = material.dataset
    ids = dataset.items["item_id"].iloc[items].tolist()
    titles = dataset.items[dataset.schema.item_title].iloc[items].tolist()
    held_out = set(standing.held_out.tolist())
    return tuple(
        RankedItem(item, item_id, title, float(standing.scores[item]), rank, held_out=item in held_out)
        for rank, (item, item_id, title) in enumerate(zip(items, ids, titles, strict=True), first)
    )
