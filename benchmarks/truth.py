"""How much of the planted truth the demo's model finds: quality, reasons and groups, over seeds of the generator.

Run ``python benchmarks/truth.py [SEED …]`` (0 1 2 by default); prints one line a figure and seed, and what is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from planted_words import measure as planted_words

from recsys_core.data.importers import import_dataset
from recsys_core.data.sample import PlantedTruth, make_sample, planted_shapley
from recsys_core.explain.shapley import solve_many
from recsys_core.fairness import audit, one_vs_rest
from recsys_core.metrics import rank_correlation
from recsys_core.models.evaluation import evaluate
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model

PAIRS, BACKGROUND = 300, 16


def main() -> int:
    """Returns 1 where an asked figure is missed."""
    missed = []
    for seed in [int(a) for a in sys.argv[1:]] or [0, 1, 2]:
        with tempfile.TemporaryDirectory() as folder:
            for name, value, asked in measure(Path(folder), seed):
                met = asked is None or bool(asked(value))
                shown = f"{value:.4f}" if isinstance(value, float) else value
                print(f"seed {seed}  {name}: {shown}{'' if met else '   <- MISSED'}", flush=True)
                missed += [] if met else [f"seed {seed}: {name}"]
    print("missed: " + ("; ".join(missed) or "nothing"))
    return int(bool(missed))


def measure(folder: Path, seed: int):
    """Figures of one seed as ``(name, value, what is asked)``."""
    made = make_sample("shop", seed, folder / "tables")
    dataset = import_dataset("tables", folder / "tables")
    began = time.perf_counter()
    metrics = fit_workspace(dataset, folder / "workspace", FitRequest(seed=seed)).to_json()
    yield "train, seconds", time.perf_counter() - began, lambda v: v < 60
    workspace = open_model(folder / "workspace")
    tried = {o["name"]: round(o["figure"], 4) for o in workspace.config["choice"]["tried"]}
    yield "chosen", f"{workspace.config['choice']['chosen']}, of {tried}", None
    share = (metrics["auc"] - 0.5) / (made["best_auc"] - 0.5)
    yield f"AUC {metrics['auc']:.4f} of {made['best_auc']:.4f}, share of the possible", share, lambda v: v >= 0.95
    ndcg, popular = metrics["ndcg@10"], metrics["baselines"]["popularity"]["ndcg@10"]
    share = ndcg / made["best_ndcg@10"]
    yield f"NDCG@10 {ndcg:.4f} of {made['best_ndcg@10']:.4f}, share", share, lambda v: v >= 0.85
    yield "NDCG@10 against popularity", ndcg / popular, lambda v: v >= 3
    yield from reasons(workspace, folder / "tables")
    for name, value, least in planted_words(workspace):
        yield name, float(value), None if least is None else lambda v, least=least: v >= least
    yield from groups(workspace)


def reasons(workspace: TrainedModel, tables: Path):
    """Contributions of the model and of the planted function on the same pairs and background."""
    split_dataset = workspace.split_dataset
    rows = np.random.default_rng(0).choice(split_dataset.split.test, PAIRS, replace=False)
    pairs, background = split_dataset.pairs(rows, "test"), split_dataset.background(BACKGROUND, seed=0)
    found = solve_many(workspace.dense, pairs, background, seed=0)
    truth = PlantedTruth.load(tables)
    planted_pairs, planted_background = (
        truth.pairs(p.users, p.items, [h[h >= 0] for h in p.histories]) for p in (pairs, background)
    )
    planted = planted_shapley(truth, planted_pairs, planted_background)
    keys = [p.key for p in found.players]
    order = [truth.function.players.index(k) for k in keys if k in truth.function.players]
    kept = [i for i, k in enumerate(keys) if k in truth.function.players]
    ours, true = np.abs(found.contributions[:, kept]).mean(0), np.abs(planted[:, order]).mean(0)
    yield "mean |contribution| against the planted, rank correlation", rank_correlation(ours, true), lambda v: v >= 0.85
    local = [rank_correlation(a, b) for a, b in zip(found.contributions[:, kept], planted[:, order], strict=True)]
    yield "one pair's contributions, mean rank correlation", float(np.nanmean(local)), None
    idle = true == 0
    names = np.array(keys)[kept]
    yield "largest without effect", f"{names[idle][ours[idle].argmax()]} {ours[idle].max():.3f}", None
    yield "smallest planted", f"{names[~idle][ours[~idle].argmin()]} {ours[~idle].min():.3f}", None
    yield "planted over not planted", float(ours[~idle].min() / ours[idle].max()), lambda v: v > 1


def groups(workspace: TrainedModel):
    """The under-served region must be found, gender must not be flagged."""
    truth = workspace.dataset.truth
    evaluation = evaluate(workspace.dense, workspace.split_dataset)
    train = workspace.split_dataset.sequences()
    column, value = truth["under_served"]["column"], truth["under_served"]["value"]
    rest = one_vs_rest(workspace.dataset, evaluation, by=(column,), train=train)
    worst = next(r for r in rest if r.metric == "ndcg@10" and r.group.value == value)
    text = f"{worst.value:.3f} against {worst.rest:.3f}, difference {worst.low:.3f} to {worst.high:.3f}"
    yield f"{column} {value} is found: NDCG@10", text, lambda _: not worst.low <= 0 <= worst.high
    report = audit(workspace.dataset, evaluation, by=(truth["sensitive_without_effect"],), train=train)
    gap = next(g for g in report.gaps if g.metric == "ndcg@10")
    text = f"{gap.difference:.3f}, p = {gap.p_value:.2f}"
    yield f"{truth['sensitive_without_effect']} is not flagged: NDCG@10 gap", text, lambda _: gap.within_noise


if __name__ == "__main__":
    sys.exit(main())
