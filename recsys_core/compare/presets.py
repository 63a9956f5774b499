"""Presets: three levels chosen from what was measured, by rules that a person can read; and a budget of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recsys_core.compare.deltas import Figure, figures
from recsys_core.compare.levels import is_dead
from recsys_core.compare.report_store import report_to_json
from recsys_core.results import CompressionReport
from recsys_core.variant import ModelVariant

MOST_TIED = 0.01  # share of users whose list may be cut off within a tie, beyond the dense model's own share


@dataclass(frozen=True, slots=True)
class Rule:
    """The smallest level that keeps these.

    ``most_loss`` of AUC and of NDCG@10 counts beyond noise: 0 allows no loss that is more than
    noise. No rule allows a model that no longer tells items apart, or lists that ties cut off.
    """

    name: str
    most_loss: float
    least_lists: float
    least_reasons: float

    def allows(self, found: dict) -> bool:
        """Whether a level (its report's JSON) keeps what the rule wants; False where a figure is missing."""
        known = figures(found)
        lists, reasons = known["top_10_kept"].value, known["top_3_kept"].value
        if lists is None or reasons is None or is_dead(found) or has_ties(found):
            return False
        kept = lists >= self.least_lists and reasons >= self.least_reasons
        return kept and all(self._loses_little(known[name]) for name in ("auc", "ndcg@10"))

    def _loses_little(self, quality: Figure) -> bool:
        return quality.high is not None and quality.high >= -self.most_loss


RULES = (
    Rule("safe", most_loss=0.0, least_lists=0.95, least_reasons=0.95),
    Rule("balanced", most_loss=0.0, least_lists=0.80, least_reasons=0.75),
    Rule("extreme", most_loss=0.02, least_lists=0.50, least_reasons=0.50),
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What somebody can afford: at most so many bytes, at least this share of the lists kept."""

    most_bytes: float
    least_lists: float

    def allows(self, found: dict) -> bool:
        """Whether a level (its report's JSON) is within it; never one that is dead or cuts lists off within ties."""
        lists, size = found.get("top_10_overlap"), found["variant"].get("size_bytes")
        if lists is None or size is None or is_dead(found) or has_ties(found):
            return False
        return size <= self.most_bytes and lists >= self.least_lists


def has_ties(found: dict) -> bool:
    """Whether equal scores cut off the lists of more than a small share of users, the dense model's aside."""
    ties = found.get("ties", {})
    across = {side: ties.get(side, {}).get("across") or 0.0 for side in ("dense", "variant")}
    return across["variant"] > across["dense"] + MOST_TIED


def choose_presets(reports: Iterable[CompressionReport]) -> dict[str, ModelVariant | None]:
    """For each rule the smallest level (then the fastest) that it allows; None where none is smaller than dense.

    Only levels that sliders can set: a student of another width is not among them.
    """
    every = [r for r in reports if not r.variant.compression.distill]
    smaller = [r for r in every if r.compressed.size_bytes < r.dense.size_bytes]
    return {rule.name: smallest_allowed(smaller, rule.allows) for rule in RULES}


def smallest_allowed(reports: Iterable[CompressionReport], allows: Callable[[dict], bool]) -> ModelVariant | None:
    """The smallest measured level (then the fastest) that ``allows`` its report's JSON; None where there is none."""
    levels = [(r, found) for r, found in ((r, report_to_json(r)) for r in reports) if allows(found)]
    if not levels:
        return None
    best, _ = min(levels, key=_size_then_speed)
    return best.variant


def _size_then_speed(level: tuple[CompressionReport, dict]) -> tuple[int, float, str]:
    report, found = level
    return report.compressed.size_bytes, -(figures(found)["speed_1"].value or 0), report.variant.key
