"""``python -m dashboard``: start the app and print its address last, once it answers."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 90


def main() -> int:
    """Serve until interrupted; returns the server's exit status."""
    parser = argparse.ArgumentParser(prog="dashboard")
    parser.add_argument("--port", type=int, default=8501)
    port = parser.parse_args().port
    app = Path(__file__).with_name("app.py")
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=app.parent.parent, stdout=subprocess.DEVNULL)
    try:
        if _answers(server, f"http://localhost:{port}/_stcore/health"):
            print(f"RecLens is ready: http://localhost:{port}", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        server.terminate()


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
