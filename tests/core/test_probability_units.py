"""Shapley values of the probability itself: by hand, beside shap on the logistic of the score, and what must hold."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from hypothesis import given, settings
from hypothesis import strategies as st
from term_workspace import random_term

from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.explain.black_box import BlackBoxGames, RankerRows, TableModel
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.global_explanation import explain_globally
from recsys_core.explain.methods.shap import library
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.probability_games import check_units, in_units
from recsys_core.explain.shapley import solve
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Pairs
from recsys_core.player import Player
from recsys_core.results.units import UNITS

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
WITH_TERM = SCORER.with_term(random_term(DATASET.n_items))
ROWS = with_known(random_pairs(DATASET, 4, seed=2), DATASET.n_items)
PAIR = Pairs(
    np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]), KnownItems.of([[7, 3, 9, 12, 15]], DATASET.n_items)
)


def test_two_reasons_by_hand():
    """Logit ``2 (age > 40) + 1 (price < 20)`` for a pair that has both and a background row that has neither.

    Probabilities of no, the first, the second, both: 0.5, 0.8808, 0.7311, 0.9526. So the first is paid
    ((0.8808 - 0.5) + (0.9526 - 0.7311)) / 2 = 0.3012 and the second 0.1514; two thirds of the change would be 0.3017.
    """
    data = tiny_dataset(3, 3)
    data.users.loc[:, "age"] = [50.0, 30.0, 30.0]
    data.items.loc[:, "price"] = [10.0, 90.0, 90.0]
    age, price = Player("user", "age"), Player("item", "price")

    def score(table: pd.DataFrame) -> np.ndarray:
        return 2.0 * (table["user.age"] > 40) + 1.0 * (table["item.price"] < 20)

    model = TableModel(data, score, columns=(age, price))
    none = np.full((1, 2), -1)
    pair, row = Pairs(np.array([0]), np.array([0]), none), Pairs(np.array([1]), np.array([1]), none)
    found = explain(model, data, pair, row, units="probability")
    assert {c.feature: c.contribution for c in found.contributions} == pytest.approx(
        {"user.age": 0.30116, "history": 0.0, "item.price": 0.15142}, abs=1e-5
    )
    assert (found.base_value, found.score, found.logit) == pytest.approx((0.5, 0.95257, 3.0), abs=1e-5)
    assert found.probability == found.score
    without = {c.feature: (c.probability_without, c.logit_without) for c in found.contributions}
    assert without["user.age"] == pytest.approx((0.73106, 1.0), abs=1e-5)


@pytest.mark.parametrize("scorer", [SCORER, WITH_TERM], ids=["network", "with a term"])
@pytest.mark.parametrize("history", ["one", "each"])
def test_every_coalition_is_the_logistic_of_its_logit(scorer, history):
    for make in (lambda: FactorisedGames(scorer, PAIR, ROWS, history=history), lambda: _black_box(scorer, history)):
        logits, games = make(), in_units(make(), "probability")
        assert in_units(logits, "logit") is logits
        rng = np.random.default_rng(0)
        masks = rng.random((20, len(games.players))) < 0.5
        assert games.values(masks) == pytest.approx(logistic(logits.values(masks)), abs=1e-12)
        assert games.mean_values(masks) == pytest.approx(games.weights @ logistic(logits.values(masks)), abs=1e-12)
        batch = next(games.batches(20))
        every = games.all_values(batch)
        assert every == pytest.approx(logistic(logits.all_values(batch)), abs=1e-12)
        assert (every.min() >= 0, every.max() <= 1) == (True, True)
        same, apart = games.apart()
        assert same is games
        assert (apart == 0).all(), "in a probability nothing of the term is apart"
        assert games.n_evaluations > 0


def _black_box(scorer, history: str) -> BlackBoxGames:
    return BlackBoxGames(RankerRows(scorer), PAIR, ROWS, history=history)


@pytest.mark.parametrize("scorer", [SCORER, WITH_TERM], ids=["network", "with a term"])
def test_shap_finds_the_same_on_the_logistic_of_the_score(scorer):
    games = FactorisedGames(scorer, PAIR, ROWS)
    n = len(games.players)
    shap = library()
    explainer = shap.ExactExplainer(
        lambda masks: games.weights @ logistic(games.values(masks.astype(bool))),
        shap.maskers.Independent(np.zeros((1, n))),
    )
    expected = explainer(np.ones((1, n)), batch_size=2**n, silent=True)
    found = explain(scorer, DATASET, PAIR, ROWS, units="probability")
    assert [c.contribution for c in found.contributions] == pytest.approx(expected.values[0], abs=1e-6)
    assert found.base_value == pytest.approx(expected.base_values[0], abs=1e-6)
    logits = explain(scorer, DATASET, PAIR, ROWS)
    scaled = [c.contribution * (found.score - found.base_value) / (logits.score - logits.base_value)
              for c in logits.contributions]  # fmt: skip
    assert np.abs(np.subtract(scaled, expected.values[0])).max() > 0.005, "not logits rescaled"


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 11), st.integers(0, 19), st.integers(1, 5), st.sampled_from([SCORER, WITH_TERM]), st.integers(0, 9)
)
def test_base_and_contributions_sum_to_the_probability(user, item, n_rows, scorer, seed):
    pair = with_known(random_pairs(DATASET, 1, seed=seed), DATASET.n_items, seed=seed)
    pair = Pairs(np.array([user]), np.array([item]), pair.histories, pair.known)
    rows = with_known(random_pairs(DATASET, n_rows, seed=seed + 1), DATASET.n_items)
    for history in ("one", "each"):
        found = explain(scorer, DATASET, pair, rows, history=history, units="probability")
        assert abs(found.completeness_gap) < 1e-6
        assert 0 <= found.base_value <= 1
        assert found.score == pytest.approx(float(logistic(np.array(found.logit))))


def test_owen_values_of_probabilities_share_the_historys_out_exactly_and_when_drawn():
    games = in_units(FactorisedGames(WITH_TERM, PAIR, ROWS, history="each"), "probability")
    whole = in_units(FactorisedGames(WITH_TERM, PAIR, ROWS), "probability")
    bar = solve(whole).contributions[0, whole.first_history]
    exact = owen_attribution(games, whole, max_exact=16)
    items = slice(games.first_history, games.first_history + games.n_history)
    assert exact.exact
    assert exact.contributions[items].sum() == pytest.approx(bar, abs=1e-9)
    drawn = owen_attribution(games, whole, max_exact=0, evaluations=40_000, seed=1)
    assert drawn.contributions[items].sum() == pytest.approx(bar, abs=1e-9)
    error = np.abs(drawn.contributions - exact.contributions)
    assert (error <= 5 * drawn.standard_error + 1e-9).all()


def test_sampled_values_of_many_reasons_sum_and_stay_within_their_error():
    data = tiny_dataset(extra=26)
    scorer = random_scorer(tiny_features(data))
    pair, rows = random_pairs(data, 1, seed=5), random_pairs(data, 2, seed=6)
    found = explain(scorer, data, pair, rows, units="probability")
    assert len(found.contributions) >= 60
    assert not found.exact
    assert abs(found.completeness_gap) < 1e-6
    games = in_units(FactorisedGames(scorer, pair, rows), "probability")
    more = solve(games, orderings=4000, seed=9)
    error = np.hypot([c.standard_error for c in found.contributions], more.standard_error[0])
    gap = np.abs([c.contribution for c in found.contributions] - more.contributions[0])
    assert (gap <= 5 * error + 1e-9).all()


def test_by_definition_over_all_orders():
    few = FEATURES.without({"user.city", "user.income", "item.genres", "item.brand", "user_id", "item_id"})
    scorer = random_scorer(few)
    games = FactorisedGames(scorer, PAIR, ROWS)
    n = len(games.players)
    expected, orders = np.zeros(n), list(permutations(range(n)))
    for order in orders:
        masks = np.zeros((n + 1, n), dtype=bool)
        for at, player in enumerate(order):
            masks[at + 1 :, player] = True
        values = games.weights @ logistic(games.values(masks))
        expected[list(order)] += np.diff(values)
    found = explain(scorer, DATASET, PAIR, ROWS, units="probability")
    assert [c.contribution for c in found.contributions] == pytest.approx(expected / len(orders), abs=1e-6)


def test_global_sizes_are_those_of_the_single_explanations():
    pairs = with_known(random_pairs(DATASET, 4, seed=7), DATASET.n_items)
    found = explain_globally(WITH_TERM, DATASET, pairs, ROWS, units="probability")
    assert found.units == "probability"
    for i in range(len(pairs)):
        one = solve(in_units(FactorisedGames(WITH_TERM, pairs[i : i + 1], ROWS), "probability"))
        assert found.contributions[i].sum() == pytest.approx(one.contributions[0].sum(), abs=1e-6)
        assert found.contributions[i] == pytest.approx(one.contributions[0], abs=0.05)


def test_units_that_are_none_and_ratings_are_refused_in_words():
    with pytest.raises(SettingError, match="units must be one of logit, probability, got 'points'"):
        explain(SCORER, DATASET, PAIR, ROWS, units="points")
    check_units("logit", "rating")
    with pytest.raises(SettingError, match="no probability"):
        check_units("probability", "rating")
    for units in UNITS:
        check_units(units, "like")
