"""Fairness where data are awkward: no attributes at all, names like our own, too many values, nobody to compare."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import fairness as cached_fairness
from dashboard.workspaces import workspace_ref
from recsys_core.data.importers import import_dataset
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.variant import DENSE

N_USERS, N_ITEMS = 120, 40


def write(path: Path, head: list[str], rows: list[list]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


def train(folder: Path, name: str, *, users: tuple | None = None, items: tuple | None = None, n_items: int = N_ITEMS):
    """A workspace of made-up tables, one epoch; ``users`` and ``items`` are (columns, row -> cells)."""
    tables = folder / f"{name}-tables"
    tables.mkdir()
    for file, spec, n in (("user", users, N_USERS), ("item", items, n_items)):
        if spec:
            write(tables / f"{file}s.csv", [f"{file}_id", *spec[0]], [[f"{file[0]}{k}", *spec[1](k)] for k in range(n)])
    draw = random.Random(3)
    taken = sorted({(draw.randrange(N_USERS), int(draw.paretovariate(0.7)) % N_ITEMS) for _ in range(2600)})
    rows = [[f"u{u}", f"i{i}", 1_600_000_000 + 977 * at, 1 + (u * 7 + i * 3) % 5] for at, (u, i) in enumerate(taken)]
    write(tables / "interactions.csv", ["user_id", "item_id", "time", "rating"], rows)
    fit_workspace(import_dataset("tables", tables, None), folder / "workspaces" / name, FitRequest(name=name, epochs=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Workspaces ``bare`` (interactions alone) and ``awkward``."""
    found = tmp_path_factory.mktemp("states")
    train(found, "bare")
    train(
        found,
        "awkward",
        users=(
            ["segment", "city, state", "activity", "missing"],
            lambda k: [["(missing)", "", "(all)"][k % 3], "ab"[k % 2], "ab"[k % 2], "ab"[k // 2 % 2]],
        ),
        items=(["title", "maker"], lambda k: ["thing", f"maker {k % 520}"]),
        n_items=1060,
    )
    return found / "workspaces"


@pytest.fixture
def open_fairness(open_app, folder):
    def open_page(name: str, **parameters: str):
        app = open_app("fairness", folder=folder, workspace=name, **parameters)
        assert cached_fairness.fairness_scan(workspace_ref(folder / name), DENSE).wait(120)
        return app.run()

    return open_page


def test_interactions_alone_are_compared_by_history(open_fairness):
    app = open_fairness("bare")
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="pick_by").options == ["items taken before", "taste for popular items"]
    assert len(tables_of(app)["largest"]) > 0
    assert "Not shown: variety of the list" in " ".join(texts_of(app))
    app.session_state["item_groups"] = True
    app.run()
    assert not app.exception
    assert app.selectbox(key="pick_items_by").options == ["popularity", "time since its first interaction"]


def test_a_real_missing_stands_beside_empty_cells(open_fairness):
    app = open_fairness("awkward", by="segment")
    app.session_state["all_groups"] = True
    app.run()
    assert not app.exception
    rows = next(d.value for d in app.dataframe if "Group" in d.value.columns)
    assert rows["Group"].tolist() == ["All users", "(all)", "(missing)", "not known"]
    sizes = [int(n) for n in rows["n"]]
    assert sizes[0] == sum(sizes[1:])


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        ("city, state", "city, state"),
        ("user.city, state", "city, state"),
        ("user.activity", "activity"),
        ("training.activity", "items taken before"),
        ("missing", "missing"),
    ],
)
def test_columns_are_told_apart_by_their_full_names(open_fairness, by, shown):
    app = open_fairness("awkward", by=by)
    assert not app.exception
    assert not app.warning
    assert f"by {shown}" in " ".join(texts_of(app))


def test_too_many_item_values_take_no_other_figure_with_them(open_fairness):
    app = open_fairness("awkward")
    assert not app.error
    said = " ".join(texts_of(app))
    assert "Not shown: variety of the list" in said
    assert "item column maker has 520 different values" in said.replace("Item", "item")
    assert {"NDCG@10", "AUC"} <= set(tables_of(app)["gaps_1"]["Measure"])
    app.session_state["item_groups"] = True
    app.run()
    assert not app.exception
    assert "its 20 most frequent are groups of their own" in " ".join(texts_of(app))


def test_chinese_has_no_english_inside(open_fairness):
    said = " ".join(texts_of(open_fairness("awkward", lang="zh", by="segment")))
    assert "物品列 maker 有 520 种不同的值" in said
    for word in ("Not shown", "item column", "groups", "missing)”"):
        assert word not in said
