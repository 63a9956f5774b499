"""Results of asking what would have to be otherwise for an item to leave a user's list, or to enter it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.errors import Phrase
from recsys_core.player import Player
from recsys_core.results.edits import Cell, Edit
from recsys_core.results.ranking import RankedItem

REMOVE_HISTORY, CHANGE_ATTRIBUTES = "remove-history", "change-attributes"
KINDS = (REMOVE_HISTORY, CHANGE_ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class TakenOff:
    """An item of the history that is taken off it."""

    item_index: int
    item_id: str
    title: str

    def to_json(self) -> dict[str, Any]:
        return {"item_id": self.item_id, "title": self.title}


@dataclass(frozen=True, slots=True)
class ChangedColumn:
    """Another value of a column of the user or of the item; None: an empty cell.

    ``share`` is how far it is: of a number the share of the table's rows that lie between the two values, of ordered
    values the share of the steps, of sets one less the share of members in common, of others 1.
    """

    player: Player
    before: Cell
    after: Cell
    share: float

    def to_json(self) -> dict[str, Any]:
        return {"column": self.player.key, "from": self.before, "to": self.after, "share": self.share}


@dataclass(frozen=True, slots=True, eq=False)
class Counterfactual:
    """The smallest change found that takes an item out of a user's top ``k``, or brings it in.

    Attributes
    ----------
    kind
        ``remove-history`` or ``change-attributes``.
    user_id, item, k
        Whose list, which item with its score and rank (0: no candidate) before, and how long the list is.
    found
        Whether a change was found; where not, ``note`` says why, in one sentence.
    changes, edits
        What is changed, for people, and as edits that give the same when applied.
    after
        The item's score and rank after the change; None where none was found.
    entered, left
        Items that are in the top ``k`` after the change alone, and before it alone; best rank first.
    verified
        Whether the catalogue, scored again with the edits, puts the item where it is said to be.
    exact
        Whether everything smaller (fewer items, fewer columns) was tried and does not suffice.
    n_scored
        Histories, or edited rows, that were scored on the way.
    best_rank
        The rank that was reached: the lowest of a removal, the highest of a change; None where nothing was tried.
    """

    kind: str
    user_id: str
    item: RankedItem
    k: int
    found: bool
    changes: tuple[TakenOff | ChangedColumn, ...] = ()
    edits: tuple[Edit, ...] = ()
    after: RankedItem | None = None
    entered: tuple[RankedItem, ...] = ()
    left: tuple[RankedItem, ...] = ()
    verified: bool = False
    exact: bool = False
    n_scored: int = 0
    seconds: float = 0.0
    best_rank: int | None = None
    note: Phrase | None = None

    @property
    def replaced_by(self) -> RankedItem | None:
        """Who takes the item's place on the list after a removal."""
        return next((item for item in self.entered if item.item_id != self.item.item_id), None)

    @property
    def distance(self) -> float:
        """How far all changed columns lie from what they were (`ChangedColumn.share`), summed."""
        return sum(change.share for change in self.changes if isinstance(change, ChangedColumn))

    def to_json(self) -> dict[str, Any]:
        """Everything a script asks for; what has no meaning is null."""
        before, after, other = self.item, self.after, self.replaced_by
        return {
            "found": self.found,
            "kind": self.kind,
            "changes": [change.to_json() for change in self.changes],
            "rank_before": before.rank or None,
            "rank_after": after.rank if after else None,
            "score_before": before.score,
            "score_after": after.score if after else None,
            "probability_before": before.probability,
            "probability_after": after.probability if after else None,
            "replaced_by": other and _named(other),
            "entered": [_named(item) for item in self.entered],
            "left": [_named(item) for item in self.left],
            "verified": self.verified,
            "exact": self.exact,
            "best_rank": self.best_rank,
            "n_scored": self.n_scored,
            "seconds": self.seconds,
            "note": None if self.note is None else str(self.note),
        }


def _named(item: RankedItem) -> dict[str, Any]:
    return {"item_id": item.item_id, "title": item.title, "rank": item.rank}
