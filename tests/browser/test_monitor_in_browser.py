"""The Monitor page beside a service that really runs: it follows without reloading, and says what the log says."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys_core.feedback import FeedbackReader

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds


class Service:
    """A service of a workspace in a process of its own."""

    def __init__(self, workspace: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "recsys_core",
            "serve",
            "--workspace",
            str(workspace),
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def ask(self, path: str, body: dict | None = None) -> dict:
        content = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", content, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def wait(self) -> Service:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                self.ask("/readyz")
                return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError("the service did not begin")

    def listen_and_answer(self, users: range) -> None:
        """Everybody gets a list and takes its second item."""
        for user in map(str, users):
            served = self.ask("/recommend", {"user_id": user, "k": 5})
            item = served["items"][1]["item_id"]
            event = {"event_id": f"{served['list_id']}-1", "user_id": user, "item_id": item, "outcome": 1}
            self.ask("/feedback", {"events": [event | {"list_id": served["list_id"]}]})


@pytest.fixture
def service(workspace_folder: Path) -> Iterator[tuple[Service, Path]]:
    folder = workspace_folder / "live"
    shutil.copytree(workspace_folder / "tiny", folder)
    found = Service(folder)
    try:
        yield found.wait(), folder
    finally:
        found.process.terminate()
        found.process.wait(PATIENCE)
        shutil.rmtree(folder)


def test_it_follows_a_running_service_without_reloading(visit, service):
    running, folder = service
    running.listen_and_answer(range(1, 11))
    visit.open("monitor", workspace="live", window="hour")
    cards = visit.page.locator('[data-testid="stMetricValue"]')
    assert cards.all_inner_texts()[0] == str(running.ask("/version")["version"])
    assert cards.all_inner_texts()[3] == str(FeedbackReader(folder).summary().n_events) == "10"
    visit.page.evaluate("window.opened_once = true")
    running.listen_and_answer(range(11, 16))
    visit.page.wait_for_function("document.querySelectorAll('[data-testid=stMetricValue]')[3].innerText === '15'")
    assert visit.page.evaluate("window.opened_once"), "not reloaded"
    said = visit.page.locator("h5").first.inner_text()
    assert said.startswith("Version 1, ")
    assert "requests a second, p95" in said
