"""What a counterfactual changes, as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation import wording
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.data.dataset import Dataset
from recsys_core.results import ChangedColumn, Counterfactual, TakenOff
from recsys_core.results.counterfactual import REMOVE_HISTORY


def changes(data: Dataset, found: Counterfactual, names: dict[str, str]) -> pd.DataFrame:
    """A row an item taken off (``item``), or a column changed (``column before after share``)."""
    if found.kind == REMOVE_HISTORY:
        return pd.DataFrame({"item": [names.get(c.item_id, c.title) for c in found.changes if isinstance(c, TakenOff)]})
    rows = [change for change in found.changes if isinstance(change, ChangedColumn)]
    return pd.DataFrame(
        {
            "column": [wording.feature_name(data, c.player) for c in rows],
            "before": [wording.in_words(data, c.player, c.before) for c in rows],
            "after": [wording.in_words(data, c.player, c.after) for c in rows],
            "share": [numbers.percent(c.share) for c in rows],
        }
    )


def change_columns(found: Counterfactual) -> dict[str, RowColumn]:
    """How the table's columns are headed."""
    if found.kind == REMOVE_HISTORY:
        return {"item": RowColumn(plain("counterfactual.table.item"))}
    return {
        "column": RowColumn(plain("counterfactual.table.column")),
        "before": RowColumn(plain("counterfactual.table.before")),
        "after": RowColumn(plain("counterfactual.table.after")),
        "share": RowColumn(plain("counterfactual.table.share"), help=plain("counterfactual.table.share.help")),
    }
