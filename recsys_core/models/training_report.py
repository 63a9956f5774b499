"""Training report: figures on the test part, of a trained model and of the baselines, each with its interval."""

from __future__ import annotations

from dataclasses import replace

from recsys_core.metrics import mean_interval, roc_auc_interval
from recsys_core.models.baselines import BASELINES
from recsys_core.models.evaluation import evaluate
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, ScorerQuality, TrainingReport


def training_report(
    model: Evaluation, split_dataset: SplitDataset, *, n_parameters: int, progress: Progress = silent
) -> TrainingReport:
    """Quality of the trained model and of the baselines on the same held-out rows; ``seconds`` are left at 0."""
    split = split_dataset.split
    baselines = {}
    for name, fit in BASELINES.items():
        baseline = fit(split_dataset, progress)
        found = evaluate(baseline, split_dataset, calibrated=False)
        differences = _differences(model, found, split.seed)
        baselines[name] = replace(_quality(found, split.seed), differences=differences, settings=baseline.settings)
    quality, best = _quality(model, split.seed), _best_possible(split_dataset)
    return TrainingReport(split_dataset.task, split.kind, split.seed, 0.0, n_parameters, quality, baselines, best)


def _quality(e: Evaluation, seed: int) -> ScorerQuality:
    figures = e.to_json()
    counts = {name: figures.pop(name) for name in ("n_users", "n_pairs")}
    return ScorerQuality(figures, **counts, intervals=_intervals(e, seed))


def _best_possible(split_dataset: SplitDataset) -> dict[str, float]:
    """What the planted function itself reaches on these held-out rows (sample data under the default split)."""
    truth = split_dataset.dataset.truth
    if truth is None or (split_dataset.task, split_dataset.split.kind) != ("like", "time"):
        return {}
    return {"auc": truth["best_auc"], "ndcg@10": truth["best_ndcg@10"]}


def _intervals(e: Evaluation, seed: int) -> dict[str, tuple[float, float]]:
    taken = e.pairs.binary().label > 0
    return {
        "ndcg@10": mean_interval(e.ranking.ndcg, seed=seed),
        "recall@10": mean_interval(e.ranking.recall, seed=seed),
        "auc": roc_auc_interval(e.auc, int(taken.sum()), int((~taken).sum())),
    }


def _differences(model: Evaluation, baseline: Evaluation, seed: int) -> dict[str, tuple[float, float, float]]:
    """Mean difference to a baseline over the same users with its paired 95 % interval: ``(difference, low, high)``."""
    found = {}
    for name in ("ndcg", "recall"):
        change = getattr(model.ranking, name) - getattr(baseline.ranking, name)
        mean = float(change.mean()) if len(change) else float("nan")
        found[f"{name}@{model.ranking.k}"] = (mean, *mean_interval(change, seed=seed))
    return found
