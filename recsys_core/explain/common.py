"""What a user's whole list has in common: which reasons lift its items above the rest of the catalogue.

A pair is solved exactly where at most 9 players differ from a background row, else from 256 orderings. What no player
adds (an item-item term knows the scored item as context) is counted to the history, as in a contrast of two items. The
interval is Student's, for the others that were not drawn (finite population: Cochran 1977, theorem 2.2) and for the
orderings; the list itself is whole, and the background is as it is said.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri, stdtrit

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.explain.backgrounds import AVERAGE
from recsys_core.explain.black_box import RowScorer
from recsys_core.explain.method import games_of, scores_of
from recsys_core.explain.player_values import Value, player_column, player_values
from recsys_core.explain.probability_games import in_units
from recsys_core.explain.shapley import Solution, solve
from recsys_core.explain.value_function import Games
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import Player
from recsys_core.recommend import UserScores
from recsys_core.results.contrast import CommonReason, CommonReasons, SharedValue
from recsys_core.results.units import LOGIT, Units, scores_in_units
from recsys_core.seeds import random_stream
from recsys_core.variant import DENSE

N_OTHERS = 100  # other candidates that are looked at
MAX_EXACT, ORDERINGS = 9, 256  # a pair: as of the global view, what a mean over pairs evens out
LEVEL = 0.95


def reasons_in_common(
    scorer: Scorer | RowScorer,
    dataset: Dataset,
    user: Pairs,
    background: Pairs,
    user_scores: UserScores,
    *,
    k: int = 10,
    n_others: int = N_OTHERS,
    units: Units = LOGIT,
    seed: int = 0,
    compared_with: str = AVERAGE.key,
) -> CommonReasons:
    """Mean contributions of a list's items less those of other candidates, summing to the mean score difference.

    Parameters
    ----------
    user
        One row: the user with the history that the list was made with; its item plays no part.
    background
        Rows that stand for "not this value", the same for all.
    user_scores
        What may be recommended, and in which order.
    k
        Length of the list.
    n_others
        How many of the other candidates are looked at, drawn by the seed; all of them where they are no more.
    compared_with
        What the background is (`recsys_core.explain.backgrounds`), for whoever reads the result.

    Raises ``SettingError``: ``contrast.nothing_listed`` (no candidates), ``contrast.no_others`` (all are listed),
    ``setting.k`` below 1, ``setting.least`` for fewer than two others or an empty background, ``setting.choice`` for
    unknown units.
    """
    start = time.perf_counter()
    chosen = _chosen(user_scores, k, n_others, seed)
    pairs = replace(user[np.zeros(len(chosen.items), dtype=np.int64)], items=chosen.items)
    games = in_units(games_of(scorer, pairs, background), units)
    found = solve(games, seed=seed, max_exact=MAX_EXACT, orderings=ORDERINGS)
    scores = scores_in_units(scores_of(scorer, pairs), units)
    return CommonReasons(
        user_id=str(dataset.users["user_id"].iloc[user_scores.user_index]),
        mean_score=float(scores[: len(chosen.listed)].mean()),
        mean_score_of_others=float(scores[len(chosen.listed) :].mean()),
        contributions=_reasons(dataset, games, found, chosen),
        n_listed=len(chosen.listed),
        n_sampled=len(chosen.drawn),
        n_others=len(chosen.others),
        background=len(background),
        seed=seed,
        seconds=time.perf_counter() - start,
        exact=bool(found.exact.all()),
        units=units,
        compared_with=compared_with,
        variant=scorer.variant if isinstance(scorer, Scorer) else DENSE,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """Item indices: the list, first place first, all other candidates, and those of them that are looked at."""

    listed: np.ndarray
    others: np.ndarray
    drawn: np.ndarray

    @property
    def items(self) -> np.ndarray:
        return np.concatenate([self.listed, self.drawn])


def _chosen(user_scores: UserScores, k: int, n_others: int, seed: int) -> _Chosen:
    """What is compared. Raises ``SettingError``, see `reasons_in_common`."""
    if k < 1:
        raise SettingError("setting.k", value=k)
    if n_others < 2:
        raise SettingError("setting.least", name="others", least=2, value=n_others)  # one has no spread
    listed = user_scores.top(k)
    if not len(listed):
        raise SettingError("contrast.nothing_listed")
    is_other = ~user_scores.seen
    is_other[listed] = False
    others = np.flatnonzero(is_other)
    if not len(others):
        raise SettingError("contrast.no_others", n=len(listed))
    drawn = random_stream(seed, "rest of the catalogue").choice(others, min(n_others, len(others)), replace=False)
    return _Chosen(listed, others, np.sort(drawn))


def _reasons(dataset: Dataset, games: Games, found: Solution, chosen: _Chosen) -> tuple[CommonReason, ...]:
    n = len(chosen.listed)
    values = found.contributions.copy()
    values[:, games.n_user] += found.base_values
    listed, rest = values[:n], values[n:].mean(0)
    differences = listed.mean(0) - rest
    half = _half_widths(values, found.standard_error, n, len(chosen.others))
    moved = (np.sign(differences) * (listed - rest) > 0).sum(0)
    figures = zip(games.players, differences.tolist(), half.tolist(), moved.tolist(), strict=True)
    return tuple(
        CommonReason(player, mean, mean - wide, mean + wide, n_lifted, _shared(dataset, player, chosen))
        for player, mean, wide, n_lifted in figures
    )


def _half_widths(values: np.ndarray, errors: np.ndarray, n_listed: int, n_others: int) -> np.ndarray:
    """Half the width of the interval of each reason's mean difference ``(n_players,)``.

    The spread of the drawn others holds the error of their orderings, too; only what is left of it is the items' own,
    and that vanishes as all of them are drawn.
    """
    drawn, of_orderings = values[n_listed:], (errors[n_listed:] ** 2).mean(0)
    n = len(drawn)
    spread = drawn.var(0, ddof=1) if n > 1 else np.zeros(values.shape[1])
    of_items = np.maximum(spread - of_orderings, 0.0) * (1 - n / n_others)
    variance = (of_items + of_orderings) / n + (errors[:n_listed] ** 2).sum(0) / n_listed**2
    return student_quantile(n - 1) * np.sqrt(variance)


def student_quantile(freedom: int) -> float:
    """Half-width of a 95 % interval in standard errors; the normal's where nothing was drawn.

    >>> round(student_quantile(99), 3), round(student_quantile(0), 3)
    (1.984, 1.96)
    """
    return float(stdtrit(freedom, 0.5 + LEVEL / 2)) if freedom else float(ndtri(0.5 + LEVEL / 2))


def _shared(dataset: Dataset, player: Player, chosen: _Chosen) -> SharedValue | None:
    """What the listed items mostly hold in an item's column, beside the others; None where nothing can be shared."""
    column = player_column(dataset, player) if player.side == "item" else None
    if column is None or column.kind == "text":
        return None
    here, there = (_cells(dataset, player, items) for items in (chosen.listed, chosen.others))
    if column.kind == "number":
        numbers = [[float(c) for c in cells if c is not None] for cells in (here, there)]
        if not all(numbers):
            return None
        return SharedValue(float(np.median(numbers[0])), float(np.median(numbers[1])))
    parts = [
        [set(str(c).split("|")) if column.kind == "set" else {c} for c in cells if c is not None]
        for cells in (here, there)
    ]
    counts = Counter(part for cell in parts[0] for part in sorted(cell))
    if not counts:
        return None
    typical, held = counts.most_common(1)[0]
    return SharedValue(typical, None, held, sum(typical in cell for cell in parts[1]) / len(chosen.others))


def _cells(dataset: Dataset, player: Player, items: np.ndarray) -> list[Value]:
    nobody = np.zeros(len(items), dtype=np.int64)
    return player_values(dataset, player, Pairs(nobody, items, np.zeros((len(items), 0), dtype=np.int64)))
