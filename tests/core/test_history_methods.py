"""Methods over a history: an additive model's own summands, hand-worked values, EASE, and our ranker's own lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.linear_model import Ridge

from recsys_core.explain.history_methods import (
    HISTORY_METHODS,
    HistoryQuestion,
    cosine,
    leave_one_out,
    lime,
    marginal_effects,
    removal_walks,
    shapley,
)
from recsys_core.explain.history_removal import remove_history
from recsys_core.explain.history_scorer import RankerHistory, RowScorer
from recsys_core.models.workspace import open_model
from recsys_core.what_if.edits import TakeOffItem
from recsys_core.what_if.situation import situation_of, with_edits

N_ITEMS = 30


def ease_weights(seed: int = 0) -> np.ndarray:
    """EASE in closed form (Steck 2019) of a random log."""
    taken = (np.random.default_rng(seed).random((200, N_ITEMS)) < 0.2).astype(float)
    inverse = np.linalg.inv(taken.T @ taken + 20 * np.eye(N_ITEMS))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def question(predict, items: list[int], target: int) -> HistoryQuestion:
    return HistoryQuestion(RowScorer(predict, N_ITEMS), np.array(items, dtype=int), target)


def test_of_ease_the_values_are_its_own_summands():
    weights = ease_weights()
    items, target = [3, 9, 1, 20, 17, 5], 12
    asked = question(lambda rows: rows.astype(float) @ weights, items, target)
    for method in (shapley, leave_one_out):
        assert method(asked) == pytest.approx(weights[items, target], abs=1e-5)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_shapley_values_sum_to_what_the_history_adds(seed):
    rng = np.random.default_rng(seed)
    first, last = rng.normal(size=(N_ITEMS, 4)), rng.normal(size=(4, N_ITEMS))
    asked = question(lambda rows: np.tanh(rows @ first) @ last, list(range(int(rng.integers(1, 8)))), 25)
    ends = asked.score(np.array([[True] * asked.n, [False] * asked.n]))
    assert shapley(asked).sum() == pytest.approx(ends[0] - ends[1], abs=1e-6)


def test_two_stand_ins_hide_each_other_from_leave_one_out_but_not_from_the_walks():
    """Items 0 and 1 say the same of the target, either is enough; item 2 adds a little. Both are needed by the list."""

    def predict(rows: np.ndarray) -> np.ndarray:
        scores = np.zeros((len(rows), N_ITEMS))
        scores[:, 10] = 2 * np.maximum(rows[:, 0], rows[:, 1]) + 0.1 * rows[:, 2]
        scores[:, 11:25] = 1.0
        return scores

    asked = question(predict, [2, 0, 1], 10)
    assert leave_one_out(asked) == pytest.approx([0.1, 0, 0], abs=1e-6)
    found = removal_walks(asked)
    assert found[1] == pytest.approx(found[2], abs=0.5)
    assert min(found[1:]) > found[0]


def test_effects_are_signed_by_what_the_item_does_in_either_direction():
    worth = np.array([2.0, -1.0, 0.5])
    found = marginal_effects(lambda masks: masks @ worth, np.array([True, False, True]))
    assert found.tolist() == worth.tolist()


def test_lime_is_the_weighted_ridge_regression_of_its_library():
    rng = np.random.default_rng(3)
    first, last = rng.normal(size=(N_ITEMS, 4)), rng.normal(size=(4, N_ITEMS))
    asked = question(lambda rows: np.tanh(rows @ first) @ last, [4, 8, 15, 16, 23], 7)
    drawn: list[tuple[np.ndarray, np.ndarray]] = []

    def watched(masks: np.ndarray) -> np.ndarray:
        drawn.append((masks.astype(float), asked.score(masks)))
        return drawn[-1][1]

    found = lime(asked, value=watched)
    rows, values = drawn[0]
    distance = np.sqrt(((rows - 1) ** 2).sum(1))  # lime_base: euclidean to the first row, kernel width .75 sqrt(m)
    weights = np.sqrt(np.exp(-(distance**2) / (0.75 * np.sqrt(5)) ** 2)) ** 2
    assert found == pytest.approx(Ridge(alpha=1).fit(rows, values, sample_weight=weights).coef_, abs=1e-9)


def test_cosine_by_hand():
    taken = csr_array(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0]], dtype=float))
    assert cosine(taken, np.array([0, 2]), 1) == pytest.approx([2 / 3, 1 / np.sqrt(3)])


@pytest.mark.parametrize("name", HISTORY_METHODS)
def test_every_method_takes_a_history_of_one_item_or_none(name):
    for items in ([], [4]):
        found = HISTORY_METHODS[name](question(lambda rows: rows @ ease_weights(), items, 7))
        assert found.shape == (len(items),)
        assert np.isfinite(found).all()


def test_a_supporting_item_goes_first_by_every_method():
    weights = ease_weights(1)
    items = [3, 9, 1, 20, 17, 5, 8, 2]
    weights[9, 12] = 5.0
    asked = question(lambda rows: rows @ weights, items, 12)
    for name, method in HISTORY_METHODS.items():
        assert method(asked).argmax() == 1, name
        found = remove_history(asked.model, asked.items, 12, method(asked))
        assert found.pos(3) <= found.neg(3)


def test_our_ranker_without_some_items_is_the_what_if_page_s(term_workspace):
    """Removal asks the very scores that edits of the history give, term and older items included."""
    model = open_model(term_workspace)
    situation = situation_of(model.dense, model.split_dataset, 5, 7)
    positives = situation.positives
    masks = np.ones((3, len(positives)), dtype=bool)
    masks[1, :2], masks[2, 1:] = False, False
    history = RankerHistory(model.dense, 5, situation.history_length)
    found = history.score_subsets(positives, masks)
    ids = model.dataset.items["item_id"].tolist()
    for mask, row in zip(masks, found, strict=True):
        edits = [TakeOffItem(int(i), ids[i]) for i in positives[~mask]]
        edited = with_edits(situation, edits)
        assert row == pytest.approx(edited.scores(model.split_dataset.tie_order).scores, abs=1e-5)
    some = np.array([7, 0, 3])
    assert history.score_subsets(positives, masks, some) == pytest.approx(found[:, some], abs=1e-5)
