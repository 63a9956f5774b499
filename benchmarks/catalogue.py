"""Time one user's top 10 over a large catalogue: ``.venv/bin/python benchmarks/catalogue.py``.

10,000 generated items, 500 users with 80 items each, the default network (128-64, random weights), attention over
the 50 newest items of each history. ``recommend`` is timed as a caller sees it: history, scores of the whole
catalogue, seen items left out, ten items with their titles. Another user each time. A plain loop that scores the
same pairs in batches of 1,000 gives the ratio. All of it without and with an item-item term of 100 neighbours.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))

from dataclasses import replace

from explain_model import random_scorer, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.models.ranker import RankerShape
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.recommend import recommend, user_pairs

N_USERS, N_ITEMS, TAKEN, HISTORY, REPEATS = 500, 10_000, 80, 50, 200
NEIGHBOURS = 100


def build() -> tuple[Scorer, SplitDataset]:
    dataset = tiny_dataset(N_USERS, N_ITEMS, extra=1)
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.choice(N_ITEMS, TAKEN, replace=False) for _ in range(N_USERS)])
    interactions = pd.DataFrame(
        {
            "user_index": np.repeat(np.arange(N_USERS), TAKEN),
            "item_index": items,
            "value": 1.0,
            "time": rng.integers(1_700_000_000, 1_730_000_000, len(items)),
        }
    )
    dataset = replace(dataset, interactions=interactions)
    scorer = random_scorer(tiny_features(dataset), shape=RankerShape(history=HISTORY))
    return scorer, SplitDataset.build(dataset, task="implicit", kind="time", seed=0, length=HISTORY)


def in_batches(scorer: Scorer, split_dataset: SplitDataset, user: int) -> np.ndarray:
    pairs = user_pairs(split_dataset, user, np.arange(N_ITEMS))
    parts = [pairs[start : start + 1000] for start in range(0, N_ITEMS, 1000)]
    return np.concatenate([scorer.score_pairs(p.users, p.items, p.histories, p.known) for p in parts])


def main() -> None:
    scorer, split_dataset = build()
    measure("network alone", scorer, split_dataset)
    term = random_term(N_ITEMS, density=NEIGHBOURS / N_ITEMS)
    measure(f"with a term of {NEIGHBOURS} neighbours", scorer.with_term(term), split_dataset)


def measure(name: str, scorer: Scorer, split_dataset: SplitDataset) -> None:
    users = np.flatnonzero((split_dataset.histories.users(np.arange(N_USERS), "test") >= 0).sum(1) == HISTORY)
    whole, loop = [], []
    for at in range(REPEATS):
        user = int(users[at % len(users)])
        began = time.perf_counter()
        recommend(scorer, split_dataset, user)
        whole.append(1000 * (time.perf_counter() - began))
        if at % 10 == 0:
            began = time.perf_counter()
            scores = in_batches(scorer, split_dataset, user)
            loop.append(1000 * (time.perf_counter() - began))
            known = split_dataset.histories.known(np.array([user]))
            at_once = scorer.score_catalogue(known.user, known.newest(), known)[0]
            np.testing.assert_allclose(scores, at_once, rtol=1e-4, atol=1e-4)
    ordered = sorted(whole)
    middle = statistics.median(whole)
    print(f"{name}: {N_ITEMS:,} items, histories of {HISTORY}, {len(users)} users, {REPEATS} calls")
    print(
        f"recommend, top 10: median {middle:.1f} ms, 95th percentile {ordered[int(0.95 * REPEATS)]:.1f} ms (asked: 20)"
    )
    slow = statistics.median(loop)
    print(f"the same scores pair by pair, batches of 1,000: {slow:.0f} ms, x{slow / middle:.1f}")


if __name__ == "__main__":
    main()
