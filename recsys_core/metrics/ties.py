"""Ties: how much of a list's order, and of its content, is arbitrary because scores are equal."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array


def list_ties(scores: np.ndarray, top: np.ndarray, excluded: csr_array | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Different scores in each list, and how many candidates tie with the last listed one but are left out.

    Parameters
    ----------
    scores
        ``(n_users, n_items)``, as they were ranked; equal means equal to the last digit.
    top
        ``(n_users, k)``: what `top_k` made of them, -1 where a user has fewer candidates.
    excluded
        The items that `top_k` left out.

    Returns
    -------
    two arrays ``(n_users,)``
        0 and 0 for an empty list.

    >>> scores = np.array([[3.0, 2.0, 2.0, 2.0, 1.0]])
    >>> [x.tolist() for x in list_ties(scores, np.array([[0, 1]]), csr_array([[0, 0, 1, 0, 0]]))]
    [[2], [1]]
    """
    listed = top >= 0
    value = np.where(listed, np.take_along_axis(scores, np.maximum(top, 0), axis=1), np.inf)
    ordered = np.sort(value, axis=1)
    is_new = np.ones(ordered.shape, dtype=bool)
    is_new[:, 1:] = ordered[:, 1:] > ordered[:, :-1]
    n_distinct = (is_new & (ordered < np.inf)).sum(axis=1)
    last = np.where(listed, value, np.inf).min(axis=1, initial=np.inf)
    equal = (scores == last[:, None]).sum(axis=1) - (value == last[:, None]).sum(axis=1)
    if excluded is not None:
        row = np.repeat(np.arange(len(scores)), np.diff(excluded.indptr))
        is_equal = scores[row, excluded.indices] == last[row]
        equal = equal - np.bincount(row[is_equal], minlength=len(scores))
    return n_distinct, np.where(listed.any(axis=1), equal, 0)
