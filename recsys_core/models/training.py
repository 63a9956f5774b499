"""Training: fit a ranker to the training rows, stop early on the validation rows, log every epoch."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from recsys_core.data.features import Features
from recsys_core.errors import phrase
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.objective import IdRegulation, LabelledObjective, Objective
from recsys_core.models.ranker import Ranker, RankerShape
from recsys_core.models.sequence_objective import SequenceObjective, SequenceSampling
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.treatment import Treatment
from recsys_core.progress import Progress, silent
from recsys_core.results.dataclass_json import from_json
from recsys_core.seeds import random_stream, torch_stream


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a ranker is fitted.

    ``batch_size`` counts rows (``like``, ``rating``) or scored candidates (``implicit``), of which ``sampling``
    says how many an epoch has. The
    learning rate is halved every epoch after ``steady_share`` of the epochs, or as soon as ``patience``
    epochs brought nothing; as many without gain after that end the training.
    """

    seed: int = 0
    epochs: int = 40
    batch_size: int = 4096
    learning_rate: float = 6e-3
    weight_decay: float = 1e-4
    ids: IdRegulation = field(default_factory=IdRegulation)
    sampling: SequenceSampling = field(default_factory=SequenceSampling)
    patience: int = 4
    steady_share: float = 0.7
    shape: RankerShape = field(default_factory=RankerShape)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainingSettings:
        """The inverse of `to_json`; raises ``KeyError`` or ``TypeError`` for anything else."""
        return from_json(cls, data)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the training log; ``validation`` is what early stopping watches (higher is better)."""

    epoch: int
    loss: float
    validation: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRanker:
    """The ranker of the best epoch, the log of all of them, and the settings used."""

    ranker: Ranker
    log: tuple[Epoch, ...]
    best: Epoch
    settings: TrainingSettings


class TrainingRun:
    """A training that is advanced epoch by epoch, so that it can be compared with others on the way.

    Deterministic for a seed and a number of threads, whatever else runs beside it and however its epochs are
    interleaved with those of other runs: no global random state is used or changed. Where ``validate``
    (higher is better) has no figure (NaN) all epochs are run and the last is kept. ``term`` is a fixed part of
    every logit in training: ``validate`` adds it too. ``treatment`` is what is done otherwise about groups of users.
    """

    def __init__(
        self,
        features: Features,
        split_dataset: SplitDataset,
        settings: TrainingSettings,
        *,
        validate: Callable[[Ranker], float],
        term: ItemItemTerm | None = None,
        treatment: Treatment | None = None,
    ) -> None:
        self.settings, self._validate, self._treatment = settings, validate, treatment
        self.ranker = Ranker(features.groups, settings.shape, weights=torch_stream(settings.seed, "initial weights"))
        self._objective = make_objective(self.ranker, features, split_dataset, settings, term)
        self._optimiser = _optimiser(self.ranker, self._objective, settings)
        if treatment is not None:
            self._objective.draw = treatment.draw
            if learned := treatment.parameters():
                self._optimiser.add_param_group({"params": learned, "weight_decay": 0.0})
        self._random = random_stream(settings.seed, "training")
        self._steady, self._gained = int(settings.epochs * settings.steady_share), 0
        self._log: list[Epoch] = []
        self.steps = 0  # batches trained so far
        self._best: Epoch | None = None
        self._best_state: dict[str, torch.Tensor] = {}
        self.finished = settings.epochs < 1

    def advance(self, progress: Progress = silent) -> Epoch:
        """Train one epoch more and log it; ``finished`` then says whether another would be trained."""
        began, number, settings = time.perf_counter(), len(self._log) + 1, self.settings
        rate = _set_rate(self._optimiser, settings.learning_rate * 0.5 ** max(0, number - self._steady))
        stage = _stage(progress, number, settings.epochs)
        loss = self._train(stage)
        seen = Epoch(number, loss, self._validate(self.ranker.eval()), rate, time.perf_counter() - began)
        self._log.append(seen)
        self._keep_best(seen)
        return seen

    @property
    def epochs(self) -> int:
        """Epochs trained so far."""
        return len(self._log)

    def result(self) -> TrainedRanker:
        """The ranker of the best epoch so far; ``ValueError`` before the first."""
        if self._best is None:
            raise ValueError("at least one epoch is needed")
        ranker = copy.deepcopy(self.ranker)
        ranker.load_state_dict(self._best_state)
        return TrainedRanker(ranker.eval(), tuple(self._log), self._best, self.settings)

    def _train(self, progress: Callable[[float], None]) -> float:
        """Mean loss of one epoch's batches."""
        self.ranker.train()
        batches, total = self._objective.batches(self.settings.batch_size, self._random), 0.0
        for n, batch in enumerate(batches, 1):
            loss = self._loss(batch)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            total += float(loss.detach())
            progress(n / len(batches))
        self.steps += len(batches)
        return total / max(1, len(batches))

    def _loss(self, batch: Any) -> torch.Tensor:
        if self._treatment is None:
            return self._objective.loss(batch, self._random)
        return self._treatment.loss(self._objective.losses(batch, self._random))

    def _keep_best(self, seen: Epoch) -> None:
        best, number = self._best, seen.epoch
        self.finished = number >= self.settings.epochs
        if best is None or np.isnan(best.validation) or seen.validation > best.validation:
            self._best, self._best_state, self._gained = seen, copy.deepcopy(self.ranker.state_dict()), number
        elif number - self._gained >= self.settings.patience:
            if number > self._steady:
                self.finished = True
            else:  # at a steady rate there is no more to gain: let it fall before giving up
                self._steady = self._gained = number


def train_ranker(
    features: Features,
    split_dataset: SplitDataset,
    settings: TrainingSettings,
    *,
    validate: Callable[[Ranker], float],
    term: ItemItemTerm | None = None,
    treatment: Treatment | None = None,
    progress: Progress = silent,
) -> TrainedRanker:
    """Fit; stop early when ``validate`` (higher is better) does not improve any more, at falling rates either.

    A `TrainingRun` from beginning to end.
    """
    run = TrainingRun(features, split_dataset, settings, validate=validate, term=term, treatment=treatment)
    while not run.finished:
        run.advance(progress)
    return run.result()


def make_objective(
    ranker: Ranker,
    features: Features,
    split_dataset: SplitDataset,
    settings: TrainingSettings,
    term: ItemItemTerm | None = None,
) -> Objective:
    """The task's objective over the training rows."""
    if split_dataset.task == "implicit":
        positives = split_dataset.histories.pools[0]
        ordered = split_dataset.split.kind != "random"
        return SequenceObjective(
            ranker, features, settings.ids, positives, settings.sampling, ordered=ordered, term=term
        )
    rows = split_dataset.split.train
    labelled = split_dataset.pairs(rows, "train"), split_dataset.target(rows)
    squared = split_dataset.task == "rating"
    return LabelledObjective(ranker, features, settings.ids, labelled, squared=squared, term=term)


def _optimiser(ranker: Ranker, objective: Objective, settings: TrainingSettings) -> torch.optim.Optimizer:
    with torch.no_grad():
        ranker.head.bias.fill_(objective.start_logit)
    decayed = [p for p in ranker.parameters() if p.ndim > 1]
    plain = [p for p in ranker.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)  # one pass over the weights: half the time


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> float:
    for group in optimiser.param_groups:
        group["lr"] = rate
    return rate


def _stage(progress: Progress, number: int, epochs: int) -> Callable[[float], None]:
    stage = phrase("stage.epoch", n=number)
    return lambda share: progress(stage, (number - 1 + share) / epochs)
