r"""Calibrated lists (Steck 2018): a list's groups in the proportions of what the user took before.

.. math:: I^* = \arg\max_I\; (1 - s) \sum_{i \in I} \mathrm{score}(i) - s\, \mathrm{KL}(p \,\|\, \tilde q(I)), \qquad
          \tilde q = (1 - \alpha)\, q + \alpha\, p,\quad \alpha = 0.01

filled place by place with the item of the largest gain (the objective is submodular, so that is within 1 - 1/e of the
best list). ``p`` is the mean membership of the items that the user took before the test part, ``q`` that of the list;
all items count the same. Scores are each user's logits with the best candidate at 1 and the last of the first hundred
places at 0, so that a strength means the same for all users and models; Steck takes the predictions as they are. A user
without a history has no proportions to keep, and the list by score.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys_core.data.known import Positives
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers.columns import groups_of
from recsys_core.rerankers.first_places import FirstPlaces, PlacesReranker, QuickReranker
from recsys_core.rerankers.prepared import Served
from recsys_core.variant import Reranking

METHOD = "calibrated"
ALPHA = 0.01
CELLS = 2_000_000  # numbers of one table that is held at a time
DIGITS = 11  # of a gain: what differs less is equal, and the better score goes first
NO_ITEM = -1e9  # worth of a place without an item: taken last


@dataclass(frozen=True, eq=False)
class Shares:
    """Membership as lists: an item is in a few groups, in each with the same share.

    Attributes
    ----------
    membership
        ``(n_items, n_groups)``, rows sum to 1, the entries of a row that are not 0 are equal.
    """

    membership: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """The different numbers of groups that an item has, ascending."""
        return np.unique((self.membership > 0).sum(axis=1))

    @cached_property
    def cells(self) -> np.ndarray:
        """``(n_items, widest)``: where a table of ``(sizes, n_groups)``, made flat, has each group of an item.

        The number after the table's last one where the item has no more groups.
        """
        n_items, n_groups = self.membership.shape
        size = (self.membership > 0).sum(axis=1)
        found = np.full((n_items, int(size.max(initial=1))), len(self.sizes) * n_groups)
        item, group = np.nonzero(self.membership)
        place = np.arange(len(item)) - np.searchsorted(item, item)
        found[item, place] = np.searchsorted(self.sizes, size[item]) * n_groups + group
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ByCalibration:
    """Greedy lists of a strength; ``wanted`` gives the proportions of some users ``(n, n_groups)``."""

    strength: float
    shares: Shares
    split_dataset: SplitDataset

    def order(self, places: FirstPlaces, k: int) -> np.ndarray:
        n_groups, widest = self.shares.membership.shape[1], self.shares.cells.shape[1]
        a_user = max(n_groups * len(self.shares.sizes), places.items.shape[1] * widest, 1)
        step = max(1, CELLS // a_user)
        parts = [self._some(places[start : start + step], k) for start in range(0, len(places), step)]
        return np.concatenate(parts) if parts else np.zeros((0, k), dtype=np.int64)

    def _some(self, places: FirstPlaces, k: int) -> np.ndarray:
        known = places.known
        if known is None:
            known = self.split_dataset.histories.known(places.users, "test")
        wanted = known_shares(known, self.shares.membership)
        rows = np.arange(len(places))
        table_size = len(self.shares.sizes) * wanted.shape[1] + 1
        cells = rows[:, None, None] * table_size + self.shares.cells[np.maximum(places.items, 0)]
        worth = np.where(places.is_item, (1 - self.strength) * rescaled(places), NO_ITEM)
        listed, order = np.zeros(wanted.shape), np.empty((len(rows), k), dtype=np.int64)
        for place in range(k):
            gain = self._gains(wanted, listed, place + 1).ravel()[cells].sum(axis=2)
            order[:, place] = chosen = (worth + self.strength * gain).round(DIGITS).argmax(axis=1)
            item = places.items[rows, chosen]
            listed += np.where(item[:, None] >= 0, self.shares.membership[item], 0.0)
            worth[rows, chosen] = -np.inf  # listed
        return order

    def _gains(self, wanted: np.ndarray, listed: np.ndarray, n: int) -> np.ndarray:
        """What a group adds to ``-KL`` when an item of so many groups comes to be the ``n``-th, and a 0 at the end."""
        share = 1 / self.shares.sizes[None, :, None]
        tiny = np.finfo(float).tiny
        before = np.log(np.maximum((1 - ALPHA) * listed / n + ALPHA * wanted, tiny))[:, None]
        after = np.log(np.maximum((1 - ALPHA) * (listed[:, None] + share) / n + ALPHA * wanted[:, None], tiny))
        table = wanted[:, None] * (after - before)
        return np.concatenate([table.reshape(len(wanted), -1), np.zeros((len(wanted), 1))], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedCalibration:
    """Nothing is learned: the proportions are each user's own."""

    shares: Shares
    split_dataset: SplitDataset
    favoured: tuple = ()

    def at(self, settings: Reranking) -> QuickReranker:
        return PlacesReranker(settings, ByCalibration(settings.strength, self.shares, self.split_dataset))


def check(by: str, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where there is nothing that it could do."""
    groups_of(METHOD, by, split_dataset, side="item")


def prepare(served: Served, by: str) -> PreparedCalibration:
    """The groups of a column of items."""
    found = groups_of(METHOD, by, served.split_dataset, side="item")
    return PreparedCalibration(Shares(found.membership), served.split_dataset)


def known_shares(known: Positives, membership: np.ndarray) -> np.ndarray:
    """Mean membership of what each user has taken ``(n, n_groups)``; zeros where that is nothing."""
    taken = known.csr()
    count = np.diff(taken.indptr)[:, None]
    return (taken.astype(float) @ membership) / np.maximum(count, 1)


def rescaled(places: FirstPlaces) -> np.ndarray:
    """Each user's scores with the best at 1 and the last at 0, all 0 where they are equal; ``(n, m)``."""
    best = np.where(places.is_item[:, :1], places.scores[:, :1], 0.0).astype(float)
    scores = np.where(places.is_item, places.scores, best)
    low = np.where(places.is_item, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    low = np.minimum(low, best)  # of a user without any candidate
    spread = np.broadcast_to(best - low, scores.shape)
    return np.divide(scores - low, spread, out=np.zeros(scores.shape), where=(spread > 0) & places.is_item)
