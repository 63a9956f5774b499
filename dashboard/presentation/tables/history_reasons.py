"""Every item of a history with what it adds, the item-item term's part and the network's apart."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.history import ATTENTION, HistoryReasons


def history_reasons_table(found: HistoryReasons, names: dict[str, str]) -> pd.DataFrame:
    """The strongest first, as it is read."""
    items = found.strongest
    shown = numbers.percent if found.by == ATTENTION else numbers.signed
    rows = {"item": [names[i.item_id] for i in items], "contribution": [shown(i.contribution, 3) for i in items]}
    if found.term is not None:
        rows["term"] = [numbers.signed(i.term, 3) for i in items]
        rows["network"] = [numbers.signed(i.network, 3) if i.is_read else numbers.UNKNOWN for i in items]
    if found.standard_error is not None and not found.exact:
        rows["error"] = [numbers.number(i.standard_error, 1) for i in items]
    return pd.DataFrame(rows)


def history_reasons_columns(rows: pd.DataFrame) -> dict[str, RowColumn]:
    """Names of its columns."""
    names = {
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "contribution": RowColumn(plain("explain.contribution"), right=True),
        "term": RowColumn(plain("lab.history.term"), plain("lab.history.term.help"), right=True),
        "network": RowColumn(plain("lab.history.network"), plain("lab.history.network.help"), right=True),
        "error": RowColumn(plain("lab.history.error"), right=True),
    }
    return {column: names[column] for column in rows.columns}
