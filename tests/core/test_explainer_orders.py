"""Orders of removal: the best one against all there are, the search against the best."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.comparison.measures import gini
from recsys_core.explain.comparison.orders import RemovalGame, best_order, entered, order_of, random_orders


@dataclass
class TableGame:
    """A game given by the values of all coalitions."""

    table: np.ndarray
    n_evaluations: int = 0
    weights: np.ndarray = field(default_factory=lambda: np.ones(1))

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(map(str, range(int(np.log2(len(self.table))))))

    def mean_values(self, masks: np.ndarray) -> np.ndarray:
        return self.table[masks @ (1 << np.arange(len(self.players))[::-1])]

    def values(self, masks: np.ndarray) -> np.ndarray:
        return self.mean_values(masks)[None]


@given(st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_best_orders_are_the_best_of_all(n, seed):
    game = RemovalGame.of(TableGame(np.random.default_rng(seed).normal(size=2**n)))
    every = [np.array(order) for order in permutations(range(n))]
    assert game.best_deletion() == pytest.approx(min(game.deletion(order) for order in every))
    assert game.best_insertion() == pytest.approx(max(game.insertion(order) for order in every))


@pytest.mark.parametrize("seed", range(5))
def test_the_search_comes_close_and_beats_random_orders(seed):
    exact = RemovalGame.of(TableGame(np.random.default_rng(seed).normal(size=2**7)))
    searched = replace(exact, all_values=None)
    assert not searched.is_exact
    assert searched.deletion(best_order(searched, entering=False)) >= exact.best_deletion() - 1e-12
    floor = np.mean([exact.deletion(order) for order in random_orders(7, seed=seed)])
    assert searched.best_deletion() < floor + 0.5 * (exact.best_deletion() - floor)
    assert searched.best_insertion() <= exact.best_insertion() + 1e-12


def test_of_an_additive_game_the_contributions_are_the_best_order():
    worth = np.array([0.5, -2.0, 1.5, 0.1])
    game = RemovalGame.of(TableGame(coalitions(4) @ worth))
    order = order_of(worth)
    assert order.tolist() == [2, 0, 3, 1]
    assert game.deletion(order) == pytest.approx(game.best_deletion())
    assert game.insertion(order) == pytest.approx(game.best_insertion())
    # leaves 1.5, 0.5, 0.1, -2: the curve is 0.1, -1.4, -1.9, -2, 0 and starts at 0.1
    assert game.deletion(order) == pytest.approx((0.1 - 1.4 - 1.9 - 2.0 + 0.0) / 5 - 0.1)


def test_orders_enter_one_by_one_and_equal_ones_in_place():
    assert entered(np.array([2, 0, 1])).sum(1).tolist() == [0, 1, 2, 3]
    assert order_of(np.array([1.0, 1.0, 2.0])).tolist() == [2, 0, 1]


def test_sparsity_is_the_gini_index():
    """Half the mean difference of all pairs over the mean."""
    sizes = np.array([0.3, -1.2, 0.0, 2.0])
    pairs = np.abs(np.subtract.outer(np.abs(sizes), np.abs(sizes)))
    assert gini(sizes) == pytest.approx(pairs.mean() / (2 * np.abs(sizes).mean()))
    assert np.isnan(gini(np.zeros(3)))
