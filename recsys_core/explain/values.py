"""What a feature group holds for one user or item, as a person would read it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import HISTORY
from recsys_core.data.schema import Column
from recsys_core.models.scorer import Pairs

UNKNOWN = "unknown"


def player_values(dataset: Dataset, player: str, pairs: Pairs) -> list[str]:
    """Texts of one player for each pair.

    A group's key gives the raw value (``34``, ``89.9 €``, ``Comedy, Drama``, a title, a raw id),
    ``history`` its length (``12 items``), ``history:INDEX`` that item's title; ``unknown``
    where the cell is empty.
    """
    if player == HISTORY:
        return [_count(n) for n in (pairs.histories >= 0).sum(1)]
    if player.startswith(f"{HISTORY}:"):
        title = dataset.titles[int(player.split(":", 1)[1])]
        return [_cell_text(title)] * len(pairs)
    side, name = player.split(".", 1)
    frame, rows = (dataset.users, pairs.users) if side == "user" else (dataset.items, pairs.items)
    column = dataset.schema.user_column(name) if side == "user" else dataset.schema.item_column(name)
    cells = frame[f"{side}_id" if name == "id" else name].iloc[rows]
    return [cell_text(cell, column) for cell in cells.tolist()]


def cell_text(cell: object, column: Column | None = None) -> str:
    """One raw cell as text, with its unit.

    >>> cell_text(89.9, Column("price", "number", unit="€")), cell_text(34.0, Column("age", "number"))
    ('89.9 €', '34')
    >>> cell_text("Comedy|Drama", Column("genres", "set")), cell_text(None)
    ('Comedy, Drama', 'unknown')
    """
    if column is None or pd.isna(cell) or column.kind not in ("number", "set"):
        return _cell_text(cell)
    if column.kind == "set":
        return ", ".join(part for part in str(cell).split("|") if part) or UNKNOWN
    return f"{_number(float(cell))} {column.unit}".rstrip()


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
    side, _, name = player.partition(".")
    frame, rows = (dataset.users, pairs.users) if side == "user" else (dataset.items, pairs.items)
    column = dataset.schema.user_column(name) if side == "user" else dataset.schema.item_column(name)
    if column is None or column.kind not in ("number", "ordered"):
        return np.full(len(pairs), np.nan)
    cells = frame[name].iloc[rows]
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


def _number(number: float) -> str:
    """Up to two decimals (two digits where they would read 0), no trailing zeros."""
    if 0 < abs(number) < 0.01:
        return f"{number:.2g}"
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _cell_text(cell: object) -> str:
    text = "" if pd.isna(cell) else str(cell).strip()
    return text or UNKNOWN


def _count(n_items: int) -> str:
    return f"{n_items} item" if n_items == 1 else f"{n_items} items"
