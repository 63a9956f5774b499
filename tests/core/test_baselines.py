"""Baselines against their definitions: dense inverses, scikit-learn, and catalogues with little in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scorer_contract import material_of
from sklearn.metrics.pairwise import cosine_similarity
from test_training import two_tastes

from recsys_core.models.baselines import BASELINES, Ease, TrainingPositives, fit_ease, fit_item_knn
from recsys_core.models.baselines import co_occurrence as blocks
from recsys_core.models.baselines import ease as ease_module
from recsys_core.models.baselines import item_knn as knn_module
from recsys_core.models.baselines.co_occurrence import item_gram, items_taken_often, zero_one
from recsys_core.models.baselines.ease import DEFAULT_PENALTY, choose_penalty, most_in_memory
from recsys_core.models.baselines.inverse import invert_in_place
from recsys_core.models.baselines.item_knn import similarities
from recsys_core.models.baselines.strongest import Strongest
from recsys_core.models.baselines.validation import validation_ndcg
from recsys_core.models.evaluation import evaluate
from recsys_core.models.split_dataset import SplitDataset


def positives_of(taken: np.ndarray) -> TrainingPositives:
    return TrainingPositives(csr_array(taken.astype(np.float32)), 0)


def drawn(n_users: int, n_items: int, share: float = 0.2, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((n_users, n_items)) < share).astype(float)


def ease_of(taken: np.ndarray, penalty: float) -> np.ndarray:
    """``B`` as Steck writes it, in double precision."""
    inverse = np.linalg.inv(taken.T @ taken + penalty * np.eye(taken.shape[1]))
    return np.eye(len(inverse)) - inverse / np.diag(inverse)


tables = st.tuples(st.integers(1, 12), st.integers(1, 9), st.floats(0, 1), st.integers(0, 99)).map(lambda x: drawn(*x))


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0.5, 1000))
def test_ease_equals_a_dense_inverse(taken, penalty):
    found = Ease.fit(positives_of(taken), penalty)
    weights = np.zeros((taken.shape[1],) * 2)
    weights[np.ix_(found.items, found.items)] = found.weights
    np.testing.assert_allclose(weights, ease_of(taken, penalty), atol=1e-5)
    assert (found.penalty, found.n_least) == (penalty, 1)


def test_ease_of_many_items_equals_a_dense_inverse():
    """More items than one block of the mirrored triangle, and of the products."""
    taken = drawn(300, 700, share=0.1)
    np.testing.assert_allclose(Ease.fit(positives_of(taken), 30.0).weights, ease_of(taken, 30.0), atol=1e-5)


def test_the_inverse_needs_no_second_array():
    square = drawn(600, 600).T @ drawn(600, 600) + 5 * np.eye(600)
    matrix = square.astype(np.float32)
    found = invert_in_place(matrix)
    assert found is matrix
    np.testing.assert_allclose(found, np.linalg.inv(square), atol=1e-5)
    with pytest.raises(np.linalg.LinAlgError):
        invert_in_place(np.array([[1, 2], [2, 1]], dtype=np.float32))


def test_blocks_change_nothing(monkeypatch):
    taken = drawn(40, 30)
    positives = positives_of(taken)
    whole = item_gram(positives.taken), similarities(positives, width=7, shrinkage=3.0).weights(7).toarray()
    monkeypatch.setattr(blocks, "spans", lambda cost: np.array_split(np.arange(len(cost)), 11))
    np.testing.assert_array_equal(item_gram(positives.taken), whole[0])
    np.testing.assert_array_equal(whole[0], taken.T @ taken)
    np.testing.assert_array_equal(similarities(positives, width=7, shrinkage=3.0).weights(7).toarray(), whole[1])


def test_ease_of_items_taken_often_is_ease_of_the_smaller_catalogue():
    split_dataset = material_of("base")
    positives = TrainingPositives.of(split_dataset)
    found = Ease.fit(positives, 5.0, most_items=12)
    kept = np.flatnonzero(positives.counts >= found.n_least)
    assert found.items.tolist() == kept.tolist()
    assert 6 <= len(kept) <= 12
    assert np.count_nonzero(positives.counts >= found.n_least - 1) > 12, "one less would be too many"
    np.testing.assert_allclose(found.weights, ease_of(positives.taken.toarray()[:, kept], 5.0), atol=1e-5)
    task = split_dataset.ranking("test")
    scores = found.score_catalogue(task.users, task.histories, task.known)
    known = zero_one(task.known.csr()).toarray()
    np.testing.assert_allclose(scores[:, kept], known[:, kept] @ found.weights, atol=1e-5)
    assert (np.delete(scores, kept, axis=1) == 0).all()


def test_items_taken_equally_often_fill_half_a_bound():
    items, n_least = items_taken_often(np.array([0, 4, 4, 4, 9, 4, 4]), 4)
    assert (items.tolist(), n_least) == ([1, 2, 3, 4], 4)
    assert items_taken_often(np.zeros(5, dtype=int), 4)[0].tolist() == []


def test_less_memory_means_fewer_items(monkeypatch):
    split_dataset = material_of("base")
    assert most_in_memory(1 << 34) == pytest.approx(np.sqrt((1 << 34) / 8), abs=1)
    monkeypatch.setattr(ease_module, "free_memory", lambda: 8 * 10**2)
    found = fit_ease(split_dataset)
    assert len(found.items) == found.settings["n_items"] <= 10
    assert found.settings["n_least"] > 1
    assert len(found.score_catalogue(*read_at_test(split_dataset))[0]) == split_dataset.dataset.n_items


def read_at_test(split_dataset: SplitDataset):
    task = split_dataset.ranking("test")
    return task.users, task.histories, task.known


def test_few_items_to_compare_penalties_on_change_no_weight_but_by_the_penalty(monkeypatch):
    split_dataset = material_of("base")
    monkeypatch.setattr(ease_module, "PENALTY_ITEMS", 10)
    found = fit_ease(split_dataset)
    again = Ease.fit(TrainingPositives.of(split_dataset), found.penalty)
    np.testing.assert_allclose(found.weights, again.weights, atol=1e-6)
    assert found.n_least == 1


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (lambda p: 0.1 if p == 200 else 0.05 if p == 100 else 0.01, 200),  # between two of the grid
        (lambda p: -abs(p - 50_000), 51_200),  # far above it
        (lambda p: -p, 12.5),  # below it
        (lambda p: min(p, 100), 100),  # equal ones: the smallest wins
        (lambda p: p, 1600 * 4**4 * 2),  # the largest always: up to the most popular item's positives
        (lambda p: float("nan"), DEFAULT_PENALTY),
        (lambda p: 0.0, DEFAULT_PENALTY),
    ],
)
def test_the_penalty_is_what_validation_likes_best(figure, expected):
    assert choose_penalty(figure, 200_000) == expected


def test_ease_reports_the_better_penalty():
    split_dataset = SplitDataset.build(two_tastes(outcome="taken"), task="implicit", kind="time", seed=0, length=50)
    found, figure = fit_ease(split_dataset), validation_ndcg(split_dataset)
    positives = TrainingPositives.of(split_dataset)
    reached = figure(Ease.fit(positives, found.penalty).score_catalogue)
    assert all(reached >= figure(Ease.fit(positives, p).score_catalogue) for p in (1.0, 25.0, 400.0))
    assert figure(Ease.fit(positives, 0.01).score_catalogue) < reached  # learns the noise by heart


@pytest.mark.parametrize("shrinkage", [0.0, 10.0])
def test_neighbours_equal_scikit_learns_cosine(shrinkage):
    taken = drawn(60, 25, share=0.3)
    found = similarities(positives_of(taken), width=25, shrinkage=shrinkage).weights(25).toarray()
    length = np.sqrt(taken.sum(axis=0))
    cosine = cosine_similarity(taken.T) * np.outer(length, length) / (np.outer(length, length) + shrinkage)
    np.fill_diagonal(cosine, 0)
    np.testing.assert_allclose(found, cosine, atol=1e-6)
    few = similarities(positives_of(taken), width=4, shrinkage=shrinkage).weights(4).toarray()
    for column, whole in zip(few.T, cosine.T, strict=True):
        np.testing.assert_allclose(np.sort(column[column > 0]), np.sort(whole)[-4:], atol=1e-6)


def test_full_and_sparse_blocks_hold_the_same_neighbours(monkeypatch):
    positives = positives_of(drawn(60, 25, share=0.3))
    found = []
    for dense in (0.0, 2.0):
        monkeypatch.setattr(knn_module, "DENSE", dense)
        found.append(similarities(positives, width=25, shrinkage=1.0).weights(25).toarray())
    np.testing.assert_array_equal(*found)


def test_validation_chooses_shrinkage_and_neighbours(monkeypatch):
    split_dataset = SplitDataset.build(two_tastes(outcome="taken"), task="implicit", kind="time", seed=0, length=50)
    found, figure = fit_item_knn(split_dataset), validation_ndcg(split_dataset)
    assert found.neighbours in knn_module.NEIGHBOURS
    assert found.shrinkage in knn_module.SHRINKAGES
    reached = figure(found.score_catalogue)
    for neighbours in knn_module.NEIGHBOURS:
        monkeypatch.setattr(knn_module, "NEIGHBOURS", (neighbours,))
        assert figure(fit_item_knn(split_dataset).score_catalogue) <= reached


def test_items_that_are_all_taken_once_are_all_fitted(monkeypatch):
    """The few that the penalty is compared on are filled up with some of them: not all that anybody took."""
    monkeypatch.setattr(ease_module, "PENALTY_ITEMS", 5)
    split_dataset = with_rows([(user, 4 * user + k) for user in range(6) for k in range(4)], 6, 24)
    ease = fit_ease(split_dataset)
    assert len(ease.items) == np.count_nonzero(TrainingPositives.of(split_dataset).counts) > 5


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(1, 10))
def test_the_strongest_entries_of_a_column_are_kept(taken, width):
    weights = np.round(np.random.default_rng(int(taken.sum())).normal(size=(taken.shape[1],) * 2), 1)
    n = len(weights)
    dense, sparse = (Strongest.none(n, width) for _ in range(2))
    dense.put(np.arange(n), np.arange(n), weights.T.astype(np.float32))
    sparse.put_sparse(slice(0, n), csr_array(weights.T.astype(np.float32)))
    for found in (dense, sparse):
        kept = found.weights(width).toarray()
        assert ((kept == 0) | (kept == weights.astype(np.float32))).all()
        expected = -np.sort(-np.abs(weights), axis=0)[:width]
        np.testing.assert_allclose(-np.sort(-np.abs(kept), axis=0)[:width], expected, atol=1e-6)
        if width >= n:
            np.testing.assert_array_equal(kept, weights.astype(np.float32))


def test_one_user_with_very_many_positives_is_cut():
    lengths = [3] * 10 + [200]
    taken = np.zeros((11, 200))
    for user, n in enumerate(lengths):
        taken[user, :n] = 1
    cut = blocks._longest(np.array(lengths), 1000)
    assert 10 * 9 + cut**2 <= 1000 < 10 * 9 + (cut + 1) ** 2
    assert blocks._longest(np.array(lengths), 40_090) == 0
    assert blocks._longest(np.array([5, 5]), 1) == 1
    found = blocks._cut(csr_array(taken), cut, np.random.default_rng(0)).toarray()
    assert found.sum(axis=1).tolist() == [3] * 10 + [cut]
    assert (found <= taken).all()
    assert found[10, 100:].any(), "drawn from all of them"


def with_rows(rows: list[tuple[int, int]], n_users: int, n_items: int) -> SplitDataset:
    """Just these positives, of a data set with so many users and items."""
    import pandas as pd

    from recsys_core.data.dataset import Dataset
    from recsys_core.data.schema import Schema

    log = pd.DataFrame(rows, columns=["user_index", "item_index"]).astype(np.int32)
    log = log.assign(value=np.float32(1), time=np.arange(len(log)))
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(n_users)]})
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)], "title": [f"T{i}" for i in range(n_items)]})
    dataset = Dataset("few", Schema((), (), "taken"), users, items, log)
    return SplitDataset.build(dataset, task="implicit", kind="time", seed=0, length=8)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize(
    ("rows", "n_users", "n_items"),
    [
        ([(u % 4, 0) for u in range(12)], 5, 1),  # one item
        ([(0, i) for i in range(12)], 5, 15),  # positives of one user only, items nobody took
        ([(u, i) for u in range(3) for i in range(4)] + [(3, 0)], 6, 5),  # users without positives
    ],
)
def test_little_data_gives_finite_scores(name, rows, n_users, n_items):
    split_dataset = with_rows(rows, n_users, n_items)
    baseline = BASELINES[name](split_dataset, lambda stage, share: None)
    found = evaluate(baseline, split_dataset, calibrated=False)
    assert np.isfinite(found.pairs.score).all()
    known = split_dataset.histories.known(np.arange(n_users))
    scores = baseline.score_catalogue(np.arange(n_users), known.newest(), known)
    assert scores.shape == (n_users, n_items)
    assert np.isfinite(scores).all()
    assert all(np.isfinite(x) for x in baseline.settings.values())
