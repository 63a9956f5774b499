"""Live histories: what every person has taken and met until now, from all rows of the dataset and all feedback.

Serving is not evaluation: here the test part counts as well, and what somebody did a second ago. One index by person is
built at the start, without a loop over rows; what comes later lies beside it, a small record a person that is replaced
as a whole, so a request that reads one never sees half of an update.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_core.data.history import is_positive
from recsys_core.data.known import next_same
from recsys_core.data.order import by_group, by_rank
from recsys_core.data.split import label_values
from recsys_core.errors import SettingError
from recsys_core.live.person import NOBODY, Person, new_person
from recsys_core.metrics import sorted_once
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.results.serving import FeedbackEvent

MOST_STRANGERS = 200_000  # people outside the dataset who are remembered; about 100 MB
COLUMNS = ("user_id", "item_id", "outcome")


@dataclass(frozen=True, slots=True, eq=False)
class _ByPerson:
    """Items of each person, one after another: those of row ``i`` are ``item[start[i]:start[i + 1]]``."""

    start: np.ndarray
    item: np.ndarray

    def __getitem__(self, row: int) -> np.ndarray:
        return self.item[self.start[row] : self.start[row + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class _Since:
    """What somebody did since the index was built: items taken, newest first, each once, and all items met."""

    positives: np.ndarray
    met: np.ndarray

    def with_events(self, items: list[int], taken: list[int]) -> _Since:
        """The same after some events more: items met, and those of them that were taken, newest first, each once."""
        new, met = set(taken), self.met.tolist()
        positives = taken + [item for item in self.positives.tolist() if item not in new]
        return _Since(np.array(positives, dtype=np.int32), np.array(list(dict.fromkeys(met + items)), dtype=np.int32))


NOTHING_SINCE = _Since(NOBODY, NOBODY)


class LiveHistories:
    """Everybody's history now; `person` may be asked from any thread while `add` is called from another.

    What counts as taken is the rule of the split's task (`recsys_core.data.history.is_positive`); what was met, taken
    or not, is no candidate. People outside the dataset who sent feedback are remembered, the latest ``MOST_STRANGERS``.

    Attributes
    ----------
    n_takers
        ``(n_items,)``: how many different people took each item.
    n_passed_over
        Events of items that the dataset does not hold: of other data under the same name.
    """

    def __init__(
        self,
        split_dataset: SplitDataset,
        ids: pd.Index,
        taken: _ByPerson,
        met: _ByPerson,
        *,
        most_strangers: int = MOST_STRANGERS,
    ) -> None:
        self.split_dataset, self.dataset = split_dataset, split_dataset.dataset
        self._ids, self._taken, self._met = ids, taken, met
        self._since: dict[str, _Since] = {}
        self._strangers: dict[str, None] = dict.fromkeys(ids[self.dataset.n_users :])
        self._most, self._changing = most_strangers, threading.Lock()
        self.n_takers = np.bincount(taken.item, minlength=self.dataset.n_items)
        self.n_passed_over = 0

    @classmethod
    def build(
        cls,
        split_dataset: SplitDataset,
        events: pd.DataFrame | Iterable[pd.DataFrame] = (),
        *,
        most_strangers: int = MOST_STRANGERS,
    ) -> LiveHistories:
        """Index all rows of the dataset, and the feedback behind them.

        ``events`` hold ``user_id``, ``item_id`` and ``outcome`` in the log's order; a large log comes in several parts,
        of which nothing but numbers is kept.
        """
        dataset, histories = split_dataset.dataset, split_dataset.histories
        parts = [events] if isinstance(events, pd.DataFrame) else events
        log = _Log(split_dataset, most_strangers)
        for part in parts:
            log.add(part)
        ids, user, item, positive = log.joined()
        n_rows = len(histories.user)
        rank = np.concatenate([histories.order, n_rows + np.arange(len(user))])
        user = np.concatenate([histories.user, user])
        item = np.concatenate([histories.item, item])
        positive = np.concatenate([histories.positive, positive])
        taken = _last_takings(user, item, rank, positive, shape=(len(ids), dataset.n_items))
        met = _each_once(user, item, shape=(len(ids), dataset.n_items))
        found = cls(split_dataset, ids, taken, met, most_strangers=most_strangers)
        found.n_passed_over = log.n_passed_over
        return found

    def person(self, user_id: str) -> Person:
        """Somebody by their id, whether the dataset holds it or not; blank where nothing is known."""
        row, since = self._row(user_id), self._since.get(user_id)
        index = row if row is not None and row < self.dataset.n_users else None
        positives, met = (NOBODY, NOBODY) if row is None else (self._taken[row][::-1], self._met[row])
        if since is not None:
            older = positives[~np.isin(positives, since.positives)] if len(since.positives) else positives
            positives, met = np.concatenate([since.positives, older]), np.concatenate([since.met, met])
        return Person(user_id, index, positives, met)

    def new_person(
        self, attributes: Mapping[str, object] | None, history: Sequence[object] = (), *, user_id: str | None = None
    ) -> Person:
        """Somebody whom the dataset does not hold, from what is sent along, and from feedback under their id.

        Raises as `recsys_core.live.person.new_person`, and ``live.known_attributes`` where the dataset holds the id.
        """
        said = new_person(self.dataset, attributes, history, user_id=user_id)
        if user_id is None:
            return said
        known = self.person(user_id)
        if known.is_known:
            raise SettingError("live.known_attributes", user=user_id)
        older = said.positives[~np.isin(said.positives, known.positives)]
        taken = np.concatenate([known.positives, older])
        return Person(user_id, None, taken, np.concatenate([known.met, said.met]), said.attributes)

    def add(self, events: Sequence[FeedbackEvent]) -> None:
        """Take in acknowledged feedback, in the log's order; a person's record is replaced once for all their events.

        Events of unknown items are counted and passed over: whoever takes feedback in refuses them before.
        """
        if not events:
            return
        items = self.dataset.item_ids.get_indexer([event.item_id for event in events]).tolist()
        outcome = np.array([event.outcome for event in events], dtype=np.float32)
        positive = positive_outcomes(self.split_dataset, outcome).tolist()
        by_user: dict[str, list[int]] = {}
        for place, event in enumerate(events):
            if items[place] >= 0:
                places = by_user.pop(event.user_id, [])  # put in again: whoever spoke last comes last
                places.append(place)
                by_user[event.user_id] = places
        with self._changing:
            self.n_passed_over += items.count(-1)
            for user_id, places in by_user.items():
                taken = [items[place] for place in reversed(places) if positive[place]]
                self._update(user_id, [items[place] for place in places], list(dict.fromkeys(taken)))

    def _update(self, user_id: str, items: list[int], taken: list[int]) -> None:
        before, row = self._since.get(user_id, NOTHING_SINCE), self._row(user_id)
        held = () if row is None else (self._taken[row],)
        for item in taken:
            self.n_takers[item] += not any((some == item).any() for some in (before.positives, *held))
        self._since[user_id] = before.with_events(items, taken)
        if row is None or row >= self.dataset.n_users:
            self._remember(user_id)

    def _remember(self, user_id: str) -> None:
        """The latest strangers stay, the one who was silent for longest goes."""
        self._strangers.pop(user_id, None)
        self._strangers[user_id] = None
        while len(self._strangers) > self._most:
            gone = next(iter(self._strangers))
            del self._strangers[gone]
            self._since.pop(gone, None)

    def _row(self, user_id: str) -> int | None:
        try:
            return int(self._ids.get_loc(user_id))
        except KeyError:
            return None


def positive_outcomes(split_dataset: SplitDataset, outcome: np.ndarray) -> np.ndarray:
    """Which outcomes ``(n,)`` float32 count as taken, by the task's rule."""
    schema, task = split_dataset.dataset.schema, split_dataset.task
    return is_positive(label_values(outcome, schema, task), task, schema)


class _Log:
    """The feedback as numbers: user (strangers behind the dataset's), item, taken or not."""

    def __init__(self, split_dataset: SplitDataset, most_strangers: int) -> None:
        self._split, self._most = split_dataset, most_strangers
        self._ids: dict[str, int] = {}
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.n_passed_over = 0

    def add(self, events: pd.DataFrame) -> None:
        dataset = self._split.dataset
        item = dataset.item_ids.get_indexer(events["item_id"])
        there = item >= 0
        self.n_passed_over += int((~there).sum())
        names = events["user_id"][there]
        user = dataset.user_ids.get_indexer(names)
        strange = np.flatnonzero(user < 0)
        code, new = pd.factorize(names.iloc[strange])
        rows = [self._ids.setdefault(name, dataset.n_users + len(self._ids)) for name in new]
        user[strange] = np.array(rows, dtype=np.int64)[code]
        outcome = events["outcome"].to_numpy(np.float32)[there]
        self._parts.append(
            (user.astype(np.int32), item[there].astype(np.int32), positive_outcomes(self._split, outcome))
        )

    def joined(self) -> tuple[pd.Index, np.ndarray, np.ndarray, np.ndarray]:
        """Ids of everybody, and each event's user, item and whether it counts as taken.

        Of the strangers the latest, whoever was silent for longest first.
        """
        known = self._split.dataset.user_ids
        nothing = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=bool)
        user, item, positive = (np.concatenate(column) for column in zip(nothing, *self._parts, strict=True))
        last = np.zeros(len(known) + len(self._ids), dtype=np.int64)
        np.maximum.at(last, user, np.arange(len(user)))
        strangers = len(known) + np.argsort(last[len(known) :], kind="stable")[max(0, len(self._ids) - self._most) :]
        row = np.full(len(last), -1)
        row[: len(known)] = np.arange(len(known))
        row[strangers] = len(known) + np.arange(len(strangers))
        kept = row[user] >= 0
        names = np.array(list(self._ids), dtype=object)[strangers - len(known)]
        ids = known.append(pd.Index(names, dtype=known.dtype))
        return ids, row[user[kept]].astype(np.int32), item[kept], positive[kept]


def _last_takings(
    user: np.ndarray, item: np.ndarray, rank: np.ndarray, positive: np.ndarray, *, shape: tuple[int, int]
) -> _ByPerson:
    """Everybody's items taken, the oldest first, each at its last taking."""
    n_people, n_items = shape
    sequence = by_rank(rank, len(rank))
    sequence = sequence[positive[sequence]]
    sequence = sequence[by_group(user[sequence], n_people)]
    user, item = user[sequence].astype(np.int64), item[sequence].astype(np.int32)
    last = next_same(user, item, n_items) == len(user)
    return _ByPerson(np.searchsorted(user[last], np.arange(n_people + 1)), item[last])


def _each_once(user: np.ndarray, item: np.ndarray, *, shape: tuple[int, int]) -> _ByPerson:
    """Everybody's items, each once."""
    n_people, n_items = shape
    owner, found = np.divmod(sorted_once(user.astype(np.int64) * n_items + item), n_items)
    return _ByPerson(np.searchsorted(owner, np.arange(n_people + 1)), found.astype(np.int32))
