"""Which history method tells what carries a recommendation: POS@K and NEG@K after the LXR protocol, MovieLens-1M.

Run ``python benchmarks/history.py FOLDER_OF_ML_1M MODELS [--users N] [--k 20]``; an MLP and a variational autoencoder
are trained (minutes each) and kept in the folder MODELS. Prints each method's POS@K and NEG@K over the test users, the
paired 95 % bootstrap interval of the default's difference from each other method, and milliseconds of CPU a user.
Returns 1 where the default is significantly worse than the better of LIME and leave-one-out, or not better than cosine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from history_models import MODELS, Histories, HistoryModel, read_histories, trained

from recsys_core.explain.history_methods import (
    DEFAULT_HISTORY_METHOD,
    HISTORY_METHODS,
    HistoryQuestion,
    cosine,
    lime,
)
from recsys_core.explain.history_removal import candidates_outside, remove_history
from recsys_core.metrics import mean_interval

JUDGES = ("leave_one_out", "lime")  # the better of these must not be significantly better than the default
Answer = Callable[[HistoryQuestion], np.ndarray]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--users", type=int, default=10**9)
    parser.add_argument("--k", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(1)
    histories = read_histories(args.data)
    n_test = min(args.users, histories.test.shape[0])
    print(f"{n_test} test users, {histories.train.shape[0]} of training, {histories.train.shape[1]} items")
    missed = []
    for name in MODELS:
        model = HistoryModel(trained(name, histories.train, args.models))
        missed += [f"{name}: {what}" for what in compare(name, model, histories, n_test, args.k)]
    print("missed: " + ("; ".join(missed) or "nothing"))
    return int(bool(missed))


def answers(histories: Histories) -> dict[str, Answer]:
    """Every method of the registry, and what it is compared with beside them."""
    rng = np.random.default_rng(0)
    return {
        **HISTORY_METHODS,
        "lime, 1000 subsets": partial(lime, samples=1000),
        "lime of the margin": lambda asked: lime(asked, value=asked.margin),
        "cosine": lambda asked: cosine(histories.train, asked.items, asked.target),
        "random": lambda asked: rng.random(asked.n),
    }


def compare(name: str, model: HistoryModel, histories: Histories, n_users: int, k: int) -> list[str]:
    """Print one model's table; returns what was missed."""
    found: dict[str, list[tuple[float, float]]] = {method: [] for method in answers(histories)}
    seconds = dict.fromkeys(found, 0.0)
    for row in range(n_users):
        items = np.sort(histories.test.indices[slice(*histories.test.indptr[row : row + 2])]).astype(np.int64)
        if not len(items):
            continue
        scores = model.score_subsets(items, np.ones((1, len(items)), dtype=bool))[0]
        target = int(np.where(candidates_outside(model.n_items, items), scores, -np.inf).argmax())
        for method, answer in answers(histories).items():
            asked, began = HistoryQuestion(model, items, target), time.process_time()
            importance = answer(asked)
            seconds[method] += time.process_time() - began
            removed = remove_history(model, items, target, importance)
            found[method].append((removed.pos(k), removed.neg(k)))
    return report(name, {m: np.array(v) for m, v in found.items()}, seconds, k)


def report(name: str, found: dict[str, np.ndarray], seconds: dict[str, float], k: int) -> list[str]:
    """One line a method: means, milliseconds, and how far the default is ahead of it (above 0) with the interval."""
    own, missed = found[DEFAULT_HISTORY_METHOD], []
    print(
        f"{name}, {len(own)} users: POS@{k}, NEG@{k}, ms a user; gain of {DEFAULT_HISTORY_METHOD} over it in POS, NEG"
    )
    for method, values in found.items():
        gains = [values[:, 0] - own[:, 0], own[:, 1] - values[:, 1]]
        ends = [mean_interval(gain, seed=0) for gain in gains]
        said = [f"{g.mean():+.4f} [{low:+.4f}, {high:+.4f}]" for g, (low, high) in zip(gains, ends, strict=True)]
        time_of = 1000 * seconds[method] / len(own)
        print(
            f"  {method:20} {values[:, 0].mean():.4f}  {values[:, 1].mean():.4f}  {time_of:6.1f}   {'   '.join(said)}"
        )
        for measure, (low, high) in zip((f"POS@{k}", f"NEG@{k}"), ends, strict=True):
            if method in JUDGES and high < 0:
                missed.append(f"{measure} significantly worse than {method}")
            if method == "cosine" and low <= 0:
                missed.append(f"{measure} not better than cosine")
    sys.stdout.flush()
    return missed


if __name__ == "__main__":
    sys.exit(main())
