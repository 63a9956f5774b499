"""The front of a search as a table of texts."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.search import name_of
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.search import Tried


def front(points: list[Tried]) -> pd.DataFrame:
    """A row a variant with the four things that were weighed."""
    rows = [
        {
            "name": name_of(tried.variant),
            "ndcg": numbers.fixed(tried.ndcg, 4),
            "gap": numbers.fixed(tried.gap, 4),
            "size": numbers.size(tried.size_bytes),
            "kept": numbers.percent(tried.reasons_kept),
        }
        for tried in points
    ]
    return pd.DataFrame(rows, columns=["name", "ndcg", "gap", "size", "kept"])


def columns() -> dict[str, RowColumn]:
    """Heads of `front`."""
    return {
        "name": RowColumn(plain("search.tried"), wrap=True),
        "ndcg": RowColumn(plain("search.tried.y"), right=True),
        "gap": RowColumn(plain("search.table.gap"), right=True),
        "size": RowColumn(plain("search.table.size"), right=True),
        "kept": RowColumn(plain("search.table.kept"), right=True),
    }
