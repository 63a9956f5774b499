"""The game of one score against a plain second implementation, and what may not change its answer."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from explain_model import plain_value, random_pairs, random_scorer, tiny_dataset, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.compare import comparison_sample
from recsys_core.compare.comparison_sample import orderings_within
from recsys_core.errors import SettingError
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.shapley import (
    EXACT_PLAYERS,
    ORDERINGS,
    draw_walks,
    exact_contributions,
    exact_shapley,
    solve,
    solve_many,
    walk_coalitions,
)
from recsys_core.explain.value_function import MAX_ROWS
from recsys_core.models.scorer import Pairs, Scorer

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 30, seed=1)
BACKGROUND = random_pairs(DATASET, 6, seed=2)


def plain_values(scorer: Scorer, pair: Pairs, row: Pairs, masks: np.ndarray, history: str) -> np.ndarray:
    players = FactorisedGames(scorer, pair, row, history=history).players
    found = []
    for mask in masks:
        chosen = {p for p, on in zip(players, mask, strict=True) if on}
        items = {p for p in players if p.is_history_item}
        left_out = {p.item_index for p in items - chosen}
        some = bool(items & chosen)  # with none of them in, the row's history stands
        keys = {p.key for p in chosen - items}
        found.append(plain_value(scorer, pair, row, keys, left_out if some else None))
    return np.array(found)


@pytest.mark.parametrize("history", ["one", "each"])
@pytest.mark.parametrize("which", range(6))
def test_coalition_values_equal_the_plain_forward(history, which):
    pair, row = PAIRS[which : which + 1], BACKGROUND[which : which + 1]
    games = FactorisedGames(SCORER, pair, row, history=history)
    masks = np.random.default_rng(which).random((40, len(games.players))) < 0.5
    expected = plain_values(SCORER, pair, row, masks, history)
    assert games.values(masks)[0] == pytest.approx(expected, abs=2e-5)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize("history", ["one", "each"])
def test_all_values_equal_values(history):
    """The outer sum over sides and the general path are two ways to the same numbers."""
    seen = 0
    for which in range(4):
        games = FactorisedGames(SCORER, PAIRS[which : which + 1], BACKGROUND, history=history)
        for batch in games.batches(EXACT_PLAYERS):
            values = games.all_values(batch)
            for g, row in enumerate(batch.row):
                masks = np.zeros((2**batch.n_players, len(games.players)), dtype=bool)
                masks[:, batch.active[g]] = coalitions(batch.n_players)
                assert values[g] == pytest.approx(games.values(masks)[row], abs=2e-5)
                seen += 1
    assert seen >= 15


@pytest.mark.parametrize("history", ["one", "each"])
def test_batch_values_equal_values(history):
    """Many games at once, other coalitions for each, in any order: the sampler's path."""
    games = FactorisedGames(SCORER, PAIRS[2:3], BACKGROUND, history=history)
    seen = 0
    for batch in games.large_batches(0, lambda n_active: 20 * n_active):
        place = draw_walks(len(batch.pair), batch.n_players, orderings=6, rng=np.random.default_rng(1))
        masks = walk_coalitions(place)
        values = games.batch_values(batch, masks)
        for g, row in enumerate(batch.row):
            full = np.zeros((masks.shape[1], len(games.players)), dtype=bool)
            full[:, batch.active[g]] = masks[g]
            assert values[g] == pytest.approx(games.values(full)[row], abs=2e-5)
            seen += 1
    assert seen == len(BACKGROUND)


def test_sampling_many_pairs_is_within_its_errors():
    exact, base = exact_contributions(SCORER, PAIRS, BACKGROUND)
    found = solve_many(SCORER, PAIRS, BACKGROUND, max_exact=4, orderings=240)
    assert not found.exact.any()
    assert (np.abs(found.contributions - exact) <= 5 * found.standard_error + 1e-5).all()
    assert found.base_values == pytest.approx(base, abs=1e-5)
    assert found.base_values + found.contributions.sum(1) == pytest.approx(
        SCORER.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories), abs=1e-5
    )


def test_no_pairs_no_contributions():
    found = solve_many(SCORER, PAIRS[:0], BACKGROUND)
    assert found.contributions.shape == (0, len(FEATURES.players))


def test_a_dummy_changes_nothing_wherever_it_stands():
    """Switching a player whose value is the same in example and background row gives the same logit."""
    pair = PAIRS[:1]
    row = Pairs(pair.users, BACKGROUND.items[:1], pair.histories)
    games = FactorisedGames(SCORER, pair, row)
    same = ~games.differs[0, 0]
    assert same[:5].all()
    assert not same.all()
    masks = np.random.default_rng(0).random((30, len(games.players))) < 0.5
    assert games.values(masks) == pytest.approx(games.values(masks | same), abs=1e-5)
    assert (solve(games).contributions[0, same] == 0).all()


def test_dropping_dummies_equals_the_full_game():
    """Shapley values over all players, dummies in, mean over the rows: the slow way."""
    games = FactorisedGames(SCORER, PAIRS[3:4], BACKGROUND)
    values = games.values(coalitions(len(games.players)))
    slow = games.weights @ exact_shapley(values)
    found = solve(games)
    assert found.contributions[0] == pytest.approx(slow, abs=1e-5)
    assert found.exact[0]
    assert (found.standard_error == 0).all()
    assert found.n_evaluations - values.size < values.size / 2


def test_batch_equals_one_by_one():
    together, base = exact_contributions(SCORER, PAIRS, BACKGROUND)
    for i in range(0, len(PAIRS), 7):
        alone, alone_base = exact_contributions(SCORER, PAIRS[i : i + 1], BACKGROUND)
        assert together[i] == pytest.approx(alone[0], abs=1e-5)
        assert base[i] == pytest.approx(alone_base[0], abs=1e-6)


def test_contributions_add_up_to_every_score():
    contributions, base = exact_contributions(SCORER, PAIRS, BACKGROUND)
    scores = SCORER.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)
    assert base + contributions.sum(1) == pytest.approx(scores, abs=1e-5)
    rows = SCORER.score_pairs(BACKGROUND.users, BACKGROUND.items, BACKGROUND.histories)
    assert base == pytest.approx(np.full(len(PAIRS), rows.mean()), abs=1e-5)
    assert np.ptp(scores) > 1


@cache
def against_each_row() -> np.ndarray:
    return np.stack([exact_contributions(SCORER, PAIRS[:2], BACKGROUND[i : i + 1])[0] for i in range(6)])


@given(st.permutations(range(6)), st.lists(st.integers(1, 3), min_size=6, max_size=6))
@settings(max_examples=15, deadline=None)
def test_order_and_repetition_of_the_background(order, times):
    """Repeating a row ``t`` times in any order is one row with weight ``t``."""
    rows = np.repeat(np.array(order), np.array(times)[order])
    found, _ = exact_contributions(SCORER, PAIRS[:2], BACKGROUND[rows])
    expected = np.tensordot(np.array(times) / sum(times), against_each_row(), 1)
    assert found == pytest.approx(expected, abs=1e-5)
    assert FactorisedGames(SCORER, PAIRS[:2], BACKGROUND[rows]).n_rows == 6


def test_rows_with_equal_values_are_merged_even_if_ids_differ_in_name_only():
    """Two users alike in every group but the id: without id groups they are one background row."""
    features = tiny_features(DATASET).without({"user_id", "item_id"})
    for key in ("user.age", "user.city", "user.income"):
        features.tables[key][1] = features.tables[key][0]
    scorer = random_scorer(features)
    rows = Pairs(np.array([0, 1, 2]), np.array([3, 3, 3]), np.full((3, 4), -1))
    games = FactorisedGames(scorer, PAIRS[:1], rows)
    assert sorted(games.weights) == pytest.approx([1 / 3, 2 / 3])


def test_example_equal_to_its_background_has_nothing_to_explain():
    found = solve(FactorisedGames(SCORER, PAIRS[:1], PAIRS[:1]))
    assert (found.contributions == 0).all()
    assert found.n_evaluations == 1


def test_histories_of_other_lengths_are_the_same_histories():
    short, padded = PAIRS[:4], np.pad(PAIRS.histories[:4], ((0, 0), (0, 3)), constant_values=-1)
    found, _ = exact_contributions(SCORER, Pairs(short.users, short.items, padded), short)
    expected, _ = exact_contributions(SCORER, short, short)
    assert found == pytest.approx(expected, abs=1e-6)


class TestEach:
    """One player for each history item."""

    PAIR = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 7, 9, -1]]))

    def test_players_are_distinct_items_newest_first(self):
        players = FactorisedGames(SCORER, self.PAIR, BACKGROUND, history="each").players
        assert [p.item_index for p in players if p.is_history_item] == [7, 3, 9]
        assert [p.key for p in players[:4]] == ["user_id", "user.age", "user.city", "user.income"]

    def test_all_absent_is_the_backgrounds_history(self):
        games = FactorisedGames(SCORER, self.PAIR, BACKGROUND, history="each")
        none = np.array([[p.side != "history" for p in games.players]])
        n = len(BACKGROUND)
        users, items = np.repeat(self.PAIR.users, n), np.repeat(self.PAIR.items, n)
        expected = SCORER.score_pairs(users, items, BACKGROUND.histories).mean()
        assert games.mean_values(none)[0] == pytest.approx(expected, abs=1e-5)
        assert abs(games.mean_values(np.ones_like(none))[0] - expected) > 1e-3

    def test_adds_up_from_the_background(self):
        found = solve(FactorisedGames(SCORER, self.PAIR, BACKGROUND, history="each"))
        score = SCORER.score_pairs(self.PAIR.users, self.PAIR.items, self.PAIR.histories)[0]
        base = SCORER.score_pairs(BACKGROUND.users, BACKGROUND.items, BACKGROUND.histories).mean()
        assert found.base_values[0] == pytest.approx(base, abs=1e-5)
        assert found.base_values[0] + found.contributions.sum() == pytest.approx(score, abs=1e-5)

    def test_user_without_history_has_one_player_for_it(self):
        pair = Pairs(np.array([2]), np.array([4]), np.array([[-1, -1]]))
        games = FactorisedGames(SCORER, pair, BACKGROUND, history="each")
        assert games.players == FEATURES.players
        assert solve(games).contributions == pytest.approx(
            solve(FactorisedGames(SCORER, pair, BACKGROUND)).contributions
        )

    def test_a_long_history_is_sampled_and_still_adds_up(self):
        pair = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 1, 9, 11, 13, 15, 17]]))
        found = solve(FactorisedGames(SCORER, pair, BACKGROUND, history="each"), seed=3)
        score = SCORER.score_pairs(pair.users, pair.items, pair.histories)[0]
        assert not found.exact[0]
        assert found.base_values[0] + found.contributions.sum() == pytest.approx(score, abs=1e-5)


class TestMorePlayersThanExact:
    """16 players: exact where a row differs in few of them, sampled elsewhere."""

    DATASET = tiny_dataset(extra=3)
    SCORER = random_scorer(tiny_features(DATASET), seed=4)
    PAIR = random_pairs(DATASET, 1, seed=8)
    ROWS = random_pairs(DATASET, 3, seed=9)

    def exact(self) -> np.ndarray:
        games = FactorisedGames(self.SCORER, self.PAIR, self.ROWS)
        total = np.zeros(len(games.players))
        for batch in games.batches(16):
            for g, found in enumerate(exact_shapley(games.all_values(batch))):
                total[batch.active[g]] += games.weights[batch.row[g]] * found
        return total

    def test_sampled_within_four_standard_errors_of_exact(self):
        games = FactorisedGames(self.SCORER, self.PAIR, self.ROWS)
        assert games.differs.sum(-1).max() > EXACT_PLAYERS
        found = solve(games, seed=1, orderings=400)
        assert not found.exact[0]
        error = np.abs(found.contributions[0] - self.exact())
        assert (error <= 4 * found.standard_error[0] + 1e-6).all()
        assert 0 < found.standard_error.max() < 0.1

    def test_more_coalitions_than_fit_at_once(self):
        """38,000 for one background row, cut into chunks: each still equals its value alone."""
        games = FactorisedGames(self.SCORER, self.PAIR, self.ROWS)
        batch = next(games.large_batches(EXACT_PLAYERS, lambda n_active: 40_000))
        place = draw_walks(1, batch.n_players, orderings=2600, rng=np.random.default_rng(0))
        masks = walk_coalitions(place)
        assert masks.shape[1] > 2 * MAX_ROWS
        full = np.ones((masks.shape[1], len(games.players)), dtype=bool)
        full[:, batch.active[0]] = masks[0]
        expected = games.values(full)[batch.row[0]]
        assert games.batch_values(batch, masks)[0] == pytest.approx(expected, abs=2e-5)

    def test_same_seed_same_answer(self):
        first, again, other = (
            solve(FactorisedGames(self.SCORER, self.PAIR, self.ROWS), seed=seed, orderings=40).contributions
            for seed in (1, 1, 2)
        )
        assert (first == again).all()
        assert (first != other).any()

    def test_walks_that_do_not_return_are_refused(self):
        """The history's state is pooled for all games at once: one game may not have it in more often than another."""
        games = FactorisedGames(SCORER, PAIRS[2:3], BACKGROUND)
        batch = next(b for b in games.batches(EXACT_PLAYERS) if len(b.pair) > 1 and b.n_history)
        masks = np.zeros((len(batch.pair), 3, batch.n_players), dtype=bool)
        masks[0, 0, batch.n_user] = True
        with pytest.raises(ValueError, match="equally many coalitions"):
            games.batch_values(batch, masks)

    def test_few_differing_players_are_solved_exactly(self):
        row = Pairs(self.PAIR.users, self.ROWS.items[:1], self.PAIR.histories)
        assert solve(FactorisedGames(self.SCORER, self.PAIR, row)).exact[0]


@pytest.mark.parametrize(
    ("background", "history", "key"),
    [(BACKGROUND, "many", "setting.choice"), (BACKGROUND[:0], "one", "setting.least")],
)
def test_refusals(background, history, key):
    with pytest.raises(SettingError) as caught:
        FactorisedGames(SCORER, PAIRS[:1], background, history=history)
    assert caught.value.key == key


def test_each_takes_pairs_of_one_history():
    with pytest.raises(ValueError, match="pairs of one history"):
        FactorisedGames(SCORER, PAIRS[:2], BACKGROUND, history="each")


def test_reasons_of_many_columns_stay_within_their_cost(monkeypatch):
    """Two hundred pairs of sixty columns took 18 million network rows, minutes a level; here with a smaller budget."""
    monkeypatch.setattr(comparison_sample, "MOST_COALITIONS", budget := 300_000)
    dataset = tiny_dataset(extra=30)
    scorer = random_scorer(tiny_features(dataset))
    users, items = np.arange(200) % dataset.n_users, np.arange(200) % dataset.n_items
    pairs = Pairs(users, items, np.tile(np.arange(3), (200, 1)))
    background = Pairs(np.array([3]), np.array([7]), np.array([[9, 8, 7]]))
    found = solve_many(scorer, pairs, background, orderings=orderings_within(scorer, pairs, background))
    assert 0.5 * budget < found.n_evaluations < 1.1 * budget
    scores = scorer.score_pairs(pairs.users, pairs.items, pairs.histories)
    assert found.base_values + found.contributions.sum(1) == pytest.approx(scores, abs=1e-4)
    few = pairs[:2]
    assert orderings_within(scorer, few, background) == ORDERINGS  # nothing is saved where nothing needs to be
