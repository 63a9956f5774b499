"""Measures of whole lists: who is shown, how popular it is, and how varied."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

HEAD_SHARE = 0.2


def exposure_weights(k: int) -> np.ndarray:
    r"""Attention that each place of a list receives, :math:`v_j = 1 / \log_2(1 + j)`, ``(k,)``.

    Singh & Joachims 2018; the same weights as NDCG's discount.

    >>> exposure_weights(3).round(3).tolist()
    [1.0, 0.631, 0.5]
    """
    return 1 / np.log2(np.arange(2, k + 2))


def item_exposure(top: np.ndarray, n_items: int) -> np.ndarray:
    """Exposure of every item summed over all lists, ``(n_items,)``.

    ``top`` is ``(n, k)``, -1 for padding; see `exposure_weights`.

    >>> item_exposure(np.array([[0, 2], [2, -1]]), 3).round(3).tolist()
    [1.0, 0.0, 1.631]
    """
    weight = np.broadcast_to(exposure_weights(top.shape[1]), top.shape)
    listed = top >= 0
    return np.bincount(top[listed], weights=weight[listed], minlength=n_items)


def catalogue_coverage(top: np.ndarray, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list; NaN for an empty catalogue.

    >>> catalogue_coverage(np.array([[0, 2], [2, -1]]), 4)
    0.5
    """
    return len(np.unique(top[top >= 0])) / n_items if n_items else float("nan")


def gini(values: np.ndarray) -> float:
    r"""How unequally exposure (or anything counted) is spread: 0 equal, near 1 one item has all.

    .. math:: G = \frac{\sum_i (2i - n - 1)\, x_{(i)}}{n \sum_i x_i}

    with values in ascending order. The greatest value is ``1 - 1/n``; no small-sample
    correction. NaN where the values sum to 0; they must not be negative.

    >>> gini(np.array([0.0, 0.0, 3.0, 1.0]))
    0.625
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n, total = len(ordered), ordered.sum()
    if total == 0:
        return float("nan")
    return float(np.sum((2 * np.arange(1, n + 1) - n - 1) * ordered) / (n * total))


def head_items(popularity: np.ndarray, *, share: float = HEAD_SHARE) -> np.ndarray:
    """The most popular ``share`` of the catalogue (rounded up), boolean ``(n_items,)``; the rest is the long tail.

    Twenty per cent as in Abdollahpouri et al. 2019; equal popularity is settled by index.

    >>> head_items(np.array([5, 9, 1, 0, 2])).tolist()
    [False, True, False, False, False]
    """
    is_head = np.zeros(len(popularity), dtype=bool)
    n_head = int(np.ceil(share * len(popularity)))
    is_head[np.argsort(-np.asarray(popularity, dtype=float), kind="stable")[:n_head]] = True
    return is_head


def popularity_parts(popularity: np.ndarray) -> np.ndarray:
    """Head 0, middle 1 or tail 2 for each item, ``(n_items,)``: `head_items`, the least popular fifth, those between.

    As in Abdollahpouri et al. 2021; equal popularity is settled by index, as for the head.

    >>> popularity_parts(np.array([5, 9, 1, 0, 2])).tolist()
    [1, 0, 1, 2, 1]
    """
    is_head = head_items(popularity)
    order = np.argsort(-np.asarray(popularity, dtype=float), kind="stable")
    last = order[len(order) - min(int(np.ceil(HEAD_SHARE * len(order))), int((~is_head).sum())) :]
    found = np.where(is_head, 0, 1)
    found[last] = 2
    return found


def mean_popularity(top: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Mean popularity of the items in each list, ``(n,)``; NaN for an empty list.

    >>> mean_popularity(np.array([[0, 1], [1, -1]]), np.array([10.0, 4.0])).tolist()
    [7.0, 4.0]
    """
    listed = top >= 0
    total = np.where(listed, np.asarray(popularity, dtype=float)[top], 0.0).sum(axis=1)
    count = listed.sum(axis=1)
    return np.divide(total, count, out=np.full(len(top), np.nan), where=count > 0)


def profile_popularity(profile: csr_array, popularity: np.ndarray) -> np.ndarray:
    """Mean popularity of the items that each user took in training, ``(n,)``; NaN for an empty profile.

    ``profile`` ``(n, n_items)`` holds ones; an item that stands in a row twice counts twice.

    >>> profile_popularity(csr_array([[1, 1], [0, 0]]), np.array([10.0, 4.0])).tolist()
    [7.0, nan]
    """
    count = np.diff(profile.indptr)
    total = profile @ np.asarray(popularity, dtype=float)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def popularity_lift(of_lists: np.ndarray, of_profiles: np.ndarray) -> float:
    r"""How much more popular the lists are than what the same users took: 0 alike, 0.5 half again.

    .. math:: \frac{\overline{\mathrm{pop}}(\mathrm{lists})}{\overline{\mathrm{pop}}(\mathrm{profiles})} - 1

    (Abdollahpouri et al. 2020: the mean over users first, then the ratio.) Arguments come
    from `mean_popularity` and `profile_popularity`; users with NaN in either are left out.

    >>> popularity_lift(np.array([6.0, 3.0]), np.array([4.0, 2.0]))
    0.5
    """
    known = ~(np.isnan(of_lists) | np.isnan(of_profiles))
    below = of_profiles[known].sum()
    return float(of_lists[known].sum() / below - 1) if below > 0 else float("nan")


def list_diversity(top: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    r"""How different the items of a list are from one another, ``(n,)``, 0 all alike to 1 nothing shared.

    .. math:: 1 - \frac{2}{L(L-1)} \sum_{i < j} \cos(x_i, x_j)

    One minus the intra-list similarity of Ziegler et al. 2005, for ``L`` listed items.

    Parameters
    ----------
    top
        ``(n, k)`` item indices, -1 for padding.
    vectors
        ``(n_items, d)``, not negative: one column a category, 1 where the item has it (or
        shares, for items in several). With one category an item this is the share of pairs
        from different categories. A row of zeros is unlike everything.

    Returns
    -------
    array ``(n,)``
        NaN for a list of fewer than two items.

    >>> list_diversity(np.array([[0, 1, 2]]), np.array([[1, 0], [1, 0], [0, 1]])).round(4).tolist()
    [0.6667]
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, length, out=np.zeros(vectors.shape), where=length > 0)
    unit = np.vstack([unit, np.zeros(unit.shape[1])])  # the row that -1 points at
    # the sum over all pairs without forming them: |sum x|^2 = sum |x|^2 + 2 * (pairs i < j)
    total = sum((unit[top[:, place]] for place in range(top.shape[1])), np.zeros((len(top), unit.shape[1])))
    squares = np.einsum("ij,ij->i", unit, unit)[top].sum(axis=1)
    n_listed = (top >= 0).sum(axis=1)
    n_pairs = n_listed * (n_listed - 1)
    alike = np.divide((total**2).sum(axis=1) - squares, n_pairs, out=np.full(len(top), np.nan), where=n_pairs > 0)
    return np.clip(1 - alike, 0, 1)
