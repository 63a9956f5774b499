"""Edits: another value of a column, an item added to the history or taken off it; checked against data and model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.errors import SettingError, phrase
from recsys_core.player import Player
from recsys_core.results.edits import AddItem, Cell, Edit, SetColumn, TakeOffItem

MOST_NAMED = 12  # values or columns that a message lists


def read_column_edit(text: str, dataset: Dataset, features: Features) -> SetColumn:
    """The edit that ``user.age=30`` or ``item.title=Heat`` says; nothing behind the sign is an empty cell.

    A number beyond those of the table is allowed: the model reads it as the largest (smallest) it knows.
    Raises ``SettingError``: ``edit.form``, ``edit.column`` (unknown), ``edit.not_read`` (no feature of this model),
    ``edit.number``, ``edit.value`` (a category that no row holds).
    """
    side, _, rest = text.lstrip().partition(".")
    if side not in ("user", "item") or "=" not in rest[1:]:
        raise SettingError("edit.form", edit=text)
    known = [g.player.column for g in features.side(side) if g.player.column and rest.startswith(f"{g.player.column}=")]
    column = max(known, key=len, default=rest.partition("=")[0].strip())  # a name may hold the sign itself
    value = rest[len(column) + 1 :] if known else rest.partition("=")[2]
    return column_edit(Player.parse(f"{side}.{column}"), value, dataset, features)


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
        return _number(group, value)
    text = str(value)
    if group.kind == "text" or text in group.values:
        return text
    asked = [part.strip() for part in text.split("|") if part.strip()] if group.kind == "set" else [text.strip()]
    unknown = [part for part in asked if part not in group.values]
    if unknown:
        raise SettingError("edit.value", column=group.key, value=unknown[0], known=_some(group.values))
    return "|".join(asked)


def _number(group: FeatureGroup, value: str | float) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or "_" in str(value):
        raise SettingError("edit.number", column=group.key, value=value)
    return number


def check_history_edits(edits: Iterable[Edit], *, item_index: int, held: np.ndarray, user_id: str) -> None:
    """Raise ``SettingError`` where edits do not fit a history, or each other.

    ``edit.twice``, ``edit.not_taken``, ``edit.taken`` (added although it is held), ``edit.itself`` (the item that is
    asked about is added). ``held`` are all known positives.
    """
    seen: set[object] = set()
    for edit in edits:
        what = edit.player if isinstance(edit, SetColumn) else edit.item_index
        if what in seen:
            raise SettingError("edit.twice", edit=edit.player.key if isinstance(edit, SetColumn) else edit.item_id)
        seen.add(what)
        if isinstance(edit, TakeOffItem) and not np.any(held == edit.item_index):
            raise SettingError("edit.not_taken", item=edit.item_id, user=user_id)
        if isinstance(edit, AddItem):
            if edit.item_index == item_index:
                raise SettingError("edit.itself", item=edit.item_id)
            if np.any(held == edit.item_index):
                raise SettingError("edit.taken", item=edit.item_id)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown}, …" if len(names) > MOST_NAMED else shown or "-"
