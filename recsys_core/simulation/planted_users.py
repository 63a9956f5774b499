"""Planted users: people of a sample who take what its truth says they take, when they see it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.sample.truth import PlantedTruth
from recsys_core.errors import SettingError, require
from recsys_core.metrics import logistic

TREND_LOGITS = 2.0  # what a trend adds to the planted logit of every item of its category


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is added to the truth: a ``trend`` (a category that everybody likes more), and ``poison``.

    ``poison`` is the share of outcomes that are sent as their opposite.
    """

    trend: str | None = None
    poison: float = 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that somebody looked at, its place on the list (from 1), whether it was taken, and what is sent of it."""

    item_id: str
    position: int
    is_taken: bool
    outcome: int


class PlantedUsers:
    """The people of a sample, each with the categories that they took last. Safe to call from any thread.

    Whoever sees a list looks at the item in place ``p`` with probability ``1 / log2(1 + p)``, independently of all
    others (the position-based model of Craswell et al. 2008 with the discount of DCG), and takes what was looked at
    with the planted probability. What was not looked at is neither taken nor refused: nothing is sent of it.
    """

    def __init__(self, dataset: Dataset) -> None:
        """Raises ``SettingError`` (``simulate.no_truth``) for data without a planted truth."""
        if dataset.truth is None:
            raise SettingError("simulate.no_truth", data=dataset.name)
        self.truth = PlantedTruth.from_tables(dataset.truth, dataset.users, dataset.items)
        self.user_ids: tuple[str, ...] = tuple(dataset.users["user_id"])
        self._user = {raw: row for row, raw in enumerate(self.user_ids)}
        self._item = {raw: row for row, raw in enumerate(dataset.items["item_id"])}
        self._taken = _taken_last(dataset, self.truth)
        self._lock = threading.Lock()

    @property
    def categories(self) -> tuple[str, ...]:
        """What can become a trend."""
        return tuple(self.truth.function.levels["item.category"])

    def check(self, behaviour: Behaviour) -> None:
        """Raise ``SettingError`` for a trend that is no category, or a share that is none."""
        trend, poison = behaviour.trend, behaviour.poison
        if trend is not None and trend not in self.categories:
            raise SettingError("simulate.trend", value=trend, choices=", ".join(self.categories))
        require(0 <= poison <= 1, SettingError, "setting.between", name="poison", low=0, high=1, value=poison)

    def knows(self, item_ids: Sequence[str]) -> bool:
        """Whether all are items of the sample."""
        return all(item_id in self._item for item_id in item_ids)

    def probabilities(self, user_id: str, item_ids: Sequence[str], trend: str | None = None) -> np.ndarray:
        """The chance ``(n,)`` that somebody, in the present state, takes each item that was looked at."""
        user, items = self._user[user_id], np.array([self._item[i] for i in item_ids], dtype=np.int64)
        with self._lock:
            taken = list(self._taken[user])
        state = np.repeat(self.truth.history_counts([taken]), len(items), axis=0)
        logit = self.truth.logit(np.full(len(items), user), items, state)
        if trend is not None:
            logit = logit + TREND_LOGITS * (self.truth.item_category[items] == self.categories.index(trend))
        return logistic(logit)

    def look_at(
        self, user_id: str, item_ids: Sequence[str], behaviour: Behaviour, rng: np.random.Generator
    ) -> tuple[Seen, ...]:
        """What somebody looks at on a list, first place first, and takes or not."""
        looked, takes, flipped = rng.random((3, len(item_ids)))
        chance = self.probabilities(user_id, item_ids, behaviour.trend)
        position = np.arange(1, len(item_ids) + 1)
        taken = takes < chance
        outcome = taken ^ (flipped < behaviour.poison)
        is_seen = looked < 1 / np.log2(1 + position)
        return tuple(
            Seen(item_ids[at], at + 1, bool(taken[at]), int(outcome[at])) for at in np.flatnonzero(is_seen).tolist()
        )

    def took(self, user_id: str, item_ids: Sequence[str]) -> None:
        """Remember what somebody took, the first of them first."""
        with self._lock:
            for item_id in item_ids:
                self._taken[self._user[user_id]].appendleft(self._item[item_id])


def _taken_last(dataset: Dataset, truth: PlantedTruth) -> list[deque[int]]:
    """Item rows that each user took last, newest first, as many as count."""
    log = dataset.interactions
    user, item = (log[f"{side}_index"].to_numpy(np.int64) for side in ("user", "item"))
    taken = truth.taken(user, item, log["value"].to_numpy() > 0)
    found: list[deque[int]] = [deque(maxlen=truth.function.history_length) for _ in range(dataset.n_users)]
    order = np.lexsort((log["time"].to_numpy(), user))
    order = order[taken[order]]
    for row, thing in zip(user[order].tolist(), item[order].tolist(), strict=True):
        found[row].appendleft(thing)
    return found
