"""Parallel coordinates: every measured variant as a line through its settings, its cost and what it keeps."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.charts.plotly_chart import PlotlyChart, drawn
from dashboard.presentation.ranges import Ranges
from dashboard.presentation.texts import plain
from recsys_core.compare import MeasuredVariant
from recsys_core.variant import BITS

AXES = ("sparsity", "bits", "neighbours", "size", "speed", "auc", "lists", "reasons", "gap")
HEIGHT = 330
MARGIN = {"l": 44, "r": 44, "t": 44, "b": 14}
RAMP = [[0.0, "#C8641B"], [0.5, "#9A8F86"], [1.0, "#3F7FC4"]]  # few reasons kept to all; readable on both backgrounds
FEW, ALL = 50.0, 100.0  # per cent of the reasons at the ends of the ramp
PUSHED_BACK = {"line": {"color": "#8A8F96", "opacity": 0.12}}
NOT_SHOWN = {"size": 1, "color": "rgba(0, 0, 0, 0)"}  # the ends of an axis, which its ticks say already


def axis_values(points: list[MeasuredVariant]) -> pd.DataFrame:
    """One row a variant and one column an axis: per cent, bits, entries, KB, times as fast as the full one, AUC, NDCG.

    Axes on which no variant has a value are left out, and neighbours where all have as many; other missing values are
    NaN.
    """
    rows = [
        (
            100 * point.variant.compression.sparsity,
            point.variant.compression.bits,
            point.neighbours,
            point.size_bytes / 1000,
            point.speed,
            point.auc,
            _per_cent(point.lists.value),
            _per_cent(point.reasons.value),
            point.gap,
        )
        for point in points
    ]
    values = pd.DataFrame(rows, columns=list(AXES), dtype=float)
    if values["neighbours"].nunique() < 2:
        values = values.drop(columns="neighbours")
    return values.dropna(axis="columns", how="all")


def _per_cent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def axis_name(axis: str) -> str:
    return plain(f"compress.axis.{axis}")


def parallel_coordinates(values: pd.DataFrame, ranges: Ranges) -> PlotlyChart:
    """Lines of `axis_values`, coloured by the reasons they keep; those outside a range are pushed back.

    A variant that lacks a value on one of the axes has no line.
    """
    from plotly.graph_objects import Parcoords

    whole = values.dropna()
    shades = whole["reasons"] if "reasons" in whole else [FEW] * len(whole)
    trace = Parcoords(
        dimensions=[_dimension(axis, whole[axis].tolist(), ranges) for axis in whole],
        line={"color": list(shades), "colorscale": RAMP, "cmin": FEW, "cmax": ALL},
        unselected=PUSHED_BACK,
        rangefont=NOT_SHOWN,
    )
    return drawn(trace, plain("compress.space.alt"), height=HEIGHT, margin=MARGIN)


def _dimension(axis: str, values: list[float], ranges: Ranges) -> dict[str, object]:
    about: dict[str, object] = {"name": axis, "label": axis_name(axis), "values": values, "multiselect": False}
    if axis == "bits":
        about |= {"tickvals": list(BITS), "range": [min(BITS), max(BITS)]}
    if axis in ranges:
        about["constraintrange"] = list(ranges[axis])
    return about
