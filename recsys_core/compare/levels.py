"""Levels: what the curves over many variants need of each report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys_core.results import CompressionReport
from recsys_core.variant import Variant


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One measured variant as a point: ``lists`` and ``reasons`` are shares kept, with their intervals.

    ``auc_share`` is the AUC as a share of the dense model's. None where not known.
    """

    variant: Variant
    size_bytes: int
    auc: float | None
    auc_share: float | None
    lists: float | None
    lists_low: float | None
    lists_high: float | None
    reasons: float | None
    reasons_low: float | None
    reasons_high: float | None


def levels(reports: Iterable[CompressionReport]) -> list[Level]:
    """One level a report, in order of size."""
    return sorted((_level(r) for r in reports), key=lambda level: level.size_bytes)


def _level(report: CompressionReport) -> Level:
    auc, dense = report.compressed.auc, report.dense.auc
    lists, drift = report.extra.get("top_10_kept", {}), report.explanation_drift
    return Level(
        report.variant,
        report.compressed.size_bytes,
        auc,
        auc / dense if auc and dense else None,
        report.top_10_overlap,
        lists.get("low"),
        lists.get("high"),
        drift.get("top_3_kept"),
        drift.get("top_3_kept_low"),
        drift.get("top_3_kept_high"),
    )
