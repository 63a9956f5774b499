"""The seam between scores and lists: a re-ranker changes lists everywhere, and scores nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from recsys_core.compare.comparison_sample import rank
from recsys_core.errors import SettingError
from recsys_core.metrics import ndcg_at_k, top_k
from recsys_core.models.evaluation import evaluate
from recsys_core.models.workspace import open_model
from recsys_core.recommend import ranked_item, recommend, score_user
from recsys_core.rerank import BY_SCORE, Candidates
from recsys_core.rerankers import make_reranker
from recsys_core.variant import Reranking

WORST = Reranking("worst")


@dataclass(frozen=True)
class Worst:
    """Lists in order of score, lowest first: a real re-ranker that changes every list."""

    settings: Reranking = WORST

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return top_k(-candidates.scores, k, excluded=candidates.excluded, tie_order=candidates.tie_order)

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> None:
        return None


@pytest.fixture(scope="module")
def model(tiny_workspace):
    return open_model(tiny_workspace)


def test_the_identity_is_the_list_by_score(model):
    plain = evaluate(model.dense, model.split_dataset)
    seam = evaluate(
        model.dense, model.split_dataset, reranker=make_reranker(Reranking(), model.split_dataset, model.dense)
    )
    np.testing.assert_array_equal(plain.ranking.top, seam.ranking.top)
    assert make_reranker(Reranking(), model.split_dataset, model.dense) is BY_SCORE


def test_lists_change_and_scores_do_not(model):
    plain = evaluate(model.dense, model.split_dataset)
    turned = evaluate(model.dense, model.split_dataset, reranker=Worst())
    np.testing.assert_array_equal(plain.pairs.score, turned.pairs.score)
    assert plain.auc == turned.auc
    task = model.split_dataset.ranking("test")
    scores = model.dense.score_catalogue(task.users, task.histories, task.known)
    scores[task.seen.toarray() > 0] = np.inf
    lowest = np.take_along_axis(scores, turned.ranking.top, axis=1)
    np.testing.assert_allclose(lowest, np.sort(scores, axis=1)[:, : turned.ranking.k], rtol=0, atol=1e-6)
    np.testing.assert_allclose(turned.ranking.ndcg, ndcg_at_k(turned.ranking.top, task.held_out))


def test_every_list_is_made_at_the_seam(model):
    """Evaluation, comparison, recommendation and an item's rank agree on the re-ranked list."""
    task = model.split_dataset.ranking("test")
    whole = evaluate(model.dense, model.split_dataset, reranker=Worst()).ranking.top
    np.testing.assert_array_equal(rank(model.dense, task, Worst()).top, whole)
    for row in (0, len(task) - 1):
        user = int(task.users[row])
        found = recommend(model.dense, model.split_dataset, user, reranker=Worst())
        assert [item.item_index for item in found.items] == [i for i in whole[row].tolist() if i >= 0]
        assert found.variant.reranking == WORST
        assert found.variant.key == "rerank-worst"
        scores = score_user(model.dense, model.split_dataset, user, Worst())
        for item in found.items[:3]:
            assert ranked_item(scores, model.split_dataset, item.item_index).rank == item.rank
        last = recommend(model.dense, model.split_dataset, user, k=scores.n_candidates).items[-1]
        assert scores.rank_of(last.item_index) == 1


def test_an_unknown_name_says_so(model):
    with pytest.raises(SettingError, match="rerank must be one of"):
        make_reranker(Reranking("no such"), model.split_dataset, model.dense)
    with pytest.raises(SettingError, match="strength"):
        Reranking(strength=0.5)
