"""Model selection: with which ids a ranker is tried; validation decides between the options."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.data.features import ID_KEYS, Features
from recsys_core.errors import phrase
from recsys_core.models.calibration import calibrate
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainedRanker, TrainingSettings, train_ranker
from recsys_core.models.training_defaults import FEW_ROWS
from recsys_core.models.validation import validator
from recsys_core.progress import Progress, silent

PROBE_EPOCHS, LONG_PROBE_EPOCHS = 2, 4


@dataclass(frozen=True, slots=True)
class Option:
    """A way of building the ranker, under a name for the log: the id groups that it does without."""

    name: str
    without: frozenset[str]


WITH_IDS = Option("with ids", frozenset())
ITEM_ID = Option("item id only", frozenset({ID_KEYS["user"]}))
NO_IDS = Option("without ids", frozenset(ID_KEYS.values()))


def options(task: str, features: Features) -> list[Option]:
    """What is tried, the simplest first: the history carries taste, so ``implicit`` asks about the item's id alone."""
    tried = (NO_IDS, ITEM_ID) if task == "implicit" else (NO_IDS, WITH_IDS)
    return [option for option in tried if len(features.without(set(option.without)).side("item"))]


def probe_settings(split_dataset: SplitDataset, settings: TrainingSettings) -> TrainingSettings:
    """A short run, of half of the labelled rows, that chooses between the options before the best is trained in full.

    On few rows the rate falls after half of it: at two steady epochs of the sample the seed decided (two of
    four each way), with two more at falling rates the same option came first under every seed.
    """
    few = len(split_dataset.split.train) <= FEW_ROWS
    epochs = LONG_PROBE_EPOCHS if few or split_dataset.task == "implicit" else PROBE_EPOCHS  # implicit: ids pay late
    steady = 0.5 if few and split_dataset.task != "implicit" else 1.0
    rows = len(split_dataset.split.train) // 2
    return replace(settings, epochs=min(epochs, settings.epochs), steady_share=steady, most_rows=rows)


@dataclass(frozen=True, slots=True, eq=False)
class ChosenModel:
    """The option that validation chose, trained in full and calibrated; ``tried`` holds each option's figure."""

    trained: TrainedRanker
    features: Features
    tried: dict[str, float]

    @property
    def scorer(self) -> Scorer:
        return Scorer(self.trained.ranker, self.features)


def choose(
    features: Features, split_dataset: SplitDataset, settings: TrainingSettings, *, progress: Progress = silent
) -> ChosenModel:
    """Try the options for a few epochs, train in full what validation likes best.

    The first option is kept, and no figure, where validation has nobody to rank.
    """
    shape = replace(settings.shape, history=split_dataset.histories.length)
    settings = replace(settings, shape=shape)
    short = probe_settings(split_dataset, settings)
    tried = options(split_dataset.task, features)
    probes = {o: _train(o, features, split_dataset, short, progress) for o in tried}
    best = max(tried, key=lambda option: probes[option].best.validation)
    trained = _train(best, features, split_dataset, settings, progress)
    figures = {o.name: probe.best.validation for o, probe in probes.items() if not np.isnan(probe.best.validation)}
    chosen = ChosenModel(trained, features.without(set(best.without)), figures)
    if split_dataset.task != "rating":
        pairs = evaluate_pairs(chosen.scorer, split_dataset.labelled("validation"))
        calibrate(trained.ranker, pairs.label, pairs.score)
    return chosen


def _train(
    option: Option, features: Features, split_dataset: SplitDataset, settings: TrainingSettings, progress: Progress
) -> TrainedRanker:
    features = features.without(set(option.without))
    validate = validator(features, split_dataset)
    return train_ranker(features, split_dataset, settings, validate=validate, progress=_named(progress, option))


def _named(progress: Progress, option: Option) -> Progress:
    name = phrase(f"option.{option.name.replace(' ', '_')}")
    return lambda stage, share: progress(phrase("stage.option", stage=stage, option=name), share)
