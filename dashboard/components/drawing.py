"""Put a chart or a table on the page.

Charts are drawn by Altair and sent with ``st.vega_lite_chart``: ``st.altair_chart`` would build a specification
anew at every click (20 ms) and name its data by a passing number, so that the browser could never keep the chart.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard.presentation.charts.chart import PICKED, ROW_ORDER, Chart
from dashboard.presentation.texts.numbers import THIN

# figures on axes and in tooltips are grouped as those in sentences are
PADDING = {"padding": {"left": 4, "right": 16, "top": 4, "bottom": 4}}  # the last label of an axis is not cut
LOCALE = {"locale": {"number": {"decimal": ".", "thousands": THIN, "grouping": [3], "currency": ["", ""]}}}


def draw(chart: Chart, *, key: str, on_pick: Callable[[list[dict]], None] | None = None) -> None:
    """Draw a chart; the specification is constant for a chart function, so only its data travels.

    Rows are numbered (``ROW_ORDER``), so that lines stand in their order after any change in place.

    With ``on_pick``, which gets the marks that were clicked, the specification has a selection
    parameter named ``picked`` (``PICKED``).
    """

    def picked() -> None:
        on_pick(st.session_state[key].selection.get(PICKED, []))

    clickable = {"on_select": picked} if on_pick else {}
    spec, data = PADDING | chart.spec | {"config": LOCALE}, chart.data.assign(**{ROW_ORDER: range(len(chart.data))})
    st.vega_lite_chart(data, spec, key=key, alt=chart.alt, width="stretch", **clickable)


def table(
    rows: pd.DataFrame,
    *,
    key: str,
    alt: str,
    columns: dict | None = None,
    on_select: Callable[[], None] | None = None,
    height: int | str = "content",
) -> None:
    """A table of figures and texts, shown as they are; ``on_select`` makes its rows clickable (one at a time)."""
    clickable = {"on_select": on_select, "selection_mode": "single-row"} if on_select else {}
    st.dataframe(
        rows,
        key=key,
        alt=alt,
        column_config=columns or {},
        hide_index=True,
        height=height,
        width="stretch",
        **clickable,
    )
