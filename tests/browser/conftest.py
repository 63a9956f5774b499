"""The app in a server of its own, on a really trained workspace, driven in Debian's Chromium."""

from __future__ import annotations

import os
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
from playwright.sync_api import Browser, Page, sync_playwright

from recsys_core.compare import DenseReference, measure_variant
from recsys_core.models.workspace import open_model
from recsys_core.variant import ModelVariant

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
RESTED = """() => { const a = document.querySelector('[data-testid="stApp"]'), now = performance.now();
  const idle = a && a.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]');
  window.idleSince = idle ? window.idleSince ?? now : null;
  return idle && now - window.idleSince >= 500; }"""
MEASURED = [
    ModelVariant.compressed(),
    ModelVariant.compressed(0.5),
    ModelVariant.compressed(0.5, 8),
    ModelVariant.compressed(0.9),
    ModelVariant.compressed(0.5, 32, "unstructured"),
]
PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def workspace_folder(tiny_workspace: Path, once) -> Path:
    """A sound workspace with a few measured levels, ``tiny``, and a damaged one, ``broken``."""
    return once("served", lambda folder: _served(folder, tiny_workspace))


def _served(folder: Path, trained: Path) -> None:
    shutil.copytree(trained, folder / "tiny")
    model = open_model(folder / "tiny")
    reference = DenseReference(model)
    for variant in MEASURED:
        measure_variant(model, variant, reference=reference)
    shutil.copytree(trained, folder / "broken")
    weights = folder / "broken" / "models" / "first" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


@pytest.fixture(scope="session")
def address(workspace_folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py"), "--server.port", str(port)]
    environment = os.environ | {"RECLENS_WORKSPACES": str(workspace_folder)}
    server = subprocess.Popen(app, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://localhost:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{base}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield found
        found.close()


class Visit:
    """One tab: opens pages, waits until the script is idle, and collects the console's errors."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.errors = page, address, []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _listen(self, message) -> None:
        # opened by its address, a page first asks for two files below it: Streamlit's own 404s
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            self.errors.append(message.text)

    def open(self, page: str = "", **parameters: str) -> Visit:
        query = "&".join(f"{k}={v}" for k, v in {"workspace": "tiny", "lang": "en", **parameters}.items())
        self.page.goto(f"{self.address}/{page}?{query}")
        return self.settle()

    def settle(self) -> Visit:
        """Wait until the script has rested for half a second without a break."""
        self.page.evaluate("window.idleSince = null")
        self.page.wait_for_function(RESTED, polling=50)
        return self

    def text(self) -> str:
        return self.page.locator('[data-testid="stMain"]').inner_text()


@pytest.fixture
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    scheme = getattr(request, "param", "light")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme, locale="en-GB")
    tab = Visit(context.new_page(), address)
    yield tab
    context.close()
    assert tab.errors == []
