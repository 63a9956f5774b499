"""Compression as tables: a list before and after, whose list changed most, every level; and all for the download."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from dashboard.controls import plain_variant
from dashboard.texts import plain
from recsys_core.compare import report_to_json
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
    """Every measured level with its main figures, for the download."""
    rows = []
    for report in sorted(reports, key=lambda r: r.compressed.size_bytes):
        found = report.compressed
        rows.append(
            {
                plain("compress.map.level"): plain_variant(report.variant),
                "size_bytes": found.size_bytes,
                "n_parameters": found.n_parameters,
                "macs": found.macs,
                **{f"{batch}_{p}_ms": x for batch, spent in found.latency_ms.items() for p, x in spent.items()},
                "auc": found.auc,
                "ndcg@10": found.ndcg,
                "top_10_kept": report.top_10_overlap,
                "top_3_kept": report.explanation_drift["top_3_kept"],
                "rank_correlation": report.explanation_drift["rank_correlation"],
            }
        )
    return pd.DataFrame(rows)


def everything(report: CompressionReport) -> dict:
    """The report of this level, raw."""
    return report_to_json(report)
