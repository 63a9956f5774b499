"""``make live``: a copy of the demo is served, visited and watched, and everything ends together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard.live import copied
from recsys_core.feedback import FeedbackReader
from recsys_core.models.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_is_another_workspace_and_made_once(tiny_workspace, tmp_path):
    before = content(tiny_workspace)
    live = copied(tiny_workspace, tmp_path / "tiny-live")
    assert Workspace.open(live).name == "tiny live"
    changed = {name for name, data in content(live).items() if before[name] != data}
    assert changed == {"workspace.json"}
    (live / "serving").mkdir()
    (live / "serving" / "kept").touch()
    assert copied(live, tmp_path / "of-live").joinpath("serving").exists() is False, "what was served stays there"
    assert copied(tiny_workspace, live).joinpath("serving", "kept").exists(), "it goes on where it was"
    assert content(tiny_workspace) == before
    assert [p.name for p in tmp_path.glob(".*")] == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.soak
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_all_start_and_end_together(end, tiny_workspace, tmp_path):
    before, ports = content(tiny_workspace), [free_port() for _ in range(3)]
    names = ("--port", "--service-port", "--prometheus-port")
    options = [str(part) for pair in zip(names, ports, strict=True) for part in pair]
    live = tmp_path / "live"
    command = [sys.executable, "-m", "dashboard.live", "--demo", str(tiny_workspace), "--workspace", str(live)]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen([*command, *options, "--prometheus"], cwd=ROOT, stdout=said, stderr=said)
        wait_for(lambda: live.is_dir() and FeedbackReader(live).last_seq > 50, process)
        process.send_signal(end)
        assert process.wait(60) == 0
    told = (tmp_path / "said").read_text()
    assert f"Watch it: http://localhost:{ports[0]}/monitor?workspace=live" in told
    assert f"n_events: {len(FeedbackReader(live).events())}" in told
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, "nothing is left running"
    assert content(tiny_workspace) == before


@pytest.mark.soak
def test_a_port_in_use_ends_all_with_a_line(tiny_workspace, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "dashboard.live", "--demo", str(tiny_workspace), "--workspace"]
        options = [str(tmp_path / "live"), "--service-port", str(taken.getsockname()[1])]
        found = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, env=dict(os.environ))
    assert found.returncode == 1
    assert "serve has ended" in found.stderr


def wait_for(is_so, process: subprocess.Popen, seconds: float = 180) -> None:
    for _ in range(int(5 * seconds)):
        assert process.poll() is None
        if is_so():
            return
        time.sleep(0.2)
    raise AssertionError(json.dumps({"waited": seconds}))
