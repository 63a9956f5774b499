"""What a feature group holds for one user or item: raw values and their unit; words are made where they are read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import HISTORY, split_key
from recsys_core.data.schema import Column, stored_name
from recsys_core.models.scorer import Pairs

Value = str | float | int | None
ITEMS = "items"  # what a history's length counts


def player_values(dataset: Dataset, player: str, pairs: Pairs) -> list[Value]:
    """Raw values of one player for each pair.

    A group's key gives what the cell holds (34.0, 89.9, ``Comedy|Drama``, a title, a raw id),
    ``history`` its length, ``history:INDEX`` that item's title; None where the cell is empty.
    """
    if player == HISTORY:
        return (pairs.histories >= 0).sum(1).tolist()
    if player.startswith(f"{HISTORY}:"):
        return [raw_value(dataset.titles[int(player.split(":", 1)[1])])] * len(pairs)
    side, name = split_key(player)
    frame, rows = (dataset.users, pairs.users) if side == "user" else (dataset.items, pairs.items)
    column = key_column(dataset, player)
    cells = frame[f"{side}_id" if name is None else stored_name(name)].iloc[rows]
    return [raw_value(cell, column) for cell in cells.tolist()]


def key_column(dataset: Dataset, player: str) -> Column | None:
    """The schema's column of a player's key, None for ids and history."""
    side, name = split_key(player)
    if name is None:
        return None
    return dataset.schema.user_column(name) if side == "user" else dataset.schema.item_column(name)


def player_unit(dataset: Dataset, player: str) -> str:
    """What a player's numbers count: ``items`` for the history, a number's column unit, else nothing."""
    if player == HISTORY:
        return ITEMS
    column = key_column(dataset, player)
    return column.unit if column is not None and column.kind == "number" else ""


def raw_value(cell: object, column: Column | None = None) -> Value:
    """One cell as it is: a number of a numeric column, else text without blanks around it; None where empty.

    >>> raw_value("89.9", Column("price", "number", unit="€")), raw_value(" Ulm "), raw_value(None), raw_value("")
    (89.9, 'Ulm', None, None)
    """
    if pd.isna(cell):
        return None
    if column is not None and column.kind == "number":
        return float(cell)
    return str(cell).strip() or None


def player_key(dataset: Dataset, player: str) -> str:
    """A player's key outside the core's arithmetic: ``history:INDEX`` becomes ``history:ITEM_ID``."""
    if not player.startswith(f"{HISTORY}:"):
        return player
    index = int(player.split(":", 1)[1])
    return f"{HISTORY}:{dataset.items['item_id'].iloc[index]}"


def player_ranks(dataset: Dataset, player: str, pairs: Pairs) -> np.ndarray:
    """Low to high as 0 to 1, for the colour of a point: ``(n,)``, NaN where there is no low or high.

    Numbers and the length of the history: mean rank among these pairs, scaled to 0..1.
    Ordered categories: place of the level. Everything else, and missing cells: NaN.
    """
    if player == HISTORY:
        return _quantiles((pairs.histories >= 0).sum(1).astype(float))
    frame, rows = (dataset.users, pairs.users) if split_key(player)[0] == "user" else (dataset.items, pairs.items)
    column = key_column(dataset, player)
    if column is None or column.kind not in ("number", "ordered"):
        return np.full(len(pairs), np.nan)
    cells = frame[column.stored].iloc[rows]
    if column.kind == "number":
        return _quantiles(pd.to_numeric(cells, errors="coerce").to_numpy(float))
    place = {level: i / max(len(column.levels) - 1, 1) for i, level in enumerate(column.levels)}
    return np.array([place.get(cell, np.nan) for cell in cells.tolist()], dtype=float)


def _quantiles(numbers: np.ndarray) -> np.ndarray:
    """Mean ranks scaled to 0..1; one half where all are equal."""
    rank = pd.Series(numbers).rank().to_numpy()
    known = int(np.count_nonzero(~np.isnan(numbers)))
    if known < 2 or np.nanmin(numbers) == np.nanmax(numbers):
        return np.where(np.isnan(numbers), np.nan, 0.5)
    return (rank - 1) / (known - 1)
