"""Train a mended model: as its base was trained, but for what its mendings change."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recsys_core.data.features import Features
from recsys_core.errors import Phrase, SettingError
from recsys_core.mend.groups import split_columns, user_groups
from recsys_core.mend.method import Change, Situation
from recsys_core.mend.methods import METHODS
from recsys_core.mend.methods.project import projected
from recsys_core.mend.treatment import GroupTreatment
from recsys_core.models.encoder import EncoderInfo
from recsys_core.models.evaluation import evaluate_test
from recsys_core.models.feature_changes import FeatureChanges
from recsys_core.models.fit import FittedModel, model_config
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.model_selection import ChosenModel, calibrated
from recsys_core.models.scorer import Scorer
from recsys_core.models.term_strength import stronger_beside
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training import TrainedRanker, TrainingSettings, train_ranker
from recsys_core.models.training_log import read_log
from recsys_core.models.training_report import training_report
from recsys_core.models.validation import Validator
from recsys_core.progress import Progress, silent
from recsys_core.results import TrainingReport
from recsys_core.results.mending import Mending


@dataclass(frozen=True, slots=True, eq=False)
class MendedFit:
    """A mended model that is not on disk yet, and what was decided on the way."""

    fitted: FittedModel
    notes: tuple[Phrase, ...]


def changes_of(model: TrainedModel, mendings: Sequence[Mending]) -> list[Change]:
    """What these mendings change of the training of ``model``; those of strength 0 change nothing.

    Raises ``SettingError``: ``mend.user_column`` for a column of items, ``mend.one_group``, and what a method says.
    """
    found = []
    for mending in (mending for mending in mendings if mending.strength > 0):
        columns, _ = split_columns(model.dataset, mending.by)
        if not columns:
            raise SettingError("mend.user_column", method=mending.method, column=mending.by)
        situation = Situation(model, user_groups(model.split_dataset, columns))
        found.append(METHODS[mending.method].change(situation, mending.strength))
    return found


def train_mended(
    model: TrainedModel, mendings: Sequence[Mending], changes: Sequence[Change], *, progress: Progress = silent
) -> MendedFit:
    """A model trained over the data, split, seed, settings, option and term of ``model``, with ``changes``.

    No options are raced and no baselines fitted: both are the base's. Without any change the weights are the base's, to
    the last bit (on as many threads). ``mendings`` are what the new model says of itself, those of its base included.
    """
    began = time.perf_counter()
    features = model.features.without({key for change in changes for key in change.without})
    chosen = _trained(model, features, changes, progress)
    for groups, share in (change.projection for change in changes if change.projection is not None):
        ranker = projected(chosen.trained.ranker, chosen.scorer, model.split_dataset, groups, share)
        chosen = replace(chosen, trained=replace(chosen.trained, ranker=ranker))
    term = model.term and replace(model.term, alpha=1.0)
    if model.task == "implicit" and chosen.term is not None and _trains(changes):
        beside = stronger_beside(Scorer(chosen.trained.ranker, features), chosen.term, model.split_dataset)
        chosen = replace(chosen, term=beside)
    chosen = calibrated(chosen, term, model.split_dataset)
    evaluation = evaluate_test(chosen.scorer, model.split_dataset, progress=progress)
    seconds = time.perf_counter() - began
    n_parameters = chosen.scorer.n_parameters
    report = training_report(evaluation, {}, model.split_dataset, n_parameters=n_parameters, seconds=seconds)
    config = model_config(EncoderInfo(**model.config["encoder"]), model.split_dataset, chosen)
    config |= {
        "feature_changes": _feature_changes(model, changes).to_json(),
        "mendings": [mending.to_json() for mending in mendings],
        "mended_from": model.id,
    }
    fitted = FittedModel(chosen, config, replace(report, baselines=_baselines(model.training)), evaluation)
    return MendedFit(fitted, tuple(note for change in changes for note in change.notes))


def _trains(changes: Sequence[Change]) -> bool:
    """Whether there is anything to train: a projection alone is applied to the base's weights."""
    return not changes or any(change.trains for change in changes)


def _trained(model: TrainedModel, features: Features, changes: Sequence[Change], progress: Progress) -> ChosenModel:
    settings = TrainingSettings.from_json(model.config["settings"])
    if not _trains(changes):
        log = tuple(read_log(model.path / "log"))
        best = next(epoch for epoch in log if epoch.epoch == model.config["best_epoch"])
        trained = TrainedRanker(copy.deepcopy(model.ranker), log, best, settings)
        return ChosenModel(trained, features, model.term if model.task == "implicit" else None, model.choice)
    term = _term_in_training(model)
    is_plain = not any(c.weight is not None or c.draw is not None or c.terms for c in changes)
    trained = train_ranker(
        features,
        model.split_dataset,
        settings,
        validate=Validator(features, model.split_dataset, term=term),
        term=term,
        treatment=None if is_plain else GroupTreatment(changes),
        progress=progress,
    )
    return ChosenModel(trained, features, term, model.choice)


def _term_in_training(model: TrainedModel) -> ItemItemTerm | None:
    """The item-item term as the base was trained beside it: later it was made stronger and calibrated."""
    if model.term is None or model.task != "implicit" or model.choice.likelihood is None:
        return None
    return replace(model.term, alpha=model.choice.likelihood.alpha)


def _feature_changes(model: TrainedModel, changes: Sequence[Change]) -> FeatureChanges:
    without = sorted({key for change in changes for key in change.without} | {*model.changes.audit_only})
    return replace(model.changes, audit_only=tuple(without))


def _baselines(training: TrainingReport) -> dict:
    """The base's baselines, but for their paired differences, which were to the base."""
    return {name: replace(quality, differences={}) for name, quality in training.baselines.items()}
