"""Results of explaining a history: what each item that was taken adds to a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.units import LOGIT, Units

LEAVE_ONE_OUT = "leave_one_out"
ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class HistoryReason:
    """One item of the history.

    Attributes
    ----------
    contribution
        In the units of all; of ``attention`` the weight, which has none.
    term
        The item-item term's part of it, known exactly; None where the model has no term, and of probabilities, in which
        nothing is apart.
    standard_error
        Of the contribution, None where nothing was sampled.
    is_read
        Whether the network reads it; the others are older and count in the term alone.
    """

    item_index: int
    item_id: str
    title: str
    contribution: float
    term: float | None = None
    standard_error: float | None = None
    is_read: bool = True

    @property
    def network(self) -> float | None:
        """What is not the item-item term's; None where that is not known."""
        return None if self.term is None else self.contribution - self.term

    def to_json(self) -> dict[str, Any]:
        names = ("item_id", "title", "contribution", "term", "network", "standard_error", "is_read")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, eq=False)
class HistoryReasons:
    """What each known positive adds to one score, newest first.

    Attributes
    ----------
    by
        ``shapley`` (they sum to the history's contribution), ``leave_one_out`` (what the score loses without an item;
        they sum to nothing), or ``attention`` (weights that explain nothing: Jain & Wallace 2019).
    history
        The history's contribution as one reason.
    exact
        Whether nothing was sampled.
    units
        Of all figures.
    earlier, n_earlier
        Of probabilities: what the older items add that only the item-item term reads, together, and how many they are.
    """

    by: str
    items: tuple[HistoryReason, ...]
    history: float
    exact: bool
    background: int
    seed: int
    seconds: float
    units: Units = LOGIT
    earlier: float = 0.0
    n_earlier: int = 0

    @property
    def total(self) -> float:
        return sum(item.contribution for item in self.items) + self.earlier

    @property
    def gap(self) -> float:
        """The sum less the history's contribution: 0 up to rounding for ``shapley``."""
        return self.total - self.history

    @property
    def term(self) -> float | None:
        """The item-item term's part of the sum; None where that is not known."""
        parts = [item.term for item in self.items if item.term is not None]
        return sum(parts) if parts else None

    @property
    def standard_error(self) -> float | None:
        """The largest of an item; None where nothing was sampled."""
        errors = [item.standard_error for item in self.items if item.standard_error is not None]
        return max(errors) if errors else None

    @property
    def strongest(self) -> tuple[HistoryReason, ...]:
        """The items by size, largest first; of equal ones the newer first."""
        return tuple(sorted(self.items, key=lambda item: -abs(item.contribution)))

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        names = ("by", "history", "total", "term", "gap", "standard_error", "exact", "background", "seed", "seconds")
        more = ("units", "earlier", "n_earlier")
        return {name: getattr(self, name) for name in (*names, *more)} | {
            "items": [item.to_json() for item in self.items]
        }
