"""Explain one score: which reasons add what to it, by the method asked for."""

from __future__ import annotations

import time

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.explain.attribution import Attribution
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.gradients import gradient_attribution
from recsys_core.explain.lime_method import lime_attribution
from recsys_core.explain.occlusion import occlusion_attribution, probabilities_without
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.shap_method import shap_attribution
from recsys_core.explain.shapley import solve
from recsys_core.explain.value_function import HISTORIES, Games
from recsys_core.explain.values import player_unit, player_values, with_id
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Contribution, Explanation

METHODS = ("shapley", "shap", "lime", "deeplift", "ig", "occlusion")
GRADIENT_METHODS = ("deeplift", "ig")


def explain(
    scorer: Scorer,
    dataset: Dataset,
    pair: Pairs,
    background: Pairs,
    *,
    method: str = "shapley",
    history: str = "one",
    seed: int = 0,
) -> Explanation:
    """Split one pair's score into what each reason adds to the background's mean score.

    Parameters
    ----------
    pair
        One user and item, with the history that the list was made with.
    background
        Rows that stand for "not this value"; the same for every method and variant.
    method
        ``shapley`` (ours: exact up to 14 players that differ, else sampled), ``shap`` and ``lime``
        (the libraries on the same game), ``deeplift`` and ``ig`` (captum), ``occlusion`` (each
        reason alone taken from the background).
    history
        ``one`` reason, or ``each`` item a reason: ``shapley`` then shares the history's value out
        (Owen values, see ``owen``) and all other reasons keep theirs; ``shap`` and ``lime`` know no
        such union. An item alone is absent when it leaves the history.

    Returns
    -------
    Explanation
        Contributions in player order: user groups, history (newest item first), item groups.

    Raises
    ------
    SettingError
        Unknown method or history, empty background, or a gradient method that cannot answer.
    """
    check_method(scorer, method=method, history=history)
    start = time.perf_counter()
    games = FactorisedGames(scorer, pair, background, history=history)
    score = float(scorer.score_pairs(pair.users, pair.items, pair.histories)[0])
    found = _attribute(games, pair, background, method=method, seed=seed, score=score)
    return Explanation(
        user_id=str(dataset.users["user_id"].iloc[pair.users[0]]),
        item_id=str(dataset.items["item_id"].iloc[pair.items[0]]),
        title=dataset.titles[int(pair.items[0])],
        method=method,
        score=score,
        base_value=found.base_value,
        contributions=_contributions(dataset, pair, games, found),
        background=len(background),
        seed=seed,
        seconds=time.perf_counter() - start,
        exact=found.exact,
        fit=found.fit,
        history=history,
        n_evaluations=found.n_evaluations,
        variant=scorer.variant,
    )


def check_method(scorer: Scorer, *, method: str, history: str = "one") -> None:
    """Raise ``SettingError`` where a method cannot explain this variant in this way; see ``explain``."""
    for name, value, choices in (("method", method, METHODS), ("history", history, HISTORIES)):
        if value not in choices:
            raise SettingError("setting.choice", name=name, choices=", ".join(choices), value=value)
    if method in GRADIENT_METHODS and history == "each":
        raise SettingError("explain.method_each", method=method)
    if method in GRADIENT_METHODS and scorer.variant.is_quantised:
        raise SettingError("explain.method_quantised", method=method, bits=scorer.variant.bits)


def _attribute(games: Games, pair: Pairs, background: Pairs, *, method: str, seed: int, score: float) -> Attribution:
    if len(pair) != 1:
        raise ValueError(f"explain takes one pair, got {len(pair)}")
    if method in GRADIENT_METHODS:
        return gradient_attribution(games.scorer, pair, background, method=method)
    if method == "occlusion":
        return occlusion_attribution(games, score)
    if method == "shap":
        return shap_attribution(games, seed=seed)
    if method == "lime":
        return lime_attribution(games, seed=seed)
    if games.history == "each":
        return owen_attribution(games, FactorisedGames(games.scorer, pair, background), seed=seed)
    found = solve(games, seed=seed)
    exact = bool(found.exact[0])
    return Attribution(
        float(found.base_values[0]),
        found.contributions[0],
        exact=exact,
        standard_error=None if exact else found.standard_error[0],
        n_evaluations=found.n_evaluations,
    )


def _contributions(dataset: Dataset, pair: Pairs, games: Games, found: Attribution) -> tuple[Contribution, ...]:
    without = probabilities_without(games)
    errors = [None] * len(games.players) if found.standard_error is None else found.standard_error.tolist()
    return tuple(
        Contribution(
            with_id(dataset, player),
            player_values(dataset, player, pair)[0],
            contribution,
            error,
            player_unit(dataset, player),
            left,
        )
        for player, contribution, error, left in zip(
            games.players, found.contributions.tolist(), errors, without.tolist(), strict=True
        )
    )
