"""Feedback rows: what the log teaches, each event at its own moment, and what of it is never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_core.data.history import is_positive
from recsys_core.data.known import Known, PositiveRows
from recsys_core.data.split import label_values
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import LabelledPairs, SplitDataset
from recsys_core.seeds import random_stream

MOST_OF_USER = 100  # rows that teach in one update: nobody's taste is that of all
MOST_OF_CLIENT = 20_000  # rows under one key, so that one that was stolen or is mistaken does not teach alone
HELD_USERS = 0.2  # of the users: nothing that they do is ever trained on
HELD_LAST = 0.15  # of everybody else's rows, the latest
LEAST_OF_USER = 3  # rows of a user, of whom the latest is held

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class FeedbackRows:
    """Feedback of a range of the log as labelled pairs; what was left out is counted.

    Attributes
    ----------
    training
        What a candidate may be fitted to.
    rolling
        The holdout: all rows of a fixed share of the users, and the latest of everybody else.
    before
        For each pair of ``rolling``: all that the dataset alone knows of its user.
    n_users
        Users of the training rows.
    n_capped, n_unknown
        Rows beyond the caps; rows of an unknown user or item, or without a label.
    """

    training: LabelledPairs
    rolling: LabelledPairs
    before: Known
    n_users: int
    n_capped: int
    n_unknown: int

    @property
    def n_rows(self) -> int:
        """Rows of the log that teach; negatives that were sampled beside them are none."""
        training = self.training
        return int(np.count_nonzero(training.label)) if training.negatives == "sampled" else len(training.label)


@dataclass(frozen=True, slots=True, eq=False)
class _Events:
    """Known events of the log in order of arrival: rows of user and item, label, sequence number, whose key."""

    user: np.ndarray
    item: np.ndarray
    label: np.ndarray
    seq: np.ndarray
    client: np.ndarray
    n_unknown: int

    def __len__(self) -> int:
        return len(self.user)


def feedback_rows(
    split_dataset: SplitDataset, events: pd.DataFrame, span: Span, *, refused: Sequence[Span] = (), seed: int
) -> FeedbackRows:
    """The labelled rows of the log's range ``(after, upto]``, less what is in a ``refused`` one.

    ``events`` are all of the log (`recsys_core.feedback.FeedbackReader.events`). What is known at an event are the
    user's positives of the dataset and of all events that arrived before it, never its own item. Order is that of
    arrival: clients' clocks decide nothing. Task ``implicit`` knows no negatives, as in the dataset: each positive is
    set against an item that its user never met, drawn by ``seed``.
    """
    known = _known_events(split_dataset, events)
    inside = _inside(known.seq, span) & ~np.isnan(known.label)
    for other in refused:
        inside &= ~_inside(known.seq, other)
    rows = np.flatnonzero(inside)
    kept = rows[_newest(known.user[rows], MOST_OF_USER)]
    kept = kept[_newest(known.client[kept], MOST_OF_CLIENT)]
    held = held_rows(split_dataset, known.user[kept])
    moments = _Moments.build(split_dataset, known)
    in_span = _inside(events["seq"].to_numpy(), span)
    n_unlabelled = int((_inside(known.seq, span) & np.isnan(known.label)).sum())
    n_unknown = int(in_span.sum()) - int(_inside(known.seq, span).sum()) + n_unlabelled
    training = moments.labelled(kept[~held], seed=seed)
    rolling = moments.labelled(kept[held], seed=seed)
    n_users = len(np.unique(known.user[kept[~held]]))
    return FeedbackRows(training, rolling, moments.before(rolling.pairs), n_users, len(rows) - len(kept), n_unknown)


def _known_events(split_dataset: SplitDataset, events: pd.DataFrame) -> _Events:
    dataset = split_dataset.dataset
    user, item = (
        pd.Index(ids).get_indexer(events[name].astype(str))
        for ids, name in ((dataset.users["user_id"], "user_id"), (dataset.items["item_id"], "item_id"))
    )
    there = np.flatnonzero((user >= 0) & (item >= 0))
    label = label_values(events["outcome"].to_numpy(np.float32)[there], dataset.schema, split_dataset.task)
    target = _on_scale(label, split_dataset)
    label = np.where((target >= 0) & (target <= 1), label, np.float32(np.nan))  # beyond the scale it says nothing
    client = pd.factorize(events["client"].to_numpy()[there])[0]
    seq = events["seq"].to_numpy()[there]
    return _Events(user[there], item[there], label, seq, client, len(events) - len(there))


def _inside(seq: np.ndarray, span: Span) -> np.ndarray:
    return (seq > span[0]) & (seq <= span[1])


def _newest(owner: np.ndarray, most: int) -> np.ndarray:
    """Which rows are among the last ``most`` of their owner.

    >>> _newest(np.array([0, 0, 1, 0]), 2).tolist()
    [False, True, True, True]
    """
    return _from_end(owner) < most


def _from_end(owner: np.ndarray) -> np.ndarray:
    """How many later rows each row's owner has."""
    order = np.argsort(owner, kind="stable")
    sizes = np.bincount(owner, minlength=1)
    last = np.cumsum(sizes)[owner[order]]
    found = np.empty(len(owner), dtype=np.int64)
    found[order] = last - 1 - np.arange(len(owner))
    return found


def held_rows(split_dataset: SplitDataset, user: np.ndarray) -> np.ndarray:
    """Which rows are held out: of users drawn once for the workspace, and the latest of everybody else."""
    drawn = random_stream(split_dataset.split.seed, "users whose feedback is never trained on")
    of_held_user = drawn.random(split_dataset.dataset.n_users)[user] < HELD_USERS
    n_rows = np.bincount(user, minlength=1)[user]
    n_last = np.where(n_rows >= LEAST_OF_USER, np.maximum(1, np.rint(HELD_LAST * n_rows)), 0)
    return of_held_user | (_from_end(user) < n_last)


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Positives of dataset and log in one order, the log's behind the dataset's."""

    split_dataset: SplitDataset
    events: _Events
    pool: PositiveRows
    n_all: int

    @classmethod
    def build(cls, split_dataset: SplitDataset, events: _Events) -> _Moments:
        histories, dataset = split_dataset.histories, split_dataset.dataset
        n_logged, n_all = len(histories.user), len(histories.user) + len(events)
        positive = is_positive(events.label, split_dataset.task, dataset.schema)
        logged, later = np.flatnonzero(histories.positive), np.flatnonzero(positive)
        pool = PositiveRows.build(
            np.concatenate([histories.user[logged], events.user[later]]),
            np.concatenate([histories.item[logged], events.item[later]]),
            np.concatenate([histories.order[logged], n_logged + later]),
            shape=(dataset.n_users, dataset.n_items, n_all),
            length=histories.length,
        )
        return cls(split_dataset, events, pool, n_all)

    def labelled(self, rows: np.ndarray, *, seed: int) -> LabelledPairs:
        """Events as labelled pairs, each with what was known when it arrived."""
        user, item = self.events.user[rows].astype(np.int64), self.events.item[rows].astype(np.int64)
        known = self._known(user, item, self.n_all - len(self.events) + rows)
        pairs, label = Pairs(user, item, known.newest(), known), self._target(rows)
        if self.split_dataset.task != "implicit":
            return LabelledPairs(pairs, label, "logged")
        drawn = self.split_dataset.sample_untaken(user, seed=seed)
        place = user * self.split_dataset.dataset.n_items + drawn
        met = np.isin(place, self.events.user.astype(np.int64) * self.split_dataset.dataset.n_items + self.events.item)
        there = np.flatnonzero((drawn >= 0) & ~met)
        both = replace(pairs[np.append(np.arange(len(rows)), there)], items=np.append(item, drawn[there]))
        return LabelledPairs(both, np.append(label, np.zeros(len(there), dtype=np.float32)), "sampled")

    def before(self, pairs: Pairs) -> Known:
        """All that the dataset alone knows of the pairs' users."""
        return self._known(pairs.users, pairs.items, np.full(len(pairs), self.n_all - len(self.events)))

    def _known(self, user: np.ndarray, item: np.ndarray, moment: np.ndarray) -> Known:
        """What lies strictly before moments in the common order."""
        return Known(self.pool, user, np.searchsorted(self.pool.key, user * self.n_all + moment), item)

    def _target(self, rows: np.ndarray) -> np.ndarray:
        return _on_scale(self.events.label[rows], self.split_dataset)


def _on_scale(label: np.ndarray, split_dataset: SplitDataset) -> np.ndarray:
    """Labels from 0 to 1: themselves, or ratings less the lowest over the range."""
    schema = split_dataset.dataset.schema
    return (label - schema.low) / (schema.high - schema.low) if split_dataset.task == "rating" else label
