"""Removals that are found, against exact search: ``.venv/bin/python benchmarks/counterfactual.py [WORKSPACE]``.

Pairs are an item of the top 10 of a user drawn by the seed. The judge tries every set of at most five items by the
whole catalogue, so it takes users with at most ``--positives`` known positives (15: some 5,000 sets a pair); the times
are those of users with any number. On a busy machine read processor time.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys_core.counterfactual import allowed_columns, exact_removal, smallest_change, smallest_removal
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.results import Counterfactual
from recsys_core.seeds import random_stream
from recsys_core.what_if.situation import Situation, situation_of

LARGEST, K = 5, 10


@dataclass(frozen=True)
class Timed:
    """A search's answer with the seconds it took: on the clock, and of the processor."""

    found: Counterfactual
    wall: float
    processor: float


def situations(model: TrainedModel, n: int, seed: int, *, first: int, last: int, most: int) -> list[Situation]:
    """Items of ranks ``first`` to ``last`` of users with 1 to ``most`` positives."""
    random = random_stream(seed, "pairs of the counterfactual benchmark")
    split_dataset, found = model.split_dataset, []
    for user in random.permutation(model.dataset.n_users):
        start = situation_of(model.dense, split_dataset, int(user), 0)
        listed = start.scores(split_dataset.tie_order).top(last)
        if 0 < len(start.positives) <= most and len(listed) == last:
            item = int(listed[random.integers(first - 1, last)])
            found.append(situation_of(model.dense, split_dataset, int(user), item))
        if len(found) == n:
            break
    return found


def timed(search, asked: list[Situation]) -> list[Timed]:
    out = []
    for situation in asked:
        wall, processor = time.perf_counter(), time.process_time()
        found = search(situation)
        out.append(Timed(found, time.perf_counter() - wall, time.process_time() - processor))
    return out


def print_times(name: str, done: list[Timed]) -> None:
    wall, processor = (1000 * np.array([getattr(t, which) for t in done]) for which in ("wall", "processor"))
    print(
        f"{name}: {len(done)} pairs, found {sum(t.found.found for t in done)}, "
        f"verified {sum(t.found.verified for t in done)}, exact {sum(t.found.exact for t in done)}; "
        f"median {np.median(wall):.0f} ms, 95 % {np.percentile(wall, 95):.0f} ms "
        f"(processor {np.median(processor):.0f} and {np.percentile(processor, 95):.0f} ms)"
    )
    print(f"  changes: {dict(sorted(Counter(len(t.found.changes) for t in done if t.found.found).items()))}")


def judged(model: TrainedModel, asked: list[Situation], done: list[Timed]) -> None:
    """How many of the pairs that have a removal of at most five items are found, and how many as small as can be."""
    n_have = n_found = n_small = n_smallest = 0
    for situation, answer in zip(asked, done, strict=True):
        size = len(answer.found.changes) if answer.found.found else LARGEST + 1
        smaller = exact_removal(situation, model.split_dataset, k=K, largest=min(LARGEST, size - 1))
        if smaller is None and size > LARGEST:
            continue
        n_have += 1
        n_found += answer.found.verified
        n_small += answer.found.verified and size <= LARGEST
        n_smallest += smaller is None
    print(
        f"judge: {n_have} of {len(asked)} pairs have a removal of at most {LARGEST} items; found and verified "
        f"{n_found / max(n_have, 1):.1%}, of at most {LARGEST} items {n_small / max(n_have, 1):.1%}, "
        f"none smaller exists {n_smallest / max(n_have, 1):.1%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", type=Path, default=Path("workspaces/shop-demo"))
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--judged", type=int, default=40)
    parser.add_argument("--positives", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model = open_model(args.workspace)
    split_dataset, features = model.split_dataset, model.dense.features

    def removal(situation: Situation) -> Counterfactual:
        return smallest_removal(situation, split_dataset, k=K)

    def change(situation: Situation) -> Counterfactual:
        return smallest_change(situation, split_dataset, allowed, k=K)

    allowed = allowed_columns("", model.dataset, features)
    print(f"{model.workspace}: {model.dataset.n_items} items, item-item term: {model.term is not None}")
    anyone = situations(model, args.pairs, args.seed, first=1, last=K, most=model.dataset.n_items)
    timed(removal, anyone[:1])
    print_times("removal", timed(removal, anyone))
    outside = situations(model, args.pairs, args.seed, first=K + 1, last=50, most=model.dataset.n_items)
    print_times(f"change of {', '.join(column.player.key for column in allowed)}", timed(change, outside))
    few = situations(model, args.judged, args.seed, first=1, last=K, most=args.positives)
    judged(model, few, timed(removal, few))


if __name__ == "__main__":
    main()
