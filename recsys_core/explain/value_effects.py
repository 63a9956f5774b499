"""What one reason does to the score, value by value: the mean contribution of the pairs that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import LEVEL, GlobalExplanation
from recsys_core.explain.player_values import Value, player_column
from recsys_core.player import Player

BUCKETS = 5
MAX_VALUES = 14  # the others are one row
GROUPED = ("number", "ordered", "category", "set")


@dataclass(frozen=True, slots=True)
class ValueEffect:
    """Mean contribution of a reason over the pairs that hold one value, in logits.

    ``kind``: ``value`` (``value`` says which), ``range`` (a number from ``start`` to ``end``),
    ``missing`` (an empty cell) or ``rest`` (all rarer values). ``low`` and ``high``: 95 % interval of the
    mean over pairs, None where one pair is all there is.
    """

    kind: str
    n: int
    mean: float
    low: float | None
    high: float | None
    value: Value = None
    start: float | None = None
    end: float | None = None


def effects_by_value(dataset: Dataset, found: GlobalExplanation, player: Player) -> tuple[ValueEffect, ...]:
    """A reason's effect by value: numbers in fifths, low to high; levels in order; categories by mean effect.

    A pair whose set has several members counts for each of them. Empty for a text or an id, which
    have no values to group by. Pairs are taken as independent (Student's interval).
    """
    column = player_column(dataset, player)
    kind = "number" if player.is_history else column.kind if column is not None else ""
    if kind not in GROUPED:
        return ()
    levels = column.levels if column is not None and kind == "ordered" else ()
    values = found.values[player]
    x = found.contributions[:, found.players.index(player)]
    known = np.array([v is not None for v in values], dtype=bool)
    if kind == "number":
        rows = list(_ranges(np.array([np.nan if v is None else v for v in values], dtype=float), x))
    else:
        rows = _values([str(v).split("|") if kind == "set" else [v] for v in values], known, x, levels)
    return (*rows, *([_effect("missing", x[~known])] if (~known).any() else []))


def _effect(
    kind: str, x: np.ndarray, *, value: Value = None, start: float | None = None, end: float | None = None
) -> ValueEffect:
    from scipy.stats import t

    mean = float(x.mean())
    low = high = None
    if len(x) > 1:
        half = float(t.ppf((1 + LEVEL) / 2, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
        low, high = mean - half, mean + half
    return ValueEffect(kind, len(x), mean, low, high, value, start, end)


def _ranges(numbers: np.ndarray, x: np.ndarray) -> Iterator[ValueEffect]:
    """Fifths of the pairs by value, equal values together; each distinct number where there are few."""
    distinct = np.unique(numbers[~np.isnan(numbers)])
    if len(distinct) <= BUCKETS + 1:
        for number in distinct.tolist():
            yield _effect("value", x[numbers == number], value=number)
        return
    ordered = np.sort(numbers[~np.isnan(numbers)])
    cuts = np.unique([ordered[len(ordered) * k // BUCKETS] for k in range(1, BUCKETS)])
    code = np.searchsorted(cuts, numbers, side="right")
    for k in range(len(cuts) + 1):
        rows = (code == k) & ~np.isnan(numbers)
        if rows.any():
            yield _effect("range", x[rows], start=float(numbers[rows].min()), end=float(numbers[rows].max()))


def _values(members: list[list], known: np.ndarray, x: np.ndarray, levels: tuple[str, ...]) -> list[ValueEffect]:
    """A row a value, the most frequent ones; what is left, together."""
    rows_of: dict[Value, list[int]] = {}
    for row in np.flatnonzero(known).tolist():
        for member in dict.fromkeys(members[row]):
            if member:
                rows_of.setdefault(member, []).append(row)
    often = sorted(rows_of, key=lambda v: (-len(rows_of[v]), str(v)))
    alone = often if len(often) <= MAX_VALUES + 1 else often[:MAX_VALUES]
    found = [_effect("value", x[rows_of[v]], value=v) for v in alone]
    place = {level: i for i, level in enumerate(levels)}
    found.sort(key=lambda e: place.get(str(e.value), len(place)) if levels else -e.mean)
    rest = sorted({row for v in often[len(alone) :] for row in rows_of[v]})
    return [*found, *([_effect("rest", x[rest])] if rest else [])]
