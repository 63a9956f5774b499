"""Levels: what the curves over many variants need of each report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys_core.results import CompressionReport
from recsys_core.variant import ModelVariant

DEAD_SHARE = 0.2  # of what the full model's AUC has above chance
CHANCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One measured variant as a point: ``lists`` and ``reasons`` are shares kept, with their intervals.

    ``auc_share`` is what is left of the dense model's AUC above chance, see `auc_share`. None
    where not known.
    """

    variant: ModelVariant
    size_bytes: int
    auc: float | None
    dense_auc: float | None
    auc_share: float | None
    lists: float | None
    lists_low: float | None
    lists_high: float | None
    reasons: float | None
    reasons_low: float | None
    reasons_high: float | None


def auc_share(auc: float | None, dense: float | None) -> float | None:
    """AUC above chance as a share of the dense model's: 1 as good as it, 0 no better than chance.

    None where one is not known, or the dense model itself is no better than chance.

    >>> auc_share(0.5, 0.86), round(auc_share(0.8, 0.9), 2)
    (0.0, 0.75)
    """
    if auc is None or dense is None or dense <= CHANCE:
        return None
    return (auc - CHANCE) / (dense - CHANCE)


def is_dead(found: dict) -> bool:
    """Whether a model no longer tells items apart, from a report's JSON.

    So it is where the 95 % interval of its AUC reaches down to one half, or less than a fifth
    of the dense model's AUC above one half is left. False while the AUC is not known.
    """
    ends = found.get("auc_interval", {}).get("variant")
    if not ends or ends[0] is None:
        return False
    share = auc_share(found["variant"].get("auc"), found["dense"].get("auc"))
    return ends[0] <= CHANCE or (share is not None and share < DEAD_SHARE)


def levels(reports: Iterable[CompressionReport]) -> list[Level]:
    """One level a report, in order of size."""
    return sorted((_level(r) for r in reports), key=lambda level: level.size_bytes)


def _level(report: CompressionReport) -> Level:
    lists, drift = report.extra.get("top_10_kept", {}), report.explanation_drift
    return Level(
        report.variant,
        report.compressed.size_bytes,
        report.compressed.auc,
        report.dense.auc,
        auc_share(report.compressed.auc, report.dense.auc),
        report.top_10_overlap,
        lists.get("low"),
        lists.get("high"),
        drift.get("top_3_kept"),
        drift.get("top_3_kept_low"),
        drift.get("top_3_kept_high"),
    )
