"""Measures against values worked out by hand, slow second implementations and the reference libraries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csr_array
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import ndcg_score, roc_auc_score, root_mean_squared_error
from small_data import item_table

from recsys_core import metrics as m

SEEDS = st.integers(0, 10**6)
LISTS = np.array([[4, 7, 2], [1, 3, -1], [5, 6, 8]])
HELD_OUT = item_table([[2, 4, 9], [3], [0, 1]], 10)


def random_case(seed: int, n_users: int = 20, n_items: int = 30) -> tuple[np.ndarray, csr_array]:
    """Scores with many ties, and one to five held-out items a user."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 8, (n_users, n_items)).astype(float)
    held_out = [generator.choice(n_items, generator.integers(1, 6), replace=False) for _ in range(n_users)]
    return scores, item_table(held_out, n_items)


def rows(table: csr_array) -> list[set[int]]:
    return [set(x.tolist()) for x in np.split(table.indices, table.indptr[1:-1])]


def test_ndcg_by_hand():
    # user 0: hits at ranks 1 and 3 of three held-out items; user 1: its only item at rank 2; user 2: none
    expected = [(1 + 0.5) / (1 + 0.63093 + 0.5), 0.63093, 0.0]
    np.testing.assert_allclose(m.ndcg_at_k(LISTS, HELD_OUT), expected, atol=1e-5)


def test_recall_by_hand():
    np.testing.assert_allclose(m.recall_at_k(LISTS, HELD_OUT), [2 / 3, 1.0, 0.0])


def test_top_k_by_hand():
    scores = np.array([[0.1, 0.9, 0.9, 0.5], [1.0, 1.0, 1.0, 1.0], [3.0, 2.0, 1.0, 0.0]])
    seen = np.array([[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    expected = [[1, 2], [0, 2], [3, -1]]
    assert m.top_k(scores, 2, excluded=seen).tolist() == expected
    assert m.top_k(scores, 2, excluded=csr_array(seen)).tolist() == expected


def test_lists_by_hand():
    popularity = np.array([8.0, 4.0, 0.0, 0.0])
    top = np.array([[0, 1], [0, 2]])
    profile = item_table([[1, 2], [1]], 4)  # means 2 and 4
    of_lists, of_profiles = m.mean_popularity(top, popularity), m.profile_popularity(profile, popularity)
    assert of_lists.tolist() == [6.0, 4.0]
    assert m.popularity_lift(of_lists, of_profiles) == pytest.approx(10 / 6 - 1)
    np.testing.assert_allclose(m.item_exposure(top, 4), [2, 0.63093, 0.63093, 0], atol=1e-5)
    assert m.catalogue_coverage(top, 4) == 0.75
    assert m.gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0)
    assert m.gini(np.array([0.0, 0.0, 0.0, 7.0])) == pytest.approx(0.75)


def test_calibration_by_hand():
    label, probability = np.array([0, 1, 1, 0]), np.array([0.1, 0.15, 0.9, 0.7])
    # bins 0.1-0.2 (.125 against .5), 0.9-1 (.9 against 1), 0.7-0.8 (.7 against 0)
    assert m.expected_calibration_error(label, probability) == pytest.approx(0.5 * 0.375 + 0.25 * 0.1 + 0.25 * 0.7)
    assert m.calibration_gap(label, probability) == pytest.approx(1.85 / 4 - 0.5)


@pytest.mark.parametrize("levels", [3, 20, 10**6])
def test_pairs_equal_sklearn(levels):
    generator = np.random.default_rng(levels)
    label = generator.integers(0, 2, 500)
    logit = generator.integers(0, levels, 500) / levels * 8 - 4 + label
    assert m.roc_auc(label, logit) == pytest.approx(roc_auc_score(label, logit), abs=1e-12)
    probability = 1 / (1 + np.exp(-logit))
    assert m.log_loss(label, logit) == pytest.approx(sklearn_log_loss(label, probability), abs=1e-12)
    assert m.rmse(label, logit) == pytest.approx(root_mean_squared_error(label, logit))
    np.testing.assert_allclose(m.logistic(logit), probability)


def test_grouped_auc_equals_sklearn_group_by_group():
    generator = np.random.default_rng(0)
    label, score, group = generator.integers(0, 2, 300), generator.integers(0, 9, 300), generator.integers(0, 4, 300)
    expected = [roc_auc_score(label[group == g], score[group == g]) for g in range(4)]
    np.testing.assert_allclose(m.grouped_auc(label, score, group, n_groups=5), [*expected, np.nan], atol=1e-12)


def test_reliability_equals_sklearn():
    generator = np.random.default_rng(0)
    probability = generator.random(400) * 0.6  # the last four bins stay empty
    label = generator.random(400) < probability
    predicted, observed, count = m.reliability(label, probability)
    taken, said = calibration_curve(label, probability, n_bins=10)
    np.testing.assert_allclose(predicted[count > 0], said)
    np.testing.assert_allclose(observed[count > 0], taken)
    assert np.isnan(predicted[count == 0]).all()
    assert (count == 0).sum() == 4


@pytest.mark.parametrize("seed", range(5))
def test_ndcg_equals_sklearn(seed):
    generator = np.random.default_rng(seed)
    scores = generator.permuted(np.tile(np.arange(30.0), (20, 1)), axis=1)  # sklearn averages over ties, so none
    held_out = random_case(seed)[1]
    relevant = held_out.toarray().astype(float)
    ours = m.ndcg_at_k(m.top_k(scores, 10), held_out)
    theirs = [ndcg_score(relevant[[u]], scores[[u]], k=10) for u in range(20)]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_rank_correlation_equals_scipy():
    generator = np.random.default_rng(1)
    a, b = generator.integers(0, 6, (2, 40, 9))
    expected = [stats.spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(m.rank_correlation(a, b), expected, atol=1e-12)
    assert m.rank_correlation(a[0], b[0]) == pytest.approx(expected[0])
    np.testing.assert_array_equal(m.average_ranks(a), stats.rankdata(a, axis=-1))


@pytest.mark.parametrize("seed", range(5))
def test_top_k_equals_sorting(seed):
    scores, seen = random_case(seed)
    place = np.random.default_rng(seed).permutation(30)
    for k in (1, 7, 30, 33):
        expected, drawn = [], []
        for user, hidden in enumerate(rows(seen)):
            best = sorted(set(range(30)) - hidden, key=lambda i: (-scores[user, i], i))[:k]
            expected.append(best + [-1] * (k - len(best)))
            best = sorted(set(range(30)) - hidden, key=lambda i: (-scores[user, i], place[i]))[:k]
            drawn.append(best + [-1] * (k - len(best)))
        assert m.top_k(scores, k, excluded=seen).tolist() == expected
        assert m.top_k(scores.astype(np.float32), k, excluded=seen).tolist() == expected
        assert m.top_k(scores, k, excluded=seen, tie_order=place).tolist() == drawn


@pytest.mark.parametrize("seed", range(5))
def test_ranking_equals_a_loop(seed):
    scores, held_out = random_case(seed)
    top = m.top_k(scores, 5)
    for user, wanted in enumerate(rows(held_out)):
        gains = [1 / np.log2(rank + 1) for rank, item in enumerate(top[user], start=1) if item in wanted]
        ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(5, len(wanted)) + 1))
        assert m.ndcg_at_k(top, held_out)[user] == pytest.approx(sum(gains) / ideal)
        assert m.recall_at_k(top, held_out)[user] == pytest.approx(len(gains) / len(wanted))
        assert m.is_relevant(top, held_out)[user].tolist() == [i in wanted for i in top[user]]


def test_diversity_equals_all_pairs():
    generator = np.random.default_rng(0)
    vectors = generator.integers(0, 2, (12, 4)).astype(float)
    top = np.array([generator.choice(12, 5, replace=False) for _ in range(8)])
    top[3, 2:] = -1
    for user, ours in enumerate(m.list_diversity(top, vectors)):
        items = vectors[top[user][top[user] >= 0]]
        lengths = np.linalg.norm(items, axis=1)
        alike = [
            items[i] @ items[j] / (lengths[i] * lengths[j]) if lengths[i] * lengths[j] else 0.0
            for i in range(len(items))
            for j in range(i)
        ]
        assert ours == pytest.approx(1 - np.mean(alike))


def test_gini_equals_mean_difference():
    values = np.random.default_rng(0).exponential(size=50)
    expected = np.abs(values[:, None] - values[None]).mean() / (2 * values.mean())
    assert m.gini(values) == pytest.approx(expected)


@given(seed=SEEDS, k=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_ndcg_and_recall_lie_between_0_and_1_and_recall_grows_with_k(seed, k):
    scores, held_out = random_case(seed, 5, 12)
    shorter, longer = m.top_k(scores, k), m.top_k(scores, k + 1)
    for measure in (m.ndcg_at_k, m.recall_at_k):
        value = measure(shorter, held_out)
        assert ((value >= 0) & (value <= 1)).all()
    assert (m.recall_at_k(longer, held_out) >= m.recall_at_k(shorter, held_out)).all()
    assert (longer[:, :k] == shorter).all()


@given(seed=SEEDS, place=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_moving_a_relevant_item_up_never_lowers_ndcg(seed, place):
    scores, held_out = random_case(seed, 5, 12)
    top = m.top_k(scores, 10)
    relevant = m.is_relevant(top, held_out)
    moved = top.copy()
    user = relevant[:, place] & ~relevant[:, place - 1]
    moved[user, place - 1], moved[user, place] = top[user, place], top[user, place - 1]
    before, after = m.ndcg_at_k(top, held_out), m.ndcg_at_k(moved, held_out)
    assert (after[user] > before[user]).all()
    np.testing.assert_array_equal(after[~user], before[~user])


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_order_of_users_and_names_of_items_do_not_matter(seed):
    scores, held_out = random_case(seed, 6, 12)
    top = m.top_k(scores, 4)
    generator = np.random.default_rng(seed)
    users, items = generator.permutation(6), generator.permutation(12)
    user, item = held_out.nonzero()
    renamed = m.user_item_table(np.argsort(users)[user], items[item], (6, 12))
    for measure in (m.ndcg_at_k, m.recall_at_k):
        np.testing.assert_allclose(measure(items[top][users], renamed), measure(top, held_out)[users])


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_auc_depends_on_order_alone_and_mirrors(seed):
    generator = np.random.default_rng(seed)
    label, score = np.arange(30) % 2, generator.integers(-4, 5, 30).astype(float)
    shuffled = generator.permutation(30)
    auc = m.roc_auc(label, score)
    assert m.roc_auc(label[shuffled], score[shuffled]) == auc
    assert m.roc_auc(label, np.exp(score)) == auc
    assert m.roc_auc(1 - label, score) == pytest.approx(1 - auc)


@given(seed=SEEDS, k=st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_overlap_is_symmetric_and_1_with_itself(seed, k):
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=(2, 4, 6))
    np.testing.assert_array_equal(m.top_overlap(a, b, k), m.top_overlap(b, a, k))
    assert (m.top_overlap(a, -a, k) == 1).all()
    top_a, top_b = m.top_k(a, k), m.top_k(b, k)
    np.testing.assert_array_equal(m.list_overlap(top_a, top_b), m.list_overlap(top_b, top_a))
    assert (m.list_overlap(top_a, top_a[:, ::-1]) == 1).all()


def test_nothing_to_measure_is_nan():
    empty = np.zeros(0)
    for value in (m.roc_auc(empty, empty), m.log_loss(empty, empty), m.rmse(empty, empty), m.gini(empty)):
        assert np.isnan(value)
    assert np.isnan(m.expected_calibration_error(empty, empty))
    assert np.isnan(m.calibration_gap(empty, empty))
    assert np.isnan(m.roc_auc(np.ones(3), np.arange(3.0)))
    assert np.isnan(m.rank_correlation(np.ones(4), np.arange(4.0)))
    assert np.isnan(m.rank_correlation(empty, empty))
    assert np.isnan(m.top_overlap(empty, empty, 3))


def test_empty_shapes():
    nobody = np.zeros((0, 5), dtype=int)
    nothing = csr_array((0, 5), dtype=bool)
    assert m.top_k(np.zeros((0, 7)), 5).shape == (0, 5)
    assert m.top_k(np.zeros((2, 0)), 3).tolist() == [[-1] * 3] * 2
    assert m.ndcg_at_k(nobody, nothing).shape == m.recall_at_k(nobody, nothing).shape == (0,)
    assert m.list_diversity(nobody, np.eye(3)).shape == (0,)
    assert m.average_ranks(np.zeros((0, 4))).shape == (0, 4)


def test_user_without_held_out_items_is_nan():
    held_out = item_table([[], [2]], 3)
    np.testing.assert_array_equal(m.ndcg_at_k(np.array([[1], [2]]), held_out), [np.nan, 1.0])


def test_repeated_held_out_item_counts_once():
    assert m.recall_at_k(np.array([[1, 2]]), item_table([[2, 2, 5]], 6)).tolist() == [0.5]


def test_all_ties():
    assert m.roc_auc(np.array([0, 1, 1]), np.zeros(3)) == 0.5
    assert m.top_k(np.zeros((2, 50)), 3).tolist() == [[0, 1, 2]] * 2
    backwards = np.arange(50)[::-1]
    assert m.top_k(np.zeros((2, 50)), 3, tie_order=backwards).tolist() == [[49, 48, 47]] * 2


def test_infinite_scores():
    scores = np.array([[-np.inf, 1.0, np.inf]])
    assert m.top_k(scores, 3).tolist() == [[2, 1, -1]]
    assert m.roc_auc(np.array([1, 0, 1, 0]), np.array([np.inf, np.inf, 1.0, -np.inf])) == 0.625


def test_nan_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        m.top_k(np.array([[0.0, np.nan]]), 1)
    with pytest.raises(ValueError, match="NaN"):
        m.roc_auc(np.array([0, 1]), np.array([0.0, np.nan]))


def test_log_loss_of_extreme_logits_is_finite():
    assert m.log_loss(np.array([0, 1]), np.array([1000.0, -1000.0])) == 1000.0


def test_top_k_leaves_the_scores_alone():
    scores = np.random.default_rng(0).normal(size=(3, 9))
    before = scores.copy()
    m.top_k(scores, 4, excluded=np.ones((3, 9), dtype=bool))
    np.testing.assert_array_equal(scores, before)
