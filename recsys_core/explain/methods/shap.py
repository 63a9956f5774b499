"""The ``shap`` library on the same game: an independent second opinion on our own Shapley values."""

from __future__ import annotations

import importlib
import sys
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.method import Method, Question
from recsys_core.explain.shapley import EXACT_PLAYERS
from recsys_core.explain.value_function import ValueFunction

_IMPORTING = Lock()  # a half imported module is no module yet
ROUNDS = 50  # forward and backward walks of PermutationExplainer


def run(question: Question) -> Attribution:
    return shap_attribution(question.games, seed=question.seed)


def shap_attribution(games: ValueFunction, *, seed: int = 0, rounds: int = ROUNDS) -> Attribution:
    """Shapley values by ``shap.ExactExplainer``, or ``shap.PermutationExplainer`` above 14 players.

    The library masks a vector of switches, one a player, and our value function answers with
    the mean logit over the background: same players, same background. Its permutation
    explainer's error is the spread of single walks over the root of their number.
    """
    shap = library()
    n_players = len(games.players)
    off, on = np.zeros((1, n_players)), np.ones((1, n_players))
    masker = shap.maskers.Independent(off)
    if n_players <= EXACT_PLAYERS:
        found = shap.ExactExplainer(games.mean_values, masker)(on, batch_size=2**n_players, silent=True)
        return Attribution(float(found.base_values[0]), found.values[0], exact=True, n_evaluations=games.n_evaluations)
    before = np.random.get_state()  # the library seeds and draws from numpy's global generator
    try:
        explainer = shap.PermutationExplainer(games.mean_values, masker, seed=seed)
        found = explainer(
            on, max_evals=rounds * (2 * n_players + 1), error_bounds=True, batch_size=2 * n_players + 1, silent=True
        )
    finally:
        np.random.set_state(before)
    error = found.error_std[0] / np.sqrt(2 * rounds)
    return Attribution(
        float(found.base_values[0]), found.values[0], standard_error=error, n_evaluations=games.n_evaluations
    )


def library() -> ModuleType:
    """The imported ``shap``, its loops left in plain Python.

    Compiled by numba they save 0.1 s a call, but compiling takes over 10 s of the first call of
    every process: a page that freezes, a command line that crawls. So whoever imports ``shap``,
    a warm-up too, imports it here.
    """
    with _IMPORTING:
        if "shap" not in sys.modules:
            import numba

            config: Any = numba.config
            before = config.DISABLE_JIT
            config.DISABLE_JIT = True
            try:
                importlib.import_module("shap")
            finally:
                config.DISABLE_JIT = before
        return importlib.import_module("shap")


METHOD = Method("shap", run, is_shapley=True, load=library, place=20)
