"""The planted effect curves: a handful of smooth, low-dimensional shapes that a domain fills with numbers.

Every effect reads *values*: one array a player (``user.age``, ``item.brand``, …). A category
arrives as the code of its level, a title as the code of the planted word it holds, the history
as counts by category ``(..., n_categories)``. Arrays broadcast, so the same call serves single
pairs and a whole catalogue. ``says`` is the effect in words, for the sample's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

Values = Mapping[str, np.ndarray]


def _numbers(by_level: Mapping[str, float], codes: np.ndarray) -> np.ndarray:
    return np.array(list(by_level.values()))[codes]


@dataclass(frozen=True, slots=True, eq=False)
class Bell:
    """``height`` where a user's number equals the item category's own centre, less on both sides."""

    number: str
    category: str
    centres: Mapping[str, float]
    width: float
    height: float
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.number, self.category)

    def __call__(self, values: Values) -> np.ndarray:
        distance = (values[self.number] - _numbers(self.centres, values[self.category])) / self.width
        return self.height * np.exp(-(distance**2) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Parabola:
    """0 where an item's amount equals what the user's means suggest, less on both sides.

    ``-weight * log(amount / ideal)**2`` with ``ideal = at_reference * (means / reference)**elasticity``.
    """

    amount: str
    means: str
    reference: float
    at_reference: float
    elasticity: float
    weight: float
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.amount, self.means)

    def __call__(self, values: Values) -> np.ndarray:
        ideal = np.log(self.at_reference) + self.elasticity * np.log(values[self.means] / self.reference)
        return -self.weight * (np.log(values[self.amount]) - ideal) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """``slope`` for every unit above ``centre``."""

    number: str
    centre: float
    slope: float
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.number,)

    def __call__(self, values: Values) -> np.ndarray:
        return self.slope * (values[self.number] - self.centre)


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """One number a level: brands, or the planted words of a title."""

    column: str
    numbers: dict[str, float]
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.column,)

    def __call__(self, values: Values) -> np.ndarray:
        return _numbers(self.numbers, values[self.column])


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """``height`` where two columns with the same levels agree, else 0."""

    left: str
    right: str
    height: float
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.left, self.right)

    def __call__(self, values: Values) -> np.ndarray:
        return self.height * (values[self.left] == values[self.right])


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """``weight * log(1 + how often the item's category is among the user's recent items)``."""

    history: str
    category: str
    weight: float
    says: str

    @property
    def players(self) -> tuple[str, ...]:
        return (self.history, self.category)

    def __call__(self, values: Values) -> np.ndarray:
        code = values[self.category][..., None]
        return self.weight * np.log1p(np.take_along_axis(values[self.history], code, axis=-1)[..., 0])


Effect = Bell | Parabola | Line | Levels | Match | Pull
SHAPES = {shape.__name__.lower(): shape for shape in (Bell, Parabola, Line, Levels, Match, Pull)}


def effect_to_json(effect: Effect) -> dict:
    return {"shape": type(effect).__name__.lower(), **asdict(effect)}


def effect_from_json(data: dict) -> Effect:
    return SHAPES[data["shape"]](**{k: v for k, v in data.items() if k != "shape"})
