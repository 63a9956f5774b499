"""Untrained models over small logs of every task, and what everybody did in plain Python: the judge of live state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from explain_model import random_scorer, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.data.dataset import Dataset
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.serving import FeedbackEvent
from recsys_core.variant import DENSE

LENGTH = 8
KINDS = (("like", "click"), ("like", "rating"), ("implicit", "taken"), ("implicit", "rating"), ("rating", "rating"))
LEAST_TAKEN = {("like", "rating"): 4, ("implicit", "rating"): 3, ("rating", "rating"): 4}  # of 1 to 5
ODD_IDS = ("новый", "a b", "<b>x</b>", "'; --", "i,1", "007", "7", "NaN", "", "\u200b", "🛒")


def logged_dataset(outcome: str, *, n_users: int = 25, n_items: int = 20, seed: int = 0) -> Dataset:
    """The first user has no row, the second met everything, the third repeats one item; some ids are odd."""
    rng = np.random.default_rng(seed)
    plain = tiny_dataset(n_users, n_items, seed=seed)
    user = np.concatenate([np.ones(n_items, int), np.full(9, 2), rng.integers(3, n_users, 20 * n_users)])
    item = np.concatenate([np.arange(n_items), np.full(9, 5), rng.integers(0, n_items - 3, 20 * n_users)])
    value = {
        "click": rng.integers(0, 2, len(user)),
        "taken": np.ones(len(user)),
        "rating": rng.integers(1, 6, len(user)),
    }[outcome]
    log = pd.DataFrame({"user_index": user, "item_index": item}).astype(np.int32)
    log = log.assign(value=value.astype(np.float32), time=rng.integers(0, 300, len(user)))
    users, items = plain.users.copy(), plain.items.copy()
    users["user_id"] = [*ODD_IDS, *users["user_id"][len(ODD_IDS) :]]
    items["item_id"] = [*ODD_IDS, *items["item_id"][len(ODD_IDS) :]]
    return replace(plain, users=users, items=items, interactions=log, schema=replace(plain.schema, outcome=outcome))


def split_of(dataset: Dataset, task: str, kind: str = "time") -> SplitDataset:
    return SplitDataset.build(dataset, task=task, kind=kind, seed=0, length=LENGTH)


@cache
def untrained_model(task: str, outcome: str = "taken", *, with_term: bool = False, seed: int = 0) -> TrainedModel:
    """Random weights over a log of this task."""
    dataset = logged_dataset(outcome, seed=seed)
    features = tiny_features(dataset, seed=seed)
    config = {"task": task, "name": "random", "seed": 0, "encoder": {"name": ""}}
    term = random_term(dataset.n_items, seed=seed) if with_term else None
    ranker = random_scorer(features, seed=seed).ranker
    about = ("first", Path("models/first"), "random", DENSE, split_of(dataset, task), features, ranker, term)
    return TrainedModel(*about, config, None)


@dataclass
class Plain:
    """Everybody's rows as they happened: (item, taken or not), the oldest first."""

    rows: dict[str, list[tuple[str, bool]]]
    least: float

    @classmethod
    def of(cls, split_dataset: SplitDataset) -> Plain:
        dataset, task = split_dataset.dataset, split_dataset.task
        log = dataset.interactions.assign(order=split_dataset.split.order).sort_values("order")
        users, items = dataset.users["user_id"].tolist(), dataset.items["item_id"].tolist()
        found = cls({}, LEAST_TAKEN.get((task, dataset.schema.outcome), 1))
        for u, i, value in zip(log["user_index"], log["item_index"], log["value"], strict=True):
            found.rows.setdefault(users[u], []).append((items[i], value >= found.least))
        return found

    def add(self, events: list[FeedbackEvent]) -> None:
        for event in events:
            self.rows.setdefault(event.user_id, []).append((event.item_id, event.outcome >= self.least))

    def positives(self, user_id: str) -> list[str]:
        """Newest first, each once."""
        return list(dict.fromkeys(item for item, taken in reversed(self.rows.get(user_id, [])) if taken))

    def met(self, user_id: str) -> set[str]:
        return {item for item, _ in self.rows.get(user_id, [])}


def some_events(dataset: Dataset, n: int, *, seed: int = 0) -> list[FeedbackEvent]:
    """Events of known and unknown people."""
    rng, rated = np.random.default_rng(seed), dataset.schema.outcome == "rating"
    people = [*dataset.users["user_id"], "stranger", "another", "nan"]
    items = dataset.items["item_id"].tolist()
    return [
        FeedbackEvent(
            event_id=f"e{seed}-{at}",
            user_id=people[rng.integers(len(people))],
            item_id=items[rng.integers(len(items))],
            outcome=float(rng.integers(1, 6) if rated else rng.integers(2)),
        )
        for at in range(n)
    ]


def as_frame(events: list[FeedbackEvent]) -> pd.DataFrame:
    """As `FeedbackReader.events` gives them."""
    columns = ("user_id", "item_id", "outcome")
    return pd.DataFrame({name: [getattr(event, name) for event in events] for name in columns})
