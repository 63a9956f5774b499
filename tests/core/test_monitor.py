"""Monitor: a real log as it grows, read a little at a time, says the same as when it is read as a whole."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from recsys_core.errors import RecLensError, SettingError, WorkspaceError
from recsys_core.feedback import FeedbackLog
from recsys_core.feedback.database import log_path
from recsys_core.learning.learn import learn
from recsys_core.live.engine import Engine
from recsys_core.models.workspace import Workspace
from recsys_core.monitoring import Monitor, make_reference, save_reference
from recsys_core.monitoring.traffic import bucket_quantile
from recsys_core.rerank import BY_SCORE
from recsys_core.results.fairness import EVERYONE
from recsys_core.results.monitoring import HIT_RATE
from recsys_core.results.serving import FeedbackEvent, ServedList
from recsys_core.results.traffic import RouteTraffic, Traffic
from recsys_core.serving.metrics import ServiceMetrics
from recsys_core.serving.quality_watch import QualityWatch, item_shares
from recsys_core.versions import Versions

EDGES = (0.01, 0.1)


@pytest.fixture
def served(grouped_workspace: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(grouped_workspace, tmp_path / "served"))


def engine_of(folder: Path) -> Engine:
    model = Workspace.open(folder).model()
    return Engine(Versions(folder).current(), model, model.dense, BY_SCORE, model.variant)


def write(folder: Path, numbers: range, started: float) -> None:
    """Lists of ten items a tenth of a second apart, of every third the second place is taken, and a row of traffic."""
    dataset = Workspace.open(folder).split_dataset.dataset
    version, users, items = Versions(folder).current(), dataset.user_ids, dataset.item_ids
    with FeedbackLog.open(folder) as log:
        told = []
        for k in numbers:
            listed = tuple(str(items[(k + j) % len(items)]) for j in range(10))
            scores = tuple(1.0 - j / 10 for j in range(10))
            log.note_list(
                ServedList(
                    list_id=f"l{k}",
                    user_id=str(users[k % len(users)]),
                    served=started + k / 10,
                    version=version.version,
                    variant="dense",
                    items=listed,
                    scores=scores,
                    propensities=(1.0,) * 10,
                    n_candidates=50,
                )
            )
            if k % 3 == 0:
                event = FeedbackEvent(
                    event_id=f"e{k}",
                    user_id=str(users[k % len(users)]),
                    item_id=listed[1],
                    outcome=1.0,
                    list_id=f"l{k}",
                )
                told.append(log.append([event]))
        for future in told:
            future.result(20)
        route = RouteTraffic(requests=len(numbers), errors=1, seconds=0.5, buckets=(len(numbers) - 2, 1, 1))
        row = Traffic(
            time=started + numbers[-1] / 10,
            span_seconds=5.0,
            version=version.version,
            model=version.model,
            variant="dense",
            cpu_seconds=0.5,
            queue_depth=0,
            edges=EDGES,
            routes={"/recommend": route, "/metrics": route},
        )
        log.note_traffic(row)


def test_a_log_read_in_pieces_says_what_it_says_as_a_whole(served: Path):
    started = time.time() - 100.0
    growing = Monitor(Workspace.open(served), horizon=1000.0)
    empty = growing.report(now=started)
    assert (empty.upto, empty.version, empty.quality, empty.feedback.n_events) == (0, None, (), 0)
    save_reference(served, make_reference(engine_of(served)))
    for first in range(0, 600, 200):
        write(served, range(first, first + 200), started)
        growing.report(now=started + 2000.0)
    for window in ("hour", "all"):
        told = growing.report(window=window, now=started + 2000.0).to_json()
        whole = Monitor(Workspace.open(served), horizon=1000.0).report(window=window, now=started + 2000.0).to_json()
        assert told == whole
    report = growing.report(by="user.region", now=started + 2000.0)
    everyone = next(g for g in report.quality if g.group == EVERYONE)
    assert (everyone.n_lists, everyone.measures[HIT_RATE].value) == (600, pytest.approx(1 / 3))
    assert sum(g.n_lists for g in report.quality if g.group != EVERYONE) == 600
    assert sum(point.groups[0].n_lists for point in report.quality_points) == 600
    assert report.label_share.value == pytest.approx(1 / 3)
    assert (report.feedback.n_events, report.feedback.n_users, report.feedback.n_lists_with_feedback) == (200, 200, 200)
    assert sum(point.n for point in report.feedback_points) == 200
    assert sum(point.requests for point in report.traffic) == 600  # those of /metrics are nobody's
    assert sum(e.share for e in report.exposure) == pytest.approx(1)
    assert sum(e.catalogue_share for e in report.exposure) == pytest.approx(1)
    assert report.drift.n_reference > 50
    assert report.drift.n_seen > 100


def test_lists_younger_than_the_horizon_are_told_apart(served: Path):
    started = time.time()
    write(served, range(50), started)
    report = Monitor(Workspace.open(served), horizon=60.0).report(now=started + 62.0)
    assert (report.n_open, report.quality[0].n_lists) == (29, 21)


def test_what_cannot_be_read_or_asked_is_said(served: Path):
    monitor = Monitor(Workspace.open(served))
    with pytest.raises(SettingError, match="window"):
        monitor.report(window="week")
    with pytest.raises(RecLensError, match=r"user\.nothing"):
        monitor.report(by="user.nothing")
    log_path(served).parent.mkdir(exist_ok=True)
    log_path(served).write_bytes(b"no log " * 1000)
    with pytest.raises(WorkspaceError):
        monitor.report()


def test_the_watch_publishes_what_the_log_says_and_makes_the_reference(served: Path):
    started = time.time()
    write(served, range(300), started)
    workspace, engine = Workspace.open(served), engine_of(served)
    groups, shares = item_shares(workspace.split_dataset)
    metrics = ServiceMetrics(groups=groups, shares=shares)
    watch = QualityWatch(workspace, metrics, lambda: engine, every=0.05, horizon=1000.0)
    watch.make_reference()
    watch.look(started + 2000.0)
    assert learn(served).candidate is None  # too little feedback to make one: none that was refused
    watch.look(started + 2000.0)
    assert 'reclens_update_total{result="refused"} 0.0' in metrics.exposition().decode()
    (served / "serving" / "decisions.jsonl").write_text("spoilt\n")  # what is no business of the lists
    metrics.quality.publish(Monitor(workspace).report(now=0.0), is_changing=False)
    watch.look(started + 2000.0)
    text = metrics.exposition().decode()
    assert 'reclens_hit_rate{user_group="(all)"} 0.3333' in text
    assert "reclens_label_share_n 300" in text
    assert "reclens_score_psi NaN" not in text
    watch.start()
    watch.stop()


def test_latencies_are_read_off_buckets_as_prometheus_does():
    counts = np.array([50, 40, 10])
    assert bucket_quantile(counts, EDGES, 0.25) == pytest.approx(0.005)
    assert bucket_quantile(counts, EDGES, 0.7) == pytest.approx(0.01 + 0.09 * 0.5)
    assert bucket_quantile(counts, EDGES, 0.95) == 0.1
    assert bucket_quantile(np.zeros(3), EDGES, 0.5) is None
