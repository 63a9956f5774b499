"""Outcome: what a search is asked, and its answer, checked by applying the edits and scoring the catalogue again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from recsys_core.errors import Phrase, SettingError
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.recommend import UserScores
from recsys_core.rerank import Reranker
from recsys_core.results import RankedItem
from recsys_core.results.counterfactual import REMOVE_HISTORY, ChangedColumn, Counterfactual, TakenOff
from recsys_core.results.edits import Edit
from recsys_core.what_if.situation import Situation, with_edits


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Which item of which user's list is asked about, with the list as it is."""

    kind: str
    situation: Situation
    split_dataset: SplitDataset
    k: int
    reranker: Reranker
    scores: UserScores

    @property
    def item(self) -> RankedItem:
        """The item that is asked about, as it stands."""
        return self.ranked(self.scores, self.situation.item_index)

    @property
    def user_id(self) -> str:
        return str(self.situation.scorer.features.ids["user"][self.situation.user_index])

    @property
    def title(self) -> str:
        return self.title_of(self.situation.item_index)

    @property
    def n_candidates(self) -> int:
        return self.scores.n_candidates

    def id_of(self, item_index: int) -> str:
        return str(self.situation.scorer.features.ids["item"][item_index])

    def title_of(self, item_index: int) -> str:
        """Its title; of an item that no table holds its id."""
        dataset = self.split_dataset.dataset
        if item_index >= dataset.n_items:
            return self.id_of(item_index)
        return str(dataset.items[dataset.schema.item_title].iloc[item_index])

    def ranked(self, scores: UserScores, item_index: int) -> RankedItem:
        """Score and rank of an item by some scores of the catalogue (rank 0: no candidate)."""
        rank, score = scores.rank_of(item_index) or 0, float(scores.scores[item_index])
        return RankedItem(item_index, self.id_of(item_index), self.title_of(item_index), score, rank)

    def scores_after(self, edits: Sequence[Edit]) -> UserScores:
        """The catalogue scored again, as if the tables had said so from the start."""
        edited = with_edits(self.situation, edits)
        return edited.scores(self.split_dataset.tie_order, self.reranker)

    def rank_after(self, edits: Sequence[Edit]) -> int:
        return self.scores_after(edits).rank_of(self.situation.item_index) or 0


def asked(kind: str, situation: Situation, split_dataset: SplitDataset, *, k: int, reranker: Reranker) -> Question:
    """The question, with the user's scores. Raises ``SettingError`` (``setting.k``)."""
    if k < 1:
        raise SettingError("setting.k", value=k)
    scores = situation.scores(split_dataset.tie_order, reranker)
    return Question(kind, situation, split_dataset, k, reranker, scores)


def not_found(
    question: Question, note: Phrase, *, began: float, n_scored: int = 0, best_rank: int | None = None
) -> Counterfactual:
    """No answer, and why."""
    return Counterfactual(
        question.kind,
        question.user_id,
        question.item,
        question.k,
        found=False,
        n_scored=n_scored,
        seconds=time.perf_counter() - began,
        best_rank=best_rank,
        note=note,
    )


def verified(
    question: Question,
    changes: Sequence[TakenOff | ChangedColumn],
    edits: Sequence[Edit],
    *,
    began: float,
    exact: bool,
    n_scored: int,
) -> Counterfactual:
    """An answer with the places that the edited catalogue gives; ``verified`` says whether they bear it out."""
    scores = question.scores_after(edits)
    after = question.ranked(scores, question.situation.item_index)
    listed, was_listed = (set(s.top(question.k).tolist()) for s in (scores, question.scores))
    is_out = after.rank > question.k
    return Counterfactual(
        question.kind,
        question.user_id,
        question.item,
        question.k,
        found=True,
        changes=tuple(changes),
        edits=tuple(edits),
        after=after,
        entered=_ranked(scores, question, listed - was_listed),
        left=_ranked(question.scores, question, was_listed - listed),
        verified=is_out if question.kind == REMOVE_HISTORY else 0 < after.rank <= question.k,
        exact=exact,
        n_scored=n_scored + 1,
        seconds=time.perf_counter() - began,
        best_rank=after.rank,
    )


def _ranked(scores: UserScores, question: Question, items: set[int]) -> tuple[RankedItem, ...]:
    found = (question.ranked(scores, item) for item in items)
    return tuple(sorted(found, key=lambda item: item.rank))
