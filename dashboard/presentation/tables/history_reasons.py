"""Every item of a history with what it adds, the item-item term's part and the network's apart."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from dashboard.presentation.units import decimals_for, on_axis, signed, titled
from recsys_core.results.history import ATTENTION, HistoryReasons


def history_reasons_table(found: HistoryReasons, names: dict[str, str]) -> pd.DataFrame:
    """The strongest first, as it is read."""
    items = found.strongest
    is_weight = found.by == ATTENTION
    decimals = decimals_for((i.contribution for i in items), found.units) + 1

    def shown(value: float | None) -> str:
        return numbers.percent(value, 1) if is_weight else signed(value, found.units, decimals)

    rows = {"item": [names[i.item_id] for i in items], "contribution": [shown(i.contribution) for i in items]}
    if found.term is not None:
        rows["term"] = [shown(i.term) for i in items]
        rows["network"] = [shown(i.network) if i.is_read else numbers.UNKNOWN for i in items]
    if found.standard_error is not None and not found.exact:
        rows["error"] = [numbers.number(on_axis(i.standard_error or 0.0, found.units), 1) for i in items]
    if found.n_earlier:
        rows["item"].append(plain("lab.history.older", n=found.n_earlier))
        rows["contribution"].append(shown(found.earlier))
        if "error" in rows:
            rows["error"].append(numbers.UNKNOWN)
    return pd.DataFrame(rows)


def history_reasons_columns(rows: pd.DataFrame, found: HistoryReasons) -> dict[str, RowColumn]:
    """Names of its columns."""
    weight = found.by == ATTENTION
    contribution = plain("lab.history.axis.attention") if weight else titled("explain.contribution", found.units)
    names = {
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "contribution": RowColumn(contribution, right=True),
        "term": RowColumn(plain("lab.history.term"), plain("lab.history.term.help"), right=True),
        "network": RowColumn(plain("lab.history.network"), plain("lab.history.network.help"), right=True),
        "error": RowColumn(plain("lab.history.error"), right=True),
    }
    return {column: names[column] for column in rows.columns}
