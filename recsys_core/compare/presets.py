"""Presets: three levels chosen from what was measured, by rules that a person can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys_core.compare.figures import Figure, figures
from recsys_core.compare.stored import report_to_json
from recsys_core.results import CompressionReport
from recsys_core.variant import Variant


@dataclass(frozen=True, slots=True)
class Rule:
    """The smallest level that keeps these.

    ``most_auc_loss`` counts beyond noise: 0 allows no loss that is more than noise.
    """

    name: str
    most_auc_loss: float
    least_lists: float
    least_reasons: float

    def allows(self, found: dict[str, Figure]) -> bool:
        """Whether a measured level keeps what the rule wants; False where a figure is missing."""
        auc, lists, reasons = found["auc"], found["top_10_kept"], found["top_3_kept"]
        if auc.high is None or lists.value is None or reasons.value is None:
            return False
        kept = lists.value >= self.least_lists and reasons.value >= self.least_reasons
        return kept and auc.high >= -self.most_auc_loss


RULES = (
    Rule("safe", most_auc_loss=0.0, least_lists=0.95, least_reasons=0.95),
    Rule("balanced", most_auc_loss=0.0, least_lists=0.80, least_reasons=0.75),
    Rule("extreme", most_auc_loss=0.02, least_lists=0.50, least_reasons=0.50),
)


def choose_presets(reports: Iterable[CompressionReport]) -> dict[str, Variant | None]:
    """For each rule the smallest level (then the fastest) that it allows; None where none is smaller than dense."""
    levels = [(r, figures(report_to_json(r))) for r in reports]
    smaller = [(r, f) for r, f in levels if r.compressed.size_bytes < r.dense.size_bytes]
    return {rule.name: _smallest(rule, smaller) for rule in RULES}


def _smallest(rule: Rule, levels: list[tuple[CompressionReport, dict[str, Figure]]]) -> Variant | None:
    allowed = [(r, f) for r, f in levels if rule.allows(f)]
    if not allowed:
        return None
    best, _ = min(allowed, key=lambda a: (a[0].compressed.size_bytes, -(a[1]["speed_1"].value or 0), a[0].variant.key))
    return best.variant
