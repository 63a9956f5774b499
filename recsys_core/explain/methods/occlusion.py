"""One reason at a time: what the score is when a single reason comes from the background and all others stay."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.method import Method, Question
from recsys_core.explain.value_function import values_without


def run(question: Question) -> Attribution:
    """What the score loses when each reason alone is taken from the background, mean over its rows.

    ``contribution_i = score - mean_b v_b(all but i)`` (occlusion: Zeiler & Fergus 2014, section 4;
    prediction difference: Robnik-Sikonja & Kononenko 2008, eq. 1, on the logit or the probability). ``base_value``
    is the background's mean score. What two reasons say together is counted for both or for
    neither, so base and contributions need not sum to the score: the completeness gap says by how much.
    """
    games = question.games
    base = games.mean_values(np.zeros((1, len(games.players)), dtype=bool))[0]
    contributions = question.score - games.weights @ values_without(games)
    return Attribution(float(base), contributions, n_evaluations=games.n_evaluations)


METHOD = Method("occlusion", run, place=50)
