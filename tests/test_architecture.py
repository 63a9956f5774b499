"""The direction of imports, the length of files, and what a page may not hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

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
OUTSIDE_THE_CORE = {"streamlit", "altair", "plotly", "dashboard", "pages"}
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


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def against_the_layers(path: Path) -> list[str]:
    own = path.relative_to(ROOT / "recsys_core").parts[0].removesuffix(".py")
    found = []
    for module in sorted(imports(path)):
        other = layer(module)
        if module.split(".")[0] in OUTSIDE_THE_CORE:
            found.append(f"{name(path)}: imports {module}")
        elif other and own in LAYERS and LAYERS[other] > LAYERS[own]:
            found.append(f"{name(path)}: {own} imports {other}, a layer above")
        elif other and other != own and {own, other} <= SIBLINGS:
            found.append(f"{name(path)}: {own} imports its sibling {other}")
    return found


def test_core_imports_run_one_way():
    assert [line for path in CORE for line in against_the_layers(path)] == []


def test_dashboard_never_imports_pages():
    assert [name(p) for p in DASHBOARD if any(m.split(".")[0] == "pages" for m in imports(p))] == []


def thick(path: Path) -> list[str]:
    text, found = path.read_text(), []
    if len(text.splitlines()) > LONGEST_PAGE:
        found.append(f"{name(path)}: {len(text.splitlines())} lines")
    held = re.findall(r"session_state|st\.cache_|unsafe_allow_html|^\s*class ", text, re.M)
    return found + [f"{name(path)}: holds {x.strip()}" for x in held + sorted({"torch"} & imports(path))]


def test_pages_are_thin():
    assert [line for path in PAGES for line in thick(path)] == []


def too_long(path: Path) -> list[str]:
    text = path.read_text()
    n = len(text.splitlines())
    found = [f"{name(path)}: {n} lines"] if n > LONGEST_FILE else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_FUNCTION:
            found.append(f"{name(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines")
    return found


def test_files_and_functions_stay_short():
    assert [line for path in CORE + DASHBOARD for line in too_long(path)] == []


def test_nothing_is_unpickled():
    wanted = re.compile(r"pickle\.load|torch\.load\(|allow_pickle=True|(?<![.\w])eval\(|(?<![.\w])exec\(")
    assert [name(p) for p in CORE + DASHBOARD + PAGES if wanted.search(p.read_text())] == []
