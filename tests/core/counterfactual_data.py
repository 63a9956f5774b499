"""Situations of a random model over a small dataset, for the tests of what takes an item off a list or brings it in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from explain_model import random_scorer, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.models.split_dataset import SplitDataset
from recsys_core.what_if.situation import Situation

N_ITEMS, LENGTH = 30, 5


def _taken(n_users: int, seed: int) -> pd.DataFrame:
    """Each user takes between 3 and 12 items, one after the other."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 13, n_users)
    items = np.concatenate([rng.choice(N_ITEMS, n, replace=False) for n in sizes])
    users = np.repeat(np.arange(n_users), sizes)
    frame = pd.DataFrame({"user_index": users, "item_index": items}).astype("int32")
    return frame.assign(value=np.float32(1), time=np.arange(len(frame), dtype=np.int64))


PLAIN = tiny_dataset(12, N_ITEMS)
DATASET = replace(PLAIN, interactions=_taken(PLAIN.n_users, 4))
SPLIT = SplitDataset.build(DATASET, task="implicit", kind="time", seed=0, length=LENGTH)
NETWORK = random_scorer(tiny_features(DATASET).without({"user_id", "item_id"}))
WITH_TERM = NETWORK.with_term(random_term(N_ITEMS, alpha=1.5))
SCORERS = {"network": NETWORK, "with term": WITH_TERM}


def situation(scorer=NETWORK, *, user: int = 2, item: int, taken: list[int]) -> Situation:
    """A user who took some items (newest first) and an item that is a candidate or not."""
    seen = np.zeros(scorer.n_items, dtype=bool)
    seen[taken] = True
    return Situation(scorer, user, item, np.array(taken, dtype=np.int64), seen, LENGTH)


def random_situation(seed: int, *, n_taken: int, rank: int, scorer=NETWORK) -> Situation:
    """A user with random positives and the item that stands at a rank of the list."""
    rng = np.random.default_rng(seed)
    taken = rng.choice(N_ITEMS, n_taken, replace=False).tolist()
    start = situation(scorer, user=int(rng.integers(DATASET.n_users)), item=0, taken=taken)
    return replace(start, item_index=int(start.scores(SPLIT.tie_order).top(N_ITEMS)[rank - 1]))
