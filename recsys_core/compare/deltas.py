"""Figures: each number of a report beside the dense model's, its doubt, and whether it changed at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNCHANGED, NOISE, BETTER, WORSE, PENDING = "unchanged", "noise", "better", "worse", "pending"
NAMES = ("size_bytes", "speed_1", "speed_256", "auc", "ndcg@10", "top_10_kept", "top_3_kept", "group_gap")
SPEED_NOISE = 0.1  # two timings of the same model on a busy machine differ by this share
LEAST_CHANGE = 5e-4  # of AUC, NDCG and gaps: nothing smaller shows in three decimals


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """One number of a variant.

    Attributes
    ----------
    name
        One of ``NAMES``. ``speed_1`` and ``speed_256``: how many times as fast as the dense
        model (median latency at that batch size); ``top_10_kept`` and ``top_3_kept``: shares
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


def figures(found: dict) -> dict[str, Figure]:
    """Figures by name from a report's JSON (`report_to_json`), whole or with parts still missing."""
    dense, variant = found.get("dense", {}), found.get("variant", {})
    noise = found.get("noise", {})
    drift, lists = found.get("explanation_drift"), found.get("extra", {}).get("top_10_kept")
    made = {
        "size_bytes": _size(dense, variant),
        "speed_1": _speed("speed_1", "batch_1", dense, variant),
        "speed_256": _speed("speed_256", "batch_256", dense, variant),
        "auc": _quality("auc", dense, variant, noise),
        "ndcg@10": _quality("ndcg@10", dense, variant, noise),
        "top_10_kept": _kept("top_10_kept", lists),
        "top_3_kept": _kept("top_3_kept", _drift_part(drift)),
        "group_gap": _gap(found.get("group_gap", {})),
    }
    return made


def _size(dense: dict, variant: dict) -> Figure:
    before, after = dense.get("size_bytes"), variant.get("size_bytes")
    if before is None or after is None:
        return Figure("size_bytes", dense=before)
    verdict = UNCHANGED if after == before else (BETTER if after < before else WORSE)
    return Figure("size_bytes", after, before, after / before - 1, verdict=verdict)


def _speed(name: str, batch: str, dense: dict, variant: dict) -> Figure:
    before, after = (side.get("latency_ms", {}).get(batch) for side in (dense, variant))
    if not before or not after:
        return Figure(name)
    ratio = before["p50"] / after["p50"]
    if abs(ratio - 1) < SPEED_NOISE:
        verdict = NOISE
    else:
        verdict = BETTER if ratio > 1 else WORSE
    return Figure(name, ratio, 1.0, ratio - 1, after["p50"], after["p95"], verdict)


def _quality(name: str, dense: dict, variant: dict, noise: dict) -> Figure:
    before, after = dense.get(name), variant.get(name)
    if before is None or after is None:
        return Figure(name, dense=before)
    change, half = after - before, noise.get(name) or 0.0
    low, high = change - half, change + half
    return Figure(name, after, before, change, low, high, _verdict(change, low, high))


def _kept(name: str, part: dict | None) -> Figure:
    if not part or part["mean"] is None or math.isnan(part["mean"]):
        return Figure(name)
    mean = part["mean"]
    verdict = UNCHANGED if mean == 1 else WORSE
    return Figure(name, mean, 1.0, mean - 1, part["low"], part["high"], verdict)


def _drift_part(drift: dict | None) -> dict | None:
    if not drift:
        return None
    return {"mean": drift["top_3_kept"], "low": drift["top_3_kept_low"], "high": drift["top_3_kept_high"]}


def _gap(gap: dict) -> Figure:
    if gap.get("change") is None:
        return Figure("group_gap")
    # the gap may turn over: what counts is its distance from zero
    verdict = _verdict(gap["change"], gap["low"], gap["high"])
    if verdict in (BETTER, WORSE):
        verdict = WORSE if abs(gap["compressed"]) > abs(gap["dense"]) else BETTER
    return Figure("group_gap", gap["compressed"], gap["dense"], gap["change"], gap["low"], gap["high"], verdict)


def _verdict(change: float, low: float, high: float) -> str:
    if change == 0 or (abs(change) < LEAST_CHANGE and not low <= 0 <= high):
        return UNCHANGED
    if low <= 0 <= high:
        return NOISE
    return BETTER if change > 0 else WORSE
