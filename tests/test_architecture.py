"""The direction of imports, no circles in them, the length of files, and what a page may not hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted((ROOT / "recsys_core").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
DASHBOARD = sorted((ROOT / "dashboard").rglob("*.py"))
HELPERS = sorted(
    p for folder in ("tests", "benchmarks") for p in (ROOT / folder).rglob("*.py") if "test_" not in p.name
)
LAYERS = (  # what stands on a line imports the lines above it, never its neighbours
    ("messages",),
    ("errors",),
    ("player", "progress", "seeds"),
    ("settings",),
    ("variant",),
    ("metrics",),
    ("results",),
    ("data",),
    ("rerank", "feedback"),
    ("models",),
    ("versions",),
    ("recommend",),
    ("explain", "compress", "fairness"),
    ("rerankers",),
    ("what_if",),
    ("counterfactual",),
    ("compare",),
    ("self_explaining", "architectures", "batch", "gap_reasons"),
    ("mend",),
    ("search", "adversarial_audit"),
    ("live",),
    ("monitoring",),
    ("learning",),
    ("serving",),
    ("simulation",),
    ("commands",),
    ("__main__",),
)
LAYER = {name: height for height, names in enumerate(LAYERS) for name in names}
OUTSIDE_THE_CORE = {"streamlit", "altair", "plotly", "dashboard", "pages"}
PRESENTATION = sorted((ROOT / "dashboard" / "presentation").rglob("*.py"))
PLOTTED_BY = {"altair", "plotly", "shap", "matplotlib"}
PRESENTATION_USES = {"recsys_core", "numpy", "pandas"} | PLOTTED_BY | sys.stdlib_module_names
LONGEST_FILE, LONGEST_PAGE, LONGEST_FUNCTION = 350, 120, 60


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def module(path: Path) -> str:
    """Its name in an import: ``recsys_core.data`` for ``recsys_core/data/__init__.py``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def against_the_layers(path: Path) -> list[str]:
    own = path.relative_to(ROOT / "recsys_core").parts[0].removesuffix(".py")
    if own == "__init__":
        return []
    if own not in LAYER:
        return [f"{name(path)}: in no layer"]
    found = []
    for imported in sorted(imports(path)):
        package, _, rest = imported.partition(".")
        other = rest.split(".")[0]
        if package in OUTSIDE_THE_CORE:
            found.append(f"{name(path)}: imports {imported}")
        elif package == "recsys_core" and other in LAYER and other != own and LAYER[other] >= LAYER[own]:
            found.append(f"{name(path)}: {own} imports {other}, which stands beside or above it")
    return found


def test_core_imports_run_one_way():
    assert [line for path in CORE for line in against_the_layers(path)] == []


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """Which of the known modules a file imports, wherever in it; other names of a package count as its own file."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= full & known | ({node.module} if full - known else set())
    return found & known


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """One line for each import that leads back to where it stands."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        reached[start], ahead = set(), [start]
        while ahead:
            new = graph[ahead.pop()] - reached[start]
            reached[start] |= new
            ahead += new
    return sorted(f"{a} imports {b}" for a in graph for b in graph[a] if a in reached[b])


def test_circles_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert cycles(graph) == ["b imports c", "c imports b"]


def test_imports_never_run_in_circles():
    known = {module(path): path for path in CORE + DASHBOARD + PAGES}
    assert cycles({name: imported_modules(path, set(known)) for name, path in known.items()}) == []


def test_dashboard_never_imports_pages():
    assert [name(p) for p in DASHBOARD if any(m.split(".")[0] == "pages" for m in imports(p))] == []


def outside_of_presentation(path: Path) -> list[str]:
    """Imports, inside functions too, of a page's modules or of a library that a report would have to bring along."""
    own = ("dashboard", "dashboard.presentation")
    return [
        f"{name(path)}: imports {used}"
        for used in sorted(imports(path))
        if used.split(".")[0] not in PRESENTATION_USES
        and used not in own
        and not used.startswith("dashboard.presentation.")
    ]


def test_presentation_imports_nothing_of_the_app():
    assert [line for path in PRESENTATION for line in outside_of_presentation(path)] == []


def test_presentation_works_without_streamlit():
    modules = [module(path) for path in PRESENTATION]
    code = (
        "import sys, importlib; [importlib.import_module(m) for m in sys.argv[1:]]; print('streamlit' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_fragments_speak_the_sessions_language():
    """``st.fragment`` alone would draw again in a thread where no language was chosen."""
    lone = [name(p) for p in DASHBOARD + PAGES if "st.fragment(" in p.read_text()]
    assert lone == ["dashboard/components/fragments.py"]


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
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_FUNCTION:
            found.append(f"{name(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines")
    return found


def test_files_and_functions_stay_short():
    assert [line for path in CORE + DASHBOARD + HELPERS for line in too_long(path)] == []


def test_nothing_is_unpickled():
    wanted = re.compile(r"pickle\.load|torch\.load\(|allow_pickle=True|(?<![.\w])eval\(|(?<![.\w])exec\(")
    assert [name(p) for p in CORE + DASHBOARD + PAGES if wanted.search(p.read_text())] == []
