"""Contrast: the difference game by hand, by brute force, by shap; turned round; what an item lacks to enter a list."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from explain_model import plain_value, random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from term_workspace import random_term

from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.explain.black_box import RankerRows, TableModel
from recsys_core.explain.contrast import contrast, difference_game, entry_gap, next_to
from recsys_core.explain.method import games_of
from recsys_core.explain.methods.shap import shap_attribution
from recsys_core.explain.probability_games import in_units
from recsys_core.explain.shapley import solve
from recsys_core.metrics import logistic
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, Player
from recsys_core.recommend import UserScores
from recsys_core.results.contrast import Contrast

DATASET = tiny_dataset()
N_ITEMS = DATASET.n_items
FEATURES = tiny_features(DATASET).without({"user.city", "item.genres", "item.brand"})
NETWORK = random_scorer(FEATURES)
SCORER = NETWORK.with_term(random_term(N_ITEMS))
WIDE_DATASET = tiny_dataset(extra=4)  # 18 reasons: orderings are drawn
WIDE = random_scorer(tiny_features(WIDE_DATASET), seed=4).with_term(random_term(N_ITEMS))
ROWS = with_known(random_pairs(DATASET, 4, seed=2), N_ITEMS, earlier=8)
KNOWN = [7, 3, 9, 12, 15]  # the first three are read by attention


def pair_of(*items: int, known: list[int] = KNOWN, user: int = 2) -> Pairs:
    n = len(items)
    history = np.array([[*known[:3], *[-1] * (4 - len(known[:3]))]] * n)
    return Pairs(np.full(n, user), np.array(items), history, KnownItems.of([known] * n, N_ITEMS))


def score(scorer, pairs: Pairs) -> np.ndarray:
    return scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)


def by_feature(found: Contrast) -> dict[str, float]:
    return {c.feature: c.contribution for c in found.contributions}


def test_a_formula_is_contrasted_by_hand():
    """``price / 10``, doubled for the young: two products for one young user, against an old user and another price."""
    data = tiny_dataset()
    data.users["age"], data.items["price"] = np.arange(data.n_users) * 10.0, np.arange(data.n_items) * 10.0

    def formula(table):
        young = np.where(table["user.age"].to_numpy() < 40, 2, 1)
        return young * table["item.price"].to_numpy() / 10 + 0.1 * table["history"].map(len).to_numpy()

    model = TableModel(data, formula, columns=(Player("user", "age"), Player("item", "price")))
    pairs = Pairs(np.array([1, 1]), np.array([5, 2]), np.array([[5, 6], [5, 6]]))
    row = Pairs(np.array([6]), np.array([4]), np.array([[7, -1]]))
    found = contrast(model, data, pairs, row)
    # d: nothing 0; young alone 0; price alone 5 - 2 = 3; both 10 - 4 = 6; the history adds as much to both
    assert by_feature(found) == pytest.approx({"user.age": 1.5, "history": 0.0, "item.price": 4.5})
    assert found.score_difference == pytest.approx(6.0)
    assert (found.item_id, found.against_id, found.exact) == ("i5", "i2", True)
    price = found.contributions[-1]
    assert (price.value, price.value_against, price.unit) == (50.0, 20.0, "€")


def brute_force(scorer, first: Pairs, second: Pairs, row: Pairs, keys: list[str]) -> dict[str, float]:
    """Shapley values of the difference over every order of the players, each value by the plain forward."""
    worth = {}
    for bits in range(2 ** len(keys)):
        chosen = {k for i, k in enumerate(keys) if bits >> i & 1}
        worth[frozenset(chosen)] = plain_value(scorer, first, row, chosen) - plain_value(scorer, second, row, chosen)
    total, orders = dict.fromkeys(keys, 0.0), list(permutations(keys))
    for order in orders:
        for at, key in enumerate(order):
            total[key] += worth[frozenset(order[: at + 1])] - worth[frozenset(order[:at])]
    return {key: value / len(orders) for key, value in total.items()}


def test_it_is_the_shapley_value_of_the_difference_over_every_order():
    keys = [p.key for p in NETWORK.features.players]
    assert len(keys) == 7
    for first, second in ((4, 11), (9, 0)):
        expected = brute_force(NETWORK, pair_of(first), pair_of(second), ROWS[1:2], keys)
        found = contrast(NETWORK, DATASET, pair_of(first, second), ROWS[1:2])
        assert by_feature(found) == pytest.approx(expected, abs=1e-5)
        assert max(abs(v) for v in expected.values()) > 0.3


@pytest.mark.parametrize("scorer", [SCORER, RankerRows(SCORER)], ids=["factorised", "black box"])
@pytest.mark.parametrize("units", ["logit", "probability"])
def test_it_is_the_difference_of_two_explanations_but_for_the_history(scorer, units):
    """By linearity; the history holds also what the background's positives say of one item more than of the other."""
    pairs = pair_of(4, 11)
    found = contrast(scorer, DATASET, pairs, ROWS, units=units)
    alone = [solve(in_units(games_of(scorer, pairs[i : i + 1], ROWS), units)) for i in (0, 1)]
    differences = alone[0].contributions[0] - alone[1].contributions[0]
    expected = {player.key: value for player, value in zip(alone[0].players, differences.tolist(), strict=True)}
    bases = alone[0].base_values[0] - alone[1].base_values[0]
    assert abs(bases) > 0.02, "the term's rows speak for one item more"
    expected["history"] += bases
    assert by_feature(found) == pytest.approx(expected, abs=1e-5)
    logits = score(SCORER, pairs).astype(float)
    difference = logits[0] - logits[1] if units == "logit" else np.diff(logistic(logits[::-1]))[0]
    assert found.score_difference == pytest.approx(difference, abs=1e-6)
    assert abs(found.completeness_gap) < 1e-5


def test_without_a_term_both_start_from_the_same():
    game = difference_game(NETWORK, pair_of(4, 11), ROWS)
    assert np.abs(game.values(np.zeros((1, len(game.players))))).max() == 0


@pytest.mark.parametrize("units", ["logit", "probability"])
def test_shap_finds_the_same_on_the_difference_function(units):
    game = difference_game(SCORER, pair_of(4, 11), ROWS, units=units)
    theirs, ours = shap_attribution(game), solve(game)
    assert theirs.contributions == pytest.approx(ours.contributions[0], abs=1e-5)
    found = contrast(SCORER, DATASET, pair_of(4, 11), ROWS, units=units)
    expected = dict(zip((p.key for p in game.players), theirs.contributions, strict=True))
    expected["history"] += theirs.base_value
    assert by_feature(found) == pytest.approx(expected, abs=1e-5)


def test_the_terms_part_of_an_item_of_the_history_is_its_own_entry():
    """Two items of the history, by hand: 2 * (0.5 - 0.1) and 2 * (-0.2 - 0); what the rows' items add falls out."""
    weights = np.zeros((N_ITEMS, N_ITEMS), dtype=np.float32)
    weights[[7, 3, 9], 4] = 0.5, -0.2, 0.3
    weights[7, 11] = 0.1
    scorer = NETWORK.with_term(ItemItemTerm(2.0, 1.0, csr_array(weights), 3))
    pairs = pair_of(4, 11, known=[7, 3])
    rows = replace(ROWS[:2], known=KnownItems.of([[9, 1], []], N_ITEMS))
    for history, expected in (("one", {"history": 0.4}), ("each", {"history:i7": 0.8, "history:i3": -0.4})):
        with_term, without = (by_feature(contrast(s, DATASET, pairs, rows, history=history)) for s in (scorer, NETWORK))
        added = {name: with_term[name] - without[name] for name in with_term}
        assert added == pytest.approx({name: expected.get(name, 0.0) for name in added}, abs=1e-5)


@pytest.mark.parametrize("units", ["logit", "probability"])
def test_items_of_the_history_share_what_the_history_adds(units):
    whole, each = (contrast(SCORER, DATASET, pair_of(4, 11), ROWS, history=h, units=units) for h in ("one", "each"))
    parts = [c.contribution for c in each.contributions if c.player.side == "history"]
    assert len(parts) == 4, "three items that attention reads, and the earlier ones"
    assert sum(parts) == pytest.approx(by_feature(whole)["history"], abs=1e-5)
    others = {k: v for k, v in by_feature(whole).items() if k != HISTORY.key}
    assert {k: by_feature(each)[k] for k in others} == pytest.approx(others, abs=1e-5)


def turned(found: Contrast) -> dict[str, float]:
    return {feature: -value for feature, value in by_feature(found).items()}


@settings(deadline=None, max_examples=15)
@given(
    *(st.integers(0, N_ITEMS - 1) for _ in range(2)),
    st.lists(st.integers(0, N_ITEMS - 1), unique=True, max_size=6),
    st.sampled_from(["one", "each"]),
    st.sampled_from(["logit", "probability"]),
)
def test_turned_round_it_changes_sign_and_sums_to_the_difference(first, second, known, history, units):
    for scorer, data in ((SCORER, DATASET), (WIDE, WIDE_DATASET)):
        pairs = pair_of(first, second, known=known)
        ahead, back = (
            contrast(scorer, data, p, ROWS[:2], history=history, units=units) for p in (pairs, pairs[np.array([1, 0])])
        )
        assert by_feature(ahead) == turned(back), "to the last digit, also where orderings are drawn"
        assert abs(ahead.completeness_gap) < 1e-5
        assert ahead.score_difference == -back.score_difference
        assert [c.value for c in ahead.contributions] == [c.value_against for c in back.contributions]
        if first == second:
            assert set(by_feature(ahead).values()) == {0.0}
            assert ahead.is_same_item


def test_drawn_orderings_are_shared_and_the_error_is_that_of_the_difference():
    """Common orderings: the error says how far off it is, and is smaller than that of two explanations apart."""
    pairs = pair_of(4, 11)
    exact = solve(difference_game(WIDE, pairs, ROWS), max_exact=18)
    drawn = [solve(difference_game(WIDE, pairs, ROWS), seed=s, max_exact=0, orderings=64) for s in range(30)]
    assert exact.exact.all()
    assert not drawn[0].exact.any()
    off = np.array([d.contributions[0] - exact.contributions[0] for d in drawn])
    said = np.sqrt(np.mean([d.standard_error[0] ** 2 for d in drawn], axis=0))
    assert np.sqrt((off**2).mean(0)) == pytest.approx(said, rel=0.5, abs=1e-6)
    apart = solve(difference_game(WIDE, pairs, ROWS).games, max_exact=0, orderings=64).standard_error
    assert said.sum() < np.sqrt((apart**2).sum(0)).sum()


def test_who_cannot_be_contrasted_is_told():
    with pytest.raises(ValueError, match="two items for one user"):
        contrast(SCORER, DATASET, pair_of(4), ROWS)
    with pytest.raises(ValueError, match="two items for one user"):
        contrast(SCORER, DATASET, replace(pair_of(4, 11), users=np.array([2, 3])), ROWS)
    for how in ({"history": "many"}, {"units": "points"}):
        with pytest.raises(SettingError) as caught:
            contrast(SCORER, DATASET, pair_of(4, 11), ROWS, **how)
        assert caught.value.key == "setting.choice"
    with pytest.raises(SettingError):
        contrast(SCORER, DATASET, pair_of(4, 11), ROWS[:0])


@pytest.mark.parametrize("rows", [ROWS[:1], pair_of(11)], ids=["one row", "the other item itself"])
def test_one_row_is_enough(rows):
    found = contrast(SCORER, DATASET, pair_of(4, 11, known=[]), rows)
    assert abs(found.completeness_gap) < 1e-5


def user_scores(scores: list[float], seen: tuple[int, ...] = ()) -> UserScores:
    n = len(scores)
    is_seen = np.isin(np.arange(n), seen)
    return UserScores(0, np.array(scores), is_seen, np.zeros(0, dtype=int), np.arange(n))


def test_what_an_item_outside_lacks_by_hand():
    of_user = user_scores([5.0, 4.0, 3.0, 1.0, 9.0, 3.0], seen=(4,))
    gap = entry_gap(of_user, 3, k=3)  # the list is 0, 1, 2
    assert (gap.needed, gap.last_index, gap.k) == (2.0, 2, 3)
    tie = entry_gap(of_user, 5, k=3)
    assert (tie.needed, tie.last_index) == (0.0, 2)
    assert entry_gap(of_user, 2, k=3) is None, "on the list"
    assert entry_gap(of_user, 4, k=3) is None, "no candidate"
    assert entry_gap(of_user, 3, k=10) is None, "all are listed"
    with pytest.raises(SettingError):
        entry_gap(of_user, 3, k=0)


def test_the_item_next_to_another():
    of_user = user_scores([5.0, 4.0, 3.0, 1.0, 9.0], seen=(4,))
    found = {item: next_to(of_user, item, k=2) for item in range(5)}
    assert found == {0: 1, 1: 2, 2: 1, 3: 1, 4: 1}
    assert next_to(of_user, 3, k=10) == 2, "below the last candidate there is none: the one above it"
    assert next_to(user_scores([1.0, 2.0], seen=(1,)), 0) is None
    assert next_to(user_scores([1.0, 2.0], seen=(0, 1)), 0) is None
