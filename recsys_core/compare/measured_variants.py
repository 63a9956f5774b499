"""Measured variants as points: what pictures and tables over many reports need of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recsys_core.compare.deltas import Delta, deltas
from recsys_core.results import CompressionReport, measured
from recsys_core.variant import ModelVariant

DEAD_SHARE = 0.2  # of what the full model's AUC has above chance
CHANCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredVariant:
    """One measured variant as a point; None where a figure is not known.

    ``auc_share`` is what is left of the dense model's AUC above chance, see `auc_share`; ``lists`` and ``reasons``
    are shares kept, with their intervals; ``speed`` is how many times as fast as the dense model one user's list
    is scored, ``gap`` the distance between the groups of the watched column. ``neighbours``: entries of the fullest
    column of the item-item term, 0 without one.
    """

    variant: ModelVariant
    size_bytes: int
    auc: float | None
    dense_auc: float | None
    auc_share: float | None
    lists: Delta
    reasons: Delta
    speed: float | None
    gap: float | None
    neighbours: int = 0


def auc_share(auc: float | None, dense: float | None) -> float | None:
    """AUC above chance as a share of the dense model's: 1 as good as it, 0 no better than chance.

    None where one is not known, or the dense model itself is no better than chance.

    >>> auc_share(0.5, 0.86), round(auc_share(0.8, 0.9), 2)
    (0.0, 0.75)
    """
    if auc is None or dense is None or dense <= CHANCE:
        return None
    return (auc - CHANCE) / (dense - CHANCE)


def is_dead(report: CompressionReport) -> bool:
    """Whether a model no longer tells items apart.

    So it is where the 95 % interval of its AUC reaches down to one half, or less than a fifth
    of the dense model's AUC above one half is left. False while the AUC is not known.
    """
    low = report.auc_interval.compressed[0] if report.auc_interval else None
    if low is None:
        return False
    share = auc_share(report.compressed.auc, report.dense.auc)
    return low <= CHANCE or (share is not None and share < DEAD_SHARE)


def measured_variants(reports: Iterable[CompressionReport]) -> list[MeasuredVariant]:
    """One point a report, in order of size."""
    return sorted((_point(r) for r in reports), key=lambda point: (point.size_bytes, point.variant.key))


def _point(report: CompressionReport) -> MeasuredVariant:
    known = deltas(report)
    gap = known["group_gap"].value
    return MeasuredVariant(
        report.variant,
        measured(report.compressed.cost).size_bytes,
        report.compressed.auc,
        report.dense.auc,
        auc_share(report.compressed.auc, report.dense.auc),
        known["top_10_overlap"],
        known["top_3_overlap"],
        known["speed_256"].value,
        None if gap is None else abs(gap),
        measured(report.compressed.cost).neighbours,
    )
