"""Results of serving: what the service did in a few seconds, as the log keeps it for the Monitor page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTraffic:
    """Requests of one address within a row of traffic.

    Attributes
    ----------
    requests, errors
        How many were answered, and how many of these with a status of 500 and more.
    seconds
        Sum of what they took.
    buckets
        How many took up to each of the row's ``edges``, each counted once; the last number are the slower ones.
    """

    requests: int
    errors: int
    seconds: float
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the service did in the ``span_seconds`` before ``time`` (seconds since 1970 by its clock).

    Attributes
    ----------
    version, model, variant
        What answered when the row was written.
    cpu_seconds
        Processor time of the whole process within the span.
    queue_depth
        The longest queue (of answers, explanations or rows of feedback) when the row was written.
    edges
        Upper ends of the buckets in seconds, ascending.
    routes
        By address; one without requests may be left out.
    """

    time: float
    span_seconds: float
    version: int
    model: str
    variant: str
    cpu_seconds: float
    queue_depth: int
    edges: tuple[float, ...]
    routes: dict[str, RouteTraffic]
