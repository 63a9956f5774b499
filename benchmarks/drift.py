"""Drift: how soon a shift of a third of a standard deviation is found in served scores, and how often none is.

    python benchmarks/drift.py [WORKSPACE] [--seeds 5] [--requests 20000]

Lists are drawn from the workspace's own reference (top lists of its held-out users under the served version), asked for
in five ways: by users at random, by few users much more often, in sessions of one user, by people who take two items of
every list, and by users unknown to the reference. Looked at every 25 requests, as the service does every few seconds.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.live.engine import Engine
from recsys_core.models.workspace import open_model
from recsys_core.monitoring.reference import K, Reference, load_reference, make_reference
from recsys_core.monitoring.score_drift import DriftWatch
from recsys_core.rerank import BY_SCORE
from recsys_core.seeds import random_stream
from recsys_core.versions import Versions

LOOK = 25
WAYS = ("at random", "few often", "sessions", "taking", "strangers")


def drawn_users(way: str, n: int, n_users: int, random: np.random.Generator) -> np.ndarray:
    """Rows of the reference that ask, one a request."""
    if way == "few often":
        weight = 1 / np.arange(1, n_users + 1)
        return random.permutation(n_users)[random.choice(n_users, n, p=weight / weight.sum())]
    if way == "sessions":
        return np.repeat(random.integers(n_users, size=n), random.integers(1, 9, size=n))[:n]
    return random.integers(n_users, size=n)


def stream(reference: Reference, way: str, n: int, shift_from: int, seed: int) -> list[tuple]:
    """Requests as (user, items, scores); from ``shift_from`` on scores are higher by a third of the values' spread."""
    random = random_stream(seed, f"requests {way}")
    left = [list(range(int((row >= 0).sum()))) for row in reference.items]
    made = []
    for number, row in enumerate(drawn_users(way, n, reference.n, random).tolist()):
        places = left[row][:K]
        if len(places) < K:  # whoever has taken nearly everything starts anew
            left[row] = list(range(int((reference.items[row] >= 0).sum())))
            places = left[row][:K]
        shift = reference.spread / 3 if number >= shift_from else 0.0
        made.append((row, reference.items[row, places], reference.scores[row, places] + shift))
        if way == "taking":
            chance = 1 / np.log2(np.arange(2, len(places) + 2))
            for taken in random.choice(places, 2, replace=False, p=chance / chance.sum()):
                left[row].remove(taken)
    return made


def frame(requests: list[tuple], reference: Reference, engine: Engine, way: str) -> pd.DataFrame:
    ids, users = engine.dataset.item_ids.to_numpy(), engine.dataset.user_ids.to_numpy()
    name = (lambda row: f"stranger {row}") if way == "strangers" else (lambda row: users[reference.user[row]])
    return pd.DataFrame(
        {
            "user_id": [name(row) for row, _, _ in requests],
            "items": [tuple(ids[items]) for _, items, _ in requests],
            "scores": [tuple(scores.tolist()) for _, _, scores in requests],
            "served": np.arange(len(requests), dtype=float),
            "version": 1,
            "variant": reference.variant,
        }
    )


def watched(lists: pd.DataFrame, reference: Reference, engine: Engine) -> tuple[list[int], list[int], float]:
    """Requests at which PSI rose above its threshold, those at which ADWIN found a change, and CPU seconds."""
    watch = DriftWatch(reference, engine.dataset.user_ids, engine.dataset.item_ids)
    psi, above, began = [], False, time.process_time()
    for first in range(0, len(lists), LOOK):
        watch.add(lists.iloc[first : first + LOOK], 1)
        drift = watch.drift()
        was, above = above, drift.psi is not None and drift.psi > drift.threshold
        if above and not was:
            psi.append(first + LOOK)
    return psi, [int(at) for at in watch.drift().alarms], time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path, nargs="?", default=Path("workspaces/shop-demo"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    args = parser.parse_args()
    model = open_model(args.workspace)
    engine = Engine(Versions(args.workspace).current(), model, model.dense, BY_SCORE, model.variant)
    reference = load_reference(args.workspace, engine.served.fingerprint, engine.variant.key)
    reference = reference or make_reference(engine)
    print(f"{args.workspace}: {reference.n} users, mean {reference.mean:.3f}, sd {reference.spread:.3f}")
    half = args.requests // 2
    for way in WAYS:
        false, found = defaultdict(list), defaultdict(list)
        for seed in range(args.seeds):
            quiet = stream(reference, way, args.requests, args.requests, seed)
            psi, adwin, cpu = watched(frame(quiet, reference, engine, way), reference, engine)
            false["psi"].append(len(psi))
            false["adwin"].append(len(adwin))
            moved = stream(reference, way, half + 2000, half, seed)
            psi, adwin, _ = watched(frame(moved, reference, engine, way), reference, engine)
            for name, at in (("psi", psi), ("adwin", adwin), ("either", psi + adwin)):
                found[name].append(min((a - half for a in at if a >= half), default=-1))
        print(
            f"  {way:10}  false alarms in {args.requests}: psi {false['psi']}, adwin {false['adwin']}; found after: "
            + ", ".join(f"{name} {after}" for name, after in found.items())
            + f"; {1e6 * cpu / args.requests:.0f} µs CPU a request, looks included"
        )


if __name__ == "__main__":
    main()
