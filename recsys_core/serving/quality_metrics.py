"""Quality as gauges: what must be joined from the log (hits of lists by group, drift), as Prometheus reads it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from recsys_core.results.fairness import EVERYONE
from recsys_core.results.monitoring import HIT_RATE, NDCG, Estimate, MonitorReport, ScoreDrift

NAMES = {HIT_RATE: "hit_rate", NDCG: "ndcg_at_10"}
ENDS = {"": ".", "_low": ": low end of its 95 % interval.", "_high": ": high end.", "_n": ": number of users."}
DETECTORS = PSI, ADWIN = "psi", "adwin"
NOTHING = float("nan")
Row = tuple[float | None, float | None, float | None, float]
Rows = dict[tuple[str, ...], Row]
NONE: Row = (None, None, None, 0)


class QualityMetrics:
    """Gauges of served quality by user group, its gaps and changes, the drift of scores, and how fresh labels are.

    Each has its interval in ``_low`` and ``_high``, and the number of users in ``_n``; what is not known is NaN, and a
    group that is gone has no series.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._groups = {
            HIT_RATE: self._family("hit_rate", "Share of served lists of which something was taken", "user_group"),
            NDCG: self._family("ndcg_at_10", "NDCG@10 of served lists by what was taken", "user_group"),
        }
        self._gaps = {
            HIT_RATE: self._family("hit_rate_gap", "Hit rate of the best group less that of the worst"),
            NDCG: self._family("ndcg_at_10_gap", "NDCG@10 of the best group less that of the worst"),
        }
        self._change = self._family("quality_change", "Quality now less that of before", "metric", "user_group")
        self._gap_change = self._family("gap_change", "Gap now less that of before", "metric")
        self._label_share = self._family("label_share", "Share of served lists that got any feedback")
        self._psi = self._gauge("score_psi", "Stability index of served scores against the reference's deciles.")
        self._threshold = self._gauge("score_psi_threshold", "Above this the index is no chance finding.")
        self._psi_n = self._gauge("score_psi_n", "People in the window of the index, each by their newest list.")
        self._reference_n = self._gauge("score_reference_n", "Lists in the reference.")
        self._found = self._gauge("drift_found", "1 while scores have drifted.", "detector")
        self._alarms = Counter("reclens_drift", "Times that drift was found.", ("detector",), registry=registry)
        self._age = self._gauge("label_age_seconds", "Seconds since the newest feedback.")
        self._delay = self._gauge("label_delay_seconds", "Median of seconds from a list to its feedback.")
        self._horizon = self._gauge("label_horizon_seconds", "Later feedback counts for no list.")
        self._computed = self._gauge("quality_refreshed_timestamp_seconds", "When these gauges were last computed.")
        self._nothing_yet()

    def _nothing_yet(self) -> None:
        """Every family has its series from the start, so that alerts and boards see it."""
        for detector in DETECTORS:
            self._alarms.labels(detector)
            self._found.labels(detector).set(0)
        for metric, name in NAMES.items():
            _put(self._gaps[metric], (), NONE)
            _put(self._gap_change, (name,), NONE)
            _put(self._groups[metric], (EVERYONE.label,), NONE)
            _put(self._change, (name, EVERYONE.label), NONE)
        _put(self._label_share, (), NONE)
        for gauge in (self._psi, self._threshold, self._age, self._delay, self._horizon):
            gauge.set(NOTHING)
        self._computed.set(time.time())  # an alert on its age sees a thread that never came so far

    def publish(self, report: MonitorReport, *, is_changing: bool) -> None:
        """Publish the present window; ``is_changing`` where ADWIN has found a change lately."""
        for metric, family in self._groups.items():
            rows: Rows = {(g.group.label,): _row(g.measures[metric]) for g in report.quality}
            _replace(family, rows or {(EVERYONE.label,): NONE})
            gap = next((gap for gap in report.gaps if gap.measure == metric), None)
            n = sum(g.n_users for g in report.quality if g.group != EVERYONE)
            _put(self._gaps[metric], (), (gap.difference, gap.low, gap.high, n) if gap else (None, None, None, n))
        changes: Rows = {
            (NAMES[c.measure], c.group.label): (c.difference, c.low, c.high, c.after.n) for c in report.changes
        }
        nothing: Rows = {(name, EVERYONE.label): NONE for name in NAMES.values()}
        _replace(self._change, changes or nothing)
        moved = {c.measure: (c.difference, c.low, c.high, c.n) for c in report.gap_changes}
        for metric, name in NAMES.items():
            _put(self._gap_change, (name,), moved.get(metric, NONE))
        _put(self._label_share, (), _row(report.label_share))
        self._drift(report.drift, is_changing)
        for gauge, value in ((self._age, report.label_age), (self._delay, report.label_delay)):
            gauge.set(NOTHING if value is None else value)
        self._horizon.set(report.horizon)
        self._computed.set(report.at)

    def _drift(self, drift: ScoreDrift, is_changing: bool) -> None:
        for gauge, value in ((self._psi, drift.psi), (self._threshold, drift.threshold)):
            gauge.set(NOTHING if value is None else value)
        self._psi_n.set(drift.n)
        self._reference_n.set(drift.n_reference)
        self._found.labels(PSI).set(drift.is_above)
        self._found.labels(ADWIN).set(is_changing)

    def alarm(self, detector: str) -> None:
        """Count that ``psi`` rose above its threshold, or that ``adwin`` found a change."""
        self._alarms.labels(detector).inc()

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"reclens_{name}", about, labels, registry=self._registry)

    def _family(self, name: str, about: str, *labels: str) -> tuple[Gauge, ...]:
        return tuple(self._gauge(name + end, about + word, *labels) for end, word in ENDS.items())


def _row(estimate: Estimate) -> Row:
    return estimate.value, estimate.low, estimate.high, estimate.n


def _put(family: Iterable[Gauge], labels: tuple[str, ...], values: Row) -> None:
    for gauge, value in zip(family, values, strict=True):
        child = gauge.labels(*labels) if labels else gauge
        child.set(NOTHING if value is None else value)


def _replace(family: tuple[Gauge, ...], rows: Rows) -> None:
    """The family holds these rows and no others."""
    held = {tuple(s.labels.values()) for metric in family[0].collect() for s in metric.samples}
    for labels, row in rows.items():
        _put(family, labels, row)
    for gone in held - set(rows):
        for gauge in family:
            gauge.remove(*gone)
