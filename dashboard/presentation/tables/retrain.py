"""Two models beside each other, as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import ModelComparison

MEASURES = {"ndcg@10": "NDCG@10", "recall@10": "recall@10", "auc": "AUC"}


def quality(found: ModelComparison) -> pd.DataFrame:
    """A row a measure: both figures with their intervals, the difference with its own; lists and reasons below."""
    rows = [
        {
            "measure": MEASURES[row.name],
            "first": with_ends(row.first, row.first_ends),
            "second": with_ends(row.second, row.second_ends),
            "change": with_ends(row.change, (row.low, row.high), signed=True),
        }
        for row in found.quality
    ]
    lists, drift = found.lists, found.reasons
    kept = {
        "lists": lists and (lists.mean, lists.low, lists.high),
        "reasons": drift and (drift.top_3_overlap, drift.top_3_overlap_low, drift.top_3_overlap_high),
    }
    for name, ends in kept.items():
        if ends:
            shown = with_ends(ends[0], ends[1:])
            rows.append({"measure": plain(f"retrain.table.{name}"), "first": "", "second": shown, "change": ""})
    return pd.DataFrame(rows)


def with_ends(value: float | None, ends: tuple[float | None, ...], *, signed: bool = False) -> str:
    """ "0.213 (0.201 to 0.225)"; the figure alone where there is no interval."""
    shown = numbers.signed if signed else numbers.fixed
    if value is None:
        return numbers.UNKNOWN
    if None in ends:
        return shown(value, 3)
    low, high = (shown(end, 3) for end in ends)
    return plain("retrain.table.interval", value=shown(value, 3), low=low, high=high)


def quality_columns(first: str, second: str) -> dict[str, RowColumn]:
    """How the table is headed, by the models' names."""
    return {
        "measure": RowColumn(plain("retrain.table.measure")),
        "first": RowColumn(first),
        "second": RowColumn(second),
        "change": RowColumn(plain("retrain.table.change"), help=plain("retrain.table.change.help")),
    }
