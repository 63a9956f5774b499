"""One reason at a time: what the score is when a single reason comes from the background and all others stay."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.value_function import ValueFunction
from recsys_core.metrics import logistic


def values_without(games: ValueFunction) -> np.ndarray:
    """Logits with one player taken from the background row, all others the example's: ``(n_rows, n_players)``."""
    return games.values(~np.eye(len(games.players), dtype=bool))


def probabilities_without(games: ValueFunction) -> np.ndarray:
    """Mean probability over the background without each player: ``(n_players,)``.

    The mean of probabilities, not the probability of a mean logit: what a person would count
    if the reason were really taken away.
    """
    return games.weights @ logistic(values_without(games))


def occlusion_attribution(games: ValueFunction, score: float) -> Attribution:
    """What the score loses when each reason alone is taken from the background, mean over its rows.

    ``contribution_i = score - mean_b v_b(all but i)`` (occlusion: Zeiler & Fergus 2014, section 4;
    prediction difference: Robnik-Sikonja & Kononenko 2008, eq. 1, on the logit). ``base_value``
    is the background's mean score. What two reasons say together is counted for both or for
    neither, so base and contributions need not sum to the score: the completeness gap says by how much.
    """
    base = games.mean_values(np.zeros((1, len(games.players)), dtype=bool))[0]
    return Attribution(float(base), score - games.weights @ values_without(games), n_evaluations=games.n_evaluations)
