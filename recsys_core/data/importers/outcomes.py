"""What an interaction's value means: taken or not, a rating on a scale, or a count; and which rows are positives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from recsys_core.data.build_dataset import Warnings
from recsys_core.data.cells import are_flags, read_flags, read_numbers
from recsys_core.data.importers.mapping import InteractionMapping
from recsys_core.data.tables import Table
from recsys_core.errors import DataError, phrase

STAR_SCALE = (1.0, 5.0)
USUAL_HIGHEST = 10  # what scales of whole numbers end at: larger ones have to look like a scale
LOW_SHARE = 0.3  # of the range: counts have their median below it, ratings do not
MOST_AT_TOP = 0.05  # of the rows: more of them at the largest value make it the end of a scale
FIRST_COUNT = 1.0
MANY_VALUES = 50  # a scale has no more steps: more are amounts (of money, seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The values of all interactions and what they are.

    Attributes
    ----------
    kind
        ``rating``, ``click`` or ``taken``.
    values
        float64; NaN for a row that was met but not rated; None where there is no column (all 1).
    low, high
        The scale of ratings, else 0 and 1.
    positive_from
        From this rating on a row is a positive; None: by the usual stars.
    noticed
        Message keys and values.
    """

    kind: str
    values: np.ndarray | None = None
    low: float = 0.0
    high: float = 1.0
    positive_from: float | None = None
    noticed: Sequence[tuple[str, dict]] = ()


def read_outcomes(log: Table, how: InteractionMapping, source: str) -> Outcomes:
    """Read the column of values as the mapping says, else as what its cells look like.

    Raises ``DataError``: ``table.number``, ``table.code`` or ``table.cells_empty`` for a cell that cannot be
    read, ``table.one_class`` where all ratings are equal, ``mapping.bad`` where 'taken' does not fit.
    """
    if how.value is None:
        return Outcomes("taken", noticed=_overlooked(log, how))
    if how.outcome == "click" and how.positive_from is None:
        return Outcomes("click", read_flags(log, how.value))
    if how.outcome is None and how.positive_from is None and are_flags(log.cells(how.value)):
        flags = read_flags(log, how.value)
        if flags.all():  # a log of what was taken: every row is a positive, none is an impression passed over
            return Outcomes("taken", flags, noticed=[("warning.all_taken", {"file": log.file, "column": how.value})])
        return Outcomes("click", flags)
    if how.outcome in ("click", "taken") or (how.outcome is None and how.positive_from is not None):
        return _from_threshold(log, how, source)
    low, high = (-math.inf if how.low is None else how.low), (math.inf if how.high is None else how.high)
    values = read_numbers(log, how.value, low=low, high=high, decimal=how.decimal, unrated=how.unrated_value)
    if how.outcome is None and all(given is None for given in (how.low, how.high, how.unrated_value)):
        about = {"file": log.file, "column": how.value, "most": f"{values.max():g}"}
        if look_like_counts(values):
            return Outcomes("taken", (values >= FIRST_COUNT).astype(float), noticed=[("warning.counts", about)])
        if look_like_amounts(values):
            return Outcomes("taken", (values > 0).astype(float), noticed=[("warning.amounts", about)])
    return _ratings(log, how, values)


def look_like_counts(values: np.ndarray) -> bool:
    """Whether whole numbers are counts (of plays, purchases) rather than ratings: no common end, most of them small.

    >>> look_like_counts(np.array([1, 2, 1, 40, 3, 1, 5, 2])), look_like_counts(np.array([80, 65, 100, 20, 90]))
    (True, False)
    """
    return bool((values == np.floor(values)).all()) and _is_lopsided(values)


def look_like_amounts(values: np.ndarray) -> bool:
    """Whether fractions are amounts (of money, of seconds watched) rather than ratings: as counts, of many values.

    >>> look_like_amounts(np.arange(1, 400) ** 2 / 100), look_like_amounts(np.arange(400) % 20 / 2 + 1)
    (True, False)
    """
    return bool((values != np.floor(values)).any()) and len(np.unique(values)) > MANY_VALUES and _is_lopsided(values)


def _is_lopsided(values: np.ndarray) -> bool:
    if values.min() < 0 or values.max() <= USUAL_HIGHEST:
        return False
    low, high = float(values.min()), float(values.max())
    ends = len(values) >= 1 / MOST_AT_TOP and np.mean(values == high) >= MOST_AT_TOP
    return bool(not ends and np.median(values) < low + LOW_SHARE * (high - low))


def _from_threshold(log: Table, how: InteractionMapping, source: str) -> Outcomes:
    """Taken where the value reaches ``positive_from``; with 'click' the others are taken for not taken."""
    values = read_numbers(log, str(how.value), decimal=how.decimal, unrated=how.unrated_value)
    if how.positive_from is None:
        if (values != 1).any():
            raise DataError("mapping.bad", file=source, reason=phrase("mapping.taken", column=how.value))
        return Outcomes("taken", values)
    taken = (values >= how.positive_from).astype(float)
    noticed = (
        "warning.positive_from",
        {"count": int(taken.sum()), "of": len(taken), "least": f"{how.positive_from:g}"},
    )
    return Outcomes(how.outcome or "taken", taken, noticed=[noticed])


def _ratings(log: Table, how: InteractionMapping, values: np.ndarray) -> Outcomes:
    rated, noticed = values[~np.isnan(values)], []
    if not len(rated):
        raise DataError("table.one_class", file=log.file, column=how.value, value=f"{how.unrated_value:g}")
    if len(rated) < len(values):
        about = {"count": len(values) - len(rated), "of": len(values), "value": f"{how.unrated_value:g}"}
        noticed.append(("warning.unrated", about))
    low, high = _scale(log, how, rated, noticed)
    return Outcomes("rating", values, low, high, how.positive_from, noticed)


def _scale(log: Table, how: InteractionMapping, values: np.ndarray, noticed: Warnings) -> tuple[float, float]:
    """The mapping's scale, else five stars where all values lie there, else the range of the data."""
    least, most = float(values.min()), float(values.max())
    low, high = (least if how.low is None else float(how.low)), (most if how.high is None else float(how.high))
    if how.low is None and how.high is None and STAR_SCALE[0] <= least and most <= STAR_SCALE[1]:
        low, high = STAR_SCALE
    if low >= high:
        raise DataError("table.one_class", file=log.file, column=how.value, value=f"{least:g}")
    if (low, high) != (least, most) and how.low is None and how.high is None:
        about = {"low": f"{low:g}", "high": f"{high:g}", "least": f"{least:g}", "most": f"{most:g}"}
        noticed.append(("warning.scale_assumed", about))
    elif how.low is None or how.high is None:
        noticed.append(("warning.scale_inferred", {"low": f"{low:g}", "high": f"{high:g}"}))
    return low, high


def _overlooked(log: Table, how: InteractionMapping) -> Warnings:
    """A column of 0 and 1 that nobody named, while every row counts as taken."""
    used = {how.user, how.item, how.time, how.propensity}
    for column, cells in log.columns.items():
        if column not in used and pc.count_distinct(cells).as_py() > 1 and are_flags(cells):
            return [("warning.outcome_unused", {"file": log.file, "column": column})]
    return []
