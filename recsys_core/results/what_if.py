"""Results of what-if: where an item stands before and after edits, which edit did what, and how lists move."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.errors import Phrase
from recsys_core.metrics import probability
from recsys_core.player import Player
from recsys_core.results.edits import Cell, Edit
from recsys_core.results.ranking import RankedItem
from recsys_core.results.units import LOGIT, Units, score_in_units


@dataclass(frozen=True, slots=True)
class Standing:
    """An item's score (a logit) and its rank among ``n_candidates``; rank None where it is no candidate."""

    score: float
    rank: int | None
    n_candidates: int

    @property
    def probability(self) -> float:
        return probability(self.score)

    def in_units(self, units: Units) -> float:
        """The score as a logit or as a probability."""
        return score_in_units(self.score, units)


@dataclass(frozen=True, slots=True)
class EditContribution:
    """What one edit adds to the change: its Shapley value over the edits. Standard error: None where none was drawn."""

    edit: Edit
    contribution: float
    standard_error: float | None = None


@dataclass(frozen=True, slots=True)
class EditExplanation:
    """The change of one score shared out among the edits that made it.

    Attributes
    ----------
    before, after
        The item that is asked about.
    edits
        In the order in which they were given; contributions in ``units``.
    units
        ``logit`` or ``probability``.
    exact
        Whether every coalition of edits was scored, or orderings of them were drawn (with a fixed seed).
    n_evaluations
        Different rows that the model scored.
    """

    before: Standing
    after: Standing
    edits: tuple[EditContribution, ...]
    units: Units = LOGIT
    exact: bool = True
    n_evaluations: int = 0
    seconds: float = 0.0

    @property
    def change(self) -> float:
        """After minus before, in ``units``."""
        return self.after.in_units(self.units) - self.before.in_units(self.units)

    @property
    def completeness_gap(self) -> float:
        """Sum of the contributions minus the change."""
        return sum(e.contribution for e in self.edits) - self.change

    @property
    def standard_error(self) -> float | None:
        """The largest of a contribution, None where nothing was drawn."""
        errors = [e.standard_error for e in self.edits if e.standard_error is not None]
        return max(errors) if errors else None


@dataclass(frozen=True, slots=True)
class MovedItem:
    """A line of a list, and the item's rank on the other side of the edits (None: no candidate there)."""

    item: RankedItem
    other_rank: int | None


@dataclass(frozen=True, slots=True)
class ListChange:
    """The best items before the edits and after them; each line knows its rank on the other side."""

    before: tuple[MovedItem, ...]
    after: tuple[MovedItem, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Everything that is said of some edits at once. ``notes``: how the model reads what lies beyond its tables."""

    explanation: EditExplanation
    top: ListChange
    notes: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponsePoint:
    """What the model says with one value of a column, all else as it is supposed.

    ``member`` names what was added to a set or taken from it (``is_added``); None for other columns.
    """

    value: Cell
    score: float
    rank: int | None
    member: str | None = None
    is_added: bool = True

    @property
    def probability(self) -> float:
        return probability(self.score)


@dataclass(frozen=True, slots=True)
class ResponseCurve:
    """A column's response curve for one user and item (ICE: individual conditional expectation), other edits in force.

    Attributes
    ----------
    kind
        ``number``, ``category`` or ``set``.
    points
        Numbers ascending; categories in their order, or the most frequent first; a set as it is, then with each
        member added or taken off.
    own, edited
        Without and with the edit of this column; the same point where it is not edited.
    n_values
        How many values the column has; more than ``points`` where only the most frequent are here.
    span
        Least and largest number of the table: beyond them the model reads these. None for other kinds.
    """

    player: Player
    kind: str
    points: tuple[ResponsePoint, ...]
    own: ResponsePoint
    edited: ResponsePoint
    n_values: int
    span: tuple[float, float] | None = None
    n_candidates: int = 0
