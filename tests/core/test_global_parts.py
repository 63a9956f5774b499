"""Partial dependence against scikit-learn's, interactions against planted ones, permutation importance by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from scipy.stats import ttest_ind
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence as sklearn_partial_dependence
from sklearn.inspection import permutation_importance as sklearn_permutation_importance
from sklearn.metrics import roc_auc_score
from term_workspace import random_term, small_term

from recsys_core.compare.permutation_importance import (
    N_REPEATS,
    _PairParts,
    _pairs,
    disagreements,
    permutation_importance,
)
from recsys_core.data.schema import Column, stored_name
from recsys_core.explain.global_explanation import explain_globally
from recsys_core.explain.interactions import interactions
from recsys_core.explain.partial_dependence import grid_values, partial_dependence
from recsys_core.explain.size_differences import size_differences
from recsys_core.metrics import logistic
from recsys_core.models.evaluation import evaluate
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.workspace import open_model
from recsys_core.player import HISTORY, ITEM_ID, Player
from recsys_core.results.global_parts import MetricDrops, PermutationImportance

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 40, seed=1)


class EditedRows(RegressorMixin, BaseEstimator):
    """A regressor for scikit-learn: column 0 is a pair's number, column 1 what its user (item) holds instead."""

    def __init__(self, scorer: Scorer, pairs: Pairs, player: Player) -> None:
        self.scorer, self.pairs, self.player = scorer, pairs, player
        self.fitted_ = True

    def fit(self, table, y=None):
        return self

    def predict(self, table: pd.DataFrame) -> np.ndarray:
        """Every row with a user (item) of its own behind those that are there, scored like any other pair."""
        side, pairs = self.player.side, self.pairs[table["pair"].to_numpy().astype(int)]
        own, frame = (pairs.users, DATASET.users) if side == "user" else (pairs.items, DATASET.items)
        rows = frame.iloc[own].reset_index(drop=True).assign(**{f"{side}_id": [f"new {i}" for i in range(len(own))]})
        rows[stored_name(self.player.column)] = table["value"].to_numpy()
        features = self.scorer.features
        texts = {g.key: features.tables[g.key][own] for g in features.side(side) if g.kind == "text"}
        ids = {g.key: features.tables[g.key][own] for g in features.side(side) if g.kind == "id"}
        grown = features.with_rows(side, rows, texts=texts)
        n = features.n_rows(side)
        tables = {k: np.concatenate([t[:n], ids[k]]) if k in ids else t for k, t in grown.tables.items()}
        scorer = self.scorer.with_term(None).with_features(replace(grown, tables=tables))
        new = n + np.arange(len(own))
        users, items = (new, pairs.items) if side == "user" else (pairs.users, new)
        logits = scorer.score_pairs(users, items, pairs.histories)
        return logits if self.scorer.term is None else logits + self.scorer.term.pairs(pairs.items, pairs.known)


@pytest.mark.parametrize("key", ["user.age", "user.city", "user.income", "item.price", "item.brand", "item.genres"])
@pytest.mark.parametrize("with_term", [False, True])
def test_partial_dependence_is_scikit_learns(key, with_term):
    player, scorer, pairs = Player.parse(key), SCORER, PAIRS
    if with_term:
        scorer, pairs = SCORER.with_term(random_term(DATASET.n_items, seed=3)), with_known(PAIRS, DATASET.n_items)
    found = partial_dependence(scorer, DATASET, pairs, player)
    assert found.values == grid_values(DATASET, player)
    frame, rows = (DATASET.users, pairs.users) if player.side == "user" else (DATASET.items, pairs.items)
    table = pd.DataFrame({"pair": np.arange(len(pairs)), "value": frame[player.column].iloc[rows].to_numpy()})
    grid = np.array(found.values, dtype=float if key in ("user.age", "item.price") else object)
    theirs = sklearn_partial_dependence(
        EditedRows(scorer, pairs, player),
        table,
        ["value"],
        kind="both",
        method="brute",
        custom_values={"value": grid},
        categorical_features=None if grid.dtype == float else ["value"],
    )
    assert theirs["grid_values"][0].tolist() == list(found.values)
    np.testing.assert_allclose(found.logits, theirs["individual"][0], atol=2e-5)
    np.testing.assert_allclose(found.mean(), theirs["average"][0], atol=2e-5)
    assert found.mean("probability") == pytest.approx(logistic(found.logits).mean(0))


def test_what_has_no_values_one_by_one_and_columns_that_say_nothing():
    assert partial_dependence(SCORER, DATASET, PAIRS, HISTORY) is None
    assert partial_dependence(SCORER, DATASET, PAIRS, ITEM_ID) is None
    assert partial_dependence(SCORER, DATASET, PAIRS, Player("item", "title")) is None
    assert partial_dependence(SCORER, DATASET, PAIRS, Player("user", "gone")) is None
    one = replace(DATASET, users=DATASET.users.assign(city="Ulm", age=np.nan))
    scorer = random_scorer(tiny_features(one))
    assert partial_dependence(scorer, one, PAIRS, Player("user", "age")) is None, "a column without a value is none"
    assert partial_dependence(scorer, one, PAIRS, Player("user", "city")).logits.shape == (40, 1)
    few = partial_dependence(SCORER, DATASET, random_pairs(DATASET, 300), Player("user", "age"), seed=4)
    again = partial_dependence(SCORER, DATASET, random_pairs(DATASET, 300), Player("user", "age"), seed=4)
    assert (few.n_pairs, few.n_candidates) == (200, 300)
    assert few.logits.tolist() == again.logits.tolist()


def planted(contribution, n: int = 600, seed: int = 0):
    """A global explanation whose reasons add what ``contribution(users, items)`` says, over random pairs."""
    dataset = tiny_dataset(200, 200, seed=seed)
    pairs = random_pairs(dataset, n, seed=seed)
    scorer = random_scorer(tiny_features(dataset))
    found = explain_globally(scorer, dataset, pairs[:3], random_pairs(dataset, 2))
    values = {p: _cells(dataset, p, pairs) for p in found.players}
    users, items = (
        frame.iloc[rows].reset_index(drop=True)
        for frame, rows in ((dataset.users, pairs.users), (dataset.items, pairs.items))
    )
    table = np.zeros((n, len(found.players)))
    table[:, found.players.index(Player("user", "age"))] = contribution(users, items)
    return dataset, replace(found, contributions=table, values=values, pairs=pairs)


def _cells(dataset, player, pairs):
    from recsys_core.explain.player_values import player_values

    return player_values(dataset, player, pairs)


def test_the_planted_interaction_is_the_strongest_and_none_is_found_where_there_is_none():
    age = Player("user", "age")
    dataset, found = planted(lambda u, i: (u["age"] - 40) / 20 * np.where(i["brand"] == "Acme", 1.0, -1.0))
    best, second, *_ = interactions(dataset, found, age)
    assert best.player == Player("item", "brand")
    assert best.share > 0.9
    assert second.share < 0.1
    curved = planted(lambda u, i: np.where(u["age"] > 45, 1.0, -1.0) + u["age"] ** 2 / 1e3)
    assert max(x.share for x in interactions(*curved, age)) < 0.25, "a curve of the own value is no interaction"
    noise = planted(lambda u, i: np.random.default_rng(0).normal(size=len(u)))
    assert max(x.share for x in interactions(*noise, age)) < 0.06
    assert {x.share for x in interactions(*planted(lambda u, i: 0 * u["age"]), age)} == {0.0}
    assert interactions(dataset, found, Player("item", "title")) == ()
    assert HISTORY in {x.player for x in interactions(dataset, found, Player("user", "city"))}


@pytest.fixture(scope="module")
def shop(tiny_workspace: Path):
    return open_model(tiny_workspace)


def test_the_parts_give_the_scores_and_the_base_figures(shop):
    for scorer in (shop.dense, shop.dense.with_term(small_term(shop.split_dataset))):
        pairs, _ = _pairs(shop.split_dataset, None, 0)
        own = np.repeat(np.arange(len(pairs))[:, None], len(scorer.features.players), axis=1)
        scores = scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)
        assert _PairParts(scorer, pairs).scores(own) == pytest.approx(scores, abs=1e-5)
        found = permutation_importance(scorer, shop.split_dataset)
        whole = evaluate(scorer, shop.split_dataset)
        assert found.metrics["auc"].base == pytest.approx(whole.auc, abs=1e-9)
        assert found.metrics["ndcg@10"].base == pytest.approx(whole.ndcg, abs=1e-9)
        assert found.n_pairs == len(whole.pairs.label)
        assert len(found.metrics["auc"].drop) == len(found.metrics["ndcg@10"].drop) == len(found.players)


def test_it_is_scikit_learns_over_rows_that_a_person_could_write_down(shop):
    """The same shuffles of a table of raw values, scored by a model that looks each row up."""
    found = permutation_importance(shop.dense, shop.split_dataset, seed=3)
    pairs, label = _pairs(shop.split_dataset, None, 3)
    parts = _PairParts(shop.dense, pairs)

    class Model:
        def fit(self, *_):
            return self

    def auc(model, sources, y):
        return roc_auc_score(y, parts.scores(sources))

    sources = np.repeat(np.arange(len(pairs))[:, None], len(found.players), axis=1)
    from recsys_core.seeds import random_stream

    seed = int(random_stream(3, "shuffled reasons").integers(2**31))
    theirs = sklearn_permutation_importance(
        Model(), sources, label, scoring=auc, n_repeats=N_REPEATS, random_state=seed
    )
    drops = found.metrics["auc"]
    assert drops.drop == pytest.approx(theirs.importances_mean, abs=1e-9)
    assert (drops.low <= drops.drop + 1e-9).all()
    assert (drops.drop <= drops.high + 1e-9).all()


def test_a_shuffled_user_column_is_the_rows_of_other_users(shop):
    pairs, _ = _pairs(shop.split_dataset, None, 0)
    players = shop.dense.features.players
    parts, random = _PairParts(shop.dense, pairs), np.random.default_rng(0)
    own = np.repeat(np.arange(len(pairs))[:, None], len(players), axis=1)
    every = own.copy()
    other = random.permutation(len(pairs))
    for at in range(players.index(HISTORY)):
        every[:, at] = other
    scores = shop.dense.score_pairs(pairs.users[other], pairs.items, pairs.histories)
    assert parts.scores(every) == pytest.approx(scores, abs=1e-5)
    every = own.copy()
    every[:, players.index(HISTORY)] = other
    scores = shop.dense.score_pairs(pairs.users, pairs.items, pairs.histories[other])
    assert parts.scores(every) == pytest.approx(scores, abs=1e-5)


def test_some_users_alone_and_nobody(shop):
    users = shop.split_dataset.test_users[:8]
    found = permutation_importance(shop.dense, shop.split_dataset, users=users)
    assert found.metrics["ndcg@10"].n_users == 8
    ndcg = evaluate(shop.dense, shop.split_dataset, users=users).ndcg
    assert found.metrics["ndcg@10"].base == pytest.approx(ndcg)
    assert dict(permutation_importance(shop.dense, shop.split_dataset, users=users[:0]).metrics) == {}


def test_where_contributions_and_quality_disagree():
    found = explain_globally(SCORER, DATASET, PAIRS[:5], random_pairs(DATASET, 2))
    players, n = found.players, len(found.players)
    sizes = np.zeros(n)
    sizes[[0, 1, 2, 3]] = [5.0, 4.0, 0.1, 3.0]
    found = replace(found, mean_abs_contribution=sizes)
    found = replace(found, values={p: [1.0, 2.0] for p in players} | {players[3]: ["same", "same"]})
    drop = np.array([0.1, 0.002, 0.1] + [0.0] * (n - 3))
    drops = MetricDrops(0.8, drop, drop - 0.002, drop + 0.002, np.full(n, 0.001), 40)
    said = disagreements(found, PermutationImportance(players, {"auc": drops}, 10, N_REPEATS, 0, 0.0))
    assert [(d.player, d.kind) for d in said] == [(players[1], "leans"), (players[3], "same"), (players[2], "brings")]
    few = PermutationImportance(players, {"auc": replace(drops, n_users=5)}, 10, N_REPEATS, 0, 0.0)
    assert disagreements(found, few) == ()


def test_sixty_reasons():
    dataset = tiny_dataset(extra=26)
    scorer, pairs = random_scorer(tiny_features(dataset)), random_pairs(dataset, 30)
    assert len(scorer.features.players) == 62
    found = explain_globally(scorer, dataset, pairs, random_pairs(dataset, 2))
    assert len(interactions(dataset, found, Player("user", "more3"))) == 58
    assert partial_dependence(scorer, dataset, pairs, Player("item", "more25")).n_pairs == 30


def test_a_category_of_the_table_keeps_the_order_of_its_levels():
    assert grid_values(DATASET, Player("user", "income")) == ("low", "middle", "high")
    schema = replace(DATASET.schema, users=(*DATASET.schema.users, Column("gone", "number")))
    gone = replace(DATASET, schema=schema, users=DATASET.users.assign(gone=np.nan))
    assert grid_values(gone, Player("user", "gone")) == ()


def test_differences_of_sizes_are_welch_s():
    rng = np.random.default_rng(0)
    one = explain_globally(SCORER, DATASET, PAIRS[:5], random_pairs(DATASET, 2))
    n = len(one.players)
    first = replace(one, contributions=rng.normal(1, 1, (40, n)))
    second = replace(one, contributions=rng.normal(0, 2, (25, n)))
    for d in size_differences(first, second):
        i = one.players.index(d.player)
        theirs = ttest_ind(np.abs(first.contributions[:, i]), np.abs(second.contributions[:, i]), equal_var=False)
        ends = theirs.confidence_interval(1 - 0.05 / n)
        assert (d.low, d.high) == pytest.approx((ends.low, ends.high))
    assert not any(d.is_clear for d in size_differences(first, first))
    with pytest.raises(ValueError, match="other units"):
        size_differences(first, replace(second, units="probability"))
