"""What a feature group holds for one user or item: raw values and their unit; words are made where they are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, stored_name
from recsys_core.explain.term_game import given
from recsys_core.models.scorer import Pairs
from recsys_core.player import Player

Value = str | float | int | None
ITEMS = "items"  # what a history's length counts


def player_values(dataset: Dataset, player: Player, pairs: Pairs, *, all_known: bool = False) -> list[Value]:
    """Raw values of one player for each pair.

    A group gives what the cell holds (34.0, 89.9, ``Comedy|Drama``, a title, a raw id), the history
    its length (``all_known``: of all known positives, where the model reads them), an item of the history
    its title, the earlier ones their number; None where the cell is empty.
    """
    if player.is_history:
        return history_lengths(pairs, all_known=all_known).tolist()
    if player.is_earlier:
        read = [np.unique(row[row >= 0]) for row in pairs.histories]
        known = given(pairs)
        return [len(np.setdiff1d(known[i : i + 1].csr().indices, items)) for i, items in enumerate(read)]
    if player.item_index is not None:
        return [raw_value(dataset.titles[player.item_index])] * len(pairs)
    column = player_column(dataset, player)
    return [raw_value(cell, column) for cell in _cells(dataset, player, pairs).tolist()]


def history_lengths(pairs: Pairs, *, all_known: bool = False) -> np.ndarray:
    """How many items each pair's history holds ``(n,)``, or how many positives are known."""
    if not all_known:
        return (pairs.histories >= 0).sum(1)
    known = given(pairs)
    return np.concatenate([np.zeros(0, dtype=int), *(np.diff(known[rows].csr().indptr) for rows in known.chunks())])


def player_column(dataset: Dataset, player: Player) -> Column | None:
    """The schema's column of a player, None for ids and history."""
    if player.column is None:
        return None
    schema = dataset.schema
    return schema.user_column(player.column) if player.side == "user" else schema.item_column(player.column)


def player_unit(dataset: Dataset, player: Player) -> str:
    """What a player's numbers count: ``items`` for the history, a number's column unit, else nothing."""
    if player.is_history or player.is_earlier:
        return ITEMS
    column = player_column(dataset, player)
    return column.unit if column is not None and column.kind == "number" else ""


def raw_value(cell: Any, column: Column | None = None) -> Value:
    """One cell as it is: a number of a numeric column, else text without blanks around it; None where empty.

    >>> raw_value("89.9", Column("price", "number", unit="€")), raw_value(" Ulm "), raw_value(None), raw_value("")
    (89.9, 'Ulm', None, None)
    """
    if pd.isna(cell):
        return None
    if column is not None and column.kind == "number":
        return float(cell)
    return str(cell).strip() or None


def with_id(dataset: Dataset, player: Player) -> Player:
    """A game's player as an explanation names it: an item of the history gets its raw id."""
    if player.item_index is None:
        return player
    return replace(player, item_id=str(dataset.items["item_id"].iloc[player.item_index]))


def player_ranks(dataset: Dataset, player: Player, pairs: Pairs, *, all_known: bool = False) -> np.ndarray:
    """Low to high as 0 to 1, for the colour of a point: ``(n,)``, NaN where there is no low or high.

    Numbers and the length of the history: mean rank among these pairs, scaled to 0..1.
    Ordered categories: place of the level. Everything else, and missing cells: NaN.
    """
    if player.is_history:
        return _quantiles(history_lengths(pairs, all_known=all_known).astype(float))
    column = player_column(dataset, player)
    if column is None or column.kind not in ("number", "ordered"):
        return np.full(len(pairs), np.nan)
    cells = _cells(dataset, player, pairs)
    if column.kind == "number":
        return _quantiles(pd.to_numeric(cells, errors="coerce").to_numpy(float))
    place = {level: i / max(len(column.levels) - 1, 1) for i, level in enumerate(column.levels)}
    return np.array([place.get(cell, np.nan) for cell in cells.tolist()], dtype=float)


def _cells(dataset: Dataset, player: Player, pairs: Pairs) -> pd.Series:
    """A group's cells of the pairs' users or items; the raw ids where it is no column."""
    frame, rows = (dataset.users, pairs.users) if player.side == "user" else (dataset.items, pairs.items)
    return frame[f"{player.side}_id" if player.column is None else stored_name(player.column)].iloc[rows]


def _quantiles(numbers: np.ndarray) -> np.ndarray:
    """Mean ranks scaled to 0..1; one half where all are equal."""
    rank = pd.Series(numbers).rank().to_numpy()
    known = int(np.count_nonzero(~np.isnan(numbers)))
    if known < 2 or np.nanmin(numbers) == np.nanmax(numbers):
        return np.where(np.isnan(numbers), np.nan, 0.5)
    return (rank - 1) / (known - 1)
