"""Served lists joined with what people did with them: one row a list, read a little at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys_core.live.histories import positive_outcomes
from recsys_core.metrics import exposure_weights
from recsys_core.models.split_dataset import SplitDataset

K = 10
HORIZON_SECONDS = 60.0
MOST_LISTS = 200_000
STRANGERS = (1 << 60) - 1
DISCOUNT = exposure_weights(K)


def _ndcg_by_mask() -> np.ndarray:
    """NDCG@10 of a list by which of its first ten places were taken (bit 0 is the first place), ``(1024,)``."""
    taken = (np.arange(1 << K)[:, None] >> np.arange(K)) & 1
    ideal = np.append(0.0, np.cumsum(DISCOUNT))[taken.sum(axis=1)]
    gain = np.cumsum(taken * DISCOUNT, axis=1)[:, -1]
    return np.divide(gain, ideal, out=np.zeros(1 << K), where=ideal > 0)


NDCG_BY_MASK = _ndcg_by_mask()


class ServedLists:
    """The newest served lists, and for each the places of which something was taken within the horizon.

    What is added twice counts once, and the order of feedback does not matter: a place is taken or it is not.

    Parameters
    ----------
    split_dataset
        Whose users and items they are; a list of anybody else counts, an item of no dataset is passed over.
    horizon
        Feedback counts that was received within so many seconds of the list.
    most
        Lists that are held; the oldest go first.

    Attributes
    ----------
    served, version
        ``(n,)``: when, in seconds since 1970, and by which version.
    user
        ``(n,)``: row of the dataset's users; below 0 a person that it does not know, one number each.
    taken
        ``(n,)``: which of the first ten places something was taken of, one bit each.
    labelled
        ``(n,)``: whether there was any feedback.
    items
        ``(n, 10)``: rows of the dataset's items, -1 for none.
    """

    def __init__(
        self, split_dataset: SplitDataset, *, horizon: float = HORIZON_SECONDS, most: int = MOST_LISTS
    ) -> None:
        self._split_dataset = split_dataset
        self.horizon, self.most = horizon, most
        self._row: dict[str, int] = {}
        self._first = 0  # number of the row that stands first
        self._ids: list[str] = []
        self.served = np.zeros(0)
        self.user = np.zeros(0, dtype=np.int64)
        self.version = np.zeros(0, dtype=np.int64)
        self.taken = np.zeros(0, dtype=np.int64)
        self.labelled = np.zeros(0, dtype=bool)
        self.items = np.zeros((0, K), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.served)

    @property
    def hit(self) -> np.ndarray:
        """1 for a list of whose first ten places something was taken, else 0."""
        return (self.taken > 0).astype(float)

    @property
    def ndcg(self) -> np.ndarray:
        """NDCG@10 with what was taken as relevant; 0 where nothing was."""
        return NDCG_BY_MASK[self.taken]

    def add_lists(self, lists: pd.DataFrame) -> None:
        """Add lists as `recsys_core.feedback.FeedbackReader.lists` gives them."""
        if not len(lists):
            return
        ids = lists["list_id"].tolist()
        self._row |= {list_id: row for row, list_id in enumerate(ids, self._first + len(self))}
        self._ids += ids
        n = len(ids)
        self.served = np.concatenate([self.served, lists["served"].to_numpy(float)])
        self.user = np.concatenate([self.user, self._users(lists["user_id"], ids)])
        self.version = np.concatenate([self.version, lists["version"].to_numpy(np.int64)])
        self.taken = np.concatenate([self.taken, np.zeros(n, dtype=np.int64)])
        self.labelled = np.concatenate([self.labelled, np.zeros(n, dtype=bool)])
        self.items = np.concatenate([self.items, self._places(lists["items"].tolist())])
        if len(self) > self.most:
            self._drop(len(self) - self.most)

    def add_events(self, events: pd.DataFrame) -> np.ndarray:
        """Add feedback as `recsys_core.feedback.FeedbackReader.events` gives it; lists come before their feedback.

        Returns the seconds from each list that is held to its feedback, late ones among them.
        """
        told = events["list_id"]
        place = pd.to_numeric(events["position"], errors="coerce").fillna(0).to_numpy(np.int64)
        row = np.array([self._row.get(list_id, -1) for list_id in told.tolist()], dtype=np.int64) - self._first
        kept = (row >= 0) & (place >= 1)
        delay = events["received"].to_numpy(float)[kept] - self.served[row[kept]]
        kept[kept] = delay <= self.horizon
        self.labelled[row[kept]] = True
        positive = kept & (place <= K)
        outcome = events["outcome"].to_numpy(np.float32)[positive]
        positive[positive] = positive_outcomes(self._split_dataset, outcome)
        np.bitwise_or.at(self.taken, row[positive], 1 << (place[positive] - 1))
        return delay

    def within(self, since: float, until: float, at: float) -> tuple[np.ndarray, int]:
        """Rows served in ``since <= time < until`` whose horizon had passed ``at``, and how many are still open."""
        inside = (self.served >= since) & (self.served < until)
        closed = inside & (self.served <= at - self.horizon)
        return np.flatnonzero(closed), int(inside.sum() - closed.sum())

    def _users(self, ids: pd.Series, lists: Sequence[str]) -> np.ndarray:
        """Number of each list's user; somebody without an id is a person of their own in every list."""
        missing = ids.isna().to_numpy()
        names = ids.astype(object).to_numpy()
        user = np.full(len(names), -1, dtype=np.int64)
        user[~missing] = self._split_dataset.dataset.user_ids.get_indexer(names[~missing])
        for row in np.flatnonzero(user < 0).tolist():
            told = ("list", lists[row]) if missing[row] else ("user", names[row])
            user[row] = -1 - (hash(told) & STRANGERS)
        return user

    def _places(self, items: Sequence[Sequence[str]]) -> np.ndarray:
        places = np.full((len(items), K), -1, dtype=np.int32)
        length = np.array([min(len(listed), K) for listed in items])
        flat = [item for listed in items for item in listed[:K]]
        places[np.arange(K) < length[:, None]] = self._split_dataset.dataset.item_ids.get_indexer(flat)
        return places

    def _drop(self, n: int) -> None:
        for list_id in self._ids[:n]:
            self._row.pop(list_id, None)
        del self._ids[:n]
        self._first += n
        for name in ("served", "user", "version", "taken", "labelled", "items"):
            setattr(self, name, getattr(self, name)[n:].copy())
