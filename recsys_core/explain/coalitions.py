"""Coalitions as 0/1 tables, and which rows of a table hold the same value."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from recsys_core.data.features import Features
from recsys_core.models.scorer import Pairs

FEW_ROWS = 8  # compared one by one: a single explanation's rows are told apart without sorting, 0.3 ms sooner


@lru_cache(maxsize=32)
def coalitions(n_players: int) -> np.ndarray:
    """All subsets as 0/1 rows ``(2^n, n)``, read-only; the first player is the highest bit of the row number.

    >>> coalitions(2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    rows = np.arange(2**n_players)[:, None]
    table = (rows >> np.arange(n_players)[::-1]) & 1 == 1
    table.setflags(write=False)
    return table


def distinct_items(history: np.ndarray) -> tuple[int, ...]:
    """Item indices of one history, newest first, each once.

    >>> distinct_items(np.array([7, 3, 7, -1, -1]))
    (7, 3)
    """
    return tuple(dict.fromkeys(int(item) for item in history if item >= 0))


def distinct_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to keep of a 0/1 table and, for each row, which kept one it equals.

    More than 62 columns do not fit one integer; such tables come from sampled coalitions of
    long histories, whose rows hardly repeat, and are kept whole.

    >>> distinct_rows(np.array([[1, 0], [0, 1], [1, 0]], dtype=bool))
    (array([0, 1]), array([0, 1, 0]))
    """
    if table.shape[1] > 62:
        return np.arange(len(table)), np.arange(len(table))
    codes = table @ (1 << np.arange(table.shape[1], dtype=np.int64))
    _, kept, where = np.unique(codes, return_index=True, return_inverse=True)
    return kept, where


def joined(parts: list[Pairs]) -> Pairs:
    """Pairs one after another, without what is known of them; shorter histories are filled up with -1."""
    longest = max(p.histories.shape[1] for p in parts)
    histories = np.full((sum(map(len, parts)), longest), -1, dtype=np.int64)
    end = 0
    for part in parts:
        end += len(part)
        histories[end - len(part) : end, : part.histories.shape[1]] = part.histories
    users, items = (np.concatenate([getattr(p, side) for p in parts]) for side in ("users", "items"))
    return Pairs(users, items, histories)


def distinct_values(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of a table of whole numbers, the first place of each, and how often it occurs."""
    if len(table) == 1:
        return table, np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    return np.unique(table, axis=0, return_index=True, return_counts=True)


def value_codes(features: Features, pairs: Pairs) -> np.ndarray:
    """Whole numbers ``(n, n_players)``: equal where two pairs' encoded values are equal.

    Columns are user groups, the history, item groups.
    """
    columns = [_codes(features.tables[g.key][pairs.users]) for g in features.side("user")]
    columns.append(_codes(pairs.histories))
    columns += [_codes(features.tables[g.key][pairs.items]) for g in features.side("item")]
    return np.stack(columns, 1)


def _codes(rows: np.ndarray) -> np.ndarray:
    if rows.ndim == 1:
        return rows.astype(np.int64)
    rows = np.ascontiguousarray(rows)
    if len(rows) <= FEW_ROWS:
        plain = rows.view(np.uint8)
        return (plain[:, None] == plain).all(-1).argmax(1)
    as_bytes = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    return np.unique(as_bytes, return_inverse=True)[1].ravel()
