"""Rows of a comparison of explainers: means over users, their intervals, and shares between floor and ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.errors import SettingError, phrase
from recsys_core.explain.comparison.measures import Figures
from recsys_core.explain.methods import METHODS
from recsys_core.results.method_comparison import (
    MEASURES,
    OF_HISTORY,
    RANDOM,
    REMOVALS,
    SEARCH,
    SHARE,
    Figure,
    MethodRow,
)

ROWS = (RANDOM, *METHODS, *OF_HISTORY, SEARCH)
TAILS = (2.5, 97.5)
LEAST_DISTANCE = 1e-9  # between floor and ceiling: below it there is nothing to be told apart


@dataclass(frozen=True, slots=True, eq=False)
class UserFigures:
    """Every figure of every user: ``values[method][measure]`` ``(n_users,)``, NaN where it cannot be told.

    ``draws`` ``(n_draws, n_users)`` resample the users, the same for every figure, so that differences are paired.
    """

    values: Mapping[str, Mapping[str, np.ndarray]]
    draws: np.ndarray

    @classmethod
    def of(cls, found: Sequence[Mapping[str, Figures]], *, seed: int) -> UserFigures:
        values = {
            method: {m: np.array([user[method].get(m, np.nan) for user in found]) for m in MEASURES}
            for method in found[0]
        }
        return cls(values, user_draws(len(found), seed=seed))

    def part(self, users: np.ndarray) -> UserFigures:
        """Some of the users (bool); a draw that has none of them says nothing."""
        values = {method: {m: v[users] for m, v in of_method.items()} for method, of_method in self.values.items()}
        return UserFigures(values, self.draws[:, users])

    def share(self, method: str, measure: str) -> tuple[float, np.ndarray, int] | None:
        """Of the way from floor to ceiling: the value, one a draw, and of how many users; None where there is no way.

        ``sum(floor - method) / sum(floor - ceiling)`` over the users who have all three.
        """
        floor, own, ceiling = (self.values[name][measure] for name in (RANDOM, method, SEARCH))
        known = ~np.isnan(floor + own + ceiling)
        if not known.any():
            return None
        gained, possible = (floor - own)[known], (floor - ceiling)[known]
        if abs(possible.sum()) < LEAST_DISTANCE:
            return None
        of_draws = self.draws[:, known].astype(float)
        below = of_draws @ possible
        usable = np.abs(below) > LEAST_DISTANCE
        shares = np.divide(of_draws @ gained, below, out=np.full(len(below), np.nan), where=usable)
        return float(gained.sum() / possible.sum()) + 0.0, shares + 0.0, int(known.sum())


def method_rows(every: UserFigures, refused: Mapping[str, SettingError]) -> tuple[MethodRow, ...]:
    """Floor, methods, ceiling; a method that cannot explain the model has no figure and says why."""
    return tuple(_row(every, name, refused.get(name)) for name in ROWS if name in every.values or name in refused)


def _row(every: UserFigures, name: str, problem: SettingError | None) -> MethodRow:
    names = [*MEASURES, *(measure + SHARE for measure in REMOVALS)]
    if problem is not None:
        return MethodRow(name, dict.fromkeys(names), phrase(problem.key, **problem.values))
    found = {measure: _figure(every.values[name][measure], every.draws) for measure in MEASURES}
    found |= {measure + SHARE: _share(every, name, measure) for measure in REMOVALS}
    return MethodRow(name, found)


def _figure(values: np.ndarray, draws: np.ndarray) -> Figure | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = mean_ends(values, draws)
    return _with_ends(float(known.mean()), low, high, len(known))


def _share(every: UserFigures, method: str, measure: str) -> Figure | None:
    found = every.share(method, measure)
    if found is None:
        return None
    value, shares, n = found
    known = shares[~np.isnan(shares)]
    low, high = np.percentile(known, TAILS) if len(known) else (np.nan, np.nan)
    return _with_ends(value, float(low), float(high), n)


def _with_ends(value: float, low: float, high: float, n: int) -> Figure:
    """An interval holds its figure; of a single user there is none."""
    if n < 2 or np.isnan(low + high):
        return Figure(value, None, None, n)
    return Figure(value, min(low, value), max(high, value), n)
