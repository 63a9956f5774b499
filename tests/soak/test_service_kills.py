"""Killed a hundred times under feedback, a service keeps all that it acknowledged, once, and serves by it after."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recsys_core.feedback import FeedbackReader
from recsys_core.models.workspace import open_model

sys.path.append(str(Path(__file__).resolve().parents[1] / "core"))
from service_client import serving

KILLS, CALLERS, SIZE = 100, 8, 5


class Callers:
    """Threads that send batches until told to stop, each batch again until it is acknowledged."""

    def __init__(self, users: list[str], items: list[str]) -> None:
        self.users, self.items = users, items
        self.sent: dict[str, dict] = {}
        self.acknowledged: set[str] = set()
        self.n_again = 0

    def run(self, address: str, stop: threading.Event, seed: int) -> list[threading.Thread]:
        names = [f"{seed}-{caller}" for caller in range(CALLERS)]
        threads = [threading.Thread(target=self._send, args=(address, stop, name)) for name in names]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, address: str, stop: threading.Event, name: str) -> None:
        rng, link = random.Random(name), http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        events = [event for key, event in list(self.sent.items()) if key not in self.acknowledged][:SIZE]
        self.n_again += len(events)
        for number in range(10**6):
            if stop.is_set():
                return
            events = events or [self._event(rng, f"{name}-{number}-{k}") for k in range(SIZE)]
            self.sent.update((event["event_id"], event) for event in events)
            try:
                link.request("POST", "/feedback", json.dumps({"events": events}), {"content-type": "application/json"})
                answer = link.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200:
                self.acknowledged.update(event["event_id"] for event in events)
            events = []

    def _event(self, rng: random.Random, event_id: str) -> dict:
        return {
            "event_id": event_id,
            "user_id": rng.choice(self.users),
            "item_id": rng.choice(self.items),
            "outcome": rng.randrange(2),
        }


def ask(address: str, body: dict) -> dict:
    link = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    link.request("POST", "/recommend", json.dumps(body), {"content-type": "application/json"})
    return json.loads(link.getresponse().read())


@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_and_double_nothing(tiny_workspace, tmp_path):
    workspace = Path(shutil.copytree(tiny_workspace, tmp_path / "w"))
    dataset = open_model(workspace).dataset
    strangers = [f"stranger {n}" for n in range(20)]
    callers = Callers([*dataset.users["user_id"], *strangers], dataset.items["item_id"].tolist())
    rng = random.Random(0)
    for kill in range(KILLS):
        with serving(workspace) as (process, address):
            check_live(address, callers, rng.sample(strangers, 3))
            stop = threading.Event()
            threads = callers.run(address, stop, kill)
            time.sleep(rng.uniform(0.05, 1.0))
            process.kill()
            process.wait()
            stop.set()
            for thread in threads:
                thread.join()
    kept = Counter(FeedbackReader(workspace).events()["event_id"])
    assert not callers.acknowledged - kept.keys()
    assert set(kept.values()) == {1}
    assert not kept.keys() - callers.sent.keys()
    print(f"{KILLS} kills, {len(callers.acknowledged)} acknowledged, {len(kept)} kept, {callers.n_again} sent again")
    assert len(callers.acknowledged) > 10 * KILLS


def check_live(address: str, callers: Callers, users: list[str]) -> None:
    """What somebody met before the kill, and was told so, is not on their list."""
    for user in users:
        told = {callers.sent[key]["item_id"] for key in callers.acknowledged if callers.sent[key]["user_id"] == user}
        listed = {item["item_id"] for item in ask(address, {"user_id": user, "k": 100})["items"]}
        assert not listed & told
