"""Edits of a person, of a history or of an item: what somebody supposes instead of what the tables say."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.player import Player

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class SetColumn:
    """Another value of one column of the user or of the item; None: an empty cell. Texts and sets are text."""

    player: Player
    value: Cell

    @property
    def key(self) -> str:
        """As it is written on the command line: ``user.age=30``.

        >>> SetColumn(Player("user", "age"), 30.0).key, SetColumn(Player("item", "price"), 1234567.25).key
        ('user.age=30', 'item.price=1234567.25')
        """
        return f"{self.player.key}={cell_text(self.value)}"


@dataclass(frozen=True, slots=True)
class AddItem:
    """An item that the history holds, too, as the newest; of several the last one said is the newest."""

    item_index: int
    item_id: str

    @property
    def key(self) -> str:
        return f"add:{self.item_id}"


@dataclass(frozen=True, slots=True)
class TakeOffItem:
    """An item that the history no longer holds, nor the positives that an item-item term reads."""

    item_index: int
    item_id: str

    @property
    def key(self) -> str:
        return f"take-off:{self.item_id}"


Edit = SetColumn | AddItem | TakeOffItem


def cell_text(value: Cell) -> str:
    """A cell as text that reads back as the same value; empty where the cell is.

    >>> cell_text(30.0), cell_text(0.1), cell_text(1e22), cell_text(None), cell_text("a=b")
    ('30', '0.1', '1e+22', '', 'a=b')
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return "" if value is None else value
