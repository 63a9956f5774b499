"""Tables of the adversarial audit: its questions, and what flips and probe found beside."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.fairness import chance
from dashboard.presentation.sentences.gap_reasons import figure
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.adversarial_audit import AdversarialAudit, AuditQuestion
from recsys_core.results.attribute_audit import Share


def questions(found: AdversarialAudit) -> pd.DataFrame:
    """A row a question."""
    return pd.DataFrame([_row(question) for question in found.questions])


def _row(question: AuditQuestion) -> dict[str, str]:
    is_known = question.figure is not None
    low, high = figure(question, question.low), figure(question, question.high)
    ends = (question.change, question.change_low, question.change_high)
    changed = " ".join(numbers.signed(end, 3) for end in ends if end is not None)
    return {
        plain("adversarial.question"): plain(f"adversarial.{question.key}"),
        plain("adversarial.status"): plain(f"adversarial.status.{question.status}"),
        plain("adversarial.figure"): figure(question, question.figure),
        plain("fairness.interval"): plain("fairness.range", low=low, high=high) if is_known else "",
        plain("adversarial.before"): "" if question.before is None else figure(question, question.before),
        plain("adversarial.change"): changed,
        plain("adversarial.p_harm"): _chance(question.p_harm_corrected),
        plain("adversarial.p_safe"): _chance(question.p_safe_corrected),
        plain("adversarial.n"): numbers.count(question.n) if is_known else "",
    }


def _chance(p: float | None) -> str:
    return "" if p is None else chance(p)


def attribute(found: AdversarialAudit) -> pd.DataFrame:
    """The individual measures of the attribute: flips and leakage, a row a measure."""
    flips, leak = found.question("flips").flips, found.question("leakage").leakage
    rows: list[tuple[str, Share]] = []
    if flips is not None:
        names = ("scores", "mean_change", "lists", "overlap", "explanations")
        rows += [(f"flip_{name}", getattr(flips, name)) for name in names]
    if leak is not None:
        rows += [("leakage_auc", leak.auc), ("leakage_accuracy", leak.accuracy)]
    columns = [
        plain(key) for key in ("fairness.measure", "adversarial.figure", "fairness.interval", "adversarial.what")
    ]
    return pd.DataFrame([_measure(name, share) for name, share in rows], columns=columns)


def _measure(name: str, share: Share) -> tuple[str, str, str, str]:
    low, high = numbers.fixed(share.low, 3), numbers.fixed(share.high, 3)
    said = plain("fairness.range", low=low, high=high)
    return plain(f"measure.{name}"), numbers.fixed(share.value, 3), said, plain(f"measure.what.{name}")
