"""What was taken before, item by item: what each does to the score, as numbers and as a table to read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.presentation import units as written_in
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain, word
from dashboard.presentation.wording import said
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.explain.player_values import raw_value
from recsys_core.metrics import logistic
from recsys_core.results import Explanation
from recsys_core.results.units import LOGIT, Units

MATTERS_SHARE = 0.5  # the fewest items that carry half of all that the column says
MOST_MARKED = 5
MOVES = 0.005  # below this largest figure nothing is worth a mark
MARK = "●"
LEAST_DECIMALS: dict[Units, int] = {"logit": 3, "probability": 1}


def history_rows(
    data: Dataset,
    taken: pd.DataFrame,
    effects: dict[int, float],
    explanation: Explanation,
    shared: Explanation | None = None,
) -> pd.DataFrame:
    """One row an item, newest first, raw.

    ``change`` is the score without the item less that with all, in the explanation's units (``effects``: logits lost
    without it). With ``shared``, the history shared out, also ``contribution`` and
    ``standard_error``. ``shown`` is the column that the screen is about: the contribution where
    there is one, else the change; ``marked`` follows it.
    """
    taken = taken.drop_duplicates("item_index")
    items = taken["item_index"].to_numpy()
    lost = np.array([effects[int(i)] for i in items], dtype=float)
    without = logistic(explanation.logit - lost)
    change = -lost if explanation.units == LOGIT else without - explanation.probability
    rows = {
        "item_id": data.items["item_id"].iloc[items].tolist(),
        "item_index": items,
        "time": taken["time"].tolist(),
        "effect": lost,
        "probability_without": without,
        "change": change,
    }
    if shared is not None:
        by_item = {c.player.item_index: c for c in shared.contributions}
        found = [by_item[i] for i in items.tolist()]
        rows["contribution"] = [c.contribution for c in found]
        rows["standard_error"] = [c.standard_error for c in found]
    table = pd.DataFrame(rows)
    table["shown"] = table["change" if shared is None else "contribution"]
    table["marked"] = mattering(table["shown"].to_numpy())
    return table


def mattering(values: np.ndarray) -> np.ndarray:
    """The fewest items, at most five, that carry half of the summed sizes: ``(n,)`` bool; none where nothing moves.

    >>> mattering(np.array([0.5, -0.1, 0.1, 0.0])).tolist(), mattering(np.array([0.002, -0.001])).tolist()
    ([True, False, False, False], [False, False])
    """
    sizes = np.abs(values)
    if not len(sizes) or sizes.max() < MOVES:
        return np.zeros(len(sizes), dtype=bool)
    order = np.argsort(-sizes, kind="stable")
    before = np.cumsum(sizes[order]) - sizes[order]
    found = np.zeros(len(sizes), dtype=bool)
    found[order[:MOST_MARKED][before[:MOST_MARKED] < MATTERS_SHARE * sizes.sum()]] = True
    return found


def by_effect(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by the size of what is shown, largest first."""
    return rows.iloc[np.argsort(-rows["shown"].abs().to_numpy(), kind="stable")]


def history_table(data: Dataset, rows: pd.DataFrame, names: dict[str, str], units: Units = LOGIT) -> pd.DataFrame:
    """The same rows as they are read."""
    about = telling_column(data)
    found = {"mark": [MARK if marked else "" for marked in rows["marked"]]}
    for name, column in (("contribution", "contribution"), ("without", "change")):
        if column in rows:
            decimals = max(LEAST_DECIMALS[units], written_in.decimals_for(rows[column], units))
            found[name] = [written_in.signed(x, units, decimals) for x in rows[column]]
    found["item"] = [names[i] for i in rows["item_id"]]
    if about is not None:
        cells = data.items[about.stored].iloc[rows["item_index"].to_numpy()]
        found["about"] = [said(raw_value(cell, about), about) for cell in cells]
    found["when"] = [numbers.day(s) if s else "" for s in rows["time"]]
    return pd.DataFrame(found)


def history_columns(data: Dataset, rows: pd.DataFrame, units: Units = LOGIT) -> dict[str, RowColumn]:
    """Names and sides of the history table's columns; ``about`` stands for the telling column, whatever its name."""
    names = {
        "mark": RowColumn(MARK, help=plain("explain.history.mattered")),
        "when": RowColumn(plain("explain.history.when")),
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "without": RowColumn(
            plain("explain.history.change"), written_in.titled("explain.history.change.help", units), right=True
        ),
        "contribution": RowColumn(written_in.titled("explain.history.contribution", units), right=True),
    }
    if (about := telling_column(data)) is not None:
        shown = word("column", about.name).capitalize()
        if shown in {column.name for column in names.values()}:  # a column called like ours keeps its own letters
            shown = f"{shown} ({about.name})"
        names["about"] = RowColumn(shown, wrap=True)
    return {c: names[c] for c in rows.columns}


def history_json(rows: pd.DataFrame) -> list[dict]:
    """Every item with its figures, raw."""
    return rows.drop(columns=["item_index", "shown"]).to_dict("records")


def telling_column(data: Dataset) -> Column | None:
    """The item column to show beside a title: the first category, else the first set."""
    columns = data.schema.items
    return next((c for kind in ("category", "set") for c in columns if c.kind == kind), None)
