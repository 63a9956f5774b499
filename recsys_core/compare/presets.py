"""Presets: three levels chosen from what was measured, by rules that a person can read; and a budget of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from recsys_core.compare.deltas import Delta, deltas
from recsys_core.compare.measured_variants import is_dead
from recsys_core.results import CompressionReport, measured
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

    def allows(self, report: CompressionReport) -> bool:
        """Whether a level keeps what the rule wants; False where a figure is missing."""
        known = deltas(report)
        lists, reasons = report.top_10_overlap, report.top_3_overlap
        if lists is None or reasons is None or is_dead(report) or has_ties(report):
            return False
        kept = lists >= self.least_lists and reasons >= self.least_reasons
        return kept and all(self._loses_little(known[name]) for name in ("auc", "ndcg@10"))

    def _loses_little(self, quality: Delta) -> bool:
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

    def allows(self, report: CompressionReport) -> bool:
        """Whether a level is within it; never one that is dead or cuts lists off within ties."""
        lists, size = report.top_10_overlap, report.size_bytes
        if lists is None or size is None or is_dead(report) or has_ties(report):
            return False
        return size <= self.most_bytes and lists >= self.least_lists


def has_ties(report: CompressionReport) -> bool:
    """Whether equal scores cut off the lists of more than a small share of users, the dense model's aside."""
    ties = report.ties
    return ties is not None and (ties.compressed.across or 0.0) > (ties.dense.across or 0.0) + MOST_TIED


def is_on_sliders(variant: ModelVariant) -> bool:
    """Whether sparsity in whole per cent, pruning, bits and neighbours alone say it: no other lever, no re-ranked list.

    >>> is_on_sliders(ModelVariant.compressed(0.5, 8)), is_on_sliders(ModelVariant.compressed(distill=32))
    (True, False)
    """
    compression = variant.compression
    sparsity, neighbours = round(compression.sparsity, 2), compression.neighbours
    same = ModelVariant.compressed(sparsity, compression.bits, compression.pruning, neighbours=neighbours)
    return variant == replace(same, model=variant.model)


def choose_presets(reports: Iterable[CompressionReport]) -> dict[str, ModelVariant | None]:
    """For each rule the smallest level (then the fastest) that it allows; None where none is smaller than dense.

    Only levels that sliders can set.
    """
    every = [r for r in reports if is_on_sliders(r.variant)]
    smaller = [r for r in every if measured(r.compressed.cost).size_bytes < measured(r.dense.cost).size_bytes]
    return {rule.name: smallest_allowed(smaller, rule.allows) for rule in RULES}


def smallest_allowed(
    reports: Iterable[CompressionReport], allows: Callable[[CompressionReport], bool]
) -> ModelVariant | None:
    """The smallest measured level (then the fastest) that ``allows`` its report; None where there is none."""
    allowed = [report for report in reports if allows(report)]
    return min(allowed, key=_size_then_speed).variant if allowed else None


def _size_then_speed(report: CompressionReport) -> tuple[int, float, str]:
    speed = deltas(report)["speed_1"].value
    return measured(report.compressed.cost).size_bytes, -(speed or 0), report.variant.key
