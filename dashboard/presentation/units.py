"""How scores and contributions are written in their units: logits, or percentage points of the probability.

Results hold probabilities as shares of 1; what a person reads is a hundred times that. In sentences a figure carries
its unit (``said``); on axes, in tables and beside bars the title does (``titled``) and the figure stands alone
(``signed``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dashboard.presentation.texts import numbers, plain
from recsys_core.results.units import LOGIT, Units

POINTS = 100.0
MOST_DECIMALS = 6


def on_axis(value: float, units: Units) -> float:
    """A value as it stands on an axis: a logit, or percentage points.

    >>> on_axis(0.25, "logit"), on_axis(0.25, "probability")
    (0.25, 25.0)
    """
    return value if units == LOGIT else POINTS * value


def decimals_for(values: Iterable[float], units: Units) -> int:
    """Decimals that tell these values apart; more where a probability hardly moves.

    >>> decimals_for([0.84], "logit"), decimals_for([0.123, -0.02], "probability"), decimals_for([4e-5], "probability")
    (2, 1, 4)
    """
    if units == LOGIT:
        return numbers.decimals_for(values)
    largest = max((abs(POINTS * v) for v in values), default=1.0)
    decimals = 1
    while largest < 10 ** (1 - decimals) and decimals < MOST_DECIMALS:
        decimals += 1
    return decimals


def signed(value: float | None, units: Units, decimals: int | None = None) -> str:
    """A contribution with its sign, its unit left to the title.

    >>> signed(0.123, "probability"), signed(-0.22, "logit")
    ('+12.3', '\u22120.22')
    """
    if value is None:
        return numbers.UNKNOWN
    return numbers.signed(on_axis(value, units), decimals_for([value], units) if decimals is None else decimals)


def said(value: float, units: Units, decimals: int | None = None) -> str:
    """A contribution in a sentence: "+0.84", or "+12.3 points".

    >>> said(0.123, "probability")
    '+12.3 points'
    """
    figure = signed(value, units, decimals)
    return figure if units == LOGIT else plain("units.points", value=figure)


def score(value: float, units: Units) -> str:
    """A score or a mean score: "+0.84", or "73.0 %".

    >>> score(0.73, "probability"), score(0.84, "logit")
    ('73.0\u202f%', '+0.84')
    """
    return numbers.signed(value) if units == LOGIT else numbers.percent(value, 1)


def titled(key: str, units: Units) -> str:
    """The text of that key for these units: ``KEY`` says logits, ``KEY.probability`` percentage points."""
    return plain(key if units == LOGIT else f"{key}.{units}")


def decimals_between(before: float, after: float | None) -> int:
    """As many decimals of two values as their difference needs, at least two."""
    decimals = 2
    if after is None or before == after:
        return decimals
    while decimals < MOST_DECIMALS and abs(after - before) < 1.5 * 10**-decimals:
        decimals += 1
    return decimals


def chances(before: float, after: float | None) -> str:
    """Two probabilities side by side, with the decimals that tell them apart; empty where the second is unknown.

    >>> chances(0.73, 0.58), chances(0.99991, 0.99987), chances(0.5, 0.5)
    ('0.73 → 0.58', '0.99991 → 0.99987', '0.50 → 0.50')
    """
    return _side_by_side(before, after, numbers.fixed)


def logits(before: float, after: float | None) -> str:
    """The same of two logits, with their signs.

    >>> logits(1.33, 1.3261), logits(1.0, None)
    ('+1.330 → +1.326', '')
    """
    return _side_by_side(before, after, numbers.signed)


def _side_by_side(before: float, after: float | None, written: Callable[[float, int], str]) -> str:
    decimals = decimals_between(before, after)
    return "" if after is None else f"{written(before, decimals)} → {written(after, decimals)}"
