"""A morning's work in one tab: hundreds of moves of a slider; the server's memory stays where it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
MOVES, MOST_GROWTH = 600, 60e6


def memory(pid: int) -> int:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


def test_memory_does_not_grow(tiny_workspace, tmp_path):
    shutil.copytree(tiny_workspace, tmp_path / "tiny")
    port = "8611"
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), "--server.port", port],
        cwd=ROOT,
        env=os.environ | {"RECLENS_WORKSPACES": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            page.goto(f"http://localhost:{port}/explain?lang=en")
            slider = page.get_by_role("slider", name="Sparsity").first
            slider.wait_for(timeout=60_000)
            time.sleep(15)  # the libraries are loaded behind the first page
            sizes = []
            for at in range(MOVES):
                slider.press("ArrowRight" if at // 9 % 2 == 0 else "ArrowLeft")
                page.wait_for_timeout(120)
                if at % 100 == 99:
                    page.wait_for_timeout(2000)
                    sizes.append(memory(server.pid))
            browser.close()
        print([f"{size / 1e6:.0f} MB" for size in sizes])
        assert sizes[-1] - sizes[1] < MOST_GROWTH
    finally:
        server.terminate()
        server.wait(10)
