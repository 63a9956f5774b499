"""What drives the model overall, and how values are put into words."""

from __future__ import annotations

import numpy as np
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from scipy.stats import rankdata

from recsys_core.data.schema import Column
from recsys_core.explain.global_explanation import explain_globally, mean_abs_interval
from recsys_core.explain.player_values import player_ranks, player_values, raw_value, with_id
from recsys_core.explain.shapley import exact_contributions
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, ITEM_ID, Player

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 60, seed=1)
BACKGROUND = random_pairs(DATASET, 3, seed=2)
AGE, ITEM_5 = Player("user", "age"), Player("history", item_index=5)


def test_rows_sum_to_scores_and_columns_to_sizes():
    found = explain_globally(SCORER, DATASET, PAIRS, BACKGROUND)
    scores = SCORER.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)
    assert found.base_values + found.contributions.sum(1) == pytest.approx(scores, abs=1e-5)
    assert found.mean_abs_contribution == pytest.approx(np.abs(found.contributions).mean(0))
    assert found.mean == pytest.approx(found.contributions.mean(0))
    assert found.share.sum() == pytest.approx(1)
    assert (np.diff(found.mean_abs_contribution[found.order]) <= 0).all()
    assert (found.low <= found.mean_abs_contribution).all()
    assert (found.mean_abs_contribution <= found.high).all()
    assert (found.players, found.n_pairs, found.background) == (FEATURES.players, 60, 3)
    assert found.rank.shape == found.contributions.shape
    assert [len(v) for v in found.values.values()] == [60] * len(FEATURES.players)


def test_sampled_sizes_are_near_the_exact_ones_and_say_how_near():
    found = explain_globally(SCORER, DATASET, PAIRS, BACKGROUND)
    exact = np.abs(exact_contributions(SCORER, PAIRS, BACKGROUND)[0]).mean(0)
    assert np.abs(found.mean_abs_contribution - exact).max() < 0.01
    assert 0 < found.standard_error.max() < 0.1
    alike = Pairs(PAIRS.users, np.full(len(PAIRS), 3), np.full((len(PAIRS), 1), -1))
    few_differ = explain_globally(SCORER, DATASET, alike, alike[:1])
    assert (few_differ.standard_error == 0).all()


def test_progress_rises_to_one():
    seen = []
    explain_globally(SCORER, DATASET, PAIRS, BACKGROUND, progress=lambda stage, share: seen.append((stage, share)))
    assert {stage for stage, _ in seen} == {"explain"}
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_interval_equals_the_normal_one_on_many_pairs():
    values = np.random.default_rng(0).normal(size=(4000, 2)) * [1.0, 3.0]
    low, high = mean_abs_interval(values)
    sizes = np.abs(values)
    half = 1.96 * sizes.std(0) / np.sqrt(len(values))
    assert low == pytest.approx(sizes.mean(0) - half, rel=0.01)
    assert high == pytest.approx(sizes.mean(0) + half, rel=0.01)


def test_interval_is_seeded_narrower_with_more_pairs_and_a_point_where_nothing_varies():
    values = np.random.default_rng(1).normal(size=(900, 1))
    widths = [float(np.subtract(*mean_abs_interval(values[:n])[::-1])[0]) for n in (100, 900)]
    assert widths[0] / widths[1] == pytest.approx(3, rel=0.3)
    assert (mean_abs_interval(values, seed=2)[0] == mean_abs_interval(values, seed=2)[0]).all()
    assert (mean_abs_interval(values, seed=2)[0] != mean_abs_interval(values, seed=3)[0]).any()
    assert mean_abs_interval(np.full((5, 1), -2.0)) == (2.0, 2.0)


def test_ranks_run_from_low_to_high_where_there_is_an_order():
    ages = DATASET.users["age"].to_numpy()[PAIRS.users]
    expected = (rankdata(ages) - 1) / (len(ages) - 1)
    assert player_ranks(DATASET, AGE, PAIRS) == pytest.approx(expected)
    income = DATASET.users["income"].to_numpy()[PAIRS.users]
    place = {"low": 0.0, "middle": 0.5, "high": 1.0}
    assert player_ranks(DATASET, Player("user", "income"), PAIRS).tolist() == [place[v] for v in income]
    for key in ("user_id", "user.city", "item.title", "item.genres"):
        assert np.isnan(player_ranks(DATASET, Player.parse(key), PAIRS)).all()
    assert np.isnan(player_ranks(DATASET, ITEM_5, PAIRS)).all()
    lengths = (PAIRS.histories >= 0).sum(1)
    assert player_ranks(DATASET, HISTORY, PAIRS)[lengths.argmin()] == player_ranks(DATASET, HISTORY, PAIRS).min()


def test_ranks_of_missing_and_of_equal_values():
    dataset = tiny_dataset()
    dataset.users.loc[0, "age"] = np.nan
    dataset.users.loc[1:, "age"] = 40.0
    pairs = Pairs(np.array([0, 1, 2]), np.zeros(3, dtype=int), np.full((3, 1), -1))
    assert np.isnan(player_ranks(dataset, AGE, pairs)).tolist() == [True, False, False]
    assert player_ranks(dataset, AGE, pairs)[1:].tolist() == [0.5, 0.5]
    assert player_values(dataset, AGE, pairs) == [None, 40.0, 40.0]


@pytest.mark.parametrize(
    ("cell", "column", "value"),
    [
        (34.0, Column("age", "number", unit="years"), 34.0),
        (89.9, Column("price", "number", unit="€"), 89.9),
        (float("nan"), Column("age", "number"), None),
        ("Comedy|Drama", Column("genres", "set"), "Comedy|Drama"),
        ("", Column("genres", "set"), None),
        (None, Column("city", "category"), None),
        (" Ulm ", Column("city", "category"), "Ulm"),
        ("unknown", Column("city", "category"), "unknown"),
        ("u7", None, "u7"),
    ],
)
def test_values_are_what_the_cell_holds(cell, column, value):
    assert raw_value(cell, column) == value


def test_a_history_is_its_length():
    pairs = Pairs(np.array([0, 0, 0]), np.array([1, 1, 1]), np.array([[3, 5], [3, -1], [-1, -1]]))
    assert player_values(DATASET, HISTORY, pairs) == [2, 1, 0]
    assert player_values(DATASET, ITEM_5, pairs)[0] == "Thing number 5"
    assert with_id(DATASET, ITEM_5).key == "history:i5"
    assert with_id(DATASET, ITEM_ID) == ITEM_ID
    assert player_values(DATASET, ITEM_ID, pairs)[0] == "i1"
