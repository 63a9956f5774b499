"""A service killed under load again and again: planted users send until they are answered, and nothing is lost."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from recsys_core.feedback import FeedbackReader
from recsys_core.models.workspace import Workspace
from recsys_core.simulation import PlantedUsers, ServiceClient, simulate
from recsys_core.simulation.client import NoAnswer
from recsys_core.simulation.run import SimulationSettings

ROOT = Path(__file__).resolve().parents[2]
N_KILLS = 20
pytestmark = pytest.mark.soak


def test_a_service_killed_under_load_loses_and_doubles_nothing(tiny_workspace, tmp_path):
    workspace = shutil.copytree(tiny_workspace, tmp_path / "w")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client, draw = ServiceClient(f"http://127.0.0.1:{port}"), np.random.default_rng(0)
    people, stop, found = PlantedUsers(Workspace.open(workspace).dataset), threading.Event(), []
    settings = SimulationSettings(rate=100)
    users = threading.Thread(target=lambda: found.append(simulate(people, client, settings, stop=stop)))
    for number in range(N_KILLS + 1):
        command = [sys.executable, "-m", "recsys_core", "serve", "--workspace", str(workspace), "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        wait_ready(client, server)
        if number == 0:
            users.start()
        time.sleep(draw.uniform(0.3, 1.5))
        if number < N_KILLS:
            server.kill()
            server.wait()
    stop.set()
    users.join()
    server.terminate()
    assert server.wait(30) == 0
    report, rows = found[0], FeedbackReader(workspace).events()
    print(f"{N_KILLS} kills: {report}")
    assert report.n_unanswered > N_KILLS
    assert report.n_unsure == 0
    assert report.n_events == len(rows) == rows["event_id"].nunique()
    assert report.n_taken == rows["outcome"].sum()


def wait_ready(client: ServiceClient, server: subprocess.Popen) -> None:
    while server.poll() is None:
        try:
            if client.ask("/readyz")[0] == 200:
                return
        except NoAnswer:
            time.sleep(0.1)
    raise AssertionError("the service has ended by itself")
