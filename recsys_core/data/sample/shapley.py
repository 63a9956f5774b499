"""The true explanation: exact interventional Shapley values of the planted logit.

The logit is a sum of small games: each effect times the region's slope has at most four
players, and a Shapley value is linear in the game and nothing for players outside it. So all
13 players are exact with 16 coalitions an effect instead of 8,192.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from math import factorial

import numpy as np

from recsys_core.data.sample.effects import Effect, Values
from recsys_core.data.sample.truth import PlantedPairs, PlantedTruth

CHUNK = 20_000  # pairs times background rows in memory at once

Game = Callable[[Values], np.ndarray]


def planted_shapley(truth: PlantedTruth, pairs: PlantedPairs, background: PlantedPairs) -> np.ndarray:
    """Exact Shapley values (n_pairs, n_players) of the planted logit, averaged over the background.

    A coalition's value takes its players from the pair and all others from a background row;
    the history is one player, and an absent history is the background row's whole history.
    The title's player is the planted word. Columns follow ``truth.function.players``; a row
    sums to the pair's logit minus the mean logit of the background (up to rounding).

    Source: Shapley (1953); interventional value function, Janzing et al. (2020).
    """
    step = max(1, CHUNK // len(background))
    starts = range(0, len(pairs), step)
    return np.concatenate([_of_chunk(truth, pairs[slice(s, s + step)], background) for s in starts])


def explain_planted(truth: PlantedTruth, pairs: PlantedPairs, background: PlantedPairs) -> dict[str, np.ndarray]:
    """``planted_shapley`` by player: ``{"user.age": (n_pairs,), …, "history": (n_pairs,)}``."""
    return dict(zip(truth.function.players, planted_shapley(truth, pairs, background).T, strict=True))


def planted_importance(truth: PlantedTruth, pairs: PlantedPairs, background: PlantedPairs) -> dict[str, float]:
    """Mean absolute Shapley value of each player, in logits, largest first."""
    mean = {p: float(np.abs(v).mean()) for p, v in explain_planted(truth, pairs, background).items()}
    return dict(sorted(mean.items(), key=lambda entry: -entry[1]))


def _of_chunk(truth: PlantedTruth, pairs: PlantedPairs, background: PlantedPairs) -> np.ndarray:
    n, m = len(pairs), len(background)
    own = truth.values(pairs[np.repeat(np.arange(n), m)])
    other = truth.values(background[np.tile(np.arange(m), n)])
    players = truth.function.players
    total = np.zeros((n * m, len(players)))
    for names, game in _games(truth):
        for name, part in zip(names, _small_game(names, game, own, other), strict=True):
            total[:, players.index(name)] += part
    return total.reshape(n, m, -1).mean(axis=1)


def _games(truth: PlantedTruth) -> list[tuple[tuple[str, ...], Game]]:
    """The games that add up to the logit: one an effect, one for the slope's own part."""
    function = truth.function

    def of_effect(effect: Effect, values: Values) -> np.ndarray:
        return function.slope(values) * function.steepness * effect(values)

    slope = function.slope_players
    games: list[tuple[tuple[str, ...], Game]] = [
        ((player,), lambda values: -function.slope(values) * function.threshold) for player in slope
    ]
    for effect in function.effects:
        games.append((tuple(dict.fromkeys((*slope, *effect.players))), partial(of_effect, effect)))
    return games


def _small_game(names: tuple[str, ...], game: Game, own: Values, other: Values) -> list[np.ndarray]:
    """Shapley values of a game by its definition: weighted marginal contributions over all coalitions."""
    n = len(names)
    subsets = [frozenset(s) for size in range(n + 1) for s in combinations(names, size)]
    worth = {s: game({p: own[p] if p in s else other[p] for p in names}) for s in subsets}
    weight = [factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)]
    gained = ([weight[len(s)] * (worth[s | {p}] - worth[s]) for s in subsets if p not in s] for p in names)
    return [np.asarray(sum(parts)) for parts in gained]
