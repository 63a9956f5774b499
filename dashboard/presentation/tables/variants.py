"""Compression as tables: a list before and after, whose list changed most, every level; and all for the download."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import pandas as pd

from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.variants import plain_variant
from recsys_core.compare import Delta, MeasuredVariant, deltas
from recsys_core.results import CompressionReport, Latency, Recommendation, measured

UP, DOWN = "▲", "▼"


def before_and_after(before: Recommendation, after: Recommendation) -> pd.DataFrame:
    """The two lists line by line, and how far the items of the second one moved."""
    ranks = {item.item_index: item.rank for item in before.items}
    n = max(len(before.items), len(after.items))
    titles = [[item.title for item in side.items] + [""] * (n - len(side.items)) for side in (before, after)]
    moves = [_move(ranks.get(item.item_index), item.rank) for item in after.items]
    return pd.DataFrame(
        {
            "rank": range(1, n + 1),
            "before": titles[0],
            "after": titles[1],
            "move": moves + [""] * (n - len(moves)),
        }
    )


def _move(before: int | None, after: int) -> str:
    if before is None:
        return plain("compress.lists.new")
    if before == after:
        return plain("compress.lists.same")
    return f"{UP if after < before else DOWN} {abs(before - after)}"


def gone(before: Recommendation, after: Recommendation) -> list[str]:
    """Titles that the second list no longer has."""
    kept = {item.item_index for item in after.items}
    return [item.title for item in before.items if item.item_index not in kept]


def most_changed(report: CompressionReport, ids: list[str], names: dict[str, str]) -> pd.DataFrame:
    """Users who keep fewest of their list, and how many of it; ``ids`` of those users, ``names`` by id."""
    kept = [share for _, share in measured(report.list_overlap).most_changed]
    shown = {share: plain("compress.changed.of", kept=round(10 * share)) for share in set(kept)}
    return pd.DataFrame({"kept": [shown[share] for share in kept], "user": [names[i] for i in ids]})


def measured_variants(reports: Iterable[CompressionReport]) -> pd.DataFrame:
    """Every measured variant with its main figures as raw numbers and their 95 % intervals, for the download."""
    return pd.DataFrame([_row(r) for r in sorted(reports, key=lambda r: (measured(r.size_bytes), r.variant.key))])


def _row(report: CompressionReport) -> dict[str, object]:
    variant, known = report.compressed, deltas(report)
    quality = {name: known[name] for name in ("auc", "ndcg@10", "group_gap")}
    auc, drift = measured(report.auc_interval), measured(report.explanation_drift)
    return {
        plain("compress.map.level"): plain_variant(report.variant),
        "key": report.variant.key,
        **asdict(measured(variant.cost)),
        **_latencies("", variant.latency),
        **_latencies("full_model_", report.dense.latency),
        **_latencies("full_model_same_runtime_", report.same_runtime),
        "auc": variant.auc,
        "auc_low": auc.compressed[0],
        "auc_high": auc.compressed[1],
        "ndcg@10": variant.ndcg,
        "recall@10": variant.recall,
        **{column: x for name, delta in quality.items() for column, x in _change(name, delta).items()},
        **{f"top_10_overlap{end}": x for end, x in _with_ends(known["top_10_overlap"]).items()},
        **{f"top_3_overlap{end}": x for end, x in _with_ends(known["top_3_overlap"]).items()},
        "rank_correlation": drift.rank_correlation,
        "users_with_ties_across": measured(report.ties).compressed.across,
        "users_who_keep_none": measured(report.lost_most).kept_none,
        "n_users": report.n_users,
        "n_test_users": report.n_test_users,
    }


def _change(name: str, delta: Delta) -> dict[str, float | None]:
    return {f"{name}_change": delta.change, f"{name}_change_low": delta.low, f"{name}_change_high": delta.high}


def _with_ends(delta: Delta) -> dict[str, float | None]:
    return {"": delta.value, "_low": delta.low, "_high": delta.high}


def _latencies(name: str, by_batch: Mapping[str, Latency] | None) -> dict[str, float]:
    spent = (by_batch or {}).items()
    return {f"{name}{batch}_{p}_ms": x for batch, latency in spent for p, x in asdict(latency).items()}


def side_by_side(points: list[MeasuredVariant], names: list[str]) -> pd.DataFrame:
    """The measured variants as they stand under the parallel coordinates, in words: one row a variant, its name first.

    Columns that are empty for all are left out.
    """
    rows = [
        {
            "name": name,
            "size": numbers.fixed(point.size_bytes / 1000, 1),
            "speed": numbers.fixed(point.speed, 1),
            "auc": numbers.fixed(point.auc, 3),
            "lists": numbers.percent(point.lists.value),
            "reasons": numbers.percent(point.reasons.value),
            "gap": numbers.fixed(point.gap, 3),
        }
        for point, name in zip(points, names, strict=True)
    ]
    table = pd.DataFrame(rows)
    return table.loc[:, (table != numbers.UNKNOWN).any()]
