"""Results of an adversarial audit: three attempts to find a model unfair, in one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from recsys_core.errors import Phrase
from recsys_core.results.attribute_audit import AttributeFlips, Leakage
from recsys_core.results.dataclass_json import to_json
from recsys_core.results.subgroups import SubgroupCondition
from recsys_core.variant import DENSE, ModelVariant

Status = Literal["pass", "hold", "fail"]
QUESTIONS = ("leakage", "subgroup", "flips")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditQuestion:
    """One attempt.

    Attributes
    ----------
    key
        ``leakage`` (can a probe read the attribute: AUC), ``subgroup`` (by how much is the worst-served subgroup behind
        everyone else: NDCG@10) or ``flips`` (in what share of users' top ten does another value change items).
    status
        ``pass``: shown to be below ``margin``; ``fail``: shown to be there, and not shown to be below the margin;
        ``hold``: the data cannot tell. Both by p-values after Holm's correction for the three questions, at 0.05.
    figure, low, high
        With its 95 % interval; None where the question cannot be asked, with the ``reason``.
    before, change, change_low, change_high
        The same of the model before, and what the mending changed (interval where the two are paired user by user).
    p_harm, p_safe
        Chance of such data if there were no harm, and if the harm were as large as the margin; ``…_corrected`` (Holm).
    subject
        The worst subgroup, in words of the data; ``conditions`` are its own.
    leakage, flips
        All that the probe and the flips found, of their questions.
    """

    key: str
    status: Status
    margin: float
    figure: float | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    p_harm: float | None = None
    p_harm_corrected: float | None = None
    p_safe: float | None = None
    p_safe_corrected: float | None = None
    n: int = 0
    subject: str = ""
    reason: Phrase | None = None
    conditions: tuple[SubgroupCondition, ...] = ()
    leakage: Leakage | None = None
    flips: AttributeFlips | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; the reason in English."""
        whole = ("leakage", "flips")
        fields = (name for name in self.__dataclass_fields__ if name not in ("reason", "conditions", *whole))
        found = {name: None if (part := getattr(self, name)) is None else part.to_json() for name in whole}
        reason = None if self.reason is None else str(self.reason)
        return {name: to_json(getattr(self, name)) for name in fields} | found | {"reason": reason}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AdversarialAudit:
    """Leakage, the worst subgroup and flips of one model, beside those of the one before a mending.

    ``verdict`` is ``fail`` where one question fails, ``pass`` where all pass, else ``hold``: never stronger than the
    weakest of the three.
    """

    by: tuple[str, ...]
    questions: tuple[AuditQuestion, ...]
    seed: int
    seconds: float
    variant: ModelVariant = DENSE
    before: ModelVariant | None = None

    @property
    def verdict(self) -> Status:
        statuses = {question.status for question in self.questions}
        if "fail" in statuses:
            return "fail"
        return "pass" if statuses == {"pass"} else "hold"

    def question(self, key: str) -> AuditQuestion:
        return next(question for question in self.questions if question.key == key)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; variants by key."""
        return {
            "by": list(self.by),
            "verdict": self.verdict,
            "questions": [question.to_json() for question in self.questions],
            "seed": self.seed,
            "seconds": self.seconds,
            "variant": self.variant.key,
            "before": None if self.before is None else self.before.key,
        }
