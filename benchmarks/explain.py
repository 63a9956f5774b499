"""Time exact explanations against the shap library in one run: ``.venv/bin/python benchmarks/explain.py``.

12 players (5 user groups, the history, 6 item groups), the default network (128-64) with random
weights. Background rows differ from the examples in every player, so nothing is saved by dummies
unless the line says so. The library gets the same batched value function, one call a batch. Medians
of interleaved repeats; on a busy machine read the ratios.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))

from explain_model import random_scorer, tiny_dataset, tiny_features, with_known
from term_workspace import random_term

from recsys_core.explain.coalitions import joined, value_codes
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.global_explanation import MAX_EXACT, ORDERINGS
from recsys_core.explain.owen import owen_attribution
from recsys_core.explain.shapley import exact_contributions, solve_many
from recsys_core.models.ranker import RankerShape
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results.units import PROBABILITY

N_USERS, N_ITEMS, HISTORY = 1500, 1000, 50


def model() -> Scorer:
    dataset = tiny_dataset(N_USERS, N_ITEMS, extra=1)
    return random_scorer(tiny_features(dataset), shape=RankerShape())


def pairs(n: int, seed: int) -> Pairs:
    rng = np.random.default_rng(seed)
    histories = rng.integers(0, N_ITEMS, (n, HISTORY))
    return Pairs(rng.integers(0, N_USERS, n), rng.integers(0, N_ITEMS, n), histories)


def unlike(scorer: Scorer, example: Pairs, n: int) -> Pairs:
    """Background rows that differ from the example in every player: the dearest case."""
    pool = pairs(20_000, seed=7)
    codes = value_codes(scorer.features, joined([example, pool]))
    return pool[np.flatnonzero((codes[1:] != codes[0]).all(1))[:n]]


def median_ms(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor time of each call, the calls taking turns; one warm-up each (compilation, caches)."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(repeats):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            times[name].append(((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000))
    return {name: tuple(map(statistics.median, zip(*t, strict=True))) for name, t in times.items()}


def against_shap(scorer: Scorer, example: Pairs, background: Pairs, repeats: int) -> None:
    import shap

    n_players = len(scorer.features.players)
    off, on = np.zeros((1, n_players)), np.ones((1, n_players))

    def exact_library() -> np.ndarray:
        games = FactorisedGames(scorer, example, background)
        masker = shap.maskers.Independent(off)
        return shap.ExactExplainer(games.mean_values, masker)(on, batch_size=2**n_players, silent=True).values[0]

    def kernel_library() -> np.ndarray:
        games = FactorisedGames(scorer, example, background)
        return shap.KernelExplainer(games.mean_values, off).shap_values(on, nsamples=2048, l1_reg=False, silent=True)[0]

    ours = exact_contributions(scorer, example, background)[0][0]
    print(f"  difference from ExactExplainer {np.abs(ours - exact_library()).max():.1e}, ", end="")
    print(f"from KernelExplainer {np.abs(ours - kernel_library()).max():.1e}")
    calls = {
        "ours": lambda: exact_contributions(scorer, example, background),
        "ours, of the probability": lambda: solve_many(scorer, example, background, units=PROBABILITY),
        "shap.ExactExplainer": exact_library,
        "shap.KernelExplainer 2,048": kernel_library,
    }
    found = median_ms(calls, repeats)
    wall, cpu = found["ours"]
    for name, (ms, cpu_ms) in found.items():
        print(f"  {name:28s} {ms:9.1f} ms x{ms / wall:4.1f}   processor {cpu_ms:9.1f} ms x{cpu_ms / cpu:4.1f}")


def main() -> None:
    scorer = model()
    example = pairs(1, seed=1)
    apart = unlike(scorer, example, 100)
    n_players = len(scorer.features.players)
    print(f"{n_players} players, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}")
    for n_rows, repeats in ((1, 15), (32, 3)):
        print(f"1 pair x {n_rows} rows, all players differ")
        against_shap(scorer, example, apart[:n_rows], repeats)
    print("1 pair x 1 row, all players differ, an item-item term of 100 neighbours, up to 300 positives more")
    with_term = scorer.with_term(random_term(N_ITEMS, density=0.1))
    known = (with_known(some, N_ITEMS, earlier=300) for some in (example, apart[:1]))
    against_shap(with_term, *known, repeats=15)
    many = pairs(1000, seed=3)
    plan = {
        "1 pair x 100 rows, all players differ": (example, apart, 5),
        "1 pair x 100 rows as drawn": (example, pairs(100, seed=4), 5),
        "100 pairs x 4 rows as drawn": (many[:100], pairs(4, seed=4), 1),
        "1,000 pairs x 1 row as drawn": (many, pairs(1, seed=4), 1),
    }
    for name, (explained, background, repeats) in plan.items():
        n_games = (2.0 ** FactorisedGames(scorer, explained, background).differs.sum(-1)).sum()
        call = {name: lambda e=explained, b=background: exact_contributions(scorer, e, b)}
        ms, cpu_ms = median_ms(call, repeats)[name]
        rows = n_games / cpu_ms / 1000
        print(f"{name:40s} {ms:9.0f} ms   processor {cpu_ms:9.0f} ms, {rows:.2f} million rows a second")
    sampled(scorer, example, apart[:32], many[:500])


def sampled(scorer: Scorer, example: Pairs, background: Pairs, many: Pairs) -> None:
    """What is too large for all coalitions, and the Global page's cheaper way."""
    rows = pairs(20, seed=4)
    calls = {
        "1 pair x 32 rows, a history of 50 shared out": lambda: owen_attribution(
            FactorisedGames(scorer, example, background, history="each"), FactorisedGames(scorer, example, background)
        ),
        "500 pairs x 20 rows as drawn, Global": lambda: solve_many(
            scorer, many, rows, max_exact=MAX_EXACT, orderings=ORDERINGS
        ),
    }
    for name, (ms, cpu_ms) in median_ms(calls, 1).items():
        print(f"{name:40s} {ms:9.0f} ms   processor {cpu_ms:9.0f} ms")


if __name__ == "__main__":
    main()
