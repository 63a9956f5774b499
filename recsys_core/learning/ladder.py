"""Ladder: the ways in which a candidate is made of its parent and of feedback, from the smallest change to the largest.

Fresh histories cost nothing and are there in every answer; a full retraining is proposed to a person. The steps between
are made here. Every one goes on from the parent's weights, mixes feedback with as many old rows (replay), and adds the
item-item term to each logit as a constant, so that network, term and calibration stay those of one model.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.optimize import minimize

from recsys_core.errors import phrase
from recsys_core.metrics import log_loss, logistic
from recsys_core.models.calibration import scale_head
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.objective import LabelledObjective
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import LabelledPairs, SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training import Epoch, TrainingSettings
from recsys_core.progress import Progress, silent
from recsys_core.seeds import random_stream

RATE = 1e-3  # training's own of .006 destroys what was learned
EPOCHS = 3
BATCH = 1024
PULL = 1e-2  # of the squared distance to the parent's weights (L2-SP, Li et al. 2018)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the ladder: which weights move, by the beginning of their names, and how they are pulled back."""

    name: str
    moves: tuple[str, ...] = ()
    pull: float = 0.0


RECALIBRATE = Step("recalibrate")
SECOND_LAYER = Step("second_layer", ("body.second", "head"))
EVERYTHING = Step("everything", ("",), pull=PULL)
STEPS = (RECALIBRATE, SECOND_LAYER, EVERYTHING)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a candidate is made of: its parent, rows of feedback, and as many of old ones.

    ``replay`` are old rows to learn from again, ``calibration`` rows that the parent was not fitted to.
    """

    parent: TrainedModel
    feedback: LabelledPairs
    replay: LabelledPairs
    calibration: LabelledPairs
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A ranker with its term after one step, and the log of its epochs."""

    step: Step
    ranker: Ranker
    term: ItemItemTerm | None
    log: tuple[Epoch, ...]
    seconds: float


def lesson(parent: TrainedModel, feedback: LabelledPairs, *, seed: int) -> Lesson:
    """The rows of a lesson, drawn by ``seed``.

    Beside an item-item term old rows are validation rows: of training rows its sums know the answer
    (`recsys_core.models.labelled_term`), and the network would learn to trust them less than they deserve.
    """
    n = len(feedback.label)
    part = "train" if parent.term is None else "validation"
    replay = old_rows(parent.split_dataset, part, n, seed=seed)
    return Lesson(parent, feedback, replay, old_rows(parent.split_dataset, "validation", n, seed=seed), seed)


def old_rows(split_dataset: SplitDataset, part: str, n: int, *, seed: int) -> LabelledPairs:
    """At most ``n`` labelled pairs of a part, drawn by ``seed``; task ``implicit``: half of them sampled negatives."""
    is_implicit = split_dataset.task == "implicit"
    every, wanted = getattr(split_dataset.split, part), -(-n // 2) if is_implicit else n
    random = random_stream(seed, f"old rows of {part}")
    rows = np.sort(random.choice(every, min(wanted, len(every)), replace=False))
    pairs, label = split_dataset.pairs(rows, part), split_dataset.target(rows)
    if not is_implicit:
        return LabelledPairs(pairs, label, "logged")
    drawn = split_dataset.sample_untaken(pairs.users, seed=seed)
    there = np.flatnonzero(drawn >= 0)
    both = replace(pairs[np.append(np.arange(len(rows)), there)], items=np.append(pairs.items, drawn[there]))
    return LabelledPairs(both, np.append(label, np.zeros(len(there), dtype=np.float32)), "sampled")


def teach(step: Step, given: Lesson, *, progress: Progress = silent) -> Taught:
    """The parent after one step, deterministic in parent, rows and seed on one thread; the parent is not changed."""
    began = time.perf_counter()
    ranker, term = copy.deepcopy(given.parent.ranker), given.parent.term
    log: tuple[Epoch, ...]
    if not step.moves:
        scale, shift = _scaling(given)
        scale_head(ranker, scale, shift)
        term = term and replace(term, alpha=scale * term.alpha)
        scorer = Scorer(ranker, given.parent.features, term=term)
        log = (Epoch(1, -_validation(scorer, given), _validation(scorer, given), 0.0, time.perf_counter() - began),)
    else:
        log = _train(ranker, step, given, progress)
    return Taught(step, ranker.eval(), term, log, time.perf_counter() - began)


def _scaling(given: Lesson) -> tuple[float, float]:
    """Scale and shift of the logit that suit feedback and old rows together; none that would turn a ranking round."""
    scorer = given.parent.dense
    both = (given.feedback, given.calibration)
    target = np.concatenate([rows.label for rows in both]).astype(float)
    logit = np.concatenate([evaluate_pairs(scorer, rows).score for rows in both]).astype(float)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = weights[0] * logit + weights[1]
        off = (logistic(z) - target) / len(target)
        return log_loss(target, z), np.array([off @ logit, off.sum()])

    scale, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x.tolist()
    return (scale, shift) if scale > 0 else (1.0, 0.0)


def _train(ranker: Ranker, step: Step, given: Lesson, progress: Progress) -> tuple[Epoch, ...]:
    objective = _objective(ranker, given)
    for name, parameter in ranker.named_parameters():
        parameter.requires_grad_(name.startswith(step.moves))
    moving = [p for p in ranker.parameters() if p.requires_grad]
    old = [p.detach().clone() for p in moving]
    optimiser = torch.optim.AdamW(moving, lr=RATE, weight_decay=0.0, fused=True)
    random, log = random_stream(given.seed, f"learning: {step.name}"), []
    for number in range(1, EPOCHS + 1):
        began, stage = time.perf_counter(), _stage(progress, step, number)
        ranker.train()
        batches, total = objective.batches(BATCH, random), 0.0
        for n, batch in enumerate(batches, 1):
            loss = objective.loss(batch, random)
            if step.pull:
                loss = (
                    loss
                    + step.pull * torch.stack([(p - q).square().sum() for p, q in zip(moving, old, strict=True)]).sum()
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += float(loss.detach())
            stage(n / len(batches))
        seen = _validation(Scorer(ranker, given.parent.features, term=given.parent.term), given)
        log.append(Epoch(number, total / len(batches), seen, RATE, time.perf_counter() - began))
    for parameter in ranker.parameters():
        parameter.requires_grad_(True)
    return tuple(log)


def _validation(scorer: Scorer, given: Lesson) -> float:
    """Minus the log loss of old rows that the parent was not fitted to; nothing is chosen by it."""
    pairs = evaluate_pairs(scorer, given.calibration)
    return -log_loss(pairs.label, pairs.score)


def _objective(ranker: Ranker, given: Lesson) -> LabelledObjective:
    """Feedback and replay as one table of rows; what the term adds is told beforehand, as both know other positives."""
    parent, both = given.parent, (given.feedback, given.replay)
    width = max(rows.pairs.histories.shape[1] for rows in both)
    pairs = Pairs(
        np.concatenate([rows.pairs.users for rows in both]),
        np.concatenate([rows.pairs.items for rows in both]),
        np.concatenate([_padded(rows.pairs.histories, width) for rows in both]),
    )
    target = np.concatenate([rows.label for rows in both])
    ids = TrainingSettings.from_json(parent.config["settings"]).ids
    is_rating = parent.task == "rating"
    objective = LabelledObjective(ranker, parent.features, ids, (pairs, target), squared=is_rating)
    if parent.term is not None:
        added = [parent.term.pairs(rows.pairs.items, rows.known) for rows in both]
        objective.offset = torch.from_numpy(np.concatenate(added))
    return objective


def _padded(histories: np.ndarray, width: int) -> np.ndarray:
    return np.pad(histories, ((0, 0), (0, width - histories.shape[1])), constant_values=-1)


def _stage(progress: Progress, step: Step, number: int) -> Callable[[float], None]:
    stage = phrase("learning.stage", step=phrase(f"learning.step.{step.name}"))
    return lambda share: progress(stage, (number - 1 + share) / EPOCHS)


def scorer_of(parent: TrainedModel, taught: Taught) -> Scorer:
    """What the candidate scores with."""
    return Scorer(taught.ranker, parent.features, term=taught.term)
