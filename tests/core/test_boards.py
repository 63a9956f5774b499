"""Boards, rules and alerts asked of the real Prometheus while it scrapes the real service under load.

Grafana is in no package here, so what it would show is asked for as it would ask: each query of each panel, with its
variables filled in, must be answered with series and numbers. An unknown metric is no error to Prometheus, but an empty
answer, and so is a window that is too short.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest
from deploy_files import ROOT, RULES, alerts, families, filled, panels, queries, recorded

from recsys_core.feedback import FeedbackLog
from recsys_core.feedback.database import log_path
from recsys_core.monitoring.served_lists import HORIZON_SECONDS
from recsys_core.results.serving import FeedbackEvent, ServedList

KEY = "f1a7c0de" * 8
START, LONGEST = 90.0, 30.0  # seconds at most; it takes about four, and eight
PLAIN = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}

# What a few seconds and sixty users cannot tell: nothing to compare with, or too few for an interval. Prometheus has
# these series, and each is "not a number".
UNKNOWN_YET = ("change", "_gap", "score_psi")


class Watched(NamedTuple):
    """Addresses of the service and of the Prometheus that scrapes it."""

    service: str
    prometheus: str


@pytest.fixture(scope="module")
def watched(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (apt-get install prometheus): its queries were only parsed")
    folder = tmp_path_factory.mktemp("boards")
    workspace = shutil.copytree(tiny_workspace, folder / "workspace")
    log_of_some_minutes_ago(workspace)
    (folder / "key").write_text(KEY + "\n")
    service, prometheus = free_port(), free_port()
    image = folder / "image"  # what the Dockerfile copies, and nothing else of the project
    shutil.copytree(ROOT / "recsys_core", image / "recsys_core", ignore=shutil.ignore_patterns("__pycache__"))
    words = ["serve", "--workspace", workspace, "--port", service, "--key-file", folder / "key"]
    with contextlib.ExitStack() as ends:
        serving = ends.enter_context(
            running(folder / "service.log", sys.executable, "-m", "recsys_core", *words, place=image)
        )
        watching = ends.enter_context(
            running(folder / "prometheus.log", "prometheus", *arguments(folder, service, prometheus))
        )
        at = Watched(f"http://127.0.0.1:{service}", f"http://127.0.0.1:{prometheus}")
        wait_for(lambda: ask(f"{at.service}/readyz") is not None, serving, folder / "service.log")
        wait_for(lambda: ask(f"{at.prometheus}/-/ready") is not None, watching, folder / "prometheus.log")
        stop = threading.Event()
        load = threading.Thread(target=use, args=(at.service, stop))
        load.start()
        ends.callback(load.join)
        ends.callback(stop.set)
        yield at


def log_of_some_minutes_ago(workspace: Path) -> None:
    """Lists and feedback that are older than the time that feedback is waited for, so that they are in the figures."""
    ago = time.time() - 3 * HORIZON_SECONDS
    with FeedbackLog.open(workspace) as log:
        for n in range(60):
            about = {"version": 1, "variant": "dense", "n_candidates": 40}
            items = tuple(str((n + place) % 40 + 1) for place in range(5))
            scores, certain = (1.0, 0.5, 0.0, -0.5, -1.0), (1.0,) * 5
            who = {"list_id": f"before-{n}", "user_id": str(n + 1)}
            log.note_list(ServedList(served=ago, items=items, scores=scores, propensities=certain, **who, **about))
            log.append([FeedbackEvent(event_id=f"before-{n}", item_id=items[n % 5], outcome=n % 2, **who)])
    connection = apsw.Connection(str(log_path(workspace)))
    connection.execute("UPDATE events SET received = ?", (ago + 5,))
    connection.close()


def arguments(folder: Path, service: int, prometheus: int) -> list[object]:
    """Words that start Prometheus on the project's own configuration, at a second a scrape, for this machine alone."""
    config = (RULES / "prometheus-with-key.yml").read_text()
    for before, now in (("15s", "1s"), (":8600", f":{service}"), (":9090", f":{prometheus}"), (":8501", ":9")):
        assert before in config
        config = config.replace(before, now)
    (folder / "prometheus.yml").write_text(config)
    for name in ("recording.yml", "alerts.yml"):
        shutil.copy(RULES / name, folder)
    return [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--web.listen-address=127.0.0.1:{prometheus}",
        f"--storage.tsdb.path={folder / 'series'}",
        "--storage.tsdb.retention.time=1h",
    ]


@contextlib.contextmanager
def running(log: Path, *words: object, place: Path | None = None) -> Iterator[subprocess.Popen]:
    told_where = {**os.environ, "PYTHONPATH": str(place or "")}
    with (
        log.open("w") as told,
        subprocess.Popen([*map(str, words)], stdout=told, stderr=told, cwd=place, env=told_where) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def wait_for(done: Callable[[], Any], process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START
    while not done():
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def ask(address: str, body: object = None, headers: dict[str, str] = PLAIN) -> Any:
    """What an address answers: JSON, or text; an error's status as a number, None where nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
            return json.loads(text) if "json" in answer.headers.get("content-type", "") else text
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def use(service: str, stop: threading.Event) -> None:
    """What people and their mistakes do to a service, about twenty requests a second, until told to stop."""
    n = 0
    while not stop.is_set():
        user = str(n % 60 + 1)
        listed = ask(f"{service}/recommend", {"user_id": user, "k": 5})
        if isinstance(listed, dict):
            items = [item["item_id"] for item in listed["items"]]
            of = {"user_id": user, "list_id": listed["list_id"]}
            events = [
                {"event_id": f"{n}-{place}", "item_id": item, "outcome": int(place == n % 5), **of}
                for place, item in enumerate(items)
            ]
            ask(f"{service}/feedback", {"events": events})
            ask(f"{service}/feedback", {"events": events[:1]})  # sent twice
            ask(f"{service}/score", {"user_id": user, "item_ids": items})
            if n % 10 == 0:
                ask(f"{service}/explain", {"user_id": user, "item_id": items[0]})
        if n % 5 == 0:
            ask(f"{service}/recommend", {"user_id": user, "k": -1})
            ask(f"{service}/feedback", {"events": [{"event_id": "x"}]})
            ask(f"{service}/no-such-place")
        n += 1
        stop.wait(0.15)


def asked(prometheus: str, expr: str) -> list[dict[str, Any]]:
    """The series of a query, which must be one that Prometheus takes."""
    found = ask(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
    assert isinstance(found, dict), f"{expr}: {found}"
    assert found["status"] == "success", f"{expr}: {found}"
    return found["data"]["result"]


def until(check: Callable[[], list[str]]) -> list[str]:
    """What is still missing when nothing is, or when time is up."""
    end = time.monotonic() + LONGEST
    while (missing := check()) and time.monotonic() < end:
        time.sleep(0.5)
    return missing


def test_every_query_of_every_panel_is_answered_with_series_and_numbers(watched):
    left = {f"{where} {t['refId']}": t for where, panel in panels() for t in panel["targets"]}

    def check() -> list[str]:
        missing = []
        for where, target in list(left.items()):
            series = asked(watched.prometheus, filled(target["expr"]))
            values = [float(one["value"][1]) for one in series]
            named = all(label in one["metric"] for one in series for label in labels(target["legendFormat"]))
            known = any(map(math.isfinite, values)) or any(part in target["expr"] for part in UNKNOWN_YET)
            if values and named and known:
                del left[where]
            else:
                missing.append(f"{where}: {target['expr']}: {series[:2]}")
        return missing

    missing = until(check)
    assert not missing, "\n".join(missing)


def labels(legend: str) -> list[str]:
    return [part.partition("}}")[0] for part in legend.split("{{")[1:]]


def test_every_rule_and_alert_is_evaluated_without_a_fault_and_none_fires_for_what_clients_did_wrong(watched):
    def check() -> list[str]:
        groups = ask(f"{watched.prometheus}/api/v1/rules")["data"]["groups"]
        rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
        assert set(rules) == {*recorded(), *(rule["alert"] for rule in alerts())}
        return [f"{name}: {rule}" for name, rule in rules.items() if rule["health"] != "ok"]

    missing = until(check)
    assert not missing, "\n".join(missing)
    for name in recorded():
        assert asked(watched.prometheus, name), f"{name} records nothing"
    firing = {one["metric"]["alertname"] for one in asked(watched.prometheus, 'ALERTS{alertstate="firing"}')}
    assert firing <= {"RecLensDrift", "RecLensQualityFell"}, "nothing is wrong with this service"
    for where, expr in queries().items():
        asked(watched.prometheus, expr), where


def test_prometheus_reads_the_service_with_the_key_from_the_file_and_nobody_reads_it_without(watched):
    def check() -> list[str]:
        targets = ask(f"{watched.prometheus}/api/v1/targets")["data"]["activeTargets"]
        mine = [t for t in targets if t["labels"]["job"] == "reclens"]
        return [t["lastError"] or t["health"] for t in mine if t["health"] != "up"] if mine else ["no target"]

    missing = until(check)
    assert not missing, "\n".join(missing)
    assert ask(f"{watched.service}/metrics", headers={}) == 401
    assert ask(f"{watched.service}/readyz", headers={}) not in (None, 401)


def test_the_service_exposes_what_the_boards_were_checked_against_and_no_id(watched):
    text = ask(f"{watched.service}/metrics")
    told = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line.startswith("reclens_")}
    assert told == set(families())
    assert "user_id" not in text
    assert "item_id" not in text
    if shutil.which("promtool"):
        linted = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert linted.returncode == 0, linted.stderr
