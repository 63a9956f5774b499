"""Fit a workspace: encode texts, choose and train a model, measure it, write the folder."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features, text_values
from recsys_core.data.folder import atomic_folder
from recsys_core.data.split import possible_kind
from recsys_core.errors import DataError, SettingError, phrase, require
from recsys_core.models.artifact import new_fingerprint, save_artifact
from recsys_core.models.encoder import MINILM, NO_ENCODER, EncoderInfo, encode_texts, encoder_info
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.model_selection import ChosenModel, choose
from recsys_core.models.model_store import ABOUT, FIRST, ModelStore
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.stored_evaluation import save_evaluation
from recsys_core.models.training_defaults import default_settings, history_length
from recsys_core.models.training_log import write_log
from recsys_core.models.training_report import measure_baselines, training_report
from recsys_core.models.workspace import SplitSettings, write_about
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, TrainingReport


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

    chosen: ChosenModel
    config: dict
    report: TrainingReport
    evaluation: Evaluation

    def write(self, folder: Path, about: dict[str, str]) -> None:
        """Write all that `ModelStore.add` wants of it into ``folder``."""
        (folder / "log").mkdir()
        write_log(folder / "log", self.chosen.trained)
        about_it = {"config": self.config | about, "metrics": self.report.to_json()}
        save_artifact(folder, self.chosen.trained.ranker, self.chosen.features, about_it, term=self.chosen.term)
        fingerprint = new_fingerprint(folder, workspace=folder.parents[1])
        save_evaluation(folder, self.evaluation, fingerprint=fingerprint)


@dataclass(frozen=True, slots=True, eq=False)
class ModelInputs:
    """What a ranker is trained over: the features, and which encoder made the vectors of their texts."""

    features: Features
    encoder: EncoderInfo


def encoded_inputs(dataset: Dataset, encoder: str, *, progress: Progress = silent) -> ModelInputs:
    """The features of all columns that the schema lets a model read."""
    texts = text_values(dataset)
    about = encoder_info(encoder) if texts else NO_ENCODER
    vectors = {k: encode_texts(v, name=encoder, progress=progress) for k, v in texts.items()}
    return ModelInputs(make_features(dataset, vectors), about)


def fit_model(
    split_dataset: SplitDataset, request: FitRequest, *, inputs: ModelInputs | None = None, progress: Progress = silent
) -> FittedModel:
    """A ranker trained on a dataset under its split, with its figures; see `fit_workspace`."""
    began = time.perf_counter()
    _check_trainable(split_dataset)
    inputs = inputs or encoded_inputs(split_dataset.dataset, request.encoder, progress=progress)
    settings = default_settings(split_dataset, seed=request.seed, epochs=request.epochs)
    baselines, term = measure_baselines(split_dataset, progress=progress)
    chosen = choose(inputs.features, split_dataset, settings, term=term, progress=progress)
    evaluation = evaluate_test(chosen.scorer, split_dataset, progress=progress)
    n_parameters, seconds = chosen.scorer.n_parameters, time.perf_counter() - began
    report = training_report(evaluation, baselines, split_dataset, n_parameters=n_parameters, seconds=seconds)
    return FittedModel(chosen, model_config(inputs.encoder, split_dataset, chosen), report, evaluation)


def _check_trainable(split_dataset: SplitDataset) -> None:
    """Raise ``DataError`` where there is nothing to rank, or one label only in the training rows."""
    require(split_dataset.dataset.n_items > 1, DataError, "train.one_item")
    label = split_dataset.split.label[split_dataset.split.train]
    same = split_dataset.task != "implicit" and (label == label[0]).all()
    require(not same, DataError, "train.one_value", split=split_dataset.split.kind, value=f"{label[0]:g}")


def default_task(dataset: Dataset) -> str:
    """``like`` where the data hold logged impressions that were not taken, else ``implicit``."""
    return "like" if dataset.schema.outcome == "click" else "implicit"


def model_config(encoder: EncoderInfo, split_dataset: SplitDataset, chosen: ChosenModel) -> dict:
    """What is stored of how a model was made."""
    split, trained = split_dataset.split, chosen.trained
    return {
        "task": split_dataset.task,
        "split": split.kind,
        "seed": split.seed,
        "encoder": asdict(encoder),
        "settings": trained.settings.to_json(),
        "epochs": len(trained.log),
        "best_epoch": trained.best.epoch,
        "choice": chosen.choice.to_json(),
        "rows": {part: len(getattr(split, part)) for part in ("train", "validation", "test")},
        "n_test_users": split.n_test_users,
        "n_known_test_users": split.n_known_test_users,
    }
