"""Deltas: each number of a report beside the dense model's, its interval, and whether it changed at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recsys_core.results import CompressionReport, GroupGap, Latency, Measurement

UNCHANGED, NOISE, BETTER, WORSE, PENDING = "unchanged", "noise", "better", "worse", "pending"
NAMES = ("size_bytes", "speed_1", "speed_256", "auc", "ndcg@10", "top_10_overlap", "top_3_overlap", "group_gap")
SPEED_NOISE = 0.1  # two timings of the same model on a busy machine differ by this share
LEAST_CHANGE = 5e-4  # of AUC, NDCG and gaps: nothing smaller shows in three decimals


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """One number of a variant.

    Attributes
    ----------
    name
        One of ``NAMES``. ``speed_1`` and ``speed_256``: how many times as fast as the dense
        model (median latency at that batch size); ``top_10_overlap`` and ``top_3_overlap``: shares
        of a list and of the three strongest reasons; ``group_gap``: best minus worst group.
    value, dense
        None where not measured (yet) or without meaning.
    change
        ``value - dense``; for ``size_bytes`` and the speeds the relative change.
    low, high
        95 % interval of the change (AUC, NDCG, gap) or of the value (shares kept); for the
        speeds the variant's median and 95th percentile in milliseconds; None for a size.
    verdict
        ``unchanged`` the dense figure (AUC and NDCG: to three decimals); ``noise`` no change
        beyond doubt; ``better``, ``worse``; ``pending`` not measured yet.
    """

    name: str
    value: float | None = None
    dense: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str = PENDING


def deltas(report: CompressionReport, *, column: str | None = None) -> dict[str, Delta]:
    """Deltas by name, of a report that is whole or has parts still missing.

    ``group_gap`` is that by the user column ``column``, by the watched one if None.
    """
    dense, variant = report.dense, report.compressed
    lists, drift = report.list_overlap, report.explanation_drift
    return {
        "size_bytes": _size(dense, variant),
        "speed_1": _speed("speed_1", dense.latency, variant.latency, "batch_1"),
        "speed_256": _speed("speed_256", dense.latency, variant.latency, "batch_256"),
        "auc": _quality("auc", dense.auc, variant.auc, report.noise.auc),
        "ndcg@10": _quality("ndcg@10", dense.ndcg, variant.ndcg, report.noise.ndcg),
        "top_10_overlap": _overlap("top_10_overlap", *((lists.mean, lists.low, lists.high) if lists else ())),
        "top_3_overlap": _overlap(
            "top_3_overlap",
            *((drift.top_3_overlap, drift.top_3_overlap_low, drift.top_3_overlap_high) if drift else ()),
        ),
        "group_gap": _gap(report.gap(column)),
    }


def _size(dense: Measurement, variant: Measurement) -> Delta:
    if dense.cost is None or variant.cost is None:
        return Delta("size_bytes", dense=dense.cost.size_bytes if dense.cost else None)
    before, after = dense.cost.size_bytes, variant.cost.size_bytes
    verdict = UNCHANGED if after == before else (BETTER if after < before else WORSE)
    return Delta("size_bytes", after, before, after / before - 1, verdict=verdict)


def _speed(name: str, dense: Mapping[str, Latency] | None, variant: Mapping[str, Latency] | None, batch: str) -> Delta:
    if not dense or not variant:
        return Delta(name)
    after, ratio = variant[batch], dense[batch].p50 / variant[batch].p50
    if abs(ratio - 1) < SPEED_NOISE:
        verdict = NOISE
    else:
        verdict = BETTER if ratio > 1 else WORSE
    return Delta(name, ratio, 1.0, ratio - 1, after.p50, after.p95, verdict)


def _quality(name: str, before: float | None, after: float | None, noise: float | None) -> Delta:
    if before is None or after is None:
        return Delta(name, dense=before)
    change, half = after - before, noise or 0.0
    low, high = change - half, change + half
    return Delta(name, after, before, change, low, high, _verdict(change, low, high))


def _overlap(name: str, mean: float | None = None, low: float | None = None, high: float | None = None) -> Delta:
    if mean is None:
        return Delta(name)
    return Delta(name, mean, 1.0, mean - 1, low, high, UNCHANGED if mean == 1 else WORSE)


def _gap(gap: GroupGap | None) -> Delta:
    if gap is None:
        return Delta("group_gap")
    # the gap may turn over: what counts is its distance from zero
    verdict = _verdict(gap.change, gap.low, gap.high)
    if verdict in (BETTER, WORSE):
        verdict = WORSE if abs(gap.compressed) > abs(gap.dense) else BETTER
    return Delta("group_gap", gap.compressed, gap.dense, gap.change, gap.low, gap.high, verdict)


def _verdict(change: float, low: float, high: float) -> str:
    if change == 0 or (abs(change) < LEAST_CHANGE and not low <= 0 <= high):
        return UNCHANGED
    if low <= 0 <= high:
        return NOISE
    return BETTER if change > 0 else WORSE
