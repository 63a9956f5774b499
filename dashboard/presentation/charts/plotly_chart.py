"""Charts that Plotly draws better than Vega-Lite: parallel coordinates and treemaps.

Streamlit builds such a chart anew (100 ms in the browser) where anything in it changes, so these stand where a
slider of the model draws nothing again. The library takes half a second to import: it is loaded where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEXT_SIZE = 12


@dataclass(frozen=True, slots=True, eq=False)
class PlotlyChart:
    """``figure`` is a ``plotly.graph_objects.Figure``; ``alt`` says in one sentence what there is to see."""

    figure: Any
    alt: str


def drawn(trace: Any, alt: str, **layout: Any) -> PlotlyChart:
    """A chart of one trace; fonts and colours of texts are the theme's."""
    from plotly.graph_objects import Figure

    margin = {"l": 4, "r": 4, "t": 4, "b": 4}
    return PlotlyChart(Figure(trace, {"margin": margin, "font": {"size": TEXT_SIZE}} | layout), alt)
