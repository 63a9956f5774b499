"""Are the intervals and verdicts of fairness honest? ``.venv/bin/python benchmarks/fairness_statistics.py [RUNS]``.

Synthetic users whose truth is known, 500 runs each, seeds from 0 on:

- coverage: how often the 95 % interval of a gap between two groups holds the true one (wanted: 92 to 98 %), for plain,
  skewed, heavy-tailed and yes-or-no figures, small and unequal groups;
- level: how often the permutation test calls p <= .05 where groups mean nothing (wanted: 3 to 7 %);
- family: how often any verdict of an audit with all measures is "real" then (wanted: at most 7 %).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))

from fairness_data import draw_case, make_evaluation, train_rows

from recsys_core.errors import phrase
from recsys_core.fairness.audit import audit_grouping
from recsys_core.fairness.cohort import AuditSettings
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.terms import RatioTerms
from recsys_core.fairness.user_statistics import UserStatistics, user_statistics
from recsys_core.results import FairnessReport, Group
from recsys_core.variant import DENSE

MEASURE = "average_popularity@10"  # any number from 0 on: nothing is cut off
NOBODY = make_evaluation([], [], [])
KINDS = {
    "normal": lambda random, n: 5 + random.normal(size=n),
    "NDCG-like": lambda random, n: random.beta(0.6, 2, n) * (random.random(n) < 0.45),
    "lognormal": lambda random, n: random.lognormal(0, 1, n),
    "Pareto 3": lambda random, n: random.pareto(3, n),
    "hit of .3": lambda random, n: (random.random(n) < 0.3).astype(float),
}
MEANS = {"normal": 5.0, "NDCG-like": 0.45 * 0.6 / 2.6, "lognormal": np.exp(0.5), "Pareto 3": 0.5, "hit of .3": 0.3}
SIZES = ((30, 30), (25, 200), (100, 100), (400, 1600))


def report_of(value: np.ndarray, code: np.ndarray, settings: AuditSettings) -> FairnessReport:
    """The audit of one mean over users with these groups."""
    n = len(value)
    terms = (RatioTerms(value, np.ones(n)),)
    statistics = UserStatistics(
        np.arange(n), np.ones(n, dtype=bool), (MEASURE,), terms, (phrase("fairness.reason.nobody_ranked"),)
    )
    groups = tuple(Group("value", str(g)) for g in range(code.max() + 1))
    return audit_grouping(NOBODY, statistics, grouping(groups, code), DENSE, settings)


def grouping(groups: tuple[Group, ...], code: np.ndarray) -> Grouping:
    return Grouping(("user.group",), "user", groups, np.eye(len(groups))[code])


def coverage(kind: str, sizes: tuple[int, int], runs: int) -> float:
    """Share of runs whose interval holds the true gap: the second group's figures are twice the first's."""
    held, truth = 0, MEANS[kind]
    for seed in range(runs):
        random = np.random.default_rng([seed, 1])
        value = np.concatenate([KINDS[kind](random, sizes[0]), 2 * KINDS[kind](random, sizes[1])])
        settings = AuditSettings(n_bootstrap=1000, seed=seed, most_shuffles=1, least_size=1)
        (gap,) = report_of(value, np.repeat([0, 1], sizes), settings).gaps
        turned = gap.best_group.label == "0" if gap.best > gap.worst else gap.worst_group.label == "0"
        low, high = (-gap.high, -gap.low) if turned else (gap.low, gap.high)
        held += low <= truth <= high
    return held / runs


def level(kind: str, sizes: tuple[int, ...], runs: int) -> float:
    """Share of runs with p <= .05 where all groups have the same distribution."""
    found = 0
    for seed in range(runs):
        value = KINDS[kind](np.random.default_rng([seed, 2]), sum(sizes))
        settings = AuditSettings(n_bootstrap=199, seed=seed, most_shuffles=199, least_size=1)
        (gap,) = report_of(value, np.repeat(np.arange(len(sizes)), sizes), settings).gaps
        found += gap.p_value <= 0.05
    return found / runs


def family(runs: int, shares: tuple[float, ...]) -> tuple[float, int]:
    """Share of audits of meaningless groups with any real verdict, and how many tests each corrects for."""
    false, n_tested = 0, 0
    for seed in range(runs):
        dataset, evaluation = draw_case(200, seed=seed)
        statistics = user_statistics(dataset, evaluation, train_rows(dataset))
        code = np.random.default_rng([seed, 3]).choice(len(shares), dataset.n_users, p=shares)
        groups = tuple(Group("value", str(g)) for g in range(len(shares)))
        settings = AuditSettings(n_bootstrap=499, seed=seed, most_shuffles=4000, least_size=10)
        report = audit_grouping(evaluation, statistics, grouping(groups, code), DENSE, settings)
        false += any(not found.within_noise for found in (*report.gaps, *report.together))
        n_tested = report.n_tested
    return false / runs, n_tested


def main(runs: int) -> None:
    start = time.perf_counter()
    print(f"{runs} runs each, seeds 0 to {runs - 1}")
    for sizes in SIZES:
        for kind in KINDS:
            print(f"coverage  {kind:10} {sizes!s:12} {coverage(kind, sizes, runs):.1%}", flush=True)
    for sizes in ((30, 30), (25, 200), (30, 60, 120, 240)):
        for kind in KINDS:
            print(f"level     {kind:10} {sizes!s:20} {level(kind, sizes, runs):.1%}", flush=True)
    for shares in ((0.5, 0.5), (0.15, 0.85), (0.1, 0.2, 0.3, 0.4)):
        false, n_tested = family(runs, shares)
        print(f"family    groups {shares}: {false:.1%} of audits, each corrected for {n_tested} tests", flush=True)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
