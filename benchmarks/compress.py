"""Size and speed of compressed variants against the dense fp32 model: ``.venv/bin/python benchmarks/compress.py``.

A ranker of the default shape (12 feature groups of width 32, body 128-64, attention 32) with
random weights, 2,000 users, 1,000 items, histories of 50; item-item terms of 200 and 50 entries a column, of users who
took 100 items. Scoring is end to end: one pair; 256
candidates of one user; 256 pairs, each with a history of its own; everything on one core. All
variants take turns in every round; on a busy machine read the ratios, and those of the 10th
percentile rather than the median's.
Speed and size do not depend on what the weights say, so nothing is distilled here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from explain_model import random_scorer, tiny_dataset, tiny_features
from term_workspace import random_term

from recsys_core.compress.build import at_bit_width
from recsys_core.compress.cost import count_macs, count_sums
from recsys_core.compress.levers.unstructured import prune_unstructured
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import quantise_ranker
from recsys_core.compress.storage import size_bytes
from recsys_core.compress.threads import one_core
from recsys_core.compress.units import first_units
from recsys_core.data.known import KnownItems
from recsys_core.models.ranker import Ranker, RankerShape
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.variant import Compression, ModelVariant

N_USERS, N_ITEMS, HISTORY, BATCH, SECONDS = 2000, 1000, 50, 256, 20.0
WIDEST, KNOWN = 200, 100  # entries of a column of an item-item term, and items that a user has taken


def dense_model() -> Scorer:
    dataset = tiny_dataset(N_USERS, N_ITEMS, extra=1)
    return random_scorer(tiny_features(dataset), shape=RankerShape())


def variants(dense: Scorer) -> dict[str, Scorer]:
    shape, features = dense.ranker.shape, dense.features
    half = first_units(dense.ranker, shape.first // 2, shape.second // 2)
    single, int8 = prune_unstructured(dense.ranker, 0.5), at_bit_width(dense.ranker, features, Compression(bits=8))
    term = random_term(N_ITEMS, density=WIDEST / N_ITEMS)
    return {
        "dense fp32, PyTorch": dense,
        "fp16": at_bit_width(dense.ranker, features, Compression(bits=16)),
        "int8": int8,
        "int8, packed in memory": packed(dense.ranker, dense, 8),
        "int4": at_bit_width(dense.ranker, features, Compression(bits=4)),
        "int4, packed in memory": packed(dense.ranker, dense, 4),
        "structured 0.5": at_bit_width(half, features, Compression(0.5)),
        "structured 0.5, int8": at_bit_width(half, features, Compression(0.5, 8)),
        "structured 0.5, int4": at_bit_width(half, features, Compression(0.5, 4)),
        "unstructured 0.5": at_bit_width(single, features, Compression(0.5, 32, "unstructured")),
        f"dense, term of {WIDEST}": dense.with_term(term),
        f"dense, term of {WIDEST // 4}": dense.with_term(term.cut(WIDEST // 4)),
        f"int8, term of {WIDEST}": int8.with_term(term.stored(8)),
    }


def packed(ranker: Ranker, dense: Scorer, bits: int) -> Scorer:
    return OnnxScorer(
        quantise_ranker(ranker, bits), dense.features, variant=ModelVariant.compressed(bits=bits), unpacked=False
    )


def calls(pairs: Pairs) -> dict[str, Callable[[Scorer, int], np.ndarray]]:
    """What is timed; the second argument counts the rounds."""
    items = np.arange(BATCH)

    def one(scorer: Scorer, row: int) -> np.ndarray:
        some = pairs[row % len(pairs) : row % len(pairs) + 1]
        return scorer.score_pairs(some.users, some.items, some.histories, some.known)

    def candidates(scorer: Scorer, row: int) -> np.ndarray:
        some = pairs[row % len(pairs) : row % len(pairs) + 1]
        return scorer.score_items(int(some.users[0]), items, some.histories[0], some.known)

    def many(scorer: Scorer, row: int) -> np.ndarray:
        return scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)

    return {"1 pair": one, "256 candidates": candidates, "256 pairs": many}


def interleaved(call: Callable[[Scorer, int], np.ndarray], scorers: list[Scorer], seconds: float) -> np.ndarray:
    """Milliseconds ``(n_rounds, n_scorers)``."""
    rounds, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds) < 20:
        line = np.empty(len(scorers))
        for i in np.roll(np.arange(len(scorers)), len(rounds)):
            began = time.perf_counter()
            call(scorers[i], len(rounds))
            line[i] = 1000 * (time.perf_counter() - began)
        rounds.append(line)
    return np.array(rounds[3:])


def main() -> None:
    random = np.random.default_rng(1)
    pairs = Pairs(
        random.integers(0, N_USERS, BATCH),
        random.integers(0, N_ITEMS, BATCH),
        random.integers(0, N_ITEMS, (BATCH, HISTORY)),
        KnownItems.of([random.choice(N_ITEMS, KNOWN, replace=False) for _ in range(BATCH)], N_ITEMS),
    )
    dense = dense_model()
    scorers = variants(dense)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with one_core():
        found = {name: interleaved(call, list(scorers.values()), SECONDS / 3) for name, call in calls(pairs).items()}
    print(f"{'':26}{'KB':>6}{'of dense':>9}{'k MACs':>8}" + "".join(f"{name:>26}" for name in found))
    print(" " * 49 + "     ms    x p50    x p10 " * len(found))
    for i, (name, scorer) in enumerate(scorers.items()):
        size, full = size_bytes(scorer), size_bytes(dense)
        macs = count_macs(scorer.ranker) + count_sums(scorer, pairs)
        line = f"{name:26}{size / 1024:6.0f}{size / full:9.2f}{macs / 1000:8.0f}"
        for spent in found.values():
            p10, p50 = np.percentile(spent, [10, 50], axis=0)
            line += f"{p50[i]:7.2f}{p50[0] / p50[i]:9.2f}{p10[0] / p10[i]:9.2f} "
        print(line)


if __name__ == "__main__":
    main()
