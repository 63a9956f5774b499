"""Crossed columns: a group for every combination that somebody is in, the smaller of too many in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from recsys_core.results import Group

MOST_CELLS = 500
Sides = tuple[tuple[Group, ...], np.ndarray]  # groups, and (n_rows, n_groups) memberships


def cross(parts: Sequence[Sides]) -> tuple[Sides, int]:
    """Groups of every combination of one group a column, in reading order, and how many of them hold somebody.

    Of more than 500 the largest (the first of equals) stay, the others share the last group.
    """
    if len(parts) == 1:
        return parts[0], len(parts[0][0])
    shape = tuple(len(groups) for groups, _ in parts)
    cells = csr_array(parts[0][1])
    for _, membership in parts[1:]:
        cells = _pairs(cells, csr_array(membership))
    met, code = np.unique(cells.indices, return_inverse=True)
    size = np.bincount(code, minlength=len(met))
    largest = np.sort(np.argsort(-size, kind="stable")[:MOST_CELLS])
    place = np.full(len(met), len(largest))
    place[largest] = np.arange(len(largest))
    membership = csr_array((cells.data, place[code], cells.indptr), shape=(cells.shape[0], len(largest) + 1)).toarray()
    columns = (groups for groups, _ in parts)
    at = np.stack(np.unravel_index(met[largest], shape), axis=1)
    names = [tuple(groups) for groups in columns]
    groups = [Group("crossed", parts=tuple(names[c][g] for c, g in enumerate(row))) for row in at.tolist()]
    if len(met) > len(largest):
        return ((*groups, Group("rest")), membership), len(met)
    return (tuple(groups), membership[:, :-1]), len(met)


def _pairs(a: csr_array, b: csr_array) -> csr_array:
    """Row by row every product of an entry of ``a`` and one of ``b``; column ``i * b.shape[1] + j``."""
    n_a, n_b = np.diff(a.indptr), np.diff(b.indptr)
    count = n_a * n_b
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(start[-1]) - start[row]
    of_a, of_b = a.indptr[row] + within // n_b[row], b.indptr[row] + within % n_b[row]
    column = a.indices[of_a].astype(np.int64) * b.shape[1] + b.indices[of_b]
    return csr_array((a.data[of_a] * b.data[of_b], column, start), shape=(a.shape[0], a.shape[1] * b.shape[1]))
