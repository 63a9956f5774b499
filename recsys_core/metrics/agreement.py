"""How far two rankings, lists or attributions agree."""

from __future__ import annotations

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 along the last axis, equal values sharing the mean of their ranks.

    Shape in, shape out, float64. NaN counts as the largest value. Equals
    ``scipy.stats.rankdata(values, axis=-1)`` without importing scipy's statistics.

    >>> average_ranks(np.array([10.0, 20.0, 20.0, 5.0])).tolist()
    [2.0, 3.5, 3.5, 1.0]
    """
    values = np.asarray(values)
    rows = values.reshape(-1, values.shape[-1]) if values.size else values.reshape(0, 1)
    if not rows.size:
        return np.zeros(values.shape)
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    is_new = np.ones(rows.shape, dtype=bool)  # a new row always starts a new run of equal values
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    position = shared_positions(is_new.ravel()).reshape(rows.shape) % rows.shape[1]
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, position + 1, axis=1)
    return ranks.reshape(values.shape)


def shared_positions(is_new: np.ndarray) -> np.ndarray:
    """Mean position (from 0) of each run of equal values in sorted data; ``is_new`` marks where runs start.

    >>> shared_positions(np.array([True, True, False, True])).tolist()
    [0.0, 1.5, 1.5, 3.0]
    """
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(is_new)) - 1
    return ((first + last) / 2)[np.cumsum(is_new) - 1]


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float | np.ndarray:
    r"""Spearman's rank correlation along the last axis: do two attributions order the reasons alike?

    .. math:: \rho = \mathrm{corr}(\mathrm{rank}(a), \mathrm{rank}(b))

    Parameters
    ----------
    a, b
        Shape ``(n,)``, which gives a float, or ``(m, n)``, which gives ``(m,)``. Signed
        values: pass ``abs`` to compare strengths only.

    Returns
    -------
    float or array
        NaN where either side is constant (or ``n < 2``): a constant has no order. Average
        many with ``numpy.nanmean`` and say how many were left out.

    Notes
    -----
    Ties share the mean rank, as in ``scipy.stats.spearmanr``.

    >>> round(rank_correlation(np.array([1, 2, 3, 4]), np.array([1, 3, 2, 4])), 3)
    0.8
    """
    left, right = (_centred_ranks(np.asarray(x, dtype=float)) for x in (a, b))
    product = (left * right).sum(axis=-1)
    size = np.sqrt((left**2).sum(axis=-1) * (right**2).sum(axis=-1))
    rho = np.divide(product, size, out=np.full_like(size, np.nan), where=size > 0)
    return float(rho) if rho.ndim == 0 else rho


def top_overlap(a: np.ndarray, b: np.ndarray, k: int) -> float | np.ndarray:
    """Share of the ``k`` strongest reasons, by absolute value, that two attributions have in common.

    Shapes as in `rank_correlation`; ``k`` is cut to the number of reasons; equal strengths
    are settled by position. NaN where there are no reasons at all.

    >>> top_overlap(np.array([3.0, -2.0, 0.1]), np.array([1.0, 0.2, -4.0]), k=2)
    0.5
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    k = min(k, a.shape[-1])
    if k == 0:
        return float("nan") if a.ndim == 1 else np.full(a.shape[:-1], np.nan)
    strongest = [np.argsort(-np.abs(x), axis=-1, kind="stable")[..., :k] for x in (a, b)]
    shared = (strongest[0][..., :, None] == strongest[1][..., None, :]).any(axis=-1).mean(axis=-1)
    return float(shared) if shared.ndim == 0 else shared


def list_overlap(top_a: np.ndarray, top_b: np.ndarray) -> np.ndarray:
    """Share of each user's list that another list keeps, order ignored.

    ``top_a`` and ``top_b`` are ``(n, k)`` item indices padded with -1. Shared items over the
    length of the longer list; NaN for a user with two empty lists.

    >>> list_overlap(np.array([[1, 2], [3, -1]]), np.array([[2, 9], [3, -1]])).tolist()
    [0.5, 1.0]
    """
    shared = ((top_a[:, :, None] == top_b[:, None, :]) & (top_a[:, :, None] >= 0)).sum(axis=(1, 2))
    longer = np.maximum((top_a >= 0).sum(axis=1), (top_b >= 0).sum(axis=1))
    return np.divide(shared, longer, out=np.full(len(top_a), np.nan), where=longer > 0)


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    ranks = average_ranks(values)
    return ranks - ranks.mean(axis=-1, keepdims=True) if ranks.size else ranks
