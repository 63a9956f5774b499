"""``python -m dashboard.live``: the demo in production, a copy of a workspace served to its planted users.

Every process is a command of its own that could be started by hand; this starts them in order, waits, and stops all
of them as soon as Ctrl-C is pressed or one of them ends.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROMETHEUS_FILES = ROOT / "deploy" / "prometheus"
START_SECONDS, STOP_SECONDS = 120, 30
SERVICE_PORT, DASHBOARD_PORT, PROMETHEUS_PORT = 8600, 8501, 9090
CORE = (sys.executable, "-m", "recsys_core")


def main() -> int:
    """Run until interrupted; returns 0 then, and 1 where a process ended by itself."""
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    running: dict[str, subprocess.Popen] = {}
    try:
        begin(asked, running)
        return _wait(running)
    except KeyboardInterrupt:
        return 0
    except Ended as ended:
        print(f"{ended} has ended: all is stopped", file=sys.stderr)
        return 1
    finally:
        _stop(running)


def begin(asked: argparse.Namespace, running: dict[str, subprocess.Popen]) -> None:
    """Start everything that was asked for, each once what it needs answers."""
    workspace = copied(asked.demo.absolute(), asked.workspace.absolute())
    environment = os.environ | {"RECLENS_WORKSPACES": str(workspace.parent)}  # where the dashboard looks

    def start(name: str, *command: str) -> None:
        running[name] = subprocess.Popen(command, cwd=ROOT, env=environment)

    service = f"http://127.0.0.1:{asked.service_port}"
    start("serve", *CORE, "serve", "--workspace", str(workspace), "--port", str(asked.service_port))
    _await(running, f"{service}/readyz")
    if asked.prometheus:
        start_prometheus(asked, workspace, start)
    if asked.learn:
        start("learn", *CORE, "learn", "--workspace", str(workspace), "--watch")
    start("dashboard", sys.executable, "-m", "dashboard", "--port", str(asked.port))
    _await(running, f"http://127.0.0.1:{asked.port}/_stcore/health")
    trend = ("--trend", asked.trend) if asked.trend else ()
    people = ("--rate", str(asked.rate), "--poison", str(asked.poison), *trend)
    start("simulate", *CORE, "simulate", "--workspace", str(workspace), "--url", service, *people)
    print(
        f"Watch it: http://localhost:{asked.port}/monitor?workspace={workspace.name}   (Ctrl-C stops all)", flush=True
    )


def copied(demo: Path, workspace: Path) -> Path:
    """``workspace``, made as a copy of ``demo`` where it is not there yet; what ``demo`` served stays with it."""
    if (workspace / "workspace.json").is_file():
        return workspace
    aside = workspace.parent / f".{workspace.name}.{secrets.token_hex(4)}"
    try:
        shutil.copytree(demo, aside, ignore=lambda folder, names: {"serving"} if Path(folder) == demo else set())
        about = json.loads((aside / "workspace.json").read_text())
        about["name"] = workspace.name.replace("-", " ")
        (aside / "workspace.json").write_text(json.dumps(about))
        aside.rename(workspace)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    print(f"{workspace} is a copy of {demo}, which stays as it is; remove it to begin anew", flush=True)
    return workspace


def start_prometheus(asked: argparse.Namespace, workspace: Path, start: Callable[..., None]) -> None:
    """Prometheus with the project's rules and these ports, where it is installed; else one line."""
    program = shutil.which("prometheus")
    if program is None:
        print("Prometheus is not installed (Debian: apt-get install prometheus): going on without", flush=True)
        return
    folder = workspace.parent / f".{workspace.name}-prometheus"
    folder.mkdir(exist_ok=True)
    config = (PROMETHEUS_FILES / "prometheus.yml").read_text()
    ports = ((SERVICE_PORT, asked.service_port), (DASHBOARD_PORT, asked.port), (PROMETHEUS_PORT, asked.prometheus_port))
    for usual, port in ports:
        config = config.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
    for rules in ("recording.yml", "alerts.yml"):
        config = config.replace(f"- {rules}", f"- {PROMETHEUS_FILES / rules}")
    (folder / "prometheus.yml").write_text(config)
    address = f"127.0.0.1:{asked.prometheus_port}"
    options = (f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}")
    start("prometheus", program, *options, f"--web.listen-address={address}", "--log.level=error")
    print(f"Prometheus: http://{address}", flush=True)


class Ended(Exception):
    """The name of a process that ended by itself."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dashboard.live", description="Serve a copy of the demo, simulate, watch.")
    parser.add_argument("--demo", type=Path, default=ROOT / "workspaces" / "shop-demo", metavar="W")
    parser.add_argument("--workspace", type=Path, default=ROOT / "workspaces" / "shop-live", metavar="W")
    parser.add_argument("--port", type=int, default=DASHBOARD_PORT, help="of the dashboard")
    parser.add_argument("--service-port", type=int, default=SERVICE_PORT)
    parser.add_argument("--rate", type=float, default=5.0, help="visits a second")
    parser.add_argument("--trend", default="", metavar="CATEGORY", help="a category that everybody begins to like")
    parser.add_argument("--poison", type=float, default=0.0, metavar="SHARE", help="of outcomes sent as their opposite")
    parser.add_argument("--learn", action="store_true", help="let the learner watch the feedback, too")
    parser.add_argument("--prometheus", action="store_true", help="start Prometheus, too, where it is installed")
    parser.add_argument("--prometheus-port", type=int, default=PROMETHEUS_PORT)
    return parser


def _check(running: dict[str, subprocess.Popen]) -> None:
    for name, process in running.items():
        if process.poll() is not None:
            raise Ended(name)


def _await(running: dict[str, subprocess.Popen], address: str) -> None:
    for _ in range(START_SECONDS * 5):
        _check(running)
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise Ended(list(running)[-1])


def _wait(running: dict[str, subprocess.Popen]) -> int:
    while True:
        _check(running)
        time.sleep(0.3)


def _stop(running: dict[str, subprocess.Popen]) -> None:
    """End all, who asks before who answers; a terminal's Ctrl-C has reached them already, a second would hurry them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in reversed(running.values()):
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
