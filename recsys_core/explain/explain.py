"""Explain one score: which reasons add what to it, by the method asked for."""

from __future__ import annotations

import time

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.explain.attribution import Attribution
from recsys_core.explain.black_box import RowScorer
from recsys_core.explain.method import Question, games_of, score_of
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.explain.player_values import player_unit, player_values, with_id
from recsys_core.explain.probability_games import in_units
from recsys_core.explain.term_share import item_item_share
from recsys_core.explain.value_function import HISTORIES, Games, values_without
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Contribution, Explanation
from recsys_core.results.units import LOGIT, Units, score_in_units
from recsys_core.variant import DENSE


def explain(
    scorer: Scorer | RowScorer,
    dataset: Dataset,
    pair: Pairs,
    background: Pairs,
    *,
    method: str = DEFAULT,
    history: str = "one",
    seed: int = 0,
    units: Units = LOGIT,
    compared_with: str = "average",
) -> Explanation:
    """One pair's score, split into what each reason adds to the background's mean score.

    Parameters
    ----------
    scorer
        Our ranker under any variant, or any model that scores rows (`recsys_core.explain.black_box`).
    pair, background
        A user and an item with the history that the list was made with; rows that stand for "not this value".
    method
        One of `recsys_core.explain.methods.METHODS`; each says in its file what it answers.
    history
        ``one`` reason, or ``each`` item a reason, absent when it leaves the history: ``shapley`` then shares the
        history's value out (see ``owen``), all other reasons keep theirs; ``shap`` and ``lime`` know no such union.
    units
        ``logit`` or ``probability`` (`probability_games`); `check_units` refuses it for a model of ratings.
    compared_with
        What ``background`` is, as the result says it (`recsys_core.explain.backgrounds`).

    Contributions are in player order: user groups, history (newest item first, then the earlier ones that only an
    item-item term reads), item groups. ``item_item`` is that term's own exact split in logits, by every method. Raises
    ``SettingError`` for an unknown method, history or units, no background, or a method that cannot answer here.
    """
    check_method(scorer, method=method, history=history)
    start, names = time.perf_counter(), _names(dataset, pair)
    logits = games_of(scorer, pair, background, history=history)
    games, logit = in_units(logits, units), score_of(scorer, pair)
    score = score_in_units(logit, units)
    found = METHODS[method].run(Question(scorer, games, pair, background, score, seed, units))
    return Explanation(
        **names,
        method=method,
        score=score,
        base_value=found.base_value,
        contributions=_contributions(dataset, logits, found),
        background=len(background),
        seed=seed,
        seconds=time.perf_counter() - start,
        exact=found.exact,
        fit=found.fit,
        history=history,
        n_evaluations=found.n_evaluations,
        variant=scorer.variant if isinstance(scorer, Scorer) else DENSE,
        item_item=item_item_share(scorer, dataset, logits) if isinstance(scorer, Scorer) else None,
        units=units,
        compared_with=compared_with,
        score_logit=None if units == LOGIT else logit,
    )


def _names(dataset: Dataset, pair: Pairs) -> dict[str, str]:
    """Ids and title of one pair. Raises ``ValueError`` for several."""
    if len(pair) != 1:
        raise ValueError(f"explain takes one pair, got {len(pair)}")
    user, item = int(pair.users[0]), int(pair.items[0])
    ids = {"user_id": str(dataset.users["user_id"].iloc[user]), "item_id": str(dataset.items["item_id"].iloc[item])}
    return ids | {"title": dataset.titles[item]}


def check_method(scorer: Scorer | RowScorer, *, method: str, history: str = "one") -> None:
    """Raise ``SettingError`` where a method cannot explain this model in this way; see ``explain``."""
    for name, value, choices in (("method", method, METHODS), ("history", history, HISTORIES)):
        if value not in choices:
            raise SettingError("setting.choice", name=name, choices=", ".join(choices), value=value)
    chosen = METHODS[method]
    if history == "each" and not chosen.per_item_history:
        others = ", ".join(name for name, other in METHODS.items() if other.per_item_history)
        raise SettingError("explain.method_each", method=method, others=others)
    if not chosen.needs_gradients:
        return
    others = ", ".join(name for name, other in METHODS.items() if not other.needs_gradients)
    if not isinstance(scorer, Scorer):
        raise SettingError("explain.method_black_box", method=method, others=others)
    if scorer.compression.is_quantised:
        raise SettingError("explain.method_quantised", method=method, bits=scorer.compression.bits, others=others)


def _contributions(dataset: Dataset, games: Games, found: Attribution) -> tuple[Contribution, ...]:
    """``games`` in logits, ``found`` in the units asked for."""
    without, all_known = values_without(games), games.reads_known
    # the mean of probabilities, not the probability of a mean: what one would count with the reason really away
    probability, logit = (games.weights @ of for of in (logistic(without), without))
    errors = [None] * len(games.players) if found.standard_error is None else found.standard_error.tolist()
    return tuple(
        Contribution(
            with_id(dataset, player),
            player_values(dataset, player, games.pairs, all_known=all_known)[0],
            contribution,
            error,
            player_unit(dataset, player),
            *left,
        )
        for player, contribution, error, *left in zip(
            games.players, found.contributions.tolist(), errors, probability.tolist(), logit.tolist(), strict=True
        )
    )
