"""Recommendations explained a second, and memory as users grow: ``.venv/bin/python benchmarks/batch.py [--users N]``.

A workspace of generated tables with the default network (128-64) under random weights: what a batch costs does not
depend on what was learned. 12 reasons (5 user groups, the history, 6 item groups), one background row. In one run:

- rows a second of the partition function in one process, of ``explain-batch`` with a process a core, and the ratio to
  ``shap.ExactExplainer`` in the loop that a person would write (a pair a call, on the same value function);
- peak memory of ``explain-batch`` for a tenth of the users and for all of them, of the run and of its largest worker.

On a busy machine read the ratios and the processor's seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))

from explain_model import random_scorer, tiny_dataset, tiny_features

from recsys_core.batch.partition import ListExplainer
from recsys_core.batch.request import BatchRequest
from recsys_core.batch.worker import one_thread
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.methods.shap import shap_attribution
from recsys_core.models.artifact import save_artifact
from recsys_core.models.encoder import NO_ENCODER
from recsys_core.models.model_store import FIRST, ModelStore
from recsys_core.models.ranker import RankerShape
from recsys_core.models.workspace import SplitSettings, write_about
from recsys_core.recommend import user_pairs
from recsys_core.results import ScorerQuality, TrainingReport

TAKEN = 12  # interactions of each user
TYPES = {"user_index": np.int32, "item_index": np.int32, "value": np.float32, "time": np.int64}
SPLIT = SplitSettings(task="implicit", kind="time", seed=0, history=50)


def write_workspace(folder: Path, n_users: int, n_items: int) -> Path:
    """A workspace whose ranker was never trained."""
    dataset, rng = tiny_dataset(n_users, n_items, extra=1), np.random.default_rng(0)
    user = np.repeat(np.arange(n_users), TAKEN)
    item = rng.integers(0, n_items, len(user))
    log = pd.DataFrame({"user_index": user, "item_index": item, "value": 1.0, "time": np.arange(len(user))})
    log = log.drop_duplicates(["user_index", "item_index"], ignore_index=True).astype(TYPES)
    dataset = replace(dataset, interactions=log)
    features = tiny_features(dataset)
    ranker = random_scorer(features, shape=RankerShape()).ranker
    (folder / "dataset").mkdir(parents=True)
    dataset.write_into(folder / "dataset")
    write_about(folder, folder.name, SPLIT)
    nothing = TrainingReport(SPLIT.task, SPLIT.kind, SPLIT.seed, 0.0, 0, ScorerQuality({}, 0, 0), {})

    def write(to: Path, about: dict[str, str]) -> None:
        config = {"task": SPLIT.task, "split": SPLIT.kind, "seed": SPLIT.seed, "encoder": asdict(NO_ENCODER)}
        save_artifact(to, ranker, features, {"config": config | about, "metrics": nothing.to_json()})

    ModelStore(folder).add("", write, model_id=FIRST)
    return folder


def rate(workspace: Path, n_users: int, n_looped: int) -> None:
    """Rows a second of the partition function, and of the library in a loop, in this process on one thread."""
    explainer = ListExplainer.open(BatchRequest(workspace, background=1))
    users, split_dataset = np.arange(n_users), explainer.model.split_dataset
    with one_thread():
        tables = list(explainer.tables(users[:64]))  # warm
        wall, cpu = time.perf_counter(), time.process_time()
        n_rows = sum(len(table) for table in explainer.tables(users))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        row = tables[0].to_pandas().head(n_looped)
        pairs = [
            user_pairs(split_dataset, explainer.model.user_index(user), np.array([explainer.model.item_index(item)]))
            for user, item in zip(row["user_id"], row["item_id"], strict=True)
        ]
        began, began_cpu = time.perf_counter(), time.process_time()
        for pair in pairs:
            shap_attribution(FactorisedGames(explainer.scorer, pair, explainer.background))
        looped, looped_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    n_reasons = len(explainer.scorer.features.players)
    games = FactorisedGames(explainer.scorer, user_pairs(split_dataset, 0, np.arange(100)), explainer.background)
    differ = games.differs.sum(-1).mean()
    print(f"{n_reasons} reasons (of which {differ:.1f} differ), 1 background row, load {os.getloadavg()[0]:.1f}")
    print(f"  one process        {n_rows / wall:7.0f} rows a second, {n_rows / cpu:7.0f} a processor second")
    by_shap = len(pairs) / looped, len(pairs) / looped_cpu
    print(f"  shap.ExactExplainer{by_shap[0]:7.0f} rows a second, {by_shap[1]:7.0f} a processor second")
    ratio = n_rows / wall / by_shap[0], n_rows / cpu / by_shap[1]
    print(f"  ratio              {ratio[0]:7.1f} by the clock, {ratio[1]:.1f} of processor seconds")


def run_command(workspace: Path, n_users: int, out: Path, k: int, size: int = 1000) -> None:
    """``explain-batch`` as a person starts it, and the peak memory of the run and of its largest worker."""
    ids = out.parent / f"{out.name}.txt"
    ids.write_text("\n".join(f"u{user}" for user in range(n_users)))
    words = ["explain-batch", "--workspace", workspace, "--users", ids, "--out", out, "--k", k, "--background", 1]
    words += ["--partition-size", size]
    code = (
        "import resource, sys; from recsys_core.__main__ import main; status = main(sys.argv[1:]); "
        "peak = lambda who: resource.getrusage(who).ru_maxrss / 1024; "
        "peaks = peak(resource.RUSAGE_SELF), peak(resource.RUSAGE_CHILDREN); "
        "print('peak MB: run %.0f, largest worker %.0f' % peaks); sys.exit(status)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = dict(line.split(": ", 1) for line in done.stdout.strip().splitlines())
    print(
        f"  {n_users:7,} users, k {k}: {float(said['rows_per_second']):6.0f} rows a second, start of the processes "
        f"included; {cpu:.0f} processor seconds; peak MB: {said['peak MB']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--looped", type=int, default=40)
    args = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = write_workspace(folder / "workspace", args.users, args.items)
        rate(workspace, 200, args.looped)
        print("explain-batch, a process a core")
        run_command(workspace, 1000, folder / "lists", 10, size=100)
        for n_users in (args.users // 10, args.users):
            run_command(workspace, n_users, folder / f"lists-{n_users}", 1)


if __name__ == "__main__":
    main()
