"""What boards are made of: panels, their questions to Prometheus, and how each kind is drawn.

In a question ``HERE`` are the instances picked on the board and ``NOW`` is Grafana's window for rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SOURCE = "reclens-prometheus"  # uid of the data source: provisioning/datasources/reclens.yml


class Kind(Enum):
    """How a panel is drawn."""

    NUMBER = "number"
    LINES = "lines"
    HEAT = "heat"
    STATES = "states"


@dataclass(frozen=True, slots=True)
class Query:
    """A question in PromQL; ``legend`` names a series by its labels, as ``{{route}}``."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel; ``about`` is its alternative text too, ``width`` is of 24 columns, ``repeat`` names a variable."""

    title: str
    about: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind
    width: int
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A board and the question it answers."""

    name: str
    about: str
    panels: tuple[Panel, ...]


def ask(expr: str, legend: str) -> Query:
    """The query of an expression in which ``HERE`` and ``NOW`` stand for the board's variables."""
    return Query(expr.replace("HERE", 'instance=~"$instance"').replace("NOW", "$__rate_interval"), legend)


def lines(title: str, about: str, unit: str, *queries: Query, width: int = 12, repeat: str = "") -> Panel:
    """Lines over time."""
    return Panel(title, about, unit, queries, Kind.LINES, width, repeat)


def number(title: str, about: str, unit: str, *queries: Query, width: int = 4) -> Panel:
    """The value that holds now."""
    return Panel(title, about, unit, queries, Kind.NUMBER, width)


def heat(title: str, about: str, unit: str, metric: str) -> Panel:
    """How many observations of a histogram fell into which bucket, over time."""
    query = ask(f"sum by (le) (rate({metric}_bucket{{HERE}}[NOW]))", "{{le}}")
    return Panel(title, about, unit, (query,), Kind.HEAT, 12)


def states(title: str, about: str, query: Query) -> Panel:
    """When something held."""
    return Panel(title, about, "short", (query,), Kind.STATES, 24)


def with_interval(metric: str, by: str, legend: str) -> tuple[Query, ...]:
    """A figure from the log with both ends of its 95 % interval; ``by`` is the label that tells its series apart."""
    return tuple(
        ask(f"avg by ({by}) ({metric}{end}{{HERE}})", f"{legend}{word}")
        for end, word in (("", ""), ("_low", " low"), ("_high", " high"))
    )


def percentiles(metric: str, *percents: int, where: str = "HERE") -> tuple[Query, ...]:
    """Percentiles of a histogram, read from its buckets."""
    rates = f"sum by (le) (rate({metric}_bucket{{{where}}}[NOW]))"
    return tuple(ask(f"histogram_quantile({percent / 100}, {rates})", f"{percent} %") for percent in percents)
