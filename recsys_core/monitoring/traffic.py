"""Traffic over time: rows of the log put into spans of equal length, latencies read off their buckets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_core.results.monitoring import TrafficPoint
from recsys_core.results.traffic import Traffic

UNCOUNTED = ("/metrics", "/healthz", "/readyz")  # asked by machines that watch, not by anybody who is served


def traffic_points(rows: Sequence[Traffic], edges: np.ndarray) -> tuple[TrafficPoint, ...]:
    """One point for each span between neighbouring ``edges``; a row belongs where it ended."""
    place = np.searchsorted(edges, [row.time for row in rows], side="left") - 1
    held: list[list[Traffic]] = [[] for _ in edges[1:]]
    for at, row in zip(place.tolist(), rows, strict=True):
        if 0 <= at < len(held):
            held[at].append(row)
    spans = zip(edges[:-1].tolist(), edges[1:].tolist(), held, strict=True)
    return tuple(traffic_point(part, start, end) for start, end, part in spans)


def traffic_point(rows: Sequence[Traffic], start: float, end: float) -> TrafficPoint:
    """All that was asked in some rows."""
    routes = [route for row in rows for name, route in row.routes.items() if name not in UNCOUNTED]
    edges = rows[-1].edges if rows else ()
    alike = [route.buckets for row in rows for name, route in row.routes.items() if _counts(row, name, edges)]
    counts = np.sum(alike, axis=0) if alike else np.zeros(len(edges) + 1)
    return TrafficPoint(
        start=start,
        end=end,
        requests=sum(route.requests for route in routes),
        errors=sum(route.errors for route in routes),
        p50=bucket_quantile(counts, edges, 0.5),
        p95=bucket_quantile(counts, edges, 0.95),
    )


def bucket_quantile(counts: np.ndarray, edges: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of a histogram lies below, straight within a bucket as Prometheus reads it.

    Beyond the last edge it is that edge; None for an empty histogram.

    >>> bucket_quantile(np.array([0, 10, 0]), (1.0, 2.0), 0.5)
    1.5
    """
    total = float(np.sum(counts))
    if not total:
        return None
    reached = np.cumsum(counts)
    at = int(np.searchsorted(reached, share * total))
    if at >= len(edges):
        return float(edges[-1])
    below = float(reached[at - 1]) if at else 0.0
    start = float(edges[at - 1]) if at else 0.0
    return start + (float(edges[at]) - start) * (share * total - below) / float(counts[at])


def _counts(row: Traffic, route: str, edges: tuple[float, ...]) -> bool:
    return row.edges == edges and route not in UNCOUNTED
