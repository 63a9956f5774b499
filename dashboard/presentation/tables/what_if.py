"""What was taken, edited; and the list before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.tables.history import telling_column
from dashboard.presentation.texts import numbers, plain, word
from dashboard.presentation.wording import said
from recsys_core.data.dataset import Dataset
from recsys_core.explain.player_values import raw_value
from recsys_core.results import RankedItem
from recsys_core.results.what_if import EditExplanation, ListChange, MovedItem, Standing, WhatIf
from recsys_core.what_if.edit_texts import EditTexts
from recsys_core.what_if.edits import AddItem, Edit, TakeOffItem

KEPT, ADDED, OFF = "kept", "added", "off"
TAKE_OFF, PUT_BACK = "×", "↩"


def history_rows(
    positives: Sequence[int], edits: Sequence[Edit], times: Mapping[int, float], item_ids: Sequence[str]
) -> pd.DataFrame:
    """One row an item, newest first, with those that were added before and those taken off in their place.

    ``state`` is ``kept``, ``added`` or ``off``; ``positives`` are those before any edit.
    """
    added = [e.item_index for e in edits if isinstance(e, AddItem)]
    off = {e.item_index for e in edits if isinstance(e, TakeOffItem)}
    items = [*reversed(added), *(int(i) for i in positives)]
    return pd.DataFrame(
        {
            "item_id": [item_ids[i] for i in items],
            "item_index": items,
            "time": [times.get(i, 0) for i in items],
            "state": [ADDED if n < len(added) else OFF if i in off else KEPT for n, i in enumerate(items)],
        }
    )


def history_table(data: Dataset, rows: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The same rows as they are read."""
    about = telling_column(data)
    found = {
        "act": [PUT_BACK if state == OFF else TAKE_OFF for state in rows["state"]],
        "item": [names[i] for i in rows["item_id"]],
    }
    if about is not None:
        cells = data.items[about.stored].iloc[rows["item_index"].to_numpy(int)]
        found["about"] = [said(raw_value(cell, about), about) for cell in cells]
    found["when"] = [numbers.day(s) if s else "" for s in rows["time"]]
    found["state"] = ["" if state == KEPT else plain(f"what_if.history.{state}") for state in rows["state"]]
    return pd.DataFrame(found)


def history_columns(data: Dataset, table: pd.DataFrame) -> dict[str, RowColumn]:
    """Names and sides of the history table's columns."""
    about = telling_column(data)
    names = {
        "act": RowColumn("", help=plain("what_if.history.act")),
        "item": RowColumn(plain("explain.top.item"), wrap=True),
        "about": RowColumn(word("column", about.name).capitalize() if about else "", wrap=True),
        "when": RowColumn(plain("explain.history.when")),
        "state": RowColumn(plain("what_if.history.edited")),
    }
    return {c: names[c] for c in table.columns}


def history_labels(rows: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """What each row's button does."""
    return [
        plain(f"what_if.history.{'put_back' if state == OFF else 'take_off'}", item=names[i])
        for i, state in zip(rows["item_id"], rows["state"], strict=True)
    ]


def top_lists(top: ListChange, titles: Callable[[RankedItem], str]) -> pd.DataFrame:
    """Both lists side by side, with how many places each item of the second one moved."""
    n = max(len(top.before), len(top.after))

    def padded(cells: list[str]) -> list[str]:
        return [*cells, *[""] * (n - len(cells))]

    return pd.DataFrame(
        {
            "rank": [str(at + 1) for at in range(n)],
            "before": padded([titles(line.item) for line in top.before]),
            "after": padded([titles(line.item) for line in top.after]),
            "move": padded([_move(line) for line in top.after]),
            "probability": padded([numbers.fixed(line.item.probability) for line in top.after]),
        }
    )


def _move(line: MovedItem) -> str:
    if line.other_rank is None:
        return plain("what_if.top.new")
    up = line.other_rank - line.item.rank
    return f"▲{numbers.THIN}{up}" if up > 0 else f"▼{numbers.THIN}{-up}" if up < 0 else "="


def top_columns() -> dict[str, RowColumn]:
    """Names and sides of the columns of both lists."""
    return {
        "rank": RowColumn("#", help=plain("explain.top.rank"), right=True),
        "before": RowColumn(plain("what_if.top.before"), wrap=True),
        "after": RowColumn(plain("what_if.top.after"), wrap=True),
        "move": RowColumn(plain("what_if.top.move"), help=plain("what_if.top.move.help"), right=True),
        "probability": RowColumn(plain("explain.top.probability"), right=True),
    }


def contributions(found: EditExplanation) -> pd.DataFrame:
    """What each edit adds to the change, raw, for the download."""
    rows = [
        {"edit": c.edit.key, "contribution": c.contribution, "standard_error": c.standard_error, "units": found.units}
        for c in found.edits
    ]
    return pd.DataFrame(rows, columns=["edit", "contribution", "standard_error", "units"])


def everything(said: WhatIf, pins: Sequence[EditTexts]) -> dict:
    """All that the page says of some edits, raw."""
    found = said.explanation
    return {
        "before": standing_json(found.before),
        "after": standing_json(found.after),
        "units": found.units,
        "edits": contributions(found).to_dict("records"),
        "completeness_gap": found.completeness_gap,
        "exact": found.exact,
        "top_before": [_line_json(line) for line in said.top.before],
        "top_after": [_line_json(line) for line in said.top.after],
        "pins": [{"set": p.set, "add": p.add, "off": p.off} for p in pins],
    }


def standing_json(standing: Standing) -> dict:
    """Score, probability and rank of an item, raw."""
    names = ("score", "probability", "rank", "n_candidates")
    return {name: getattr(standing, name) for name in names}


def _line_json(line: MovedItem) -> dict:
    item = line.item
    about = {"rank": item.rank, "item_id": item.item_id, "title": item.title, "score": item.score}
    return about | {"probability": item.probability, "other_rank": line.other_rank}
