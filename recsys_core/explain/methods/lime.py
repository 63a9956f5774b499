"""The ``lime`` library over switches: each reason on (the example) or off (the background)."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.method import Method, Question
from recsys_core.explain.value_function import ValueFunction

SAMPLES = 1000


def run(question: Question) -> Attribution:
    return lime_attribution(question.games, seed=question.seed)


def lime_attribution(games: ValueFunction, *, seed: int = 0, samples: int = SAMPLES) -> Attribution:
    """Weights of a local linear surrogate of the game (LIME: Ribeiro et al. 2016, eq. 2).

    Run over the feature groups, not over raw embedding columns, where it is close to noise.
    The library draws the switches, weighs a draw by its distance from "all on", and fits a
    ridge regression. ``base_value`` is the surrogate's intercept, so ``base + sum`` is the
    surrogate's own prediction: its distance from the score is LIME's, not rounding. ``fit`` is the
    surrogate's weighted R² on its draws.
    """
    from lime.lime_tabular import LimeTabularExplainer

    n_players = len(games.players)
    switches = np.vstack([np.zeros(n_players), np.ones(n_players)])  # training data: each state half of the time
    explainer = LimeTabularExplainer(
        switches,
        mode="regression",
        feature_names=[str(i) for i in range(n_players)],
        categorical_features=list(range(n_players)),
        feature_selection="none",
        discretize_continuous=False,
        random_state=seed,
    )
    found = explainer.explain_instance(switches[1], games.mean_values, num_features=n_players, num_samples=samples)
    contributions = np.zeros(n_players)
    for player, weight in found.local_exp[1]:
        contributions[player] = weight
    return Attribution(
        float(found.intercept[1]), contributions, fit=float(found.score), n_evaluations=games.n_evaluations
    )


METHOD = Method("lime", run, load=lambda: import_module("lime.lime_tabular"), place=10)
