"""Changed rows: which rows of a side differ between two states of the features, and parts with some rows replaced."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recsys_core.data.features import Features


def changed_rows(before: Features, after: Features, side: str, among: np.ndarray | None = None) -> Tensor:
    """Rows of one side, ascending, that ``after`` has and ``before`` has not, or has with other encoded values.

    Of those that both have, ``among`` (all if None, ascending) are compared.
    """
    n_before, n_after = before.n_rows(side), after.n_rows(side)
    rows = np.arange(n_before) if among is None else among[among < n_before]
    both: slice | np.ndarray = slice(n_before) if among is None else rows
    changed = np.zeros(len(rows), dtype=bool)
    for group in after.side(side):
        old, new = before.tables[group.key], after.tables[group.key]
        if old is not new:
            differs = old[both] != new[both]
            changed |= differs.any(axis=1) if differs.ndim > 1 else differs
    return torch.from_numpy(np.concatenate([rows[changed], np.arange(n_before, n_after)]))


def replaced_rows(parts: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    """``parts`` with some rows replaced; rows behind its end are appended."""
    n_new = int((rows >= len(parts)).sum())
    out = torch.cat([parts, parts.new_empty((n_new, *parts.shape[1:]))])
    out[rows] = values
    return out
