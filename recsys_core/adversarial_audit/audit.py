"""The verdict: three questions asked of one model, corrected for being three."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recsys_core.adversarial_audit.questions import (
    FLIPS_MARGIN,
    LEAKAGE_MARGIN,
    SUBGROUP_MARGIN,
    AuditedModel,
    ask_flips,
    ask_leakage,
    ask_subgroup,
    cannot_ask,
)
from recsys_core.compare.attribute_flips import FlipSettings
from recsys_core.errors import RecLensError, SettingError, phrase
from recsys_core.fairness import make_grouping
from recsys_core.fairness.cohort import AuditSettings
from recsys_core.fairness.gaps import holm
from recsys_core.fairness.leakage import ProbeSettings
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.results.adversarial_audit import QUESTIONS, AdversarialAudit, AuditQuestion, Status
from recsys_core.results.fairness import NOISE_ABOVE


def adversarial_audit(
    model: AuditedModel,
    split_dataset: SplitDataset,
    *,
    by: tuple[str, ...],
    before: AuditedModel | None = None,
    n_shuffles: int = 200,
    seed: int = 0,
    progress: Progress = silent,
) -> AdversarialAudit:
    """Leakage of ``by``, the worst-served subgroup and flips of ``by``, in one verdict.

    ``before`` is the model before a mending (or without the re-ranking): its figures stand beside. A question that
    these data cannot answer is held, with the reason. Raises as `make_grouping` does for an unknown column,
    ``SettingError`` for one of items.
    """
    start = time.perf_counter()
    grouping = make_grouping(split_dataset.dataset, by, train=split_dataset.sequences())
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    probing, flipping = ProbeSettings(n_shuffles=n_shuffles, seed=seed), FlipSettings(seed=seed)
    searching = AuditSettings(seed=seed)
    asked: tuple[tuple[str, float, Callable[[Progress], AuditQuestion]], ...] = (
        ("leakage", LEAKAGE_MARGIN, lambda p: ask_leakage(model, before, split_dataset, by, probing, p)),
        ("subgroup", SUBGROUP_MARGIN, lambda p: ask_subgroup(model, before, split_dataset, searching, p)),
        ("flips", FLIPS_MARGIN, lambda p: ask_flips(model, before, split_dataset, by, flipping, p)),
    )
    found = []
    for i, (key, margin, ask) in enumerate(asked):
        try:
            found.append(ask(_third(progress, i)))
        except RecLensError as problem:
            found.append(cannot_ask(key, margin, problem))
    return AdversarialAudit(
        by=grouping.by,
        questions=judged(tuple(found)),
        seed=seed,
        seconds=time.perf_counter() - start,
        variant=model.variant,
        before=None if before is None else before.variant,
    )


def judged(questions: tuple[AuditQuestion, ...]) -> tuple[AuditQuestion, ...]:
    """The questions with p-values corrected for how many were asked (Holm), and what they show."""
    harm, safe = (
        holm(np.array([np.nan if p is None else p for p in (getattr(q, name) for q in questions)]))
        for name in ("p_harm", "p_safe")
    )
    out = []
    for question, p_harm, p_safe in zip(questions, harm, safe, strict=True):
        if question.p_harm is None:
            out.append(question)
            continue
        status: Status = "hold"
        if p_safe <= NOISE_ABOVE:
            status = "pass"
        elif p_harm <= NOISE_ABOVE:
            status = "fail"
        both = replace(question, p_harm_corrected=float(p_harm), p_safe_corrected=float(p_safe))
        out.append(replace(both, status=status))
    return tuple(out)


def _third(progress: Progress, done: int) -> Progress:
    """Progress of one question as that of all three."""
    return lambda stage, part: progress(stage, (done + part) / len(QUESTIONS))
