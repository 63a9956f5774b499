"""The beeswarm again, with dots to be drawn around: by Plotly, as Vega-Lite has rectangles alone."""

from __future__ import annotations

import numpy as np

from dashboard.presentation.charts.chart import distinct
from dashboard.presentation.charts.overall import spread
from dashboard.presentation.charts.plotly_chart import PlotlyChart, drawn
from dashboard.presentation.texts import plain
from dashboard.presentation.units import on_axis, signed, titled
from dashboard.presentation.wording import in_words, shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.player import Player

MOST_REASONS = 8
MOST_DOTS = 4000  # that a browser draws one by one
LINE = 44  # px of a reason
LOW, MIDDLE, HIGH = "#2F6DB3", "#9AA3AD", "#C8641B"


def swarm_to_mark(
    data: Dataset, found: GlobalExplanation, names: dict[Player, str], reason: Player
) -> tuple[PlotlyChart, np.ndarray]:
    """The strongest reasons, the picked one among them, a line each; and which pair each dot is of ``(n_dots,)``."""
    from plotly.graph_objects import Scatter

    order = [int(i) for i in found.order]
    picked = found.players.index(reason)
    shown = order[:MOST_REASONS] if picked in order[:MOST_REASONS] else [*order[: MOST_REASONS - 1], picked]
    step = max(1, -(-len(shown) * found.n_pairs // MOST_DOTS))
    at = np.arange(0, found.n_pairs, step)
    x = np.concatenate([[on_axis(float(v), found.units) for v in found.contributions[at, i]] for i in shown])
    y = np.concatenate([line - 0.4 * spread(found.contributions[at, i]) for line, i in enumerate(shown)])
    rank = np.concatenate([np.nan_to_num(found.rank[at, i], nan=0.5) for i in shown])
    trace = Scatter(
        x=x,
        y=y,
        mode="markers",
        text=[_said(data, found, i, int(row)) for i in shown for row in at],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": 6, "opacity": 0.75, "color": rank, "cmin": 0, "cmax": 1, "colorscale": _scale()},
        showlegend=False,
    )
    labels = distinct([shorten(names[found.players[i]], 28).replace("<", "‹").replace("&", "＆") for i in shown])
    lines = {"tickvals": list(range(len(shown))), "ticktext": labels, "autorange": "reversed", "zeroline": False}
    layout = {
        "dragmode": "lasso",
        "height": 90 + LINE * len(shown),
        "xaxis": {"title": {"text": titled("global.swarm.axis", found.units)}, "zeroline": True},
        "yaxis": lines | {"showgrid": False, "automargin": True},
        "margin": {"l": 4, "r": 12, "t": 12, "b": 40},
    }
    return drawn(trace, plain("global.lasso.alt"), **layout), np.tile(at, len(shown))


def _said(data: Dataset, found: GlobalExplanation, i: int, row: int) -> str:
    """What a dot says on hover; Plotly reads tags in texts, so those of the data are taken apart."""
    value = shorten(in_words(data, found.players[i], found.values[found.players[i]][row]))
    text = f"{value}: {signed(float(found.contributions[row, i]), found.units)}"
    return text.replace("<", "‹").replace("&", "＆")


def _scale() -> list[list[float | str]]:
    return [[0.0, LOW], [0.5, MIDDLE], [1.0, HIGH]]
