"""What every re-ranker promises: one contract over all of them, whatever the scores, the users and the length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_core.compress.variants import VariantCache
from recsys_core.errors import RecLensError, SettingError
from recsys_core.models.evaluation import evaluate
from recsys_core.models.workspace import open_model
from recsys_core.recommend import score_user
from recsys_core.rerank import BY_SCORE, RERANKERS, Candidates, Reranker
from recsys_core.rerankers import N_PLACES, Served, check_reranker, make_reranker, prepare_reranker
from recsys_core.rerankers.exposure import ByShiftedRelevance
from recsys_core.rerankers.first_places import PlacesReranker, by_score
from recsys_core.variant import Compression, Reranking

CHAIN = "exposure,calibrated,threshold"
BY = {"threshold": "user.gender", CHAIN: "item.category,item.category,user.gender"}
ALL = (*RERANKERS, CHAIN)
N_ITEMS = 260  # more than are rearranged


@pytest.fixture(scope="module")
def model(grouped_workspace):
    return open_model(grouped_workspace)


@pytest.fixture(scope="module")
def served(model):
    return Served(model.split_dataset, model.dense)


@pytest.fixture(scope="module", params=ALL)
def reranker(request, served) -> Reranker:
    settings = Reranking(request.param, 0.7, BY.get(request.param, "item.category"))
    return prepare_reranker(settings, served).at(settings)


def candidates(model, *, seed: int, rounded: bool = False, few: bool = False) -> Candidates:
    """Scores of 40 users of the workspace by lot; ``rounded`` ties many, ``few`` leaves 0 to 3 candidates to some."""
    random, n_items = np.random.default_rng(seed), model.split_dataset.dataset.n_items
    scores = random.normal(0, 2, (40, n_items)).astype(np.float32)
    excluded = random.random(scores.shape) < 0.1
    if few:
        for row in range(20):
            excluded[row] = True
            excluded[row, random.choice(n_items, row % 4, replace=False)] = False
    scores = scores.round() if rounded else scores
    return Candidates(np.arange(100, 140), scores, excluded, random.permutation(n_items))


@pytest.mark.parametrize("kind", ["plain", "rounded", "few"])
def test_lists_hold_each_candidate_once(model, reranker, kind):
    some = candidates(model, seed=1, rounded=kind == "rounded", few=kind == "few")
    best = by_score(some, N_PLACES)
    for k in (1, 7, 10, some.scores.shape[1] + 5):
        lists = reranker.lists(some, k)
        assert lists.shape == (40, k)
        for row, top in enumerate(lists):
            listed = top[top >= 0]
            n_candidates = int((~some.excluded[row]).sum())
            assert len(listed) == min(k, n_candidates) == len(set(listed.tolist()))
            assert not some.excluded[row, listed].any()
            assert (top[len(listed) :] == -1).all()
            assert set(listed.tolist()) <= set(best.items[row].tolist()) or k > N_PLACES


def test_a_shorter_list_is_the_beginning_of_a_longer_one(model, reranker):
    some = candidates(model, seed=2, rounded=True)
    whole = reranker.lists(some, some.scores.shape[1])
    for k in (1, 3, 10, 20):
        np.testing.assert_array_equal(reranker.lists(some, k), whole[:, :k])


def test_rows_are_independent_and_repeatable(model, reranker):
    some = candidates(model, seed=3, rounded=True)
    together = reranker.lists(some, 10)
    np.testing.assert_array_equal(reranker.lists(some, 10), together)
    for row in (0, 17, 39):
        alone = Candidates(some.users[[row]], some.scores[[row]], some.excluded[[row]], some.tie_order)
        np.testing.assert_array_equal(reranker.lists(alone, 10)[0], together[row])
    backwards = Candidates(some.users[::-1], some.scores[::-1], some.excluded[::-1], some.tie_order)
    np.testing.assert_array_equal(reranker.lists(backwards, 10)[::-1], together)


def test_only_first_places_change():
    """A catalogue larger than what is rearranged: below, the order is that of the score."""
    random = np.random.default_rng(4)
    some = Candidates(
        np.arange(3), random.normal(size=(3, N_ITEMS)), random.random((3, N_ITEMS)) < 0.1, np.arange(N_ITEMS)
    )
    reranker = PlacesReranker(Reranking("exposure"), ByShiftedRelevance(random.normal(0, 0.1, N_ITEMS)))
    plain, changed = BY_SCORE.lists(some, N_ITEMS), reranker.lists(some, N_ITEMS)
    assert (changed[:, :N_PLACES] != plain[:, :N_PLACES]).any(axis=1).all()
    np.testing.assert_array_equal(np.sort(changed[:, :N_PLACES]), np.sort(plain[:, :N_PLACES]))
    np.testing.assert_array_equal(changed[:, N_PLACES:], plain[:, N_PLACES:])
    np.testing.assert_array_equal(reranker.top(by_score(some, N_PLACES), 10), changed[:, :10])


@pytest.mark.parametrize("name", ALL)
def test_strength_0_is_no_reranking(model, served, name):
    """No re-ranker is made; and one that is made by hand gives the same lists and decisions."""
    settings = Reranking(name, 0.0, BY.get(name, "item.category"))
    assert make_reranker(settings, model.split_dataset, model.dense) is BY_SCORE
    some = candidates(model, seed=5, rounded=True)
    by_hand = prepare_reranker(settings, served).at(settings)
    np.testing.assert_array_equal(by_hand.lists(some, 10), BY_SCORE.lists(some, 10))
    users, scores = some.users, some.scores[:, 0]
    chance = by_hand.decisions(users, scores)
    assert chance is None or (chance == (scores >= 0)).all()


def test_full_strength_changes_something(model, served):
    plain = evaluate(model.dense, model.split_dataset)
    for name in ("exposure", "calibrated", "minimum-share"):
        settings = Reranking(name, 1.0, "item.category")
        changed = evaluate(model.dense, model.split_dataset, reranker=prepare_reranker(settings, served).at(settings))
        assert (changed.ranking.top != plain.ranking.top).any(), name
        np.testing.assert_array_equal(changed.pairs.score, plain.pairs.score)
        assert changed.pairs.selected is None


def test_lists_are_the_same_everywhere(model, reranker):
    """The evaluation's list is the list of the user alone, and an item's rank is its place on it."""
    whole = evaluate(model.dense, model.split_dataset, reranker=reranker).ranking
    for row in (0, 5):
        scores = score_user(model.dense, model.split_dataset, int(whole.user_index[row]), reranker)
        assert scores.top(10).tolist() == [i for i in whole.top[row].tolist() if i >= 0]
        assert [scores.rank_of(i) for i in scores.top(4).tolist()] == [1, 2, 3, 4]
        assert scores.rank_of(int(scores.top(scores.n_candidates)[-1])) == scores.n_candidates


def test_it_serves_models_with_a_term_and_compressed_ones(term_workspace):
    model = open_model(term_workspace)
    variants = VariantCache(model, most=2)
    for compression in (Compression(), Compression(bits=8), Compression(sparsity=0.5)):
        scorer = variants.scorer(compression)
        settings = Reranking("exposure,calibrated", 0.5, "item.category")
        reranker = make_reranker(settings, model.split_dataset, scorer)
        top = evaluate(scorer, model.split_dataset, reranker=reranker).ranking.top
        assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in top)


@pytest.mark.parametrize(
    ("name", "by", "key"),
    [
        ("exposure", "no such", "column.unknown"),
        ("exposure", "user.gender", "rerank.side.item"),
        ("fair", "gender", "rerank.side.item"),
        ("threshold", "item.category", "rerank.side.user"),
        ("exposure,threshold", "item.category", "rerank.side.user"),
        ("exposure,threshold,fair", "item.category,gender", "rerank.columns"),
        ("calibrated", '"', "column.unknown"),
        ("exposure,exposure", "item.category", "setting.choice"),
        ("nothing", "item.category", "setting.choice"),
    ],
)
def test_what_cannot_be_done_says_so(model, name, by, key):
    with pytest.raises(RecLensError) as said:
        check_reranker(Reranking(name, by=by), model.split_dataset)
    assert said.value.key == key


def test_one_group_and_no_probabilities(model):
    dataset, split = model.split_dataset.dataset, model.split_dataset.split
    alike = replace(dataset, items=dataset.items.assign(category="same"), users=dataset.users.assign(gender="same"))
    one_group = replace(model.split_dataset, dataset=alike)
    for name in RERANKERS:
        with pytest.raises(SettingError, match="one group only"):
            check_reranker(Reranking(name, by=BY.get(name, "item.category")), one_group)
    with pytest.raises(SettingError, match="ratings"):
        check_reranker(Reranking("threshold"), replace(model.split_dataset, split=replace(split, task="rating")))


def test_no_column_is_the_first_that_has_groups(model, served):
    for name in RERANKERS:
        settings = Reranking(name)
        assert prepare_reranker(settings, served).at(settings).settings == settings
