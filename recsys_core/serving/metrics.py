"""Metrics of the service: what it counts, as Prometheus reads it and as the log keeps it.

No label ever holds a user or an item, and each has a bounded number of values: routes are the known ones or
``other``, groups the largest of one column and ``others``, versions the latest ten.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from recsys_core.results.learning import DECISIONS
from recsys_core.results.serving import POPULARITY, ServedList, ServedVersion
from recsys_core.results.traffic import Traffic
from recsys_core.serving.quality_metrics import QualityMetrics
from recsys_core.serving.route_counts import LATENCY_BUCKETS, RouteCounts

OTHER = "other"
ROUTES = (
    "/recommend",
    "/score",
    "/explain",
    "/feedback",
    "/version",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)
QUEUES = ("answers", "explanations", "feedback")
OUTCOMES = ("positive", "negative")
FAILURES = ("full", "busy", OTHER)
RESULTS = ("new", "duplicate", "refused")
SCORE_BUCKETS = (-8.0, -6.0, *(step / 4 for step in range(-16, 25)), 8.0, 10.0)
LONGEST_LIST, K = 1000, 10
MOST_VERSIONS = 10
ItemShares = Mapping[str, tuple[tuple[int, float], ...]]


class _Answers(NamedTuple):
    """Kept children of the counter of requests, of one version: replaced as a whole when that changes."""

    version: str
    variant: str
    children: dict[tuple[str, int], Counter]


class ServiceMetrics:
    """Counters, histograms and gauges of one service, in a registry of its own.

    Every update goes to a kept child (a third of what looking it up by its labels costs).

    Parameters
    ----------
    groups
        Labels of the item groups whose exposure is counted.
    shares
        Of every item id its groups (index into ``groups``) and its share in each; an unknown item counts nowhere.
    score_buckets
        Upper ends of the histogram of served scores.
    """

    def __init__(
        self,
        *,
        groups: Sequence[str] = (),
        shares: ItemShares | None = None,
        score_buckets: Sequence[float] = SCORE_BUCKETS,
    ) -> None:
        disable_created_metrics()  # a second line for each counter, which nobody asks for
        self.registry = CollectorRegistry()
        self._shares = shares or {}
        self._weights = tuple(1 / math.log2(2 + place) for place in range(LONGEST_LIST))
        self._requests = self._counter("requests", "Requests answered.", ("route", "code", "version", "variant"))
        seconds = self._histogram("request_seconds", "Seconds from request to answer.", LATENCY_BUCKETS, ("route",))
        self._seconds = {route: seconds.labels(route) for route in (*ROUTES, OTHER)}
        depth = self._gauge("queue_depth", "Requests or batches that wait.", ("queue",))
        self._depth = {queue: depth.labels(queue) for queue in (*QUEUES, OTHER)}
        self._scores = self._histogram("scores", "Mean score of the first ten places of lists.", score_buckets)
        exposure = self._counter("exposure", "Attention given to items of a group.", ("side_group",))
        self._exposure = [exposure.labels(group) for group in groups]
        limit = self._gauge("queue_limit", "Most that may wait; more are refused.", ("queue",))
        self._limit = {queue: limit.labels(queue) for queue in QUEUES}
        feedback = self._counter("feedback", "Events of feedback.", ("outcome", "result"))
        self._feedback = {(o, r): feedback.labels(o, r) for o in OUTCOMES for r in RESULTS}
        failures = self._counter("feedback_failures", "Batches of feedback that could not be kept.", ("reason",))
        self._failures = {reason: failures.labels(reason) for reason in FAILURES}
        self._commit = self._histogram("feedback_commit_seconds", "Seconds a commit of feedback took.", LATENCY_BUCKETS)
        self._version = self._gauge(
            "version_info", "1 for the version that answers.", ("version", "model", "fingerprint", "variant")
        )
        self._not_loaded = self._counter("version_load_failures", "Promoted versions that could not be loaded.")
        updates = self._counter("update", "Candidates taught by feedback, by what became of them.", ("result",))
        self._updates = {result: updates.labels(result) for result in DECISIONS}
        self.quality = QualityMetrics(self.registry)
        self._counts = RouteCounts(self._requests, seconds)
        self._known: list[tuple[str, str]] = []  # versions with series, the oldest first
        self._served: ServedVersion | None = None
        self._answers = _Answers("0", "", {})

    def request(self, route: str, code: int, seconds: float) -> None:
        """Count an answer; ``route`` is the path as it was declared, any other counts as ``other``."""
        known = route if route in self._seconds else OTHER
        child = self._answers.children.get((known, code))
        (child or self._new_answer(known, code)).inc()
        self._seconds[known].observe(seconds)

    def listed(self, served: ServedList) -> None:
        """Count a list that was served: the exposure that its places give to groups of items, and its score."""
        if not served.items:
            return
        given: dict[int, float] = {}
        for item, weight in zip(served.items, self._weights, strict=False):
            for group, share in self._shares.get(item, ()):
                given[group] = given.get(group, 0.0) + share * weight
        for group, amount in given.items():
            self._exposure[group].inc(amount)
        if served.variant != POPULARITY:  # its scores are numbers of people
            first = served.scores[:K]
            self._scores.observe(sum(first) / len(first))

    def feedback(self, *, positive: bool, result: str, n: int = 1) -> None:
        """Count ``n`` events whose result was ``new``, ``duplicate`` or ``refused``."""
        self._feedback["positive" if positive else "negative", result].inc(n)

    def commit(self, seconds: float) -> None:
        """Count a commit of the log."""
        self._commit.observe(seconds)

    def queue(self, name: str, depth: int) -> None:
        """How many wait in a queue now (``answers``, ``explanations``, ``feedback``)."""
        self._depth.get(name, self._depth[OTHER]).set(depth)
        self._counts.waited(depth)

    def queue_limit(self, name: str, limit: int) -> None:
        """How many may wait in a queue (``answers``, ``explanations``, ``feedback``)."""
        self._limit[name].set(limit)

    def feedback_failed(self, reason: str) -> None:
        """Count a batch that was not kept: the disk is ``full``, the log ``busy``, or something ``other``."""
        self._failures.get(reason, self._failures[OTHER]).inc()

    def version_not_loaded(self) -> None:
        """Count a promoted version that could not be loaded."""
        self._not_loaded.inc()

    def update(self, result: str) -> None:
        """Count a candidate that was ``promoted``, ``held`` or ``refused``."""
        self._updates[result].inc()

    def version(self, version: ServedVersion, variant: str) -> None:
        """What answers from now on; requests counted later carry its number."""
        before, now = self._answers, _Answers(str(version.version), variant, {})
        self._version.labels(now.version, version.model, version.fingerprint, variant).set(1)
        if self._served and (self._served, before.variant) != (version, variant):
            self._version.remove(before.version, self._served.model, self._served.fingerprint, before.variant)
        self._served, self._answers = version, now
        self._known = [k for k in self._known if k != now[:2]] + [now[:2]]
        for number, key in self._known[:-MOST_VERSIONS]:
            self._requests.remove_by_labels({"version": number, "variant": key})
        del self._known[:-MOST_VERSIONS]

    def traffic(self, at: float | None = None) -> Traffic:
        """What was answered since the last call, for the log."""
        at = time.time() if at is None else at
        return self._counts.since_last(at, self._served, self._answers.variant)

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def _new_answer(self, route: str, code: int) -> Counter:
        answers = self._answers
        is_code = 100 <= code <= 599
        child = self._requests.labels(route, str(code) if is_code else OTHER, answers.version, answers.variant)
        if is_code:
            answers.children[route, code] = child
        return child

    def _counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"reclens_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"reclens_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
        return Histogram(f"reclens_{name}", about, labels, registry=self.registry, buckets=buckets)
