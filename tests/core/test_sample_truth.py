"""The true explanation of the planted logit is the Shapley value by its definition."""

from __future__ import annotations

import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from recsys_core.data.sample import DOMAINS, PlantedTruth, explain_planted, planted_shapley
from recsys_core.data.sample.best import states
from recsys_core.data.sample.generate import Sample, SampleSize, draw_sample
from recsys_core.data.sample.truth import PlantedPairs

COMMITTED = Path(__file__).resolve().parents[2] / "sample_data"
PLAYERS = (
    *(f"user.{c}" for c in ("age", "gender", "income", "region", "device", "interest")),
    *(f"item.{c}" for c in ("category", "price", "brand", "rating", "colour", "title")),
    "history",
)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw_sample(DOMAINS["shop"], 5, SampleSize(n_users=300, n_items=400, impressions=40))


@pytest.fixture(scope="module")
def logged(sample: Sample) -> PlantedPairs:
    log = sample.log
    return states(sample.truth, *(log[c].to_numpy() for c in ("user", "item")), log["outcome"].to_numpy(bool))


def brute_force(truth: PlantedTruth, pair: PlantedPairs, background: PlantedPairs) -> np.ndarray:
    """Shapley values by their definition: all 2**13 coalitions of the whole logit, no structure used."""
    n = len(PLAYERS)
    inside = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    own = truth.values(pair)
    total = np.zeros(n)
    for row in range(len(background)):
        other = truth.values(background[[row]])
        mixed = {p: np.where(_shape(inside[:, PLAYERS.index(p)], own[p]), own[p], other[p]) for p in own}
        worth = truth.function(mixed)
        for i in range(n):
            without = np.flatnonzero(~inside[:, i])
            size = inside[without].sum(axis=1)
            weight = 1 / (n * np.array([comb(n - 1, k) for k in size]))
            total[i] += (weight * (worth[without | (1 << i)] - worth[without])).sum()
    return total / len(background)


def _logit(truth: PlantedTruth, pairs: PlantedPairs) -> np.ndarray:
    return truth.logit(pairs.user, pairs.item, pairs.history)


def _shape(mask: np.ndarray, like: np.ndarray) -> np.ndarray:
    return mask.reshape(-1, *[1] * (like.ndim - 1))


def test_planted_shapley_equals_the_definition_so_explaining_the_truth_correlates_fully(sample, logged):
    pairs, background = logged[np.array([50, 999, 3210, 7000])], logged[np.array([11, 5000])]
    exact = planted_shapley(sample.truth, pairs, background)
    slow = np.array([brute_force(sample.truth, pairs[[i]], background) for i in range(len(pairs))])
    np.testing.assert_allclose(exact, slow, atol=1e-9)
    for a, b in zip(exact, slow, strict=True):
        assert spearmanr(a.round(9), b.round(9)).statistic == pytest.approx(1)


def test_planted_shapley_by_hand_where_one_player_differs(sample, logged):
    truth, pair = sample.truth, logged[np.array([40])]
    same_brand = {p: v.copy() for p, v in truth.columns.items()}
    other = PlantedPairs(pair.user, np.array([0 if pair.item[0] else 1]), pair.history)
    for player in ("item.category", "item.price", "item.rating", "item.title"):
        same_brand[player][other.item] = same_brand[player][pair.item]
    same_brand["item.brand"][other.item] = (same_brand["item.brand"][pair.item] + 1) % 15
    changed = replace(truth, columns=same_brand)
    values = explain_planted(changed, pair, other)
    assert values["item.brand"] == pytest.approx(_logit(changed, pair) - _logit(changed, other))
    assert all(v == 0 for p, v in values.items() if p != "item.brand")


def test_planted_shapley_adds_up_and_gives_nothing_to_columns_without_effect(sample, logged):
    rng = np.random.default_rng(0)
    pairs, background = (logged[rng.choice(len(logged), n, replace=False)] for n in (100, 8))
    values = explain_planted(sample.truth, pairs, background)
    assert tuple(values) == PLAYERS
    expected = _logit(sample.truth, pairs) - _logit(sample.truth, background).mean()
    np.testing.assert_allclose(sum(values.values()), expected, atol=1e-9)
    for player in ("user.gender", "user.device", "item.colour"):
        assert not values[player].any()


def test_chunks_do_not_change_the_values(sample, logged, monkeypatch):
    pairs, background = logged[np.arange(7)], logged[np.arange(100, 103)]
    whole = planted_shapley(sample.truth, pairs, background)
    monkeypatch.setattr("recsys_core.data.sample.shapley.CHUNK", 6)
    np.testing.assert_array_equal(planted_shapley(sample.truth, pairs, background), whole)


def test_truth_json_names_what_matters_and_what_does_not():
    about = json.loads((COMMITTED / "shop" / "truth.json").read_text())
    assert about["columns_without_effect"] == ["user.gender", "user.device", "item.colour"]
    assert about["sensitive_without_effect"] == "user.gender"
    assert about["under_served"]["column"] == "user.region"
    assert about["under_served"]["value"] == "islands"
    assert about["under_served"]["kind"] == "slope"
    assert sorted(about["ranking"]) == sorted(PLAYERS)
    strength = [about["importance"][p] for p in about["ranking"]]
    assert strength == sorted(strength, reverse=True)
    assert {p for p, v in about["importance"].items() if v == 0} == set(about["columns_without_effect"])
    together = [set(i["players"]) for i in about["interactions"]]
    assert {"user.age", "item.category"} in together
    assert {"user.income", "item.price"} in together
