"""``python -m dashboard``: start the app and print its address last, once it answers; ``report`` writes a file."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 90
LOCAL = "127.0.0.1"


def main() -> int:
    """Serve until interrupted; returns the server's exit status. ``report`` first writes a report instead."""
    if sys.argv[1:2] == ["report"]:
        from dashboard.report.command import REPORT
        from recsys_core.__main__ import main as run

        return run(commands=(REPORT,), prog="dashboard")
    parser = argparse.ArgumentParser(prog="dashboard")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default=LOCAL, help="address to listen on; only this machine unless it is given")
    asked = parser.parse_args()
    app = Path(__file__).with_name("app.py")
    command = [sys.executable, "-m", "streamlit", "run", str(app), *server_options(asked.host, asked.port)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, the server stops too
    server = subprocess.Popen(command, cwd=app.parent.parent, stdout=subprocess.DEVNULL)
    try:
        if _answers(server, f"http://{_shown(asked.host, 'localhost')}:{asked.port}/_stcore/health"):
            print("\n".join(announcement(asked.host, asked.port)), flush=True)
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()


def server_options(host: str, port: int) -> list[str]:
    """Streamlit's options: where it listens, and from which addresses a browser may talk to it."""
    found = ["--server.port", str(port), "--server.address", host]
    if is_local(host):
        return found
    origins = [f"http://{name}:{port}" for name in (_own_address(), socket.gethostname(), socket.getfqdn())]
    return found + [part for origin in dict.fromkeys(origins) for part in ("--server.corsAllowedOrigins", origin)]


def announcement(host: str, port: int) -> list[str]:
    """Who can open the app, where that is more than this machine, and its address.

    >>> announcement("127.0.0.1", 8501)
    ['RecLens is ready: http://localhost:8501']
    """
    ready = f"RecLens is ready: http://{_shown(host, 'localhost')}:{port}"
    if is_local(host):
        return [ready]
    return [
        f"Listening on {host}: everyone who can reach this machine over the network can open RecLens and its data, "
        f"without a password, at http://{_shown(host, _own_address())}:{port}",
        ready,
    ]


def is_local(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> [is_local(h) for h in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "192.168.1.5", "example.org")]
    [True, True, True, False, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str, instead: str) -> str:
    """An address that a browser can open: ``instead`` for those that stand for every or the own one."""
    if host in ("0.0.0.0", "::", LOCAL, "::1", "localhost"):
        return instead
    return f"[{host}]" if ":" in host else host


def _own_address() -> str:
    """This machine's address in its network; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of documentation; a datagram socket only picks its route
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def _answers(server: subprocess.Popen, address: str) -> bool:
    for _ in range(START_SECONDS * 10):
        if server.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


if __name__ == "__main__":
    sys.exit(main())
