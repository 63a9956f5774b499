"""POS@K and NEG@K: does a recommended item leave the list when the items said to matter leave the history?

The protocol of LXR (Barkan et al. 2024): the history is removed in ten steps, the most important items
first (POS) or the least important first (NEG); the figure is the share of the eleven points, the whole and the empty
history among them, where the item is still among the first K. A low POS and a high NEG are better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys_core.explain.history_scorer import HistoryScorer

STEPS = 10
K = 20


@dataclass(frozen=True, slots=True, eq=False)
class HistoryRemoval:
    """Ranks of one item as a history is removed: ``(11,)`` each, the whole history first, from 1.

    ``most_first`` removes the most important tenth first, ``least_first`` the least important one. Ranks are among the
    items outside the original history; equal scores share their mean rank, so that a model which says nothing without
    a history recommends nothing.
    """

    most_first: np.ndarray
    least_first: np.ndarray

    def pos(self, k: int = K) -> float:
        """POS@k: lower is better."""
        return float((self.most_first <= k).mean())

    def neg(self, k: int = K) -> float:
        """NEG@k: higher is better."""
        return float((self.least_first <= k).mean())


def remove_history(
    model: HistoryScorer,
    items: np.ndarray,
    target: int,
    importance: np.ndarray,
    *,
    excluded: np.ndarray | None = None,
) -> HistoryRemoval:
    """Ranks of ``target`` as the items of a history are removed by ``importance`` ``(m,)``; see `HistoryRemoval`.

    Parameters
    ----------
    items
        ``(m,)`` the history, each item once.
    excluded
        ``(n_items,)`` bool: further items that are no candidates (rated, but not part of the history).

    Of equal importance the item that stands first in ``items`` goes first, from either end.
    """
    most = np.argsort(-np.asarray(importance), kind="stable")
    least = np.argsort(np.asarray(importance), kind="stable")
    masks = np.concatenate([removal_masks(most), removal_masks(least)])
    ranks = ranks_of(model.score_subsets(items, masks), target, candidates_outside(model.n_items, items, excluded))
    return HistoryRemoval(ranks[: STEPS + 1], ranks[STEPS + 1 :])


def removal_masks(order: np.ndarray) -> np.ndarray:
    """``(11, m)``: what is kept as items leave in this order, a tenth of them a step.

    >>> removal_masks(np.array([1, 0])).astype(int)[[0, 5, 10]].tolist()
    [[1, 1], [1, 0], [0, 0]]
    """
    place = np.argsort(order)
    return place[None] >= removed_counts(len(order))[:, None]


def removed_counts(n: int) -> np.ndarray:
    """``(11,)``: how many of ``n`` items have left at each point.

    >>> removed_counts(4).tolist()
    [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
    """
    return np.rint(np.linspace(0, n, STEPS + 1)).astype(int)


def candidates_outside(n_items: int, items: np.ndarray, excluded: np.ndarray | None = None) -> np.ndarray:
    """``(n_items,)`` bool: everything outside the history that may be recommended."""
    found = np.ones(n_items, dtype=bool) if excluded is None else ~np.asarray(excluded)
    found[items] = False
    return found


def ranks_of(scores: np.ndarray, target: int, candidates: np.ndarray) -> np.ndarray:
    """Rank of ``target`` in rows of scores ``(n, n_items)`` among ``candidates`` (n_items,) bool; ties share the mean.

    >>> ranks_of(np.array([[3.0, 1.0, 3.0, 9.0]]), 0, np.array([True, True, True, False])).tolist()
    [1.5]
    """
    own, others = scores[:, target, None], candidates.copy()
    others[target] = False
    above, equal = (scores > own)[:, others].sum(1), (scores == own)[:, others].sum(1)
    return 1 + above + equal / 2


def search_removal(
    model: HistoryScorer,
    items: np.ndarray,
    target: int,
    *,
    k: int = K,
    excluded: np.ndarray | None = None,
    n_rivals: int = 60,
) -> HistoryRemoval:
    """Ranks where each tenth is chosen anew by leaving every remaining item out: what a search for POS and NEG finds.

    A ceiling for orders that are said in advance: the two ends are searched apart (one order must serve both), and
    after every step again. Items go by the margin of ``target`` over the k-th of its strongest rivals. Not the best
    there is (that would take every subset), hence called a search.
    """
    candidates = candidates_outside(model.n_items, items, excluded)
    ends = np.array([np.ones(len(items), dtype=bool), np.zeros(len(items), dtype=bool)])
    rivals = strongest_rivals(model.score_subsets(items, ends), target, candidates, n_rivals)
    orders = [_searched(model, items, np.append(target, rivals), k, worst) for worst in (True, False)]
    masks = np.concatenate([removal_masks(order) for order in orders])
    ranks = ranks_of(model.score_subsets(items, masks), target, candidates)
    return HistoryRemoval(ranks[: STEPS + 1], ranks[STEPS + 1 :])


def _searched(model: HistoryScorer, items: np.ndarray, candidates: np.ndarray, k: int, worst: bool) -> np.ndarray:
    """An order of removal that in each step lowers (``worst``) or keeps the margin most."""
    order: list[int] = []
    kept = np.ones(len(items), dtype=bool)
    for n in np.diff(removed_counts(len(items))):
        left = np.flatnonzero(kept)
        if n and len(left):
            masks = np.repeat(kept[None], len(left), axis=0)
            masks[np.arange(len(left)), left] = False
            margin = margins(model.score_subsets(items, masks, candidates), k)
            chosen = left[np.argsort(margin if worst else -margin, kind="stable")[:n]]
            kept[chosen] = False
            order += chosen.tolist()
    return np.array(order, dtype=int)


def margins(scores: np.ndarray, k: int) -> np.ndarray:
    """The first column less the k-th largest of the others ``(n, 1 + n_rivals)``: above 0 where it is in the list.

    >>> margins(np.array([[2.0, 3.0, 1.0, 0.0]]), 2).tolist()
    [1.0]
    """
    rivals = scores[:, 1:]
    if not rivals.shape[1]:
        return scores[:, 0].copy()
    place = max(0, rivals.shape[1] - k)
    return scores[:, 0] - np.partition(rivals, place, axis=1)[:, place]


def strongest_rivals(scores: np.ndarray, target: int, candidates: np.ndarray, n: int) -> np.ndarray:
    """The ``n`` best candidates but ``target`` in each row of scores, together, ascending."""
    others = candidates.copy()
    others[target] = False
    where = np.flatnonzero(others)
    if len(where) <= n:
        return where
    best = np.argpartition(-scores[:, where], n - 1, axis=1)[:, :n]
    return where[np.unique(best)]


def mean_removal(found: Sequence[HistoryRemoval], k: int = K) -> tuple[float, float]:
    """Mean POS@k and NEG@k of some users."""
    return float(np.mean([r.pos(k) for r in found])), float(np.mean([r.neg(k) for r in found]))
