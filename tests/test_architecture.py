"""The direction of imports, the length of files, and what a page may not hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted((ROOT / "recsys_core").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
DASHBOARD = sorted((ROOT / "dashboard").rglob("*.py"))
LAYERS = {  # a module may import its own layer and the ones below
    "messages": 0, "errors": 0, "variant": 0, "results": 0, "metrics": 0, "seeds": 0,
    "data": 1, "models": 2, "recommend": 3,
    "explain": 4, "compress": 4, "fairness": 4,
    "compare": 5, "commands": 6, "__main__": 7,
}  # fmt: skip
SIBLINGS = {"explain", "compress", "fairness"}
LONGEST_FILE, LONGEST_PAGE, LONGEST_FUNCTION = 350, 120, 60


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def layer(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "recsys_core" and len(parts) > 1 and parts[1] in LAYERS else None


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(ROOT)))
def test_core_imports_run_one_way(path):
    own = path.relative_to(ROOT / "recsys_core").parts[0].removesuffix(".py")
    for module in imports(path):
        assert module.split(".")[0] not in {"streamlit", "altair", "plotly", "dashboard", "pages"}
        other = layer(module)
        if other and own in LAYERS:
            assert LAYERS[other] <= LAYERS[own], f"{own} imports {other}"
            assert not (other != own and {own, other} <= SIBLINGS), f"{own} imports its sibling {other}"


@pytest.mark.parametrize("path", DASHBOARD, ids=lambda p: str(p.relative_to(ROOT)))
def test_dashboard_never_imports_pages(path):
    assert not any(module.split(".")[0] == "pages" for module in imports(path))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_pages_are_thin(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_PAGE
    assert not re.search(r"session_state|st\.cache_|unsafe_allow_html|^\s*class ", text, re.M)
    assert "torch" not in imports(path)


@pytest.mark.parametrize("path", CORE + DASHBOARD, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


def test_nothing_is_unpickled():
    wanted = re.compile(r"pickle\.load|torch\.load\(|allow_pickle=True|(?<![.\w])eval\(|(?<![.\w])exec\(")
    bad = [str(p) for p in CORE + DASHBOARD + PAGES if wanted.search(p.read_text())]
    assert not bad
