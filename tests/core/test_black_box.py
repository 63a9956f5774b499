"""Games of models that only score rows: our ranker's equal the factorised ones, a formula's are worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from hypothesis import given, settings
from hypothesis import strategies as st
from term_workspace import random_term

from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import quantise_ranker
from recsys_core.data.known import KnownItems
from recsys_core.explain.black_box import BlackBoxGames, MixedRows, RankerRows, TableModel
from recsys_core.explain.explain import explain
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.shapley import solve
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, Player
from recsys_core.variant import ModelVariant

DATASET = tiny_dataset()
DATASET.users.loc[[0, 3], "age"] = np.nan
DATASET.users.loc[[1, 3], "city"] = None
DATASET.items.loc[[2, 5], "genres"] = None
DATASET.items.loc[[4], "price"] = np.nan
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
WITH_TERM = SCORER.with_term(random_term(DATASET.n_items))
SCORERS = {"network": SCORER, "with a term": WITH_TERM}
PAIR = Pairs(
    np.array([3]), np.array([4]), np.array([[7, 3, 7, 9, -1]]), KnownItems.of([[7, 3, 9, 12, 15]], DATASET.n_items)
)
ROWS = with_known(random_pairs(DATASET, 4, seed=2), DATASET.n_items)


@pytest.mark.parametrize("history", ["one", "each"])
@pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)
def test_any_mask_has_the_factorised_value(scorer, history):
    """Groups of every kind (ids, text, category, ordered, number, set), missing cells, an item taken twice."""
    fast, slow = (make(scorer, PAIR, ROWS, history) for make in (factorised, black_box))
    assert fast.players == slow.players
    assert {g.kind for g in FEATURES.groups} == {"id", "category", "number", "set", "text"}

    @settings(deadline=None, max_examples=25)
    @given(st.lists(st.lists(st.booleans(), min_size=len(fast.players), max_size=len(fast.players)), min_size=1))
    def equal(masks):
        masks = np.array(masks)
        assert slow.values(masks) == pytest.approx(fast.values(masks), abs=1e-5)

    equal()


@pytest.mark.parametrize("history", ["one", "each"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)
def test_any_pair_has_the_factorised_values(scorer, history, seed):
    """Among them users without history, and rows that hold the pair's own values."""
    pair = with_known(random_pairs(DATASET, 1, seed=seed, length=4), DATASET.n_items)
    rows = with_known(random_pairs(DATASET, 5, seed=20 + seed), DATASET.n_items)[np.array([0, 1, 2, 3, 4, 0])]
    rows = replace(rows, users=np.append(rows.users[:5], pair.users))
    fast, slow = (make(scorer, pair, rows, history) for make in (factorised, black_box))
    assert (slow.differs == fast.differs).all()
    assert (slow.weights == fast.weights).all()
    masks = np.random.default_rng(seed).random((50, len(fast.players))) < 0.5
    assert slow.values(masks) == pytest.approx(fast.values(masks), abs=1e-5)


@pytest.mark.parametrize("term", [None, WITH_TERM.term.stored(8)], ids=SCORERS)
def test_a_quantised_variant_has_the_factorised_values_too(term):
    """Made-up rows are stored and scored as the variant's own: four bits, on ONNX Runtime."""
    network = OnnxScorer(quantise_ranker(SCORER.ranker, 4), FEATURES, variant=ModelVariant.compressed(bits=4))
    scorer = network.with_term(term)
    fast, slow = (make(scorer, PAIR, ROWS) for make in (factorised, black_box))
    masks = np.random.default_rng(0).random((50, len(fast.players))) < 0.5
    assert slow.values(masks) == pytest.approx(fast.values(masks), abs=1e-5)
    other = SCORER if term is None else WITH_TERM
    assert np.abs(fast.values(masks) - factorised(other, PAIR, ROWS).values(masks)).max() > 1e-3


def factorised(scorer, pair, rows, history="one"):
    return FactorisedGames(scorer, pair, rows, history=history)


def black_box(scorer, pair, rows, history="one"):
    return BlackBoxGames(RankerRows(scorer), pair, rows, history=history)


@pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)
def test_shapley_and_owen_values_are_the_same_by_either_way(scorer):
    pairs = with_known(random_pairs(DATASET, 2, seed=8), DATASET.n_items, seed=1)
    fast, slow = (solve(make(scorer, pairs, ROWS[:2])) for make in (factorised, black_box))
    assert slow.contributions == pytest.approx(fast.contributions, abs=1e-5)
    assert slow.base_values == pytest.approx(fast.base_values, abs=1e-5)
    shares = [
        owen_attribution(make(scorer, PAIR, ROWS[:1], "each"), make(scorer, PAIR, ROWS[:1])).contributions
        for make in (factorised, black_box)
    ]
    assert shares[1] == pytest.approx(shares[0], abs=1e-5)


def test_sampled_walks_are_the_same_by_either_way():
    fast, slow = (
        solve(make(SCORER, PAIR, ROWS[:2]), seed=3, max_exact=2, orderings=8) for make in (factorised, black_box)
    )
    assert slow.contributions == pytest.approx(fast.contributions, abs=1e-5)
    assert slow.standard_error == pytest.approx(fast.standard_error, abs=1e-5)


def price_for_the_young(table: pd.DataFrame) -> np.ndarray:
    """``-price / 10``, twice that below forty, plus a tenth for each item taken before."""
    young = table["user.age"].to_numpy() < 40
    return -table["item.price"].to_numpy() / 10 * np.where(young, 2, 1) + 0.1 * table["history"].map(len).to_numpy()


def test_a_function_of_a_table_is_explained_by_hand():
    data = tiny_dataset()
    data.users["age"] = np.arange(data.n_users) * 10.0
    data.items["price"] = np.arange(data.n_items) * 10.0
    columns = (Player("user", "age"), Player("user", "city"), Player("item", "price"))
    model = TableModel(data, price_for_the_young, columns=columns)
    pair, row = (Pairs(np.array([u]), np.array([i]), np.array([h])) for u, i, h in ((1, 3, [5, 6]), (6, 1, [7, -1])))
    games = BlackBoxGames(model, pair, row)
    assert games.players == (*columns[:2], HISTORY, columns[2])
    # from 60 years and price 10 (-1) to 10 years and price 30 (-6), history of one to two
    found = solve(games)
    assert found.base_values[0] == pytest.approx(-0.9)
    assert found.contributions[0] == pytest.approx([(-1 - 3) / 2, 0.0, 0.1, (-2 - 4) / 2])
    each = BlackBoxGames(model, pair, row, history="each")
    assert [p.item_index for p in each.players[2:4]] == [5, 6]
    shares = owen_attribution(each, games).contributions
    assert shares[2:4] == pytest.approx([0.05, 0.05])


def test_a_model_of_ones_own_is_explained_like_ours():
    data = tiny_dataset()
    columns = (Player("user", "age"), Player("item", "price"))
    model = TableModel(data, price_for_the_young, columns=columns)
    pair, rows = random_pairs(data, 1, seed=1), random_pairs(data, 3, seed=2)
    found = explain(model, data, pair, rows)
    assert [c.feature for c in found.contributions] == ["user.age", "history", "item.price"]
    assert found.score == pytest.approx(price_for_the_young(model.table(MixedRows.of(model.players, pair)))[0])
    assert found.completeness_gap == pytest.approx(0, abs=1e-9)
    assert found.variant.is_dense


def test_a_table_holds_cells_as_the_dataset_does():
    seen = []
    games = BlackBoxGames(
        TableModel(DATASET, lambda table: seen.append(table) or np.zeros(len(table))), PAIR, ROWS[1:2]
    )
    assert [p.key for p in games.players] == [
        *("user_id", "user.age", "user.city", "user.income", "history"),
        *("item_id", "item.title", "item.price", "item.genres", "item.brand"),
    ]
    games.values(np.arange(10)[None] % 2 == 0)
    (cells,) = seen[0].to_dict("records")
    user, item = DATASET.users.iloc[int(ROWS.users[1])], DATASET.items.iloc[int(ROWS.items[1])]
    assert (cells["user_id"], cells["item_id"]) == ("u3", item["item_id"])
    assert pd.isna(cells["user.city"]), "the example's own city is missing"
    for key, row in (("user.age", user), ("user.income", user), ("item.price", item), ("item.brand", item)):
        assert cells[key] == row[key.split(".")[1]]
    assert cells["item.title"] == "Thing number 4"
    assert cells["history"] == ("i7", "i3", "i7", "i9")
    assert games.n_evaluations == 1
