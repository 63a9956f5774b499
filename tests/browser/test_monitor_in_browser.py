"""The Monitor page beside a service that answers in another process: it follows without reloading, and says the log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from recsys_core.feedback import FeedbackReader
from recsys_core.serving.app import make_app
from recsys_core.serving.running import TRAFFIC_SECONDS, open_service
from recsys_core.variant import ModelVariant


def ask(client: TestClient, path: str, body: dict | None = None) -> dict:
    answer = client.get(path) if body is None else client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listen_and_answer(client: TestClient, users: range) -> None:
    """Everybody gets a list and takes its second item."""
    for user in map(str, users):
        served = ask(client, "/recommend", {"user_id": user, "k": 5})
        item = served["items"][1]["item_id"]
        event = {"event_id": f"{served['list_id']}-1", "user_id": user, "item_id": item, "outcome": 1}
        ask(client, "/feedback", {"events": [event | {"list_id": served["list_id"]}]})


def wait_for_traffic(folder: Path) -> None:
    """The service notes its traffic in the log every few seconds."""
    end = time.monotonic() + 10 * TRAFFIC_SECONDS
    while not FeedbackReader(folder).traffic():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def service(workspace_folder: Path) -> Iterator[tuple[TestClient, Path]]:
    """A service in this process, while the app is one of its own: the log is all that they share."""
    folder = workspace_folder / "live"
    shutil.copytree(workspace_folder / "tiny", folder)
    try:
        with open_service(folder, ModelVariant()) as opened:
            yield TestClient(make_app(opened), base_url="http://127.0.0.1:8600"), folder
    finally:
        shutil.rmtree(folder)


def test_it_follows_a_running_service_without_reloading(visit, service):
    running, folder = service
    listen_and_answer(running, range(1, 11))
    wait_for_traffic(folder)
    visit.open("monitor", workspace="live", window="hour")
    cards = visit.page.locator('[data-testid="stMetricValue"]')
    assert cards.all_inner_texts()[0] == str(ask(running, "/version")["version"])
    assert cards.all_inner_texts()[3] == str(FeedbackReader(folder).summary().n_events) == "10"
    visit.page.evaluate("window.opened_once = true")
    listen_and_answer(running, range(11, 16))
    visit.page.wait_for_function("document.querySelectorAll('[data-testid=stMetricValue]')[3].innerText === '15'")
    assert visit.page.evaluate("window.opened_once"), "not reloaded"
    said = visit.page.locator("h5").first.inner_text()
    assert said.startswith("Version 1, ")
    assert "requests a second, p95" in said
