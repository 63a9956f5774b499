"""Guaranteed places: lists in which a group of items has at least so many of the first places.

An item is the group's if it has the value, alone or among others: here places are counted, and half a place is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.columns import POPULARITY, TRAINING
from recsys_core.fairness.groups import POPULARITY_PARTS, Grouping
from recsys_core.rerankers.first_places import FirstPlaces
from recsys_core.rerankers.prepared import Favoured, Served

BY_POPULARITY = f"{TRAINING}.{POPULARITY.name}"


@dataclass(frozen=True, slots=True, eq=False)
class ByGuarantee:
    """Two queues in order of score, the group's items and the others (Zehlike et al. 2017, algorithm 2).

    The group's next item comes where a guarantee would be broken without it, else the better of the two.

    Attributes
    ----------
    is_member
        ``(n_items,)``: which items are the group's.
    least
        ``(n_places,)``: how many of the first 1, 2, … places are the group's at least; beyond, no more than at the end.
    """

    is_member: np.ndarray
    least: np.ndarray

    def order(self, places: FirstPlaces, k: int) -> np.ndarray:
        n, width = places.items.shape
        member = places.column(self.is_member, empty=False)
        queues = [np.argsort(~some, axis=1, kind="stable") for some in (member, ~member)]
        length = [some.sum(axis=1) for some in (member, ~member)]
        rows, taken = np.arange(n), [np.zeros(n, dtype=np.int64) for _ in queues]
        order = np.empty((n, k), dtype=np.int64)
        for place in range(k):
            own, other = (
                np.where(at < size, queue[rows, np.minimum(at, width - 1)], width)
                for queue, at, size in zip(queues, taken, length, strict=True)
            )
            least = self.least[min(place, len(self.least) - 1)]
            first = (own < width) & ((own < other) | (taken[0] < least))
            order[:, place] = np.where(first, own, other)
            taken[0] += first
            taken[1] += ~first
        return order


def favoured_group(method: str, grouping: Grouping, served: Served) -> tuple[Favoured, np.ndarray]:
    """The group that is guaranteed places, and which items are its ``(n_items,)``.

    By popularity it is the long tail, all but the most popular fifth of the catalogue (Abdollahpouri et al. 2019);
    else the one group that lacks most of its share: the share of relevance among validation users less the share of
    exposure. What it is guaranteed is its items' share of relevance.
    """
    membership = grouping.membership
    if grouping.by == (BY_POPULARITY,):
        groups = [g for g, group in enumerate(grouping.groups) if group.value != POPULARITY_PARTS[0]]
    else:
        lacking = served.validation.relevance(membership) - served.validation.exposure(membership)
        groups = [int(lacking.argmax())]
    is_member: np.ndarray = membership[:, groups].sum(axis=1) > 0
    share = float(served.validation.relevance(is_member[:, None].astype(float))[0])
    return Favoured(method, grouping.by[0], tuple(grouping.groups[g] for g in groups), share), is_member
