"""Ranges of figures by which variants are narrowed down, and how an address writes them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

Ranges = Mapping[str, tuple[float, float]]


def to_text(ranges: Ranges) -> str:
    """Ranges as an address writes them.

    >>> to_text({"auc": (0.85, 0.9), "bits": (4.0, 8.0)})
    'auc:0.85:0.9,bits:4:8'
    """
    return ",".join(f"{axis}:{low:.6g}:{high:.6g}" for axis, (low, high) in ranges.items())


def from_text(text: str, axes: Collection[str]) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """The ranges of an address, and the parts of it that are none: unknown axes, no numbers, ends turned around.

    >>> from_text("auc:0.85:0.9,colour:1:2,bits:8", {"auc", "bits"})
    ({'auc': (0.85, 0.9)}, ['colour:1:2', 'bits:8'])
    """
    ranges: dict[str, tuple[float, float]] = {}
    unusable = []
    for part in filter(None, text.split(",")):
        axis, *ends = part.split(":")
        low, high = map(_number, ends) if len(ends) == 2 else (math.nan, math.nan)
        if axis in axes and low <= high:
            ranges[axis] = (low, high)
        else:
            unusable.append(part)
    return ranges, unusable


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def within(values: pd.DataFrame, ranges: Ranges) -> np.ndarray:
    """Which rows lie within all ranges, ends included ``(n_rows,)``; a missing value lies in none.

    Values and ends are compared as an address writes them, so that a line at the end of a range stays in.

    >>> within(pd.DataFrame({"auc": [0.84, 0.86, np.nan]}), {"auc": (0.85, 0.9)}).tolist()
    [False, True, False]
    """
    inside = np.ones(len(values), dtype=bool)
    for axis, (low, high) in ranges.items():
        written = np.array([float(f"{value:.6g}") for value in values[axis]])
        inside &= (written >= float(f"{low:.6g}")) & (written <= float(f"{high:.6g}"))
    return inside
