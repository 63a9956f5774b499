"""Time every live figure of fairness: ``.venv/bin/python benchmarks/fairness_speed.py [WORKSPACE] [COLUMN]``.

One audit of a column with all measures: figures of every group, 1,000 bootstrap draws behind each interval, and
permutation tests. Without a workspace 6,040 users, 3,700 items and two groups are drawn. Printed are seconds with the
shuffles that a corrected verdict needs and with as many as draws, and the ratio to Fairlearn's ``MetricFrame`` with
``n_boot=1000``, which has intervals but no tests, of three rates of the same pairs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "core"))

from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from fairness_data import draw_case, train_rows

from recsys_core.data.dataset import Dataset
from recsys_core.fairness import DEFAULT_SETTINGS, audit
from recsys_core.results import Evaluation

N_USERS, N_ITEMS, PER_USER, REPEATS, FAIRLEARN_DRAWS = 6_040, 3_700, 14, 3, 20


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def opened(path: str) -> tuple[Dataset, Evaluation, object]:
    from recsys_core.models.user_sample import STORED, evaluate_users
    from recsys_core.models.workspace import open_model

    model = open_model(path, "")
    return model.dataset, evaluate_users(model, model.dense, limit=STORED), model.split_dataset.sequences()


def fairlearn_seconds(dataset: Dataset, evaluation: Evaluation, column: str) -> float:
    """Of 1,000 draws, reckoned from a few: they cost alike."""
    pairs = evaluation.pairs.binary()
    group = dataset.users[column].to_numpy()[pairs.user_index]
    rates = {"selection": selection_rate, "true positive": true_positive_rate, "false positive": false_positive_rate}
    how = {"metrics": rates, "y_true": pairs.label, "y_pred": pairs.score >= 0, "sensitive_features": group}
    drawn = {"n_boot": FAIRLEARN_DRAWS, "ci_quantiles": [0.025, 0.975], "random_state": 0}
    few = seconds(lambda: MetricFrame(**how, **drawn), 1)
    return few * DEFAULT_SETTINGS.n_bootstrap / FAIRLEARN_DRAWS


def main(path: str | None, column: str) -> None:
    if path:
        dataset, evaluation, train = opened(path)
    else:
        dataset, evaluation = draw_case(N_USERS, n_items=N_ITEMS, per_user=PER_USER)
        train = train_rows(dataset)
    few = replace(DEFAULT_SETTINGS, most_shuffles=1)
    report = audit(dataset, evaluation, by=(column,), train=train)
    n_measures = len(report.overall.values)
    n_pairs, n_items = len(evaluation.pairs.label), dataset.n_items
    print(f"{report.overall.n} users, {n_items} items, {n_pairs} pairs, {len(report.groups)} groups")
    print(f"{n_measures} measures, {report.n_bootstrap} draws, up to {report.most_shuffles} shuffles")
    ours = seconds(lambda: audit(dataset, evaluation, by=(column,), train=train))
    start = time.process_time()
    audit(dataset, evaluation, by=(column,), train=train)
    print(f"audit: {ours:.2f} s ({time.process_time() - start:.2f} s of CPU time)")
    shorter = seconds(lambda: audit(dataset, evaluation, by=(column,), train=train, settings=few))
    print(f"with as few shuffles as the number of tests allows: {shorter:.2f} s")
    theirs = fairlearn_seconds(dataset, evaluation, column)
    print(
        f"Fairlearn, 3 rates, {DEFAULT_SETTINGS.n_bootstrap} draws, no tests: {theirs:.0f} s; ratio {theirs / ours:.0f}"
    )


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(sys.argv[1] if len(sys.argv) > 1 else None, sys.argv[2] if len(sys.argv) > 2 else "gender")
