"""The app in this process, on a tiny workspace that was really trained."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cached
from dashboard.cached import Place

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "overview": "overview.py",
    "explain": "explain.py",
    "global": "global_view.py",
    "compress": "compress.py",
    "fairness": "fairness.py",
}


@pytest.fixture(scope="session")
def workspaces(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound workspace, ``tiny``."""
    folder = tmp_path_factory.mktemp("workspaces")
    shutil.copytree(tiny_workspace, folder / "tiny")
    return folder


@pytest.fixture
def place(workspaces: Path) -> Place:
    return cached.place(workspaces / "tiny")


@pytest.fixture
def open_app(workspaces: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page with parameters; ``folder`` shows other workspaces."""

    def open_page(page: str = "overview", folder: Path = workspaces, **parameters: str) -> AppTest:
        monkeypatch.setenv("RECLENS_WORKSPACES", str(folder))
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        for key, value in {"workspace": "tiny", "lang": "en", **parameters}.items():
            app.query_params[key] = value
        app.run()
        if page != "overview":
            app.switch_page(f"../pages/{PAGES.get(page, page)}").run()
        return app

    return open_page


def texts_of(app: AppTest) -> list[str]:
    """Every text that a person reads, without the escapes of Markdown."""
    kinds = ("title", "markdown", "caption", "warning", "error", "info", "button", "selectbox", "metric")
    found = []
    for kind in kinds:
        for element in getattr(app, kind):
            names = ("label",) if kind == "selectbox" else ("value", "label")  # a selectbox's value is raw
            found += [str(getattr(element, name, "") or "") for name in names]
    return [text.replace("\\", "").replace("\u2060", "") for text in found]
