"""Training report: figures on the test part, of a trained model and of the baselines, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys_core.metrics import mean_interval, roc_auc_interval
from recsys_core.models.baselines import BASELINES, Ease
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.item_item_fit import fit_item_item_term
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, ScorerQuality, TrainingReport


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredBaseline:
    """A baseline on the test part, and the numbers that were chosen for it."""

    evaluation: Evaluation
    settings: dict[str, float]


def measure_baselines(
    split_dataset: SplitDataset, *, progress: Progress = silent
) -> tuple[dict[str, MeasuredBaseline], ItemItemTerm | None]:
    """Every baseline, and EASE's weights as an item-item term of strength 1; None for task ``rating``.

    What was fitted is dropped at once: EASE alone is as large as the catalogue squared.
    """
    found, term = {}, None
    for name, fit in BASELINES.items():
        baseline = fit(split_dataset, progress)
        found[name] = MeasuredBaseline(evaluate_test(baseline, split_dataset, calibrated=False), baseline.settings)
        if isinstance(baseline, Ease) and split_dataset.task != "rating":
            term = fit_item_item_term(baseline, split_dataset, progress)
    return found, term


def training_report(
    model: Evaluation,
    baselines: dict[str, MeasuredBaseline],
    split_dataset: SplitDataset,
    *,
    n_parameters: int,
    seconds: float,
) -> TrainingReport:
    """Quality of the trained model and of the baselines on the same held-out rows."""
    split = split_dataset.split
    beside = {
        name: replace(
            quality_of(found.evaluation, split.seed),
            differences=list_differences(model, found.evaluation, split.seed),
            settings=found.settings,
        )
        for name, found in baselines.items()
    }
    quality, best = quality_of(model, split.seed), _best_possible(split_dataset)
    return TrainingReport(
        split_dataset.task, split.kind, split.seed, seconds, n_parameters, quality, beside, best, model.sample
    )


def quality_of(e: Evaluation, seed: int) -> ScorerQuality:
    """Figures of an evaluation with their 95 % intervals; ``seed`` draws the bootstrap."""
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


def list_differences(model: Evaluation, baseline: Evaluation, seed: int) -> dict[str, tuple[float, float, float]]:
    """Mean difference to a baseline over the same users with its paired 95 % interval: ``(difference, low, high)``."""
    found = {}
    for name in ("ndcg", "recall"):
        change = getattr(model.ranking, name) - getattr(baseline.ranking, name)
        mean = float(change.mean()) if len(change) else float("nan")
        found[f"{name}@{model.ranking.k}"] = (mean, *mean_interval(change, seed=seed))
    return found
