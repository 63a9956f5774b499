"""What a person waits for, in the real browser: ``.venv/bin/python benchmarks/browser.py [WORKSPACE]``.

Serves a copy of the workspace (default: the shop demo) and drives Debian's Chromium:

* a slider's release to the last change on the page, on levels measured before;
* another item to its finished explanation, never the same pair twice;
* an edit of the What-if page, by slider and by picker, and the first sight of that page for a user;
* a level that was never measured: the first figure, size and AUC, all of them (at 32 bits its weights are
  trained first).

Times are taken in the browser; 250 ms of rest end a measurement and are not counted.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "workspaces" / "shop-demo"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars"]  # fmt: skip
IDLE = """() => { const app = document.querySelector('[data-testid="stApp"]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]') }"""
LAST_CHANGE = """(rest) => new Promise(done => { let last = performance.now()
  const watch = new MutationObserver(() => { last = performance.now() })
  watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true})
  const timer = setInterval(() => { if (performance.now() - last > rest) { clearInterval(timer); watch.disconnect(); done(last) } }, 15) })"""  # noqa: E501
# when each card of the Compress page got its figure, and when none was missing any more
FIGURES = """() => { window.seen = {}; window.begun = performance.now()
  const look = () => { const now = performance.now() - window.begun
    const cards = [...document.querySelectorAll('[data-testid="stMetric"]')]
    const known = cards.map(c => [c.querySelector('[data-testid="stMetricLabel"]').innerText.trim(),
                                  c.querySelector('[data-testid="stMetricValue"]').innerText.trim()])
    if (!document.querySelector('[data-testid="stProgress"]')) { if (window.waiting) window.seen.all ??= now; return }
    window.waiting = true
    for (const [name, value] of known) if (value && value !== '–') window.seen[name] ??= now }
  window.waiting = false; window.watch?.disconnect(); window.watch = new MutationObserver(look)
  window.watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true}) }"""
MAIN = '[data-testid="stMain"]'
REST_MS, PATIENCE_MS, WARM_SECONDS = 250, 60_000, 12
STOPS, WARM, TIMES = 10, 20, 40
MORE_WARM = 60  # for Fairness, where a level is ranked when it is first looked at
FRESH = ("sparsity-30", "sparsity-70")  # taken out of the copy: their weights are trained again
LEVELS = (("structured", 30, 32), ("structured", 70, 32), ("structured", 30, 8), ("structured", 70, 4),
          ("unstructured", 50, 8), ("unstructured", 80, 4))  # fmt: skip


@contextmanager
def served(workspace: Path, *, without: tuple[str, ...] = ()) -> Iterator[str]:
    """The app on a free port, with a copy of the workspace from which some levels are taken away."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        copy = Path(folder) / workspace.name
        shutil.copytree(workspace, copy)
        for level in without:
            for file in [
                *(copy / "models").glob(f"*/measurements/*{level}*"),
                *(copy / "models").glob(f"*/students/*{level}*"),
            ]:
                file.unlink()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(ROOT / "dashboard" / "app.py"),
            "--server.port",
            f"{port}",
        ]
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"RECLENS_WORKSPACES": folder}, stdout=subprocess.DEVNULL
        )
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(10)


def settle(page: Page) -> None:
    page.wait_for_function(IDLE, timeout=PATIENCE_MS)
    page.evaluate(LAST_CHANGE, REST_MS)
    page.wait_for_function(IDLE, timeout=PATIENCE_MS)


def timed(page: Page, act) -> float:
    """Milliseconds from an action to the last change on the page."""
    begun = page.evaluate("performance.now()")
    act()
    while True:  # a script that still runs will change something yet
        last = page.evaluate(LAST_CHANGE, REST_MS)
        if page.evaluate(IDLE):
            return last - begun


def report(name: str, milliseconds: list[float], asked: str) -> None:
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    figures = f"p50 {statistics.median(ordered):5.0f} ms   p95 {p95:5.0f} ms   max {ordered[-1]:5.0f} ms"
    print(f"{name:34s} n = {len(ordered):3d}   {figures}   asked: {asked}", flush=True)


def slider(page: Page, warm: int = WARM, part: str = "") -> list[float]:
    """Click along the track of the first slider of a part of the page (the sidebar's sparsity), from the release."""
    whole = page.locator(f'{part} [data-testid="stSlider"]').first
    found = []
    for at in range(warm + TIMES):
        thumb, track = whole.get_by_role("slider").first.bounding_box(), whole.bounding_box()
        where = (at * 37 % STOPS + 0.5) / STOPS
        page.mouse.move(track["x"] + 8 + (track["width"] - 16) * where, thumb["y"] + thumb["height"] / 2)
        page.wait_for_timeout(60)
        page.mouse.down()
        page.wait_for_timeout(30)
        found.append(timed(page, page.mouse.up))
    return found[warm:]


def bits(page: Page) -> list[float]:
    """Choose 32, 8 and 4 bits in turn."""
    found = []
    for at in range(9 + 21):
        choice = page.get_by_role("radio", name=("8", "4", "32")[at % 3], exact=True).first
        found.append(timed(page, lambda choice=choice: choice.click(force=True)))
    return found[9:]


def items(page: Page, address: str, users: range) -> tuple[list[float], list[float]]:
    """Click rows of the top 10 of several users; and the first sight of each user's explanation."""
    first, other = [], []
    for user in users:
        page.goto(f"{address}/explain?user={user}&lang=en")
        settle(page)
        picker = page.get_by_role("combobox", name=re.compile("^User")).first
        picker.fill(f"(user {user + 500})")
        page.wait_for_timeout(300)
        first.append(timed(page, lambda picker=picker: picker.press("Enter")))
        for row in (3, 6, 9):
            line = page.get_by_role("table", name=re.compile("ten best")).get_by_role("row").nth(row)
            other.append(timed(page, line.click))
    return first, other


def what_if(page: Page, address: str, users: range) -> None:
    """Edits of one person by slider and by picker, and the first sight of the page for others, by its tab."""
    page.goto(f"{address}/what-if?lang=en&user=17")
    settle(page)
    report("slider, what-if", slider(page, part=MAIN), "p95 < 300 ms")
    regions, picked = ("south", "islands", "north", "east", "west"), []
    for at in range(WARM // 2 + TIMES // 2):
        box = page.locator(MAIN).get_by_role("combobox", name=re.compile("^region|, region|region ")).first
        box.fill(regions[at % len(regions)])
        page.wait_for_timeout(150)
        picked.append(timed(page, lambda box=box: box.press("Enter")))
    report("picker, what-if", picked[WARM // 2 :], "p95 < 300 ms")
    first = []
    for user in users:
        page.goto(f"{address}/explain?user={user}&lang=en")
        settle(page)
        tab = page.get_by_role("link", name="What-if", exact=True).first
        first.append(timed(page, tab.click))
    report("first visit, what-if", first, "< 1,500 ms")


def new_level(page: Page, address: str, pruning: str, sparsity: int, bits: int) -> dict[str, float]:
    """Go to a level that was never measured, from its neighbour; when each figure stood on the page."""
    before = (sparsity - 10, 32) if bits == 32 else (sparsity, 32)
    page.goto(f"{address}/compress?lang=en&pruning={pruning}&sparsity={before[0]}&bits={before[1]}")
    settle(page)
    page.evaluate(FIGURES)
    if bits == 32:
        page.get_by_role("slider", name="Sparsity").first.press("ArrowRight")
    else:
        page.get_by_role("radio", name=f"{bits}", exact=True).first.click(force=True)
    page.wait_for_function("window.seen.all", timeout=PATIENCE_MS)
    seen = page.evaluate("window.seen")
    figures = {name: at for name, at in seen.items() if name != "all"}
    return {"first": min(figures.values()), "size and AUC": max(figures["Size"], figures["AUC"]), "all": seen["all"]}


def known_levels(page: Page, address: str) -> None:
    for name in ("compress", "explain", "fairness"):
        page.goto(f"{address}/{name}?lang=en")
        settle(page)
        time.sleep(WARM_SECONDS if name == "compress" else 1)  # the libraries are loaded behind the first page
        report(f"slider, {name}", slider(page, MORE_WARM if name == "fairness" else WARM), "p95 < 300 ms")
    what_if(page, address, range(101, 113))
    page.goto(f"{address}/compress?lang=en&sparsity=50")
    settle(page)
    report("bits, compress", bits(page), "p95 < 300 ms")
    first, other = items(page, address, range(1, 9))
    report("another user, new explanation", first, "< 1,000 ms")
    report("another item, new explanation", other, "< 1,000 ms")


def new_levels(page: Page, address: str) -> None:
    page.goto(f"{address}/compress?lang=en")
    settle(page)
    time.sleep(WARM_SECONDS)
    for pruning, sparsity, width in LEVELS:
        found = new_level(page, address, pruning, sparsity, width)
        figures = "   ".join(f"{name} {at:5.0f} ms" for name, at in found.items())
        name = f"new level, {pruning} {sparsity} %, {width} bits"
        print(f"{name:44s} {figures}   asked: 500, 2,000, 15,000 ms", flush=True)


def main() -> int:
    workspace = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEMO
    if not (workspace / "workspace.json").is_file():
        print(f"{workspace} is no workspace: run `make run` once, it prepares the demo")
        return 2
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        with served(workspace) as address:
            known_levels(page, address)
        with served(workspace, without=FRESH) as address:
            new_levels(page, address)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
