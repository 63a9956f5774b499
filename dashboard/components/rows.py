"""A table of texts that a person can click, drawn by the browser itself.

``st.dataframe`` paints on a canvas, and its readable twin follows a quarter of a second later; this table
changes the cells that differ, at once. Cells are texts: nothing in them is read as HTML or Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.presentation.tables.columns import RowColumn

ASSETS = Path(__file__).resolve().parents[1] / "assets"
_draw = st.components.v2.component(
    "reclens_rows",
    css=(ASSETS / "rows.css").read_text(encoding="utf-8"),
    js=(ASSETS / "rows.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def rows(
    table: pd.DataFrame,
    columns: Mapping[str, RowColumn],
    *,
    key: str,
    alt: str,
    selected: int | None = None,
    on_pick: Callable[[int], None] | None = None,
    pick: str | None = None,
    height: int | None = None,
    titles: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> None:
    """Show ``table``'s columns named in ``columns``, in that order; every cell is written as ``str``.

    ``selected`` marks one row as the current one. With ``on_pick`` the texts of column ``pick`` are buttons
    and a click anywhere in a row calls ``on_pick(row)`` as a callback. ``height`` in px makes it scroll.
    ``titles`` are what rows say on hover. ``labels`` say what each row's button does, where its text is a mere sign;
    the button alone is clicked then.
    """
    data = {
        "alt": alt,
        "columns": [asdict(column) for column in columns.values()],
        "rows": [[str(cell) for cell in row] for row in zip(*(table[c].tolist() for c in columns), strict=True)],
        "selected": selected,
        "pick": list(columns).index(pick) if on_pick and pick else None,
        "height": height,
        "titles": list(titles),
        "labels": list(labels),
    }

    def picked() -> None:
        row = st.session_state[key].get("picked")
        if isinstance(row, int) and 0 <= row < len(table):
            on_pick(row)

    _draw(key=key, data=data, on_picked_change=picked if on_pick else None)
