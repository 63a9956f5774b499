"""Shapley values of the project's own; with an item a player, Owen values."""

from __future__ import annotations

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.method import Method, Question
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.shapley import solve


def run(question: Question) -> Attribution:
    """Exact up to 14 players that differ, else sampled; items of the history share its value out (see ``owen``)."""
    if question.games.history == "each":
        return owen_attribution(question.games, question.with_one_history(), seed=question.seed)
    found = solve(question.games, seed=question.seed)
    exact = bool(found.exact[0])
    return Attribution(
        float(found.base_values[0]),
        found.contributions[0],
        exact=exact,
        standard_error=None if exact else found.standard_error[0],
        n_evaluations=found.n_evaluations,
    )


METHOD = Method("shapley", run, is_shapley=True, place=0)
