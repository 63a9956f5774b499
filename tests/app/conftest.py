"""The app in this process, on a tiny workspace that was really trained."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from app_texts import PAGES
from streamlit.testing.v1 import AppTest

from dashboard import cached
from dashboard.cached import Place

ROOT = Path(__file__).resolve().parents[2]


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
