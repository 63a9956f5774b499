"""Contrast: why one item stands above another for a user, reason by reason, and what an item outside a list lacks.

A reason's contribution is that to the first item less that to the second (both explained alone against the same
background); only the history's holds more than that. Without any reason both items are the background's row, yet an
item-item term knows the scored item even then, as context, and the row's positives may speak for one item more than for
the other. A difference must start from nothing, so what they add to it is counted to the history (shared out: to its
items in equal parts): its part of the term is then what the own positives say, whole. So the contributions sum to the
difference of the scores, and turned round they change sign and nothing else.
"""

from __future__ import annotations

import time

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.explain.attribution import Attribution
from recsys_core.explain.backgrounds import AVERAGE
from recsys_core.explain.black_box import RowScorer
from recsys_core.explain.difference_game import DifferenceGames
from recsys_core.explain.method import games_of, score_of
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.player_values import player_unit, player_values, with_id
from recsys_core.explain.probability_games import in_units
from recsys_core.explain.shapley import solve
from recsys_core.explain.value_function import Games
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.recommend import UserScores
from recsys_core.results.contrast import Contrast, Difference, EntryGap
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import DENSE


def contrast(
    scorer: Scorer | RowScorer,
    dataset: Dataset,
    pairs: Pairs,
    background: Pairs,
    *,
    history: str = "one",
    units: Units = LOGIT,
    seed: int = 0,
    compared_with: str = AVERAGE.key,
) -> Contrast:
    """What each reason adds to the first pair's score less the second's: Shapley values of the difference game.

    Parameters
    ----------
    scorer
        Our own ranker under any variant, or any model that scores rows (`recsys_core.explain.black_box`).
    pairs
        Two items for one user with one history; in a list or not, taken already or not, the same one twice.
    background
        Rows that stand for "not this value", the same for both items.
    history
        ``one`` reason, or ``each`` item of it a reason (Owen values, see `recsys_core.explain.owen`).
    units
        ``logit``, or ``probability``: Shapley values of the probabilities' difference.
    compared_with
        What the background is (`recsys_core.explain.backgrounds`), for whoever reads the result.

    The contributions sum to the difference of the scores; the history's holds what the background's positives say of
    one item more than of the other, see above.

    Raises ``SettingError`` for an unknown history, unknown units or an empty background, ``ValueError`` for other than
    two pairs of one user and history.
    """
    start = time.perf_counter()
    turned = len(pairs) == 2 and bool(pairs.items[0] > pairs.items[1])  # one game for both directions
    order = np.array([1, 0]) if turned else np.arange(len(pairs))
    game = difference_game(scorer, pairs[order], background, history=history, units=units)
    whole = difference_game(scorer, pairs[order], background, units=units) if game.history == "each" else game
    found = _solved(game, whole, seed)
    names = [(str(dataset.items["item_id"].iloc[i]), dataset.titles[int(i)]) for i in pairs.items]
    return Contrast(
        user_id=str(dataset.users["user_id"].iloc[pairs.users[0]]),
        item_id=names[0][0],
        title=names[0][1],
        against_id=names[1][0],
        against_title=names[1][1],
        logit=score_of(scorer, pairs[:1]),
        logit_against=score_of(scorer, pairs[1:]),
        contributions=_differences(dataset, game, pairs, found, sign=-1.0 if turned else 1.0),
        background=len(background),
        seed=seed,
        seconds=time.perf_counter() - start,
        exact=found.exact,
        history=history,
        units=units,
        compared_with=compared_with,
        n_evaluations=found.n_evaluations,
        variant=scorer.variant if isinstance(scorer, Scorer) else DENSE,
    )


def difference_game(
    scorer: Scorer | RowScorer, pairs: Pairs, background: Pairs, *, history: str = "one", units: Units = LOGIT
) -> DifferenceGames:
    """The game that `contrast` solves, in the units asked for."""
    return DifferenceGames(in_units(games_of(scorer, pairs, background, history=history), units))


def _differences(
    dataset: Dataset, game: Games, pairs: Pairs, found: Attribution, *, sign: float
) -> tuple[Difference, ...]:
    errors = [None] * len(game.players) if found.standard_error is None else found.standard_error.tolist()
    differences = []
    for player, contribution, error in zip(game.players, found.contributions.tolist(), errors, strict=True):
        value, other = player_values(dataset, player, pairs, all_known=game.reads_known)
        unit = player_unit(dataset, player)
        signed = sign * contribution + 0.0  # no minus in front of a zero
        differences.append(Difference(with_id(dataset, player), value, other, signed, error, unit))
    return tuple(differences)


def _solved(game: Games, whole: Games, seed: int) -> Attribution:
    """Shapley or Owen values that start from nothing: what no player adds is the history's, see `contrast`."""
    if game.history == "each":
        found = owen_attribution(game, whole, seed=seed)
        values, base, exact, error = found.contributions, found.base_value, found.exact, found.standard_error
    else:
        solution = solve(game, seed=seed)
        values, base, exact = solution.contributions[0], float(solution.base_values[0]), bool(solution.exact[0])
        error = None if exact else solution.standard_error[0]
    contributions = values.copy()
    contributions[game.n_user : game.n_user + game.n_history] += base / game.n_history
    n_evaluations = game.n_evaluations if whole is game else game.n_evaluations + whole.n_evaluations
    return Attribution(0.0, contributions, exact=exact, standard_error=error, n_evaluations=n_evaluations)


def entry_gap(user_scores: UserScores, item_index: int, k: int = 10) -> EntryGap | None:
    """What an item outside a user's list of ``k`` lacks to enter it.

    None where no score would bring it in: it is on the list, it is no candidate, or the list is not made by score
    alone (re-ranked). Raises ``SettingError`` for ``k`` below 1.
    """
    if k < 1:
        raise SettingError("setting.k", value=k)
    rank = user_scores.rank_of(item_index)
    if rank is None or rank <= k or not user_scores.reranker.settings.is_identity:
        return None
    last = int(user_scores.top(k)[-1])
    return EntryGap(k, float(user_scores.scores[last]) - float(user_scores.scores[item_index]), last)


def next_to(user_scores: UserScores, item_index: int, k: int = 10) -> int | None:
    """The item that another one is contrasted with unless told: its neighbour in the user's ranking.

    Of an item on the list of ``k`` the one just below it (of the last candidate of all the one above it), of any other
    item the last of the list. None where there is no other candidate.
    """
    rank = user_scores.rank_of(item_index)
    if rank is None or rank > k:
        ranked = user_scores.top(k).tolist()
        return ranked[-1] if ranked else None
    ranked = user_scores.top(rank + 1).tolist()
    if rank < len(ranked):
        return ranked[rank]
    return ranked[rank - 2] if rank > 1 else None
