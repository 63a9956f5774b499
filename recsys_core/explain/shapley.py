"""Shapley values: exact over all coalitions where there are few players, sampled with an error where there are many.

``phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))`` (Shapley 1953, eq. 12).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.game import Games
from recsys_core.models.encoder import Progress, silent
from recsys_core.models.scorer import Pairs, Scorer

EXACT_PLAYERS = 14  # 16,384 coalitions a background row
ORDERINGS = 1024  # walks of a sampled explanation, shared out over the background rows
PAIRS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Shapley values of some pairs, mean over a background.

    ``contributions`` and ``standard_error`` (n_pairs, n_players), ``base_values`` (n_pairs,), all
    in logits. ``exact`` (n_pairs,): every background row's game was solved over all coalitions;
    the standard error is 0 there.
    """

    players: tuple[str, ...]
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


def sampled_shapley(
    value: Callable[[np.ndarray], np.ndarray], n_players: int, *, orderings: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimate Shapley values from random orderings, each walked forwards and backwards.

    Players enter one by one; a player's contribution is what the value gains (Castro et al.
    2009). The reversed ordering balances early against late entry (antithetic sampling:
    Mitchell et al. 2022, section 3). Every walk goes from the empty to the full coalition, so
    the contributions sum to ``v(all) - v(none)`` whatever is drawn.

    Parameters
    ----------
    value
        ``(n, n_players)`` 0/1 -> ``(n,)``; called once.
    orderings
        Walks in all, at least 4: two pairs are needed for an error.

    Returns
    -------
    contributions, variance, base_value
        ``(n_players,)`` twice; the variance is that of the contributions (means of independent
        forward-backward pairs), so its root is the standard error. Then the empty coalition's value.
    """
    half = max(2, orderings // 2)
    position = rng.permuted(np.tile(np.arange(n_players), (half, 1)), axis=1)
    position = np.concatenate([position, n_players - 1 - position])
    inside = position[:, None, :] < np.arange(1, n_players)[None, :, None]
    ends = np.array([[False], [True]]) & np.ones(n_players, dtype=bool)
    found = value(np.concatenate([ends, inside.reshape(-1, n_players)]))
    walks = np.empty((2 * half, n_players + 1))
    walks[:, 0], walks[:, -1], walks[:, 1:-1] = found[0], found[1], found[2:].reshape(2 * half, -1)
    gains = np.take_along_axis(np.diff(walks, axis=1), position, axis=1)
    of_pairs = (gains[:half] + gains[half:]) / 2
    return of_pairs.mean(0), of_pairs.var(0, ddof=1) / half, float(found[0])


def solve(games: Games, *, seed: int = 0, orderings: int = ORDERINGS, progress: Progress = silent) -> Solution:
    """Shapley values of every pair's game, mean over the background.

    A background row's game with up to 14 active players (those whose values differ) is solved
    exactly, a larger one from ``orderings / n_rows`` orderings of its own, so that the errors of
    the rows are independent and average out.
    """
    n_pairs, n_rows, n_players = games.differs.shape
    sums = _Sums(np.zeros((n_pairs, n_players)), np.zeros((n_pairs, n_players)), np.zeros(n_pairs))
    done = 0
    for batch in games.batches(EXACT_PLAYERS):
        values = games.all_values(batch)
        sums.add(batch.pair, batch.active, games.weights[batch.row], (exact_shapley(values), 0.0, values[:, 0]))
        done += len(batch.pair)
        progress("explain", done / (n_pairs * n_rows))
    large = games.differs.sum(-1) > EXACT_PLAYERS
    rng = np.random.default_rng(seed)
    for pair, row in np.argwhere(large):
        active = np.flatnonzero(games.differs[pair, row])
        value = _active_value(games, pair=pair, row=row, active=active)
        found = sampled_shapley(value, len(active), orderings=orderings // n_rows, rng=rng)
        sums.add(np.array([pair]), active[None], games.weights[[row]], found)
        done += 1
        progress("explain", done / (n_pairs * n_rows))
    error = np.sqrt(sums.variance)
    return Solution(games.players, sums.contributions, sums.base, error, ~large.any(1), games.n_evaluations)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Weighted sums over background rows; variances add with squared weights, as rows are sampled apart."""

    contributions: np.ndarray
    variance: np.ndarray
    base: np.ndarray

    def add(self, pair: np.ndarray, active: np.ndarray, weight: np.ndarray, found: tuple) -> None:
        contributions, variance, base = found
        at = (pair[:, None], active)
        np.add.at(self.contributions, at, weight[:, None] * contributions)
        np.add.at(self.variance, at, weight[:, None] ** 2 * variance)
        np.add.at(self.base, pair, weight * base)


def exact_contributions(
    scorer: Scorer, pairs: Pairs, background: Pairs, *, progress: Progress = silent
) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values of many pairs against one background, history as one player.

    Returns
    -------
    contributions, base_values
        ``(n_pairs, n_players)`` in the order of ``scorer.features.players``, and ``(n_pairs,)``,
        float64 logits; their sum is each pair's score. Exact wherever a pair and a background
        row differ in up to 14 players, else sampled with a fixed seed.
    """
    n_players = len(scorer.features.players)
    contributions, base = np.zeros((len(pairs), n_players)), np.zeros(len(pairs))
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        rows = slice(start, start + PAIRS_AT_ONCE)
        share = len(pairs.users[rows]) / len(pairs)
        begun = start / len(pairs)
        found = solve(
            Games(scorer, pairs[rows], background),
            progress=lambda stage, part, begun=begun, share=share: progress(stage, begun + part * share),
        )
        contributions[rows], base[rows] = found.contributions, found.base_values
    return contributions, base


def _active_value(games: Games, *, pair: int, row: int, active: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Value function over the active players of one background row's game; the others do not matter."""

    def value(masks: np.ndarray) -> np.ndarray:
        full = np.zeros((len(masks), len(games.players)), dtype=bool)
        full[:, active] = masks
        return games.coalition_values(full, pair=pair, row=row)[0]

    return value
