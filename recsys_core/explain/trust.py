"""How far one explanation can be believed: its own doubt, other methods, its reasons taken away, small changes."""

from __future__ import annotations

import time

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.explain.agreement import compare_explanations
from recsys_core.explain.explain import check_method, explain
from recsys_core.explain.faithfulness import removal_curves
from recsys_core.explain.methods import METHODS
from recsys_core.explain.small_changes import SHARE_OF_RANGE, Asked, contributions_of, small_changes, stays, strongest
from recsys_core.progress import Progress, silent
from recsys_core.results import Explanation
from recsys_core.results.trust import STRONGEST, MethodAgreement, StableShare, Trust

STAGE = "trust"
METHODS_PART = 0.5  # of the time


def examine(asked: Asked, explanation: Explanation, *, progress: Progress = silent) -> Trust:
    """What speaks for and against believing ``explanation``, the answer to ``asked``.

    Every other registered method answers the same question, with the same background, units and seed; the reasons are
    taken away and put in, in the explanation's order and in 20 random ones (`removal_curves`); and the explanation's
    own method answers every small change of the question (`small_changes`).
    """
    start, contributions = time.perf_counter(), np.array([c.contribution for c in explanation.contributions])
    agreements, unanswered = _other_methods(asked, explanation, progress)
    dataset = asked.split_dataset.dataset
    removal = removal_curves(asked.scorer, dataset, explanation, asked.pair, asked.background, seed=asked.seed)
    stability = _stability(asked, explanation, progress)
    return Trust(
        explanation.completeness_gap,
        explanation.standard_error,
        explanation.fit,
        explanation.exact,
        agreements,
        unanswered,
        removal,
        min(STRONGEST, int((contributions > 0).sum())),
        len(strongest(contributions)),
        stability,
        time.perf_counter() - start,
        explanation.units,
    )


def _other_methods(
    asked: Asked, explanation: Explanation, progress: Progress
) -> tuple[tuple[MethodAgreement, ...], tuple[str, ...]]:
    others = sorted((m for m in METHODS.values() if m.name != explanation.method), key=lambda m: m.place)
    found, unanswered = [], []
    for done, method in enumerate(others):
        progress(STAGE, METHODS_PART * done / len(others))
        try:
            check_method(asked.scorer, method=method.name, history=explanation.history)
        except SettingError:
            unanswered.append(method.name)
            continue
        found.append(_agreement(explanation, _answer(asked, explanation, method.name)))
    return tuple(found), tuple(unanswered)


def _answer(asked: Asked, like: Explanation, method: str) -> Explanation:
    """Another question or another method, explained as ``like`` was."""
    return explain(
        asked.scorer,
        asked.split_dataset.dataset,
        asked.pair,
        asked.background,
        method=method,
        history=like.history,
        seed=like.seed,
        units=like.units,
    )


def _agreement(first: Explanation, second: Explanation) -> MethodAgreement:
    found = compare_explanations(first, second)
    return MethodAgreement(
        second.method,
        found.rank_correlation,
        found.top_3_overlap,
        found.same_signs,
        found.n_common,
        second.fit,
        second.completeness_gap,
        second.seconds,
    )


def _stability(asked: Asked, explanation: Explanation, progress: Progress) -> tuple[StableShare, ...]:
    """Of each kind of small change that could be made, how many leave the strongest reasons as they are."""
    before, changes = contributions_of(explanation), list(small_changes(asked))
    kept: dict[str, list[bool]] = {}
    what: dict[str, list[str]] = {}
    for done, change in enumerate(changes):
        progress(STAGE, METHODS_PART + (1 - METHODS_PART) * done / len(changes))
        after = contributions_of(_answer(change.asked, explanation, explanation.method))
        kept.setdefault(change.kind, []).append(stays(before, after))
        what.setdefault(change.kind, []).append(change.what)
    return tuple(
        StableShare(
            kind,
            len(kept[kind]),
            sum(kept[kind]),
            tuple(dict.fromkeys(what[kind])),
            SHARE_OF_RANGE if kind == "numbers" else None,
        )
        for kind in ("numbers", "history", "background")
        if kind in kept
    )
