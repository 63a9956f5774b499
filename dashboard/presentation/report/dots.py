"""Dots with intervals as SVG: drawn once, sharp on paper, without a library in the file."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.presentation.texts import numbers

WIDTH, ROW, LABELS, FIGURES, TOP, BOTTOM = 720, 26, 250, 60, 8, 26
MOST_LETTERS = 36  # of a label; the whole stands in the table below


@dataclass(frozen=True, slots=True)
class Dot:
    """A line: its label, figure with interval (None where it is not shown), and what stands instead."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    instead: str = ""


def dots(rows: Sequence[Dot], *, everyone: float | None, title: str) -> str:
    """One line a dot with its interval, and everyone as a dashed line; ``title`` says what there is to see."""
    known = [x for row in rows for x in (row.value, row.low, row.high) if x is not None]
    known += [everyone] if everyone is not None else []
    first, step = _axis(known)
    n_steps = max(1, math.ceil((max(known, default=1.0) - first) / step - 1e-9))
    scale = (WIDTH - LABELS - FIGURES) / (n_steps * step)

    def x(value: float) -> float:
        return LABELS + (value - first) * scale

    bottom = TOP + ROW * len(rows)
    parts = [_tick(x(first + i * step), first + i * step, step, bottom) for i in range(n_steps + 1)]
    if everyone is not None:
        parts.append(f'<line class="all" x1="{x(everyone):.1f}" x2="{x(everyone):.1f}" y1="{TOP}" y2="{bottom}"/>')
    for at, row in enumerate(rows):
        parts.append(_line(row, TOP + ROW * (at + 0.5), x))
    said = html.escape(title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + BOTTOM}" role="img" aria-label="{said}">'
        f"<title>{said}</title>{''.join(parts)}</svg>"
    )


def _line(row: Dot, y: float, x: Callable[[float], float]) -> str:
    label = row.label if len(row.label) <= MOST_LETTERS else row.label[: MOST_LETTERS - 1] + "…"
    found = f'<text class="label" x="{LABELS - 12}" y="{y + 4:.1f}">{html.escape(label)}</text>'
    if row.value is None:
        return found + f'<text class="none" x="{LABELS + 4}" y="{y + 4:.1f}">{html.escape(row.instead)}</text>'
    right = row.value
    if row.low is not None and row.high is not None:
        right = max(right, row.high)
        found += f'<line class="range" x1="{x(row.low):.1f}" x2="{x(row.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    found += f'<circle class="dot" cx="{x(row.value):.1f}" cy="{y:.1f}" r="4.5"/>'
    return found + f'<text class="figure" x="{x(right) + 8:.1f}" y="{y + 4:.1f}">{numbers.fixed(row.value, 3)}</text>'


def _tick(x: float, value: float, step: float, bottom: float) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    text = numbers.fixed(value, digits)
    return (
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
        f'<text class="tick" x="{x:.1f}" y="{bottom + 16}">{text}</text>'
    )


def _axis(values: Sequence[float]) -> tuple[float, float]:
    """First tick and step (1, 2 or 5 times a power of ten) of about five ticks over the values.

    >>> _axis([0.18, 0.24]), _axis([])
    ((0.18, 0.02), (0.0, 0.2))
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough - 1e-12)
    return round(math.floor(low / step + 1e-9) * step, 12), step
