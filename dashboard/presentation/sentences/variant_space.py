"""What is said of the measured variants that ranges leave."""

from __future__ import annotations

from dashboard.presentation.charts.variant_space import axis_name
from dashboard.presentation.ranges import Ranges
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown, escape


def narrowed(n: int, n_all: int, ranges: Ranges) -> Markdown:
    """How many variants are left, and within which ranges."""
    if not ranges:
        return t("compress.space.all", n=n_all)
    said = escape(plain("list.join").join(_range(axis, *ends) for axis, ends in ranges.items()))
    return t("compress.space.some", n=n, n_all=n_all, ranges=said) if n else t("compress.space.none", ranges=said)


def _range(axis: str, low: float, high: float) -> str:
    return plain("compress.space.range", axis=axis_name(axis), low=_end(low), high=_end(high))


def _end(value: float) -> str:
    return numbers.count(value) if value == round(value) else numbers.number(value)
