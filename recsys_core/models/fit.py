"""Fit a workspace: encode texts, try with and without ids, choose by validation, evaluate, write the folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features, text_values
from recsys_core.data.folder import atomic_folder
from recsys_core.data.split import possible_kind
from recsys_core.errors import DataError, SettingError, phrase, require
from recsys_core.metrics import log_loss, logistic, mean_interval, rmse, roc_auc_interval
from recsys_core.models.artifact import save_artifact
from recsys_core.models.baselines import BASELINES
from recsys_core.models.calibration import calibrate
from recsys_core.models.encoder import MINILM, NO_ENCODER, EncoderInfo, encode_texts, encoder_info
from recsys_core.models.evaluation import evaluate, evaluate_pairs, rank_users
from recsys_core.models.model_selection import (
    IdAblation,
    default_settings,
    history_length,
    id_ablations,
    probe_settings,
)
from recsys_core.models.model_store import ABOUT, FIRST, ModelStore
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset
from recsys_core.models.training import TrainedRanker, TrainingSettings, train_ranker
from recsys_core.models.training_log import write_log
from recsys_core.models.workspace import SplitSettings, write_about
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, RankingResult, ScorerQuality, TrainingReport


@dataclass(frozen=True, slots=True)
class FitRequest:
    """What to train: ``name`` is the workspace's, ``model_name`` the model's.

    ``task`` None chooses ``like`` where clicks are logged, else ``implicit``.
    """

    name: str = ""
    model_name: str = ""
    task: str | None = None
    split: str = "time"
    seed: int = 0
    epochs: int | None = None
    encoder: str = MINILM


def fit_workspace(dataset: Dataset, out: Path, request: FitRequest, *, progress: Progress = silent) -> TrainingReport:
    """Train on ``dataset`` and write a workspace to ``out`` (as a whole, or not at all).

    Returns the metrics that are stored: ``task split seed auc logloss ndcg@10 recall@10 seconds
    n_parameters baselines intervals``; NaN where the test part holds nothing to measure by. Raises
    ``SettingError`` or ``DataError`` before any training for a task that the data cannot serve, for
    training rows that hold nothing to learn, and for an ``out`` that holds something else.
    """
    if request.epochs is not None and request.epochs < 1:
        raise SettingError("setting.least", name="epochs", least=1, value=request.epochs)
    task = request.task or default_task(dataset)
    with atomic_folder(Path(out), phrase("what.workspace"), marker=ABOUT) as folder:
        length = history_length(task, possible_kind(dataset.schema, request.split), dataset.n_interactions)
        split_dataset = SplitDataset.build(dataset, task=task, kind=request.split, seed=request.seed, length=length)
        fitted = fit_model(split_dataset, request, progress=progress)
        (folder / "dataset").mkdir()
        dataset.write_into(folder / "dataset")
        split = split_dataset.split
        name = request.name or dataset.name or Path(out).name
        write_about(folder, name, SplitSettings(split.task, split.kind, split.seed, length))
        ModelStore(folder).add(request.model_name, fitted.write, model_id=FIRST)
    return fitted.report


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """A trained model that is not on disk yet."""

    trained: TrainedRanker
    features: Features
    config: dict
    report: TrainingReport

    def write(self, folder: Path, about: dict[str, str]) -> None:
        """Write all that `ModelStore.add` wants of it into ``folder``."""
        (folder / "log").mkdir()
        write_log(folder / "log", self.trained)
        config = self.config | about
        save_artifact(folder, self.trained.ranker, self.features, {"config": config, "metrics": self.report.to_json()})


def fit_model(split_dataset: SplitDataset, request: FitRequest, *, progress: Progress = silent) -> FittedModel:
    """A ranker trained on a dataset under its split, with its figures; see `fit_workspace`."""
    began = time.perf_counter()
    _check_trainable(split_dataset)
    texts = text_values(split_dataset.dataset)
    encoder = encoder_info(request.encoder) if texts else NO_ENCODER
    vectors = {k: encode_texts(v, name=request.encoder, progress=progress) for k, v in texts.items()}
    features = make_features(split_dataset.dataset, vectors)
    chosen, features, tried = choose(features, split_dataset, request, progress)
    report = _measure(chosen.ranker, features, split_dataset, progress)
    report = replace(report, seconds=time.perf_counter() - began)
    return FittedModel(chosen, features, _config(encoder, split_dataset, chosen, tried), report)


def _check_trainable(split_dataset: SplitDataset) -> None:
    """Raise ``DataError`` where there is nothing to rank, or one label only in the training rows."""
    require(split_dataset.dataset.n_items > 1, DataError, "train.one_item")
    label = split_dataset.split.label[split_dataset.split.train]
    same = split_dataset.task != "implicit" and (label == label[0]).all()
    require(not same, DataError, "train.one_value", split=split_dataset.split.kind, value=f"{label[0]:g}")


def default_task(dataset: Dataset) -> str:
    """``like`` where the data hold logged impressions that were not taken, else ``implicit``."""
    return "like" if dataset.schema.outcome == "click" else "implicit"


def choose(
    features: Features, split_dataset: SplitDataset, request: FitRequest, progress: Progress = silent
) -> tuple[TrainedRanker, Features, dict[str, float]]:
    """Try with and without ids for a few epochs, train in full what validation likes best.

    Returns the trained ranker (calibrated), its features, and each option's validation figure
    after the short run: NDCG@10 (``implicit``), minus log loss (``like``), minus RMSE (``rating``);
    the first option and no figure where validation has nobody to rank.
    """
    settings = default_settings(split_dataset, seed=request.seed, epochs=request.epochs)
    options = [c for c in id_ablations(split_dataset.task) if len(features.without(set(c.without)).side("item"))]
    short = probe_settings(split_dataset, settings)
    probes = {}
    for option in options:
        probes[option] = _train(features.without(set(option.without)), split_dataset, short, _named(progress, option))
    best = max(options, key=lambda option: probes[option].best.validation)
    features = features.without(set(best.without))
    trained = _train(features, split_dataset, settings, _named(progress, best))
    if split_dataset.task != "rating":
        pairs = evaluate_pairs(Scorer(trained.ranker, features), split_dataset.labelled("validation"))
        calibrate(trained.ranker, pairs.label, pairs.score)
    figures = {c.name: probes[c].best.validation for c in options}
    return trained, features, {name: value for name, value in figures.items() if not np.isnan(value)}


def _train(
    features: Features, split_dataset: SplitDataset, settings: TrainingSettings, progress: Progress
) -> TrainedRanker:
    settings = replace(settings, shape=replace(settings.shape, history=split_dataset.histories.length))
    return train_ranker(
        features, split_dataset, settings, validate=_validator(features, split_dataset), progress=progress
    )


def _validator(features: Features, split_dataset: SplitDataset) -> Callable[[Ranker], float]:
    if split_dataset.task == "implicit":
        task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS)
        return lambda ranker: _mean_ndcg(rank_users(Scorer(ranker, features).score_catalogue, task))
    labelled = split_dataset.labelled("validation")
    error = (lambda y, z: rmse(y, logistic(z))) if split_dataset.task == "rating" else log_loss

    def validate(ranker: Ranker) -> float:
        pairs = evaluate_pairs(Scorer(ranker, features), labelled)
        return -error(pairs.label, pairs.score.astype(np.float64))

    return validate


def _measure(ranker: Ranker, features: Features, split_dataset: SplitDataset, progress: Progress) -> TrainingReport:
    """Figures on the test part, of the model and of the baselines, each with its interval."""
    split = split_dataset.split
    model = evaluate(Scorer(ranker, features), split_dataset, progress=progress)
    baselines = {}
    for name, fit in BASELINES.items():
        baseline = fit(split_dataset, progress)
        found = evaluate(baseline, split_dataset, calibrated=False)
        differences = _differences(model, found, split.seed)
        baselines[name] = replace(_quality(found, split.seed), differences=differences, settings=baseline.settings)
    n_parameters = sum(p.numel() for p in ranker.parameters())
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


def _mean_ndcg(ranking: RankingResult) -> float:
    """NaN where nobody is ranked: all that was held out had been taken before."""
    return float(ranking.ndcg.mean()) if len(ranking.ndcg) else float("nan")


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


def _config(encoder: EncoderInfo, split_dataset: SplitDataset, chosen: TrainedRanker, tried: dict[str, float]) -> dict:
    split = split_dataset.split
    return {
        "task": split_dataset.task,
        "split": split.kind,
        "seed": split.seed,
        "encoder": asdict(encoder),
        "settings": chosen.settings.to_json(),
        "epochs": len(chosen.log),
        "best_epoch": chosen.best.epoch,
        "id_ablations": tried,
        "rows": {part: len(getattr(split, part)) for part in ("train", "validation", "test")},
        "n_test_users": split.n_test_users,
        "n_known_test_users": split.n_known_test_users,
    }


def _named(progress: Progress, option: IdAblation) -> Progress:
    name = phrase(f"option.{option.name.replace(' ', '_')}")
    return lambda stage, share: progress(phrase("stage.option", stage=stage, option=name), share)
