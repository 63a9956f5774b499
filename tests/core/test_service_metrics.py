"""Metrics of the service: bounded labels under hostile input, no ids, what Prometheus' own checker says, traffic."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from recsys_core.monitoring.score_drift import NO_DRIFT
from recsys_core.results.fairness import EVERYONE, Group
from recsys_core.results.monitoring import (
    HIT_RATE,
    NDCG,
    Estimate,
    GroupQuality,
    MonitorReport,
    QualityChange,
    ServedGap,
)
from recsys_core.results.serving import POPULARITY, ServedList, ServedVersion
from recsys_core.serving.metrics import MOST_VERSIONS, ServiceMetrics

GROUPS = ("kitchen", 'odd "group"\n', "(other values)")
SHARES = {"i1": ((0, 1.0),), "i2": ((0, 0.5), (1, 0.5)), "i3": ((2, 1.0),)}
HOSTILE = ["/../../etc/passwd", "/recommend?user_id=17", 'x"} 1\nreclens_requests_total{route="', "ü\0", ""]


def version(number: int) -> ServedVersion:
    return ServedVersion(version=number, model=f"model {number}", fingerprint=f"{number:016x}", since="2026-01-01")


def served(user: str, items: tuple[str, ...], **changed) -> ServedList:
    about = {"list_id": "l", "user_id": user, "served": 0.0, "version": 1, "variant": "dense", "n_candidates": 9}
    numbers = {"scores": tuple(2.0 - k for k in range(len(items))), "propensities": (1.0,) * len(items)}
    return ServedList(items=items, **(about | numbers | changed))


def samples(metrics: ServiceMetrics) -> dict[tuple, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def busy() -> ServiceMetrics:
    metrics = ServiceMetrics(groups=GROUPS, shares=SHARES)
    metrics.version(version(1), "dense")
    for k in range(300):
        metrics.request(HOSTILE[k % len(HOSTILE)] + str(k), 404, 0.004)
        metrics.listed(served(f"secret-user-{k}", ("i1", f"secret-item-{k}", "i2")))
    for code, seconds in ((200, 0.004), (200, 0.04), (503, 0.0001), (500, 5.0), (99999, 0.1)):
        metrics.request("/recommend", code, seconds)
    metrics.queue("answers", 7)
    metrics.queue("no such queue", 2)
    metrics.feedback_failed("no such reason")
    metrics.feedback(positive=True, result="new", n=5)
    metrics.commit(0.002)
    metrics.update("held")
    return metrics


def test_no_id_is_ever_a_label_and_every_label_has_few_values():
    metrics = busy()
    text = metrics.exposition().decode()
    assert "secret" not in text
    assert "passwd" not in text
    values: dict[str, set[str]] = {}
    for _, *labels in samples(metrics):
        for name, value in labels:
            values.setdefault(name, set()).add(value)
    assert values.pop("side_group") == set(GROUPS)
    del values["le"]  # ends of buckets
    assert {name for name, found in values.items() if len(found) > 12} == set()
    assert len(text) < 40_000


def test_counts_are_what_was_counted():
    found = samples(busy())
    one = (("code", "404"), ("route", "other"), ("variant", "dense"), ("version", "1"))
    assert found["reclens_requests_total", *one] == 300
    assert found["reclens_exposure_total", ("side_group", "kitchen")] == pytest.approx(300 * 1.25)
    assert found["reclens_exposure_total", ("side_group", GROUPS[1])] == pytest.approx(300 * 0.25)
    assert found["reclens_exposure_total", ("side_group", GROUPS[2])] == 0
    assert found["reclens_scores_bucket", ("le", "1.0")] == 300  # the mean of 2, 1 and 0
    assert found["reclens_scores_bucket", ("le", "0.75")] == 0
    assert found["reclens_queue_depth", ("queue", "answers")] == 7
    assert found["reclens_queue_depth", ("queue", "other")] == 2
    assert found["reclens_update_total", ("result", "held")] == 1
    assert found["reclens_feedback_failures_total", ("reason", "other")] == 1


def test_a_list_by_popularity_has_no_score():
    metrics = ServiceMetrics(groups=GROUPS, shares=SHARES)
    metrics.listed(served("u", ("i3",), variant=POPULARITY, scores=(812.0,)))
    metrics.listed(served("u", ()))
    found = samples(metrics)
    assert found["reclens_scores_count",] == 0
    assert found["reclens_exposure_total", ("side_group", GROUPS[2])] == 1


def test_only_the_latest_versions_have_series():
    metrics = ServiceMetrics()
    for number in range(1, 40):
        metrics.version(version(number), "dense")
        metrics.request("/recommend", 200, 0.01)
    found = samples(metrics)
    counted = {dict(labels)["version"] for name, *labels in found if name == "reclens_requests_total"}
    assert counted == {str(number) for number in range(40 - MOST_VERSIONS, 40)}
    assert [dict(labels)["version"] for name, *labels in found if name == "reclens_version_info"] == ["39"]
    metrics.version(version(3), "dense")  # a way back: its number counts again
    metrics.request("/recommend", 200, 0.01)
    row = ("reclens_requests_total", ("code", "200"), ("route", "/recommend"), ("variant", "dense"), ("version", "3"))
    assert samples(metrics)[row] == 1


def test_traffic_is_what_was_answered_since_the_last_row():
    metrics = busy()
    first = metrics.traffic(1000.0)
    assert (first.version, first.model, first.queue_depth) == (1, "model 1", 7)
    recommend = first.routes["/recommend"]
    assert (recommend.requests, recommend.errors) == (5, 2)
    assert len(recommend.buckets) == len(first.edges) + 1
    assert (sum(recommend.buckets), recommend.buckets[0], recommend.buckets[-1]) == (5, 1, 1)
    assert recommend.seconds == pytest.approx(5.1441)
    assert first.routes["other"].requests == 300
    metrics.request("/score", 200, 0.0061)
    second = metrics.traffic(1005.0)
    assert (second.span_seconds, second.queue_depth, set(second.routes)) == (5.0, 0, {"/score"})
    assert second.routes["/score"].buckets[4] == 1


def report(groups: dict[Group, float], **parts) -> MonitorReport:
    """A report of hit rates by group, the little of it that is published."""
    empty = dict.fromkeys(MonitorReport.__dataclass_fields__)
    figures = {g: Estimate(value=v, low=v - 0.1, high=v + 0.1, n=30) for g, v in groups.items()}
    measures = {g: {HIT_RATE: e, NDCG: e} for g, e in figures.items()}
    quality = tuple(GroupQuality(group=g, n_users=30, n_lists=99, measures=m) for g, m in measures.items())
    unknown = Estimate(value=None, low=None, high=None, n=0)
    about = {
        "quality": quality,
        "gaps": (),
        "changes": (),
        "gap_changes": (),
        "label_share": unknown,
        "drift": NO_DRIFT,
    }
    return MonitorReport(**(empty | about | {"horizon": 60.0, "at": 5.0} | parts))


def test_groups_that_are_gone_have_no_series_and_what_is_unknown_is_no_number():
    metrics = ServiceMetrics()
    a, b = Group("value", "a"), Group("value", "b")
    gap = ServedGap(measure=HIT_RATE, worst=b, best=a, difference=0.2, low=0.1, high=0.3)
    now, moved = Estimate(value=0.4, low=0.3, high=0.5, n=30), {"difference": -0.2, "low": -0.3, "high": -0.1}
    fell = QualityChange(group=a, measure=HIT_RATE, since=1.0, before=now, after=now, **moved)
    metrics.quality.publish(report({EVERYONE: 0.4, a: 0.5, b: 0.3}, gaps=(gap,), changes=(fell,)), is_changing=True)
    found = samples(metrics)
    assert found["reclens_hit_rate", ("user_group", "b")] == 0.3
    assert found["reclens_hit_rate_low", ("user_group", "b")] == pytest.approx(0.2)
    assert found["reclens_hit_rate_gap_low",] == 0.1
    assert found["reclens_ndcg_at_10_gap",] != found["reclens_ndcg_at_10_gap",]  # NaN
    assert found["reclens_quality_change_high", ("metric", "hit_rate"), ("user_group", "a")] == -0.1
    assert found["reclens_drift_found", ("detector", "adwin")] == 1
    metrics.quality.publish(report({EVERYONE: 0.4}), is_changing=False)
    found = samples(metrics)
    assert ("reclens_hit_rate", ("user_group", "b")) not in found
    assert found["reclens_hit_rate_gap_n",] == 0


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed: apt-get install prometheus")
def test_prometheus_own_checker_finds_nothing():
    found = subprocess.run(
        ["promtool", "check", "metrics"], input=busy().exposition(), capture_output=True, check=False, timeout=60
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")
