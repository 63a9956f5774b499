"""Results of monitoring: what a window of the feedback log says of traffic, quality by group, gap, drift and feedback.

Times are seconds since 1970 in UTC. A window or bin holds what happened from its ``start`` on and before its ``end``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.dataclass_json import to_json
from recsys_core.results.fairness import Group

HIT_RATE, NDCG = "hit_rate@10", "ndcg@10"
SERVED_MEASURES = (HIT_RATE, NDCG)
WINDOWS = ("hour", "day", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval over the people whose lists count; None where ``n`` (of people) is too small."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPoint:
    """Requests of one bin of time: how many, how many of them failed (5xx), and how long they took in seconds."""

    start: float
    end: float
    requests: int
    errors: int
    p50: float | None
    p95: float | None

    @property
    def per_second(self) -> float:
        return self.requests / (self.end - self.start) if self.end > self.start else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPoint:
    """Events that arrived in one bin of time, and how many of them were positive by the task's rule."""

    start: float
    end: float
    n: int
    n_positive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSummary:
    """Events of the whole log and of the window, of how many people, and how many served lists have any."""

    n_events: int
    n_users: int
    n_in_window: int
    n_positive_in_window: int
    n_today: int
    first: float | None
    last: float | None
    n_lists: int
    n_lists_with_feedback: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuality:
    """Quality of the lists that one group of users was served; ``EVERYONE`` for all of them.

    Groups of fewer people than the least size are pooled as ``Group("rest")``. ``measures`` are by ``SERVED_MEASURES``.
    """

    group: Group
    n_users: int
    n_lists: int
    measures: dict[str, Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedGap:
    """The gap between the worst and the best served group in one measure, with its 95 % interval."""

    measure: str
    worst: Group
    best: Group
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPoint:
    """Quality in one bin of time (by when lists were served): everyone first, then each group."""

    start: float
    end: float
    groups: tuple[GroupQuality, ...]
    gaps: tuple[ServedGap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityChange:
    """One group's measure in the later half of the window against the earlier one; ``difference``: later − earlier."""

    group: Group
    measure: str
    since: float
    before: Estimate
    after: Estimate
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapChange:
    """How the gap between the worst and the best group of the window changed from its earlier half to the later one.

    ``difference`` above 0: wider than before; ``n`` people of both groups.
    """

    measure: str
    difference: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemExposure:
    """Share of the attention, 1/log2(1 + place), that a group of items got, beside its share of the catalogue."""

    group: Group
    share: float
    catalogue_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDrift:
    """Scores served in the window against those of the held-out users under the same variant.

    Attributes
    ----------
    psi, threshold
        Population stability index over the reference's tenths, of the last 500 lists; what it exceeds by chance in
        one of 20 streams of 20,000 requests, for so many people. None where there is no reference, or too little was
        served.
    n, n_reference
        People on both sides, each with one value: the mean score of the first ten places of the newest list, less what
        having taken items since has changed.
    edges, reference, now
        Inner edges of the bins, and the shares of both sides in each bin (one more than edges); the reference's are of
        the same people.
    alarms, n_seen
        When ADWIN found a change in the stream of scores since this version is served, and how many it has seen.
    """

    psi: float | None
    threshold: float | None
    n: int
    n_reference: int
    edges: tuple[float, ...]
    reference: tuple[float, ...]
    now: tuple[float, ...]
    alarms: tuple[float, ...]
    n_seen: int

    @property
    def is_above(self) -> bool:
        """Whether the index is beyond its threshold."""
        return self.psi is not None and self.threshold is not None and self.psi > self.threshold

    @property
    def is_found(self) -> bool:
        """Whether scores have drifted by either detector."""
        return self.is_above or bool(self.alarms)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorReport:
    """What the log of one workspace says of a window.

    ``upto`` is the last event's sequence number; ``last_seen`` when the server last wrote anything (None: never), and
    ``version``, ``model``, ``variant`` what it served then. ``changes`` hold every group and measure, ``gaps`` a gap a
    measure where there are two groups to compare.
    """

    upto: int
    at: float
    window: str
    start: float
    end: float
    by: str
    least: int
    last_seen: float | None
    version: int | None
    model: str | None
    variant: str | None
    traffic: tuple[TrafficPoint, ...]
    traffic_now: TrafficPoint | None
    feedback: FeedbackSummary
    feedback_points: tuple[FeedbackPoint, ...]
    quality: tuple[GroupQuality, ...]
    quality_points: tuple[QualityPoint, ...]
    gaps: tuple[ServedGap, ...]
    changes: tuple[QualityChange, ...]
    drift: ScoreDrift
    gap_changes: tuple[GapChange, ...] = ()
    label_share: Estimate = Estimate(value=None, low=None, high=None, n=0)
    label_age: float | None = None
    label_delay: float | None = None
    horizon: float = 0.0
    n_open: int = 0
    exposure_by: str = ""
    exposure: tuple[ItemExposure, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return to_json(self)
