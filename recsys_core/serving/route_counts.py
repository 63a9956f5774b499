"""Traffic: requests of each route within a span, as the difference of what Prometheus' counters held."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Histogram

from recsys_core.results.serving import ServedVersion
from recsys_core.results.traffic import RouteTraffic, Traffic

# seconds; the usual ones are too coarse at 5 to 25 ms, where answers lie
LATENCY_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0)
Key = tuple[str, str]


class RouteCounts:
    """What two metrics gained since they were last asked: nothing is counted a second time while requests run."""

    def __init__(self, requests: Counter, seconds: Histogram) -> None:
        self._requests, self._seconds = requests, seconds
        self._asked, self._cpu = time.time(), time.process_time()
        self._deepest = 0
        self._before: Mapping[Key, float] = {}

    def waited(self, depth: int) -> None:
        """Remember the longest queue."""
        self._deepest = max(self._deepest, depth)

    def since_last(self, at: float, served: ServedVersion | None, variant: str) -> Traffic:
        """The traffic since the last call; ``queue_depth`` is the longest that a queue was."""
        totals, cpu = self._totals(), time.process_time()
        gained = {key: n - self._before.get(key, 0) for key, n in totals.items()}
        asked = {route for (route, _), n in gained.items() if n > 0}
        row = Traffic(
            time=at,
            span_seconds=max(0.0, at - self._asked),
            version=served.version if served else 0,
            model=served.model if served else "",
            variant=variant,
            cpu_seconds=cpu - self._cpu,
            queue_depth=self._deepest,
            edges=LATENCY_BUCKETS,
            routes={route: _route(route, gained) for route in sorted(asked)},
        )
        self._before, self._asked, self._cpu, self._deepest = totals, at, cpu, 0
        return row

    def _totals(self) -> Mapping[Key, float]:
        """Requests by (route, code), and seconds and buckets by (route, their name)."""
        totals: Tally[Key] = Tally()
        for sample in _samples(self._requests):
            totals[sample.labels["route"], f"code {sample.labels['code']}"] += sample.value
        for sample in _samples(self._seconds):
            what = sample.labels.get("le") or sample.name.rpartition("_")[2]
            totals[sample.labels["route"], what] += sample.value
        return totals


def _samples(metric: Counter | Histogram) -> Iterable:
    return (sample for family in metric.collect() for sample in family.samples)


def _route(route: str, gained: Mapping[Key, float]) -> RouteTraffic:
    # a version's series that was dropped meanwhile leaves a negative difference
    codes = {what[5:]: max(0, int(n)) for (r, what), n in gained.items() if r == route and what.startswith("code ")}
    ends = [*(str(end) for end in LATENCY_BUCKETS), "+Inf"]
    reached = [int(gained.get((route, end), 0)) for end in ends]
    return RouteTraffic(
        requests=sum(codes.values()),
        errors=sum(n for code, n in codes.items() if code.isdigit() and int(code) >= 500),
        seconds=gained.get((route, "sum"), 0.0),
        buckets=tuple(later - before for before, later in zip([0, *reached], reached, strict=False)),
    )
