"""The app in this process, on a tiny workspace that was really trained."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from app_texts import PAGES
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard.presentation.texts import use_language
from dashboard.workspaces import WorkspaceRef, workspace_ref

ROOT = Path(__file__).resolve().parents[2]
# each AppTest looks for components in every installed package: that took more than all of our code
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(scope="session")
def workspaces(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound workspace, ``tiny``."""
    folder = tmp_path_factory.mktemp("workspaces")
    shutil.copytree(tiny_workspace, folder / "tiny")
    return folder


def _table(folder: Path, name: str, rows: list[dict]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


def _odd_tables(folder: Path) -> list[str]:
    """Small tables, each odd in one way: its name says which."""
    draw = random.Random(0)
    pairs = sorted({(draw.randrange(30), draw.randrange(12)) for _ in range(260)})
    rows = [{"user_id": f"u{u}", "item_id": f"i{i}", "time": 1_600_000_000 + 977 * n} for n, (u, i) in enumerate(pairs)]
    items = [{"item_id": f"i{i}", "title": f"Thing {i}", "kind": "ab"[i % 2]} for i in range(12)]
    users = [{"user_id": f"u{u}", "age": 20 + u} for u in range(30)]
    shown = [row | {"outcome": int(n in (40, 90))} for n, row in enumerate(rows)]  # two positives in all
    tables = {
        "interactions-only": {"interactions": rows},
        "one-user-column": {"interactions": rows, "items": items, "users": users},
        "users-without-attributes": {"interactions": rows, "items": items},
        "nobody-to-rank": {"interactions": shown, "items": items, "users": users},
    }
    for name, of_name in tables.items():
        for table, content in of_name.items():
            _table(folder / name, table, content)
    return list(tables)


@pytest.fixture(scope="session")
def odd_workspaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of workspaces trained for one epoch on tables of 30 users that each lack something."""
    from recsys_core.data.importers import import_dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    tables, folder = tmp_path_factory.mktemp("odd_tables"), tmp_path_factory.mktemp("odd_workspaces")
    for name in _odd_tables(tables):
        fit_workspace(import_dataset("tables", tables / name, None), folder / name, FitRequest(name=name, epochs=1))
    return folder


@pytest.fixture(autouse=True)
def in_english() -> None:
    """Every test begins in English, whatever the last one chose."""
    use_language("en")


@pytest.fixture
def ref(workspaces: Path) -> WorkspaceRef:
    return workspace_ref(workspaces / "tiny")


@pytest.fixture
def open_app(workspaces: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page with parameters; ``folder`` shows other workspaces."""

    def open_page(page: str = "overview", folder: Path = workspaces, **parameters: str) -> AppTest:
        monkeypatch.setenv("RECLENS_WORKSPACES", str(folder))
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        for key, value in {"workspace": "tiny", "lang": "en", **parameters}.items():
            app.query_params[key] = value
        file = PAGES.get(page, page)
        if page != "overview":
            if file != f"{page}.py":  # before a first run a page is known by its file's name alone, which is no address
                app.run()
            app.switch_page(f"../pages/{file}")
        return app.run()

    return open_page
