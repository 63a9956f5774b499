"""Edits: another value of a column, an item added to the history or taken off it; checked against data and model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.errors import SettingError, phrase
from recsys_core.player import Player

Cell = str | float | None
MOST_NAMED = 12  # values or columns that a message lists


@dataclass(frozen=True, slots=True)
class SetColumn:
    """Another value of one column of the user or of the item; None: an empty cell. Texts and sets are text."""

    player: Player
    value: Cell

    @property
    def key(self) -> str:
        """As it is written on the command line and in addresses: ``user.age=30``."""
        text = "" if self.value is None else f"{self.value:g}" if isinstance(self.value, float) else self.value
        return f"{self.player.key}={text}"


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


def read_column_edit(text: str, dataset: Dataset, features: Features) -> SetColumn:
    """The edit that ``user.age=30`` or ``item.title=Heat`` says; nothing behind the sign is an empty cell.

    A number beyond those of the table is allowed: the model reads it as the largest (smallest) it knows.
    Raises ``SettingError``: ``edit.form``, ``edit.column`` (unknown), ``edit.not_read`` (no feature of this model),
    ``edit.number``, ``edit.value`` (a category that no row holds).
    """
    key, sign, value = text.partition("=")
    name, _, column = key.strip().partition(".")
    if not sign or name not in ("user", "item") or not column:
        raise SettingError("edit.form", edit=text)
    return column_edit(Player.parse(key.strip()), value, dataset, features)


def column_edit(player: Player, value: Cell, dataset: Dataset, features: Features) -> SetColumn:
    """A checked edit of a player's column; see `read_column_edit`."""
    group = next((g for g in features.side(player.side) if g.player == player), None)
    if group is None or player.is_id:
        schema = dataset.schema
        columns = schema.users if player.side == "user" else schema.items
        is_there = any(c.name == player.column for c in columns)
        known = [g.player.column or "" for g in features.side(player.side) if not g.player.is_id]
        raise SettingError(
            "edit.not_read" if is_there else "edit.column",
            side=phrase(f"side.{player.side}"),
            column=player.column,
            known=_some(known),
        )
    return SetColumn(player, _cell(group, value))


def _cell(group: FeatureGroup, value: Cell) -> Cell:
    """A value as the group's column holds it. Raises ``SettingError``."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if group.kind == "number":
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise SettingError("edit.number", column=group.key, value=value)
        return number
    text = str(value).strip()
    if group.kind in ("category", "set"):
        asked = text.split("|") if group.kind == "set" else [text]
        unknown = [a for a in asked if a not in group.values]
        if unknown:
            raise SettingError("edit.value", column=group.key, value=unknown[0], known=_some(group.values))
    return text


def check_history_edits(
    edits: Iterable[Edit], *, item_index: int, held: Sequence[int], dataset: Dataset, user_id: str
) -> None:
    """Raise ``SettingError`` where edits do not fit a history, or each other.

    ``edit.twice``, ``edit.not_taken``, ``edit.taken`` (added although it is held), ``edit.itself`` (the item that is
    asked about is added). ``held`` are all known positives.
    """
    seen: set[object] = set()
    known = set(held)
    for edit in edits:
        what = edit.player if isinstance(edit, SetColumn) else edit.item_index
        if what in seen:
            raise SettingError("edit.twice", edit=edit.player.key if isinstance(edit, SetColumn) else edit.item_id)
        seen.add(what)
        if isinstance(edit, TakeOffItem) and edit.item_index not in known:
            raise SettingError("edit.not_taken", item=edit.item_id, user=user_id)
        if isinstance(edit, AddItem):
            if edit.item_index == item_index:
                raise SettingError("edit.itself", item=edit.item_id)
            if edit.item_index in known:
                raise SettingError("edit.taken", item=edit.item_id)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown}, …" if len(names) > MOST_NAMED else shown or "-"
