"""Owen values of the history's items: against the definition, and what a sharing out must keep."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.owen import owen_attribution, owen_matrix
from recsys_core.explain.shapley import exact_shapley, solve
from recsys_core.models.scorer import Pairs

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET).without({"user.city", "item.genres", "item.brand"})
SCORER = random_scorer(FEATURES)
BACKGROUND = random_pairs(DATASET, 5, seed=2)
FEW = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 7, 9, -1]]))
MORE = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 9, 11, 13, 1]]))


def by_definition(values: np.ndarray, before: int, n_items: int, after: int) -> np.ndarray:
    """Mean gain over every ordering in which the items stand together."""
    n = before + n_items + after
    bits = 1 << np.arange(n)[::-1]
    groups = [*range(before), *range(before + n_items, n)]
    items, gains, n_orders = range(before, before + n_items), np.zeros(n_items), 0
    for outer in permutations([*groups, "items"]):
        for inner in permutations(items):
            inside, n_orders = 0, n_orders + 1
            for player in [p for o in outer for p in (inner if o == "items" else [o])]:
                then = inside | bits[player]
                if player in items:
                    gains[player - before] += values[then] - values[inside]
                inside = then
    return gains / n_orders


@st.composite
def unions(draw) -> tuple[np.ndarray, int, int, int]:
    before, n_items, after = draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.integers(0, 1))
    n = before + n_items + after
    return draw(arrays(np.float64, 2**n, elements=st.floats(-9, 9, width=32))), before, n_items, after


@given(unions())
@settings(max_examples=60, deadline=None)
def test_matrix_is_the_definition_and_shares_the_unions_value_out(game):
    values, before, n_items, after = game
    found = values @ owen_matrix(before, n_items, after)
    assert found == pytest.approx(by_definition(values, before, n_items, after), abs=1e-8)
    member = coalitions(before + n_items + after)
    inside = member[:, before : before + n_items]
    together = values[inside.all(1) | ~inside.any(1)]
    assert found.sum() == pytest.approx(exact_shapley(together)[before], abs=1e-8)


@given(st.integers(0, 2), arrays(np.float64, 4, elements=st.floats(-5, 5, width=32)))
@settings(max_examples=40, deadline=None)
def test_like_items_get_the_same_and_a_dummy_nothing(n_groups, of_size):
    """The value goes by how many of the first three items are in, and by the groups; the fourth is without effect."""
    member = coalitions(n_groups + 4)
    values = of_size[member[:, n_groups : n_groups + 3].sum(1)] * (1 + member[:, :n_groups].sum(1))
    found = values @ owen_matrix(n_groups, 4, 0)
    assert found[:3] == pytest.approx(np.full(3, found[0]), abs=1e-9)
    assert found[3] == pytest.approx(0, abs=1e-9)


def plain_owen(pair: Pairs) -> np.ndarray:
    """The internal game: a part of the history is worth its Shapley value among the groups (Owen 1977)."""
    games = FactorisedGames(SCORER, pair, BACKGROUND, history="each")
    first, n_items = games.first_history, games.n_history
    worth = []
    for part in coalitions(n_items):
        among = coalitions(len(games.players) - n_items + 1)
        masks = np.concatenate([among[:, :first], among[:, first : first + 1] & part, among[:, first + 1 :]], axis=1)
        worth.append(exact_shapley(games.mean_values(masks))[first] if part.any() else 0.0)
    return exact_shapley(np.array(worth))


@pytest.mark.parametrize("pair", [FEW, MORE], ids=["three items", "six items"])
def test_items_share_the_historys_bar(pair):
    one, each = (explain(SCORER, DATASET, pair, BACKGROUND, history=h) for h in ("one", "each"))
    bars = {c.feature: c.contribution for c in one.contributions}
    items = [c.contribution for c in each.contributions if c.feature.startswith("history:")]
    assert sum(items) == pytest.approx(bars["history"], abs=1e-6)
    others = {c.feature: c.contribution for c in each.contributions if not c.feature.startswith("history:")}
    assert others == pytest.approx({k: v for k, v in bars.items() if k != "history"}, abs=1e-9)
    assert each.base_value == one.base_value
    assert each.completeness_gap == pytest.approx(0, abs=1e-5)
    assert each.exact
    assert items == pytest.approx(plain_owen(pair), abs=1e-5)


def test_sampled_items_are_within_their_errors_and_sum_exactly():
    games = FactorisedGames(SCORER, MORE, BACKGROUND, history="each")
    found = owen_attribution(games, FactorisedGames(SCORER, MORE, BACKGROUND), max_exact=0, evaluations=1400)
    assert not found.exact
    at = games.first_history
    items = found.contributions[at : at + games.n_history]
    errors = found.standard_error[at : at + games.n_history]
    assert (errors > 0).all()
    assert (np.abs(items - plain_owen(MORE)) <= 4 * errors).all()
    bar = solve(FactorisedGames(SCORER, MORE, BACKGROUND)).contributions[0, at]
    assert items.sum() == pytest.approx(bar, abs=1e-9)
    assert (found.standard_error[[0, -1]] == 0).all(), "groups were solved exactly"


def test_errors_are_as_large_as_the_spread_over_seeds():
    games = FactorisedGames(SCORER, MORE, BACKGROUND, history="each")
    whole = FactorisedGames(SCORER, MORE, BACKGROUND)
    drawn = [owen_attribution(games, whole, seed=s, max_exact=0, evaluations=700) for s in range(80)]
    at = slice(games.first_history, games.first_history + games.n_history)
    spread = np.std([d.contributions[at] for d in drawn], axis=0, ddof=1)
    said = np.sqrt(np.mean([d.standard_error[at] ** 2 for d in drawn], axis=0))
    assert spread / said == pytest.approx(1, abs=0.35), spread / said


def test_the_same_seed_the_same_answer():
    games, whole = FactorisedGames(SCORER, MORE, BACKGROUND, history="each"), FactorisedGames(SCORER, MORE, BACKGROUND)
    first, again, other = (
        owen_attribution(games, whole, seed=s, max_exact=0, evaluations=700).contributions for s in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_one_item_is_the_history_and_none_leaves_one_reason():
    for history in ([[7, -1]], [[-1, -1]]):
        pair = Pairs(np.array([2]), np.array([4]), np.array(history))
        one, each = (explain(SCORER, DATASET, pair, BACKGROUND, history=h) for h in ("one", "each"))
        bar = next(c for c in one.contributions if c.feature == "history")
        item = next(c for c in each.contributions if c.feature.startswith("history"))
        assert item.contribution == pytest.approx(bar.contribution, abs=1e-6)
        assert item.probability_without == pytest.approx(bar.probability_without, abs=1e-6)


def test_without_an_item_means_out_of_the_history():
    each = explain(SCORER, DATASET, FEW, BACKGROUND, history="each", method="occlusion")
    for item in (7, 3, 9):
        left = np.where(FEW.histories == item, -1, FEW.histories)
        score = float(SCORER.score_pairs(FEW.users, FEW.items, left)[0])
        found = next(c for c in each.contributions if c.feature == f"history:i{item}")
        assert found.contribution == pytest.approx(each.score - score, abs=1e-5)
        assert found.probability_without == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-6)
