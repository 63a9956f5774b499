"""Judging: every step of the ladder on the same rows, each before the guard; the smallest that it prefers is taken."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.compress.threads import one_core
from recsys_core.errors import phrase
from recsys_core.learning.churn import drift_of_reasons, overlap_of_lists
from recsys_core.learning.guard import Objection, Surprise, beats, contradiction, objection, spent, too_much_change
from recsys_core.learning.holdout import Holdout, Measured, user_groups
from recsys_core.learning.ladder import EVERYTHING, STEPS, Taught, lesson, scorer_of, teach
from recsys_core.learning.rows import FeedbackRows
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import LabelledPairs
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.results.learning import HELD, REFUSED, Tried

HISTORIES = "histories"  # the step that is always there: no weights, what people did since is read


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A step that was tried: the ranker, what both holdouts say of it, and what speaks against it.

    ``overlap`` of the lists and ``drift`` of the reasons are worked out for what might be taken alone.
    """

    taught: Taught
    rolling: Measured
    anchor: Measured
    against: Objection | None
    overlap: float | None = None
    drift: float | None = None

    def tried(self) -> Tried:
        """What is kept of it."""
        return Tried(
            rule=self.taught.step.name,
            rolling=self.rolling.overall,
            anchor=self.anchor.overall,
            against=None if self.against is None else self.against.reason,
            seconds=self.taught.seconds,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The candidate that the decision is about, and all that were tried.

    ``alpha`` is the error rate of each bound, ``surprise`` how far feedback contradicts the parent, in nats a row, and
    ``wants_more`` whether the widest step is better than the others by more than noise.
    """

    chosen: Candidate
    tried: tuple[Tried, ...]
    alpha: float
    surprise: float
    wants_more: bool


@one_core()
def judge(parent: TrainedModel, rows: FeedbackRows, *, look: int, seed: int, progress: Progress = silent) -> Judged:
    """Try every step; ``look`` counts the guard's looks at feedback of this parent from 1.

    On one thread, so that the same rows and seed give the same weights bit for bit whatever the machine has.
    """
    split_dataset, alpha = parent.split_dataset, spent(look, len(STEPS))
    groups = user_groups(split_dataset)
    on_test = split_dataset.labelled("test", users=split_dataset.evaluated_users())
    holdouts = [
        Holdout(name, labelled, _logits(parent.dense, labelled), groups, seed)
        for name, labelled in (("rolling", rows.rolling), ("anchor", on_test))
    ]
    given = lesson(parent, rows.training, seed=seed)
    taught = [teach(step, given, progress=progress) for step in STEPS]
    progress(phrase("learning.stage.guard"), 0.0)
    scorers = [scorer_of(parent, of) for of in taught]
    rolling, anchor = (
        holdout.measure([_logits(scorer, holdout.labelled) for scorer in scorers], alpha=alpha) for holdout in holdouts
    )
    strange = _surprise(parent, rows.training, rows.rolling)
    contradicts = contradiction(strange, _surprise(parent, on_test), groups)
    candidates = []
    for n, of in enumerate(taught):
        against = objection(rolling[n], anchor[n], contradicts)
        candidates.append(Candidate(of, rolling[n], anchor[n], against))
    candidates = _with_changes(parent, candidates, seed)
    progress(phrase("learning.stage.guard"), 1.0)
    tried = (_histories(parent, rows, holdouts[0], alpha=alpha), *(c.tried() for c in candidates))
    widest = next(c for c in candidates if c.taught.step is EVERYTHING)
    wants_more = all(beats(widest.rolling, c.rolling) for c in candidates if c is not widest)
    return Judged(chosen_of(candidates), tried, alpha, strange.mean, wants_more)


def _with_changes(parent: TrainedModel, candidates: list[Candidate], seed: int) -> list[Candidate]:
    """The same with what the one that would be taken changes: where that is too much, the next one's too."""
    chosen = chosen_of(candidates)
    if chosen.overlap is not None or (chosen.against is not None and chosen.against.decision == REFUSED):
        return candidates
    scorer, split_dataset = scorer_of(parent, chosen.taught), parent.split_dataset
    overlap = overlap_of_lists(parent.dense, scorer, split_dataset)
    drift = drift_of_reasons(parent.dense, scorer, split_dataset, seed=seed)
    against = chosen.against or too_much_change(overlap, drift)
    looked_at = replace(chosen, overlap=overlap, drift=drift, against=against)
    after = [looked_at if c is chosen else c for c in candidates]
    return after if against is chosen.against else _with_changes(parent, after, seed)


def chosen_of(candidates: Sequence[Candidate]) -> Candidate:
    """The smallest step that no other beats beyond margin and noise, among those against which nothing speaks.

    Where there are none: among those that a person may decide about; else the one that gains most where it is refused.
    """
    for allowed in (None, HELD):
        left = [c for c in candidates if (c.against.decision if c.against else None) == allowed]
        for one in left:
            if not any(beats(other.rolling, one.rolling) for other in left if other is not one):
                return one
    return max(candidates, key=lambda c: c.rolling.overall.gain if c.rolling.overall.gain is not None else -np.inf)


def _surprise(parent: TrainedModel, *rows: LabelledPairs) -> Surprise:
    """How much rows surprise the parent."""
    logit = np.concatenate([_logits(parent.dense, of) for of in rows]).astype(float)
    label = np.concatenate([of.label for of in rows]).astype(float)
    return Surprise(np.concatenate([of.pairs.users for of in rows]), label, logit)


def _histories(parent: TrainedModel, rows: FeedbackRows, rolling: Holdout, *, alpha: float) -> Tried:
    """What reading feedback as history gains on the rolling holdout, without any weight touched."""
    began, pairs = time.perf_counter(), rows.rolling.pairs
    frozen = parent.dense.score_pairs(pairs.users, pairs.items, rows.before.newest(), rows.before)
    found = Holdout("rolling", rolling.labelled, frozen, (), rolling.seed).measure([rolling.logit], alpha=alpha)[0]
    seconds = time.perf_counter() - began
    return Tried(rule=HISTORIES, rolling=found.overall, anchor=None, against=None, seconds=seconds)


def _logits(scorer: Scorer, labelled: LabelledPairs) -> np.ndarray:
    return evaluate_pairs(scorer, labelled).score
