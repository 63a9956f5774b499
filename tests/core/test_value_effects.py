"""A reason's effect value by value, tied reasons, and those on which two methods differ: worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from scipy import stats

from recsys_core.data.dataset import Dataset
from recsys_core.explain.agreement import disagreements
from recsys_core.explain.global_explanation import GlobalExplanation, explain_globally
from recsys_core.explain.value_effects import MAX_VALUES, ValueEffect
from recsys_core.explain.value_effects import effects_by_value as effects_of_player
from recsys_core.models.scorer import Pairs
from recsys_core.player import Player
from recsys_core.results import Contribution, Explanation

DATASET = tiny_dataset()


def overall(values: dict[str, list], contributions: np.ndarray, **more: object) -> GlobalExplanation:
    """Contributions of pairs, one column for each key of ``values``."""
    n, k = contributions.shape
    size = np.abs(contributions).mean(0)
    plain = {
        "base_values": np.zeros(n),
        "mean_abs_contribution": size,
        "low": size,
        "high": size,
        "standard_error": np.zeros(k),
        "rank": np.zeros((n, k)),
        "pairs": Pairs(np.zeros(n, dtype=int), np.zeros(n, dtype=int), np.zeros((n, 1), dtype=int)),
        "background": 1,
        "seed": 0,
        "seconds": 0.0,
    }
    of_players = {Player.parse(key): cells for key, cells in values.items()}
    return GlobalExplanation(tuple(of_players), contributions, values=of_players, **(plain | more))


def effects_by_value(dataset: Dataset, found: GlobalExplanation, key: str) -> tuple[ValueEffect, ...]:
    return effects_of_player(dataset, found, Player.parse(key))


def test_categories_by_mean_with_students_interval():
    x = np.array([1.0, 3.0, -1.0, -2.0, -3.0, 5.0])
    found = overall({"user.city": ["Ulm", "Ulm", "Kiel", "Kiel", "Kiel", None]}, x[:, None])
    ulm, kiel, missing = effects_by_value(DATASET, found, "user.city")
    assert (ulm.value, ulm.n, ulm.mean) == ("Ulm", 2, 2.0)
    assert (kiel.value, kiel.n, kiel.mean) == ("Kiel", 3, -2.0)
    expected = stats.t.interval(0.95, 2, -2.0, stats.sem([-1, -2, -3]))
    assert (kiel.low, kiel.high) == pytest.approx(expected)
    assert (missing.kind, missing.n, missing.mean) == ("missing", 1, 5.0)
    assert missing.low is None, "one pair has no spread"


def test_levels_in_order_and_numbers_in_fifths():
    levels = ["low", "high", "middle", "low"]
    found = overall({"user.income": levels}, np.arange(4.0)[:, None])
    assert [e.value for e in effects_by_value(DATASET, found, "user.income")] == ["low", "middle", "high"]
    ages = [float(a) for a in range(10, 110)]
    found = overall({"user.age": ages}, np.arange(100.0)[:, None])
    fifths = effects_by_value(DATASET, found, "user.age")
    assert [(e.kind, e.start, e.end, e.n) for e in fifths] == [
        ("range", 10 + 20 * k, 29 + 20 * k, 20) for k in range(5)
    ]
    assert [e.mean for e in fifths] == [9.5 + 20 * k for k in range(5)]
    few = overall({"history": [0, 0, 2, 1]}, np.array([[1.0], [3.0], [4.0], [5.0]]))
    assert [(e.value, e.n, e.mean) for e in effects_by_value(DATASET, few, "history")] == [
        (0, 2, 2),
        (1, 1, 5),
        (2, 1, 4),
    ]


def test_many_equal_numbers_stay_together():
    numbers = [0.0] * 60 + [float(k) for k in range(1, 41)]
    found = effects_by_value(DATASET, overall({"item.price": numbers}, np.ones((100, 1))), "item.price")
    assert sum(e.n for e in found) == 100
    assert [e.n for e in found if e.start == 0.0] == [60], "no cut goes through equal values"


def test_members_of_a_set_count_each_and_rare_values_are_joined():
    x = np.array([[2.0], [4.0]])
    found = overall({"item.genres": ["Comedy|Drama", "Drama"]}, x)
    assert {e.value: (e.n, e.mean) for e in effects_by_value(DATASET, found, "item.genres")} == {
        "Drama": (2, 3.0),
        "Comedy": (1, 2.0),
    }
    names = [f"b{k:02d}" for k in range(30) for _ in range(2)]
    many = effects_by_value(DATASET, overall({"item.brand": names}, np.ones((60, 1))), "item.brand")
    assert [e.kind for e in many] == ["value"] * MAX_VALUES + ["rest"]
    assert many[-1].n == 60 - 2 * MAX_VALUES


@pytest.mark.parametrize("player", ["item.title", "user_id", "item_id"])
def test_texts_and_ids_have_no_values_to_group_by(player):
    found = overall({player: ["a", "b"]}, np.ones((2, 1)))
    assert effects_by_value(DATASET, found, player) == ()


def test_means_by_value_are_those_of_the_explained_pairs():
    pairs = random_pairs(DATASET, 60, seed=1)
    found = explain_globally(random_scorer(tiny_features(DATASET)), DATASET, pairs, random_pairs(DATASET, 2, seed=2))
    at = found.players.index(Player("user", "city"))
    cities = pd.Series(DATASET.users["city"].to_numpy()[pairs.users])
    expected = pd.Series(found.contributions[:, at]).groupby(cities).mean().to_dict()
    assert {e.value: e.mean for e in effects_by_value(DATASET, found, "user.city")} == pytest.approx(expected)


def test_neighbours_whose_intervals_overlap_are_tied():
    sizes = np.array([[1.0, 4.0, 3.9, 2.0]])
    found = overall(
        {f"user.{k}": [None] for k in "abcd"},
        sizes,
        low=np.array([0.9, 3.8, 3.5, 1.5]),
        high=np.array([1.5, 4.2, 4.1, 2.5]),
    )
    assert [found.players[i].column for i in found.order] == ["b", "c", "d", "a"]
    assert found.tied_with_next.tolist() == [True, False, True, False]


def explanation(**contributions: float) -> Explanation:
    parts = tuple(Contribution(Player("user", name), None, value) for name, value in contributions.items())
    return Explanation("u", "i", "t", "shapley", 0.0, 0.0, parts, 1, 0, 0.0)


def test_what_changes_sign_is_named_first_then_what_differs_most():
    first = explanation(region=-0.08, price=0.9, age=0.3, city=0.01, only_here=2.0)
    second = explanation(region=-0.55, price=0.85, age=-0.2, city=-0.02)
    found = disagreements(first, second, limit=3)
    assert [(d.feature, d.first, d.second, d.changes_sign) for d in found] == [
        ("user.age", 0.3, -0.2, True),
        ("user.region", -0.08, -0.55, False),
    ], "price differs by too little, the sign of city is about nothing"
    assert disagreements(first, first) == ()
    assert disagreements(explanation(a=0.0), explanation(a=0.0)) == ()
