"""Compression as tables: a list before and after, whose list changed most, every level; and all for the download."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from dashboard.presentation.texts import plain
from dashboard.presentation.variants import plain_variant
from recsys_core.compare import Figure, figures, report_to_json
from recsys_core.results import CompressionReport, Recommendation

UP, DOWN = "▲", "▼"


def before_and_after(before: Recommendation, after: Recommendation) -> pd.DataFrame:
    """The two lists line by line, and how far the items of the second one moved."""
    place = {item.item_index: item.rank for item in before.items}
    n = max(len(before.items), len(after.items))
    titles = [[item.title for item in side.items] + [""] * (n - len(side.items)) for side in (before, after)]
    moves = [_move(place.get(item.item_index), item.rank) for item in after.items]
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
    kept = [share for _, share in report.extra["top_10_kept"]["most_changed"]]
    shown = {share: plain("compress.changed.of", kept=round(10 * share)) for share in set(kept)}
    return pd.DataFrame({"kept": [shown[share] for share in kept], "user": [names[i] for i in ids]})


def levels(reports: Iterable[CompressionReport]) -> pd.DataFrame:
    """Every measured level with its main figures as raw numbers and their 95 % intervals, for the download."""
    return pd.DataFrame([_level_row(r) for r in sorted(reports, key=lambda r: r.compressed.size_bytes)])


def _level_row(report: CompressionReport) -> dict[str, object]:
    found, known = report.compressed, figures(report_to_json(report))
    quality = {name: known[name] for name in ("auc", "ndcg@10", "group_gap")}
    lists, drift = report.extra["top_10_kept"], report.explanation_drift
    return {
        plain("compress.map.level"): plain_variant(report.variant),
        "key": report.variant.key,
        "size_bytes": found.size_bytes,
        "text_bytes": found.text_bytes,
        "encoder_bytes": found.encoder_bytes,
        "n_parameters": found.n_parameters,
        "macs": found.macs,
        **_latencies("", found.latency_ms),
        **_latencies("full_model_", report.dense.latency_ms),
        **_latencies("full_model_same_runtime_", report.same_runtime_ms or {}),
        "auc": found.auc,
        "auc_low": report.auc_interval["variant"][0],
        "auc_high": report.auc_interval["variant"][1],
        "ndcg@10": found.ndcg,
        "recall@10": found.recall,
        **{column: x for name, figure in quality.items() for column, x in _change(name, figure).items()},
        "top_10_kept": report.top_10_overlap,
        "top_10_kept_low": lists["low"],
        "top_10_kept_high": lists["high"],
        "top_3_kept": drift["top_3_kept"],
        "top_3_kept_low": drift["top_3_kept_low"],
        "top_3_kept_high": drift["top_3_kept_high"],
        "rank_correlation": drift["rank_correlation"],
        "users_with_ties_across": report.ties["variant"]["across"],
        "users_who_keep_none": report.extra["lost_most"]["kept_none"],
        "n_users": report.n_users,
        "n_test_users": report.n_test_users,
    }


def _change(name: str, figure: Figure) -> dict[str, float | None]:
    return {f"{name}_change": figure.change, f"{name}_change_low": figure.low, f"{name}_change_high": figure.high}


def _latencies(name: str, latency_ms: dict[str, dict[str, float]]) -> dict[str, float]:
    return {f"{name}{batch}_{p}_ms": x for batch, spent in latency_ms.items() for p, x in spent.items()}


def everything(report: CompressionReport) -> dict:
    """The report of this level, raw."""
    return report_to_json(report)
