"""One bordered card a picture; figures; the grey line of caveats under them."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard.presentation.texts import t
from dashboard.presentation.texts.markdown import Markdown

COLUMN_WIDTH = 380  # below this a chart or table is squeezed: the grid drops a column instead


def grid(columns: int, *, min_width: int = COLUMN_WIDTH, border: bool = False):
    """Cards side by side, fewer in a row where they would be narrower than ``min_width`` px.

    ``border=True`` draws the cells themselves as cards of equal height; needed where they span columns.
    """
    return st.grid(columns, min_column_width=min_width, border=border)


def card(title: Markdown | str = "", *, key: str | None = None, stretch: bool = False):
    """A bordered card with its title; use with ``with``."""
    container = st.container(border=True, key=key, height="stretch" if stretch else "content")
    if title:
        container.markdown(f"**{title}**")
    return container


def stat_card(
    label: str,
    value: str,
    note: str = "",
    *,
    more: str = "",
    help: str | None = None,
    good: bool | None = None,
) -> None:
    """One figure: label, value, a note under it, and ``more`` beside that. ``good`` colours the note; None: grey."""
    color = {None: "off", True: "blue", False: "orange"}[good]
    st.metric(
        label,
        value,
        note or None,
        delta_color=color,
        delta_arrow="off",
        delta_description=more or None,
        border=True,
        height="stretch",
        help=help,
    )


def caveats(parts: Iterable[str]) -> None:
    """What the picture rests on, as one grey line, where there is any: sizes, seeds, gaps, times."""
    line = t("caveat.join").join(p for p in parts if p)
    if line:
        st.markdown(f":small[:gray[{line}]]")
