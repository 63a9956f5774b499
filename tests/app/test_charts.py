"""What the browser must be able to keep: a chart's specification does not change with its data."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pandas as pd
import pytest

from dashboard.presentation.charts import explain, overview
from dashboard.presentation.charts.chart import MEANINGS, Chart
from dashboard.presentation.texts import catalogue, use_language
from dashboard.presentation.wording import Reason

ROOT = Path(__file__).resolve().parents[2]
CHARTS = sorted((ROOT / "dashboard" / "presentation" / "charts").glob("*.py"))


def groups(*sizes: int, column: str = "region") -> Chart:
    return overview.groups(pd.DataFrame({"group": [f"g{n}" for n in sizes], "n": sizes}), column)


def two_methods(*contributions: float) -> Chart:
    found = [Reason(f"reason {at}", "", x, f"user.c{at}") for at, x in enumerate(contributions)]
    return explain.two_methods(found, {"user.c0": 0.5}, ("Shapley", "LIME"))


@pytest.mark.parametrize(("one", "other"), [(groups(3, 4), groups(900)), (two_methods(1.0), two_methods(-2.0, 0.3))])
def test_data_change_and_the_specification_stays(one, other):
    assert one.spec == other.spec
    assert not one.data.equals(other.data)
    assert "data" not in json.dumps(one.spec).replace("datum", "")


def test_names_and_the_language_stand_in_the_specification():
    english = groups(3).spec
    assert groups(3, column="age").spec != english
    use_language("zh")
    assert groups(3).spec != english
    assert catalogue("zh")["overview.users"] in json.dumps(groups(3).spec, ensure_ascii=False)
    use_language("en")
    assert groups(3).spec == english


def test_a_specification_is_the_callers_own():
    """Streamlit writes into what it gets."""
    spec = groups(3).spec
    spec["layer"].clear()
    assert len(groups(3).spec["layer"]) == 3


def test_constant_colours_come_from_the_theme():
    colours = [layer["encoding"]["color"] for layer in two_methods(1.0).spec["layer"][1:]]
    assert [colour["scale"] for colour in colours] == [{"domain": MEANINGS, "range": "category"}] * 2


def test_specifications_are_built_by_altair_and_once():
    """A chart that turns Altair into a dictionary itself pays 20 ms a click."""
    bad = []
    for path in CHARTS:
        if path.name == "chart.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("to_dict", "to_json"):
                bad.append(f"{path.name}:{node.lineno}")
            makes = isinstance(node, ast.FunctionDef) and node.returns and "Chart" in ast.unparse(node.returns)
            if makes and ast.unparse(node.returns) in ("alt.LayerChart", "alt.Chart") and not node.decorator_list:
                bad.append(f"{path.name}:{node.name} is not a specification")
    assert bad == []
