"""POS@K and NEG@K by hand, and the search that is their ceiling."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.explain.history_removal import (
    candidates_outside,
    margins,
    ranks_of,
    removal_masks,
    remove_history,
    removed_counts,
    search_removal,
    strongest_rivals,
)
from recsys_core.explain.history_scorer import RowScorer

N_ITEMS = 12


def linear(seed: int, n_items: int = N_ITEMS) -> RowScorer:
    """A recommender whose scores are sums over the history."""
    weights = np.random.default_rng(seed).normal(size=(n_items, n_items))
    return RowScorer(lambda rows: rows @ weights, n_items)


def test_a_history_worked_out_by_hand():
    """Target 2 needs item 0: without it item 3 is ahead, for K = 1 the item is out from then on."""
    weights = np.zeros((4, 4))
    weights[0, 2], weights[1, 3], weights[1, 2] = 3.0, 1.0, 0.5
    model = RowScorer(lambda rows: rows @ weights, 4)
    found = remove_history(model, np.array([0, 1]), 2, np.array([3.0, 0.5]))
    assert removed_counts(2).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2]
    # one item of two left: item 1 alone puts 3 (1.0) before 2 (0.5); with none left all score 0, a tie of two
    assert found.most_first.tolist() == [1, 1, 1, 2, 2, 2, 2, 2, 1.5, 1.5, 1.5]
    assert found.least_first.tolist() == [1] * 8 + [1.5] * 3
    assert found.pos(1) == pytest.approx(3 / 11)
    assert found.neg(1) == pytest.approx(8 / 11)
    assert found.pos(2) == found.neg(2) == 1


@given(st.integers(1, 9), st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_both_ends_are_the_whole_and_the_empty_history(n, seed):
    rng = np.random.default_rng(seed)
    model, items = linear(seed), rng.permutation(N_ITEMS)[:n]
    target = next(i for i in range(N_ITEMS) if i not in items)
    found = remove_history(model, items, target, rng.normal(size=n))
    assert found.most_first[0] == found.least_first[0]
    assert found.most_first[-1] == found.least_first[-1]
    turned = remove_history(model, items, target, np.arange(n), excluded=None)
    other = remove_history(model, items, target, -np.arange(n), excluded=None)
    assert turned.most_first.tolist() == other.least_first.tolist()


def test_each_step_removes_a_tenth_and_nothing_returns():
    masks = removal_masks(np.random.default_rng(0).permutation(23))
    assert masks.sum(1).tolist() == (23 - removed_counts(23)).tolist()
    assert not (masks[1:] & ~masks[:-1]).any()


def test_what_was_taken_or_is_excluded_is_no_rival():
    scores = np.array([[1.0, 9.0, 8.0, 0.5]])
    excluded = np.array([False, True, False, False])
    candidates = candidates_outside(4, np.array([2]), excluded)
    assert ranks_of(scores, 0, candidates).tolist() == [1]
    assert strongest_rivals(scores, 0, candidates, 5).tolist() == [3]
    assert ranks_of(scores, 0, candidates_outside(4, np.array([2]))).tolist() == [2]


def test_a_margin_is_positive_where_the_item_is_listed():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(40, 9))
    ranks = ranks_of(scores, 0, np.ones(9, dtype=bool))
    for k in (1, 3, 8):
        assert ((margins(scores, k) > 0) == (ranks <= k)).all()
    assert margins(scores[:, :1], 2).tolist() == scores[:, 0].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_the_search_is_a_ceiling_of_what_orders_reach(seed):
    """Among all orders of five items it is one of the better ones at both ends, though no one order need reach both."""
    model, items = linear(seed), np.arange(5)
    target = int(np.argmax(np.where(np.arange(N_ITEMS) >= 5, model.score_subsets(items, np.ones((1, 5), bool))[0], -9)))
    every = [remove_history(model, items, target, np.argsort(order)) for order in permutations(range(5))]
    found = search_removal(model, items, target, k=3)
    assert found.pos(3) <= np.median([r.pos(3) for r in every])
    assert found.neg(3) >= np.median([r.neg(3) for r in every])


def test_an_empty_history_stays_what_it_is():
    found = remove_history(linear(0), np.zeros(0, dtype=int), 3, np.zeros(0))
    assert len(set(found.most_first.tolist())) == 1
    assert search_removal(linear(0), np.zeros(0, dtype=int), 3).pos(5) in (0, 1)
