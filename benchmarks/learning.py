"""Learning from feedback under its guard, from planted truth: what is promoted, over seeds.

Run ``python benchmarks/learning.py [WORKSPACE] [--first 0] [--seeds 20] [--only CASE …] [--out FILE]``. The workspace
is a trained shop demo. People's feedback is drawn by the sample's planted truth (8 items a user by the sample's own
logging policy), then made nonsense of by each case; ``alike`` says that the rolling holdout is poisoned as the rest.
Under a trend one category, drawn by the seed, becomes popular. A line of JSON a case and seed; those that stand in the
file already are not run again. A summary at the end.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_core.data.sample.truth import PlantedTruth
from recsys_core.learning.holdout import Measured
from recsys_core.learning.judge import judge
from recsys_core.learning.rows import feedback_rows, held_rows
from recsys_core.metrics import logistic
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.results.learning import Tried
from recsys_core.seeds import random_stream

ROUNDS = 8  # items that everybody is shown: 16,000 rows of 2,000 users
POLICY = 0.6  # of the logit: the sample's own logging policy
TREND = 1.5  # logits: the second layer alone gains about .01 of log loss by it
Outcomes = np.ndarray


@dataclass(frozen=True, slots=True)
class Case:
    """How feedback differs from the truth: its outcomes, which are spoilt also where they are held out, and a trend."""

    name: str
    spoil: Callable[[pd.DataFrame, SplitDataset, np.random.Generator], Outcomes] | None = None
    alike: bool = False
    trend: float = 0.0
    promoted: str = ""  # what is asked of the number of promotions


def stream(model: TrainedModel, *, seed: int, trend: float = 0.0, rounds: int = ROUNDS) -> pd.DataFrame:
    """Feedback as the log gives it: all are shown ``rounds`` items; one category's logits rise by ``trend``."""
    split_dataset, dataset = model.split_dataset, model.dataset
    assert dataset.truth is not None
    truth = PlantedTruth.from_tables(dataset.truth, dataset.users, dataset.items)
    random, n = random_stream(seed, "planted feedback"), truth.function.history_length
    seen = np.zeros((dataset.n_users, dataset.n_items), dtype=bool)
    seen[dataset.interactions["user_index"], dataset.interactions["item_index"]] = True
    taken = _last_taken(split_dataset, n)
    popular = truth.item_category == random.integers(truth.function.n_categories)
    found = []
    for _ in range(rounds):
        users = random.permutation(dataset.n_users)
        states = truth.history_counts([taken[u] for u in users])
        logit = truth.catalogue_logit(users, states) + trend * popular
        noisy = POLICY * logit + random.gumbel(size=logit.shape)  # the largest is a draw from the softmax
        item = np.where(seen[users], -np.inf, noisy).argmax(axis=1)
        took = random.random(len(users)) < logistic(logit[np.arange(len(users)), item])
        seen[users, item] = True
        for u, i in zip(users[took], item[took], strict=True):
            taken[u] = [int(i), *taken[u]][:n]
        found.append((users, item, took))
    user, item, took = (np.concatenate(part) for part in zip(*found, strict=True))
    return pd.DataFrame(
        {
            "seq": np.arange(1, len(user) + 1),
            "user_id": dataset.users["user_id"].to_numpy()[user],
            "item_id": dataset.items["item_id"].to_numpy()[item],
            "outcome": took.astype(float),
            "client": "",
            "user": user,
        }
    )


def _last_taken(split_dataset: SplitDataset, n: int) -> list[list[int]]:
    """Items that each user took last, newest first."""
    histories = split_dataset.histories
    rows = np.flatnonzero(histories.positive)
    rows = rows[np.lexsort((-histories.order[rows], histories.user[rows]))]
    start = np.searchsorted(histories.user[rows], np.arange(histories.n_users + 1))
    return [histories.item[rows[a : min(b, a + n)]].tolist() for a, b in pairwise(start)]


def flipped(share: float) -> Callable[[pd.DataFrame, SplitDataset, np.random.Generator], Outcomes]:
    """Outcomes of which a share is turned round."""
    return lambda events, _, random: np.abs(events["outcome"] - (random.random(len(events)) < share)).to_numpy()


def shuffled(events: pd.DataFrame, _: SplitDataset, random: np.random.Generator) -> Outcomes:
    """Outcomes in another order."""
    return random.permutation(events["outcome"].to_numpy())


def region(value: str) -> Callable[[pd.DataFrame, SplitDataset, np.random.Generator], Outcomes]:
    """Outcomes of one region turned round."""

    def spoil(events: pd.DataFrame, split_dataset: SplitDataset, random: np.random.Generator) -> Outcomes:
        of = split_dataset.dataset.users["region"].astype(str).to_numpy()[events["user"]] == value
        return np.where(of, 1 - events["outcome"], events["outcome"])

    return spoil


def coins(events: pd.DataFrame, split_dataset: SplitDataset, random: np.random.Generator) -> Outcomes:
    """Random items, and 3 of 10 are taken."""
    ids = split_dataset.dataset.items["item_id"].to_numpy()
    events["item_id"] = random.choice(ids, len(events))
    return (random.random(len(events)) < 0.3).astype(float)


CASES = (
    Case("honest"),
    Case("trend", trend=TREND, promoted=">= 18 of 20"),
    Case("shuffled", shuffled, promoted="0"),
    Case("shuffled alike", shuffled, alike=True, promoted="0"),
    Case("30 % flipped", flipped(0.3), promoted="0"),
    Case("30 % flipped alike", flipped(0.3), alike=True, promoted="0"),
    Case("region flipped", region("east"), promoted="0"),
    Case("region flipped alike", region("east"), alike=True, promoted="0"),
    Case("5 % flipped", flipped(0.05), promoted="0"),
    Case("5 % flipped alike", flipped(0.05), alike=True),
    Case("coins alike", coins, alike=True, promoted="0"),
    Case("weak trend", trend=1.0),
    Case("strong trend", trend=2.0),
    Case("islands flipped alike", region("islands"), alike=True, promoted="0"),
    Case("15 % flipped alike", flipped(0.15), alike=True),
)


def run(model: TrainedModel, case: Case, seed: int) -> dict:
    """One case and seed: what became of it, and the figures behind that."""
    events = stream(model, seed=seed, trend=case.trend)
    if case.spoil is not None:
        spoilt = case.spoil(events, model.split_dataset, random_stream(seed, case.name))
        kept = held_rows(model.split_dataset, events["user"].to_numpy()) & (not case.alike)
        events["outcome"] = np.where(kept, events["outcome"], spoilt)
    began, cpu = time.perf_counter(), time.process_time()
    rows = feedback_rows(model.split_dataset, events, (0, len(events)), seed=seed)
    judged = judge(model, rows, look=1, seed=seed)
    chosen = judged.chosen
    return {
        "case": case.name,
        "seed": seed,
        "decision": "promoted" if chosen.against is None else chosen.against.decision,
        "reason": None if chosen.against is None else chosen.against.reason.key,
        "rule": chosen.taught.step.name,
        "surprise": judged.surprise,
        "worst": {"rolling": _worst(chosen.rolling), "anchor": _worst(chosen.anchor)},
        "widened": chosen.rolling.widened and (chosen.rolling.widened.gain, chosen.rolling.widened.low),
        "changes": (chosen.overlap, chosen.drift),
        "tried": [_tried(t) for t in judged.tried],
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
    }


def _worst(measured: Measured) -> tuple[float, str]:
    """The group that gains least, and how much."""
    return min((g.gain.gain, f"{g.column} {g.group}") for g in measured.groups if g.gain.gain is not None)


def _tried(tried: Tried) -> tuple:
    anchor = (None, None) if tried.anchor is None else (tried.anchor.gain, tried.anchor.low)
    return (tried.rule, tried.rolling.gain, tried.rolling.low, *anchor, tried.against and tried.against.key)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path, nargs="?", default=Path("workspaces/shop-demo"))
    parser.add_argument("--first", type=int, default=0, help="seed to begin with")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("learning.jsonl"))
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.is_file() else []
    model = open_model(args.workspace)
    for seed in range(args.first, args.first + args.seeds):
        for case in (c for c in CASES if not args.only or c.name in args.only):
            if any((d["case"], d["seed"]) == (case.name, seed) for d in done):
                continue
            done.append(run(model, case, seed))
            with args.out.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            print(json.dumps(done[-1]), flush=True)
    for case in CASES:
        of = [d for d in done if d["case"] == case.name]
        if of:
            counts = dict(Counter(f"{d['decision']} ({d['reason'] or d['rule']})" for d in of))
            seconds = np.median([d["cpu_seconds"] for d in of])
            print(f"{case.name}: {counts} of {len(of)}, asked: {case.promoted or '-'}; {seconds:.1f} s of CPU")


if __name__ == "__main__":
    main()
