"""Put a Plotly chart on the page, and hear what a person marks on its axes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.presentation.charts.plotly_chart import PlotlyChart
from dashboard.presentation.ranges import Ranges

ASSETS = Path(__file__).resolve().parents[1] / "assets"
BARE = {"displayModeBar": False}
_listen = st.components.v2.component(
    "reclens_brush",
    css=(ASSETS / "brush.css").read_text(encoding="utf-8"),
    js=(ASSETS / "brush.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def draw_plotly(chart: PlotlyChart, *, key: str, on_brush: Callable[[Ranges], None] | None = None) -> None:
    """Draw a chart; ``on_brush``, a callback, gets the ranges marked on the axes of parallel coordinates by name."""
    st.plotly_chart(chart.figure, key=key, alt=chart.alt, width="stretch", config=BARE)
    if on_brush is None:
        return

    def brushed() -> None:
        marked = st.session_state[f"{key}_brush"].get("ranges") or {}
        on_brush({axis: (float(low), float(high)) for axis, (low, high) in marked.items()})

    _listen(key=f"{key}_brush", data={"chart": key}, on_ranges_change=brushed)


def draw_to_mark(chart: PlotlyChart, *, key: str) -> list[int]:
    """Draw a chart of one trace and return which of its dots are inside what a person drew, in order."""
    marked = st.plotly_chart(
        chart.figure,
        key=key,
        alt=chart.alt,
        width="stretch",
        config=BARE,
        on_select="rerun",
        selection_mode=("lasso", "box"),
    )
    n = len(chart.figure.data[0].x)
    return sorted({i for i in marked.selection.point_indices if 0 <= i < n})
