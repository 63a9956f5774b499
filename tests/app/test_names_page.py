"""Tables whose columns are called like ours, users without attributes: every page shows the data's values as such."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app_texts import PAGES, tables_of
from streamlit.testing.v1 import AppTest

from recsys_core.data.importers import import_dataset
from recsys_core.models.fit import FitRequest, fit_workspace

OURS = ("item", "when", "without", "mark", "about", "index", "history")
N_USERS, N_ITEMS = 90, 12


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Workspaces ``awkward`` (columns called like ours, no titles) and ``bare`` (interactions alone)."""
    folder = tmp_path_factory.mktemp("awkward")
    log = "user_id,item_id,time,rating\n" + "".join(
        f"u{u},i{(u + 5 * k) % N_ITEMS},{1600000000 + 1000 * (u + k)},{1 + (u + k) % 5}\n"
        for u in range(N_USERS)
        for k in range(6)
    )
    words = ("(missing)", "", "(all)", "²", "unknown")
    users = 'user_id,id,a.b,"x, y"\n' + "".join(f"u{u},g{u % 3},b{u % 2},{words[u % 5]}\n" for u in range(N_USERS))
    items = f"item_id,{','.join(OURS)}\n" + "".join(
        f"i{i},{','.join(f'{name} {i % 3}' for name in OURS)}\n" for i in range(N_ITEMS)
    )
    for name, files in (("awkward", {"users": users, "items": items}), ("bare", {})):
        tables = folder / f"{name}-tables"
        tables.mkdir()
        for file, text in {**files, "interactions": log}.items():
            (tables / f"{file}.csv").write_text(text, encoding="utf-8")
        fit_workspace(import_dataset("tables", tables), folder / "workspaces" / name, FitRequest(epochs=1, task="like"))
    return folder / "workspaces"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("workspace", ["awkward", "bare"])
def test_every_page_opens(open_app: Callable[..., AppTest], awkward: Path, page: str, workspace: str) -> None:
    app = open_app(page, awkward, workspace=workspace)
    assert not app.exception
    assert not app.error


def test_the_history_shows_items_and_not_a_column_of_that_name(open_app: Callable[..., AppTest], awkward: Path) -> None:
    rows = tables_of(open_app("explain", awkward, workspace="awkward"))["taken"]
    assert len(rows.columns) == len(set(rows.columns))
    ids = {f"i{i}" for i in range(N_ITEMS)}
    shown = [name for name in rows.columns if set(rows[name]) <= ids]
    assert len(shown) == 1  # the items, by their ids as they have no titles
    assert [
        name for name in rows.columns if set(rows[name]) <= {"item 0", "item 1", "item 2"}
    ]  # the column of the data
