"""Shapley values of games with known answers, and of generated games against the definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_core.explain.coalitions import coalitions, distinct_rows
from recsys_core.explain.shapley import draw_walks, exact_shapley, shapley_matrix, walk_coalitions, walk_shapley

SMALL = st.integers(1, 5)


def table(value, n_players: int) -> np.ndarray:
    return np.array([value(set(np.flatnonzero(row))) for row in coalitions(n_players)], dtype=float)


def by_definition(values: np.ndarray) -> np.ndarray:
    """Mean gain of each player over all n! orderings, nothing clever."""
    n_players = int(np.log2(len(values)))
    at = {tuple(row): value for row, value in zip(coalitions(n_players).astype(int).tolist(), values, strict=True)}
    gains = np.zeros(n_players)
    orders = list(permutations(range(n_players)))
    for order in orders:
        members = [0] * n_players
        for player in order:
            before = at[tuple(members)]
            members[player] = 1
            gains[player] += at[tuple(members)] - before
    return gains / len(orders)


@st.composite
def games(draw) -> np.ndarray:
    n_players = draw(SMALL)
    return draw(arrays(np.float64, 2**n_players, elements=st.floats(-10, 10, width=32)))


def test_glove_game():
    """One left glove, two right ones; a pair is worth 1 (Shapley 1953's market, Osborne & Rubinstein ex. 259.3)."""
    values = table(lambda s: float(0 in s and bool(s & {1, 2})), 3)
    assert exact_shapley(values) == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_airport_game():
    """Runway costs 1, 2 and 4 are shared step by step (Littlechild & Owen 1973)."""
    costs = (1, 2, 4)
    values = table(lambda s: max((costs[i] for i in s), default=0), 3)
    assert exact_shapley(values) == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])


def test_security_council():
    """5 vetoes and 10 others, 9 votes: 0.1963 and 0.00186 each (Shapley & Shubik 1954); 15 players by matrix."""
    member = coalitions(15)
    values = (member[:, :5].all(1) & (member[:, 5:].sum(1) >= 4)).astype(float)
    found = exact_shapley(values)
    assert found[0] == pytest.approx(0.19627, abs=1e-5)
    assert found[5] == pytest.approx(0.001865, abs=1e-6)


def test_no_player_and_one_player():
    assert exact_shapley(np.array([3.0])).shape == (0,)
    assert exact_shapley(np.array([1.0, 4.0])).tolist() == [3.0]


@given(games())
@settings(max_examples=60, deadline=None)
def test_equals_the_definition(values):
    assert exact_shapley(values) == pytest.approx(by_definition(values), abs=1e-9)


@given(games())
@settings(max_examples=60, deadline=None)
def test_efficiency(values):
    assert exact_shapley(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(st.integers(2, 6), st.data())
@settings(max_examples=40, deadline=None)
def test_symmetric_players_get_the_same_and_a_dummy_gets_nothing(n_players, data):
    """The value depends on how many of the players but the last are in: all alike, the last without effect."""
    of_size = data.draw(arrays(np.float64, n_players, elements=st.floats(-5, 5, width=32)))
    values = of_size[coalitions(n_players)[:, :-1].sum(1)]
    found = exact_shapley(values)
    assert found[:-1] == pytest.approx(np.full(n_players - 1, found[0]), abs=1e-9)
    assert found[-1] == pytest.approx(0, abs=1e-9)


@given(games(), st.floats(-3, 3))
@settings(max_examples=40, deadline=None)
def test_linear_in_the_game(values, factor):
    other = np.sin(np.arange(len(values)))
    both = exact_shapley(np.stack([values, other]))
    assert exact_shapley(values + factor * other) == pytest.approx(both[0] + factor * both[1], abs=1e-8)


def test_matrix_is_shared_and_cannot_be_written():
    assert shapley_matrix(4) is shapley_matrix(4)
    with pytest.raises(ValueError, match="read-only"):
        shapley_matrix(4)[0, 0] = 1


def sample(values: np.ndarray, orderings: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    n_players = int(np.log2(len(values)))
    place = draw_walks(1, n_players, orderings=orderings, rng=np.random.default_rng(seed))
    found = values[walk_coalitions(place) @ (1 << np.arange(n_players)[::-1])]
    contributions, variance = walk_shapley(place, found)
    return contributions[0], variance[0], found[0, 0]


@pytest.mark.parametrize("seed", range(8))
def test_sampled_is_within_four_standard_errors(seed):
    values = np.random.default_rng(100 + seed).normal(size=2**8)
    found, variance, base = sample(values, 400, seed)
    assert base == values[0]
    assert (np.abs(found - exact_shapley(values)) <= 4 * np.sqrt(variance)).all()
    assert variance.min() > 0


def test_standard_error_tells_the_real_spread():
    values = np.random.default_rng(5).normal(size=2**6)
    runs = [sample(values, 40, seed) for seed in range(200)]
    spread = np.std([found for found, _, _ in runs], axis=0)
    claimed = np.sqrt(np.mean([variance for _, variance, _ in runs], axis=0))
    assert claimed == pytest.approx(spread, rel=0.25)


@given(games(), st.integers(4, 9), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_sampled_is_efficient_whatever_is_drawn(values, orderings, seed):
    found, _, base = sample(values, orderings, seed)
    assert base + found.sum() == pytest.approx(values[-1], abs=1e-9)


def test_antithetic_pairs_solve_pairwise_games_without_error():
    """Where only two players interact at a time, a walk and its reverse average to the Shapley value."""
    rng = np.random.default_rng(3)
    single, pairwise = rng.normal(size=5), np.triu(rng.normal(size=(5, 5)), 1)
    member = coalitions(5).astype(float)
    values = member @ single + np.einsum("si,ij,sj->s", member, pairwise, member)
    found, variance, _ = sample(values, 6, 0)
    assert found == pytest.approx(exact_shapley(values))
    assert variance == pytest.approx(0, abs=1e-12)


def test_walks_by_hand():
    """Player 1 enters first, then 2, then 0; and the other way round."""
    place = np.array([[[2, 0, 1], [0, 2, 1]]])
    assert walk_coalitions(place)[0].astype(int).tolist() == [
        [0, 0, 0],
        [1, 1, 1],
        [0, 1, 0],
        [0, 1, 1],
        [1, 0, 0],
        [1, 0, 1],
    ]
    gains, _ = walk_shapley(np.repeat(place, 2, axis=1), np.array([[0.0, 10, 1, 3, 1, 3, 2, 6, 2, 6]]))
    assert gains[0].tolist() == [(7 + 2) / 2, (1 + 4) / 2, (2 + 4) / 2]


def test_games_are_drawn_apart():
    place = draw_walks(3, 6, orderings=10, rng=np.random.default_rng(0))
    assert place.shape == (3, 10, 6)
    assert (np.sort(place, axis=-1) == np.arange(6)).all()
    assert (place[:, :5] + place[:, 5:] == 5).all()
    assert (place[0] != place[1]).any()


def test_same_seed_same_answer():
    values = np.random.default_rng(1).normal(size=2**7)
    assert (sample(values, 20, 4)[0] == sample(values, 20, 4)[0]).all()
    assert (sample(values, 20, 4)[0] != sample(values, 20, 5)[0]).any()


@pytest.mark.parametrize("n_columns", [3, 70])
def test_distinct_rows_rebuild_the_table(n_columns):
    rows = np.random.default_rng(0).random((40, n_columns)) < 0.5
    kept, where = distinct_rows(rows)
    assert (rows[kept][where] == rows).all()
    assert n_columns == 70 or len(kept) == len(np.unique(rows, axis=0))
