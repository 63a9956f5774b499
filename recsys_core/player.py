"""Player: what one reason is about. The same thing is a *feature group* to the model and a *reason* on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Side = Literal["user", "item", "history"]
ID_KEYS: dict[str, str] = {"user": "user_id", "item": "item_id"}  # no column has such a key: those hold side and dot


@dataclass(frozen=True, slots=True)
class Player:
    """One player of the game that an explanation solves.

    Attributes
    ----------
    side
        Whose it is: the user's, the item's, or the history's.
    column
        Raw name of a data column; None for the ids (user, item) and for the history.
    item_index, item_id
        Row and raw id of one item of the history; None everywhere else. A game knows rows alone,
        an explanation both (`recsys_core.explain.player_values.with_id`).
    is_earlier
        Of the history shared out: the items before those that attention reads, together.
    """

    side: Side
    column: str | None = None
    item_index: int | None = None
    item_id: str | None = None
    is_earlier: bool = False

    @property
    def is_history(self) -> bool:
        """Whether this is the history as a whole."""
        return self.side == "history" and not self.is_history_item and not self.is_earlier

    @property
    def is_history_item(self) -> bool:
        return self.item_index is not None or self.item_id is not None

    @property
    def is_id(self) -> bool:
        """Whether this is the user's or the item's own embedding."""
        return self.side != "history" and self.column is None

    @property
    def key(self) -> str:
        """Its name in files, addresses and tables.

        ``user.age``, ``user_id``, ``history``, ``history:ITEM_ID`` or ``history.earlier``.

        Raises ``ValueError`` for an item of the history whose id is not known yet.

        >>> Player("user", "a.b").key, Player("item").key, Player("history", item_index=4, item_id="i4").key
        ('user.a.b', 'item_id', 'history:i4')
        """
        if self.is_history_item:
            if self.item_id is None:
                raise ValueError(f"row {self.item_index} of the items has a key only with its id")
            return f"history:{self.item_id}"
        if self.side == "history":
            return "history.earlier" if self.is_earlier else "history"
        return ID_KEYS[self.side] if self.column is None else f"{self.side}.{self.column}"

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(key: str) -> Player:
        """The player of a key; the only place that takes one apart. Raises ``ValueError`` where it is none.

        >>> Player.parse("user.a.b").column, Player.parse("item_id").is_id, Player.parse("history:7").item_id
        ('a.b', True, '7')
        """
        for whole in (HISTORY, EARLIER):
            if key == whole.key:
                return whole
        if key.startswith("history:"):
            return Player("history", item_id=key.removeprefix("history:"))
        for player in (USER_ID, ITEM_ID):
            if key == ID_KEYS[player.side]:
                return player
            if key.startswith(f"{player.side}."):
                return Player(player.side, key[len(player.side) + 1 :])
        raise ValueError(f"no player has the key {key!r}")


HISTORY, USER_ID, ITEM_ID = Player("history"), Player("user"), Player("item")
EARLIER = Player("history", is_earlier=True)
