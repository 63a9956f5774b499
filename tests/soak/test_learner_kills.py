"""A killed learner leaves nothing half-written and the served model as it was; a watcher ends cleanly when asked."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys_core.feedback import FeedbackLog
from recsys_core.models.workspace import Workspace
from recsys_core.results.learning import PROMOTED
from recsys_core.results.serving import FeedbackEvent
from recsys_core.versions import DecisionLog, Versions

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12


@pytest.fixture
def workspace(grouped_workspace, tmp_path) -> Path:
    """With 2,000 events of a trend in its log."""
    spec = importlib.util.spec_from_file_location("learning_benchmark", ROOT / "benchmarks" / "learning.py")
    benchmark = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = benchmark
    spec.loader.exec_module(benchmark)
    copy = Path(shutil.copytree(grouped_workspace, tmp_path / "copy"))
    events = benchmark.stream(Workspace.open(copy).model(), seed=0, trend=2.0, rounds=4)
    del sys.modules[spec.name]
    log = FeedbackLog.open(copy)
    told = zip(events["seq"], events["user_id"], events["item_id"], events["outcome"], strict=True)
    log.append([FeedbackEvent(event_id=f"e{n}", user_id=u, item_id=i, outcome=o) for n, u, i, o in told]).result()
    log.close()
    return copy


def started(workspace: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "recsys_core", "learn", "--workspace", str(workspace), "--json", *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_killed_learner_leaves_the_served_model_and_nothing_half_written(workspace):
    began = time.monotonic()
    whole = started(Path(shutil.copytree(workspace, workspace.with_name("whole"))))
    said, seconds = json.loads(whole.communicate()[0]), time.monotonic() - began
    assert said["decision"] == PROMOTED
    draw, left = random.Random(0), 0
    for _ in range(KILLS):
        learner = started(workspace)
        time.sleep(draw.uniform(0.3, 1.0) * seconds)
        learner.kill()
        learner.communicate()
        decisions, versions = DecisionLog(workspace).list(), Versions(workspace)
        served = versions.current().model
        assert served == "first" or any(d.candidate == served and d.decision == PROMOTED for d in decisions)
        assert versions.store.damaged() == {}
        Workspace.open(workspace).model()
        left += served == "first"
        if served != "first":
            break
    assert left > 0
    last = started(workspace)
    last.communicate()
    assert last.returncode == 0
    assert not [p for p in (workspace / "models").iterdir() if p.name.startswith(".")]
    assert Versions(workspace).current().model != "first"


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_watcher_ends_when_it_is_asked_to_and_says_what_it_decided(workspace):
    watcher = started(workspace, "--watch")
    log = DecisionLog(workspace)
    for _ in range(600):
        if log.list():
            break
        time.sleep(0.5)
    time.sleep(1)
    os.kill(watcher.pid, signal.SIGTERM)
    said = json.loads(watcher.communicate(timeout=60)[0])
    assert watcher.returncode == 0
    assert (said["looks"], said["decision"]) == (1, PROMOTED)
