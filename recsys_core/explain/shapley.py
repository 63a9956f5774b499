"""Shapley values: exact over all coalitions where there are few players, sampled with an error where there are many.

``phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))`` (Shapley 1953, eq. 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.probability_games import in_units
from recsys_core.explain.value_function import Batch, Games
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import Player
from recsys_core.progress import Progress, silent
from recsys_core.results.units import LOGIT, Units
from recsys_core.seeds import random_stream

EXACT_PLAYERS = 14  # 16,384 coalitions a background row
ORDERINGS = 2048  # walks of a sampled explanation, shared out over the background rows
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Shapley values of some pairs, mean over a background.

    ``contributions`` and ``standard_error`` (n_pairs, n_players), ``base_values`` (n_pairs,), all
    in the units of the game. ``exact`` (n_pairs,): every background row's game was solved over all coalitions;
    the standard error is 0 there.
    """

    players: tuple[Player, ...]
    contributions: np.ndarray
    base_values: np.ndarray
    standard_error: np.ndarray
    exact: np.ndarray
    n_evaluations: int


@lru_cache(maxsize=32)
def shapley_matrix(n_players: int) -> np.ndarray:
    """``(2^n, n)``: values of all coalitions, in the order of ``coalitions(n)``, times this are the Shapley values.

    A coalition of size s counts ``(s-1)! (n-s)! / n!`` for its members and ``-s! (n-s-1)! / n!``
    for the others.

    >>> shapley_matrix(2).tolist()
    [[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]
    """
    member = coalitions(n_players)
    sizes = member.sum(1)
    total = factorial(n_players)
    inside = np.array([factorial(max(s - 1, 0)) * factorial(n_players - s) / total for s in range(n_players + 1)])
    outside = np.array([factorial(s) * factorial(max(n_players - s - 1, 0)) / total for s in range(n_players + 1)])
    matrix = np.where(member, inside[sizes][:, None], -outside[sizes][:, None])
    matrix.setflags(write=False)
    return matrix


def exact_shapley(values: np.ndarray) -> np.ndarray:
    """Shapley values ``(..., n)`` of games given by the values of all coalitions ``(..., 2^n)``.

    >>> exact_shapley(np.array([0.0, 0.0, 0.0, 1.0])).tolist()  # both are needed: half each
    [0.5, 0.5]
    """
    n_players = int(np.log2(values.shape[-1]))
    return np.asarray(values, dtype=np.float64) @ shapley_matrix(n_players)


def draw_walks(n_games: int, n_players: int, *, orderings: int, rng: np.random.Generator) -> np.ndarray:
    """Random orderings and their reverses: each player's place, ``(n_games, 2 * half, n_players)``.

    At least two orderings and their reverses, as one alone has no spread. A reversed ordering
    balances early against late entry (antithetic sampling: Mitchell et al. 2022, section 3).
    """
    half = max(2, orderings // 2)
    place = rng.permuted(np.tile(np.arange(n_players), (n_games, half, 1)), axis=-1)
    return np.concatenate([place, n_players - 1 - place], axis=1)


def walk_coalitions(place: np.ndarray) -> np.ndarray:
    """Coalitions passed on the walks, ``(n_games, n, n_players)``: the empty one, the full one, then all between."""
    n_games, n_walks, n_players = place.shape
    inside = place[:, :, None, :] < np.arange(1, n_players)[:, None]
    ends = np.broadcast_to(np.array([[False], [True]]), (n_games, 2, n_players))
    return np.concatenate([ends, inside.reshape(n_games, n_walks * (n_players - 1), n_players)], axis=1)


def walk_shapley(place: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contributions and their variance, ``(n_games, n_players)`` each, from ``walk_coalitions``' values.

    Players enter one by one; a player's contribution is what the value gains, mean over the
    walks (Castro et al. 2009). Every walk goes from the empty to the full coalition, so the
    contributions sum to ``v(all) - v(none)`` whatever is drawn. The variance is that of the mean
    over independent forward-backward pairs: its root is the standard error.
    """
    n_games, n_walks, n_players = place.shape
    steps = np.empty((n_games, n_walks, n_players + 1))
    steps[..., 0], steps[..., -1] = values[:, :1], values[:, 1:2]
    steps[..., 1:-1] = values[:, 2:].reshape(n_games, n_walks, n_players - 1)
    gains = np.take_along_axis(np.diff(steps, axis=-1), place, axis=-1)
    half = n_walks // 2
    of_pairs = (gains[:, :half] + gains[:, half:]) / 2
    return of_pairs.mean(1), of_pairs.var(1, ddof=1) / half


def solve(
    games: Games,
    *,
    seed: int = 0,
    max_exact: int = EXACT_PLAYERS,
    orderings: int = ORDERINGS,
    progress: Progress = silent,
) -> Solution:
    """Shapley values of every pair's game, mean over the background.

    A background row's game with up to ``max_exact`` active players (those whose values differ)
    is solved over all coalitions, a larger one from ``orderings / n_rows`` orderings of its own
    (at least four), so that the errors of the rows are independent and average out. The same pairs,
    background and seed give the same orderings for every variant.
    """
    n_pairs, n_rows, n_players = games.differs.shape
    sums = _Sums(np.zeros((n_pairs, n_players)), np.zeros((n_pairs, n_players)), np.zeros(n_pairs))
    done = 0
    for batch in games.batches(max_exact):
        values = games.all_values(batch)
        sums.add(batch, games.weights, (exact_shapley(values), 0.0, values[:, 0]))
        done += len(batch.pair)
        progress("explain", done / (n_pairs * n_rows))
    rng, share = random_stream(seed, "orderings of players"), max(4, orderings // n_rows)
    for batch in games.large_batches(max_exact, lambda n_active: share * (n_active - 1) + 2):
        place = draw_walks(len(batch.pair), batch.n_players, orderings=share, rng=rng)
        values = games.batch_values(batch, walk_coalitions(place))
        sums.add(batch, games.weights, (*walk_shapley(place, values), values[:, 0]))
        done += len(batch.pair)
        progress("explain", done / (n_pairs * n_rows))
    exact = (games.differs.sum(-1) <= max_exact).all(1)
    error = np.sqrt(sums.variance)
    return Solution(games.players, sums.contributions, sums.base, error, exact, games.n_evaluations)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Weighted sums over background rows; variances add with squared weights, as rows are sampled apart."""

    contributions: np.ndarray
    variance: np.ndarray
    base: np.ndarray

    def add(self, batch: Batch, weights: np.ndarray, found: tuple) -> None:
        contributions, variance, base = found
        weight = weights[batch.row]
        at = (batch.pair[:, None], batch.active)
        np.add.at(self.contributions, at, weight[:, None] * contributions)
        np.add.at(self.variance, at, weight[:, None] ** 2 * variance)
        np.add.at(self.base, batch.pair, weight * base)


def exact_contributions(
    scorer: Scorer, pairs: Pairs, background: Pairs, *, orderings: int = ORDERINGS, progress: Progress = silent
) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values of many pairs against one background, history as one player.

    Returns
    -------
    contributions, base_values
        ``(n_pairs, n_players)`` in the order of ``scorer.features.players``, and ``(n_pairs,)``,
        float64 logits; their sum is each pair's score. Exact wherever a pair and a background
        row differ in up to 14 players, else sampled from ``orderings`` walks with a fixed seed.
    """
    found = solve_many(scorer, pairs, background, orderings=orderings, progress=progress)
    return found.contributions, found.base_values


def solve_many(
    scorer: Scorer,
    pairs: Pairs,
    background: Pairs,
    *,
    seed: int = 0,
    max_exact: int = EXACT_PLAYERS,
    orderings: int = ORDERINGS,
    units: Units = LOGIT,
    progress: Progress = silent,
) -> Solution:
    """``solve`` for any number of pairs, in bounded memory; the history is one player."""
    parts, n_pairs = [], max(len(pairs), 1)
    for start in range(0, n_pairs, PAIRS_AT_ONCE):
        few = pairs[start : start + PAIRS_AT_ONCE]
        games = in_units(FactorisedGames(scorer, few, background), units)
        of_few = _part_of(progress, start / n_pairs, len(few) / n_pairs)
        parts.append(solve(games, seed=seed + start, max_exact=max_exact, orderings=orderings, progress=of_few))
    return Solution(
        parts[0].players,
        np.concatenate([p.contributions for p in parts]),
        np.concatenate([p.base_values for p in parts]),
        np.concatenate([p.standard_error for p in parts]),
        np.concatenate([p.exact for p in parts]),
        n_evaluations=sum(p.n_evaluations for p in parts),
    )


def _part_of(progress: Progress, begun: float, share: float) -> Progress:
    """Progress of a part as that of the whole."""
    return lambda stage, part: progress(stage, begun + part * share)
