"""Every format and shape the whole way: import, train, recommend, explain by all methods, compress, audit, pages."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from app_texts import PAGES, texts_of
from shapes import SOURCES, Source

from recsys_core.__main__ import main
from recsys_core.explain.methods import METHODS

REAL = {
    "ml-latest-small": ("movielens-latest", {"item.genres"}),
    "amazon-gift-cards": ("amazon-reviews", {"item.brand"}),
}


@pytest.fixture
def ask(capsys):
    """Run one command with ``--json`` and return its object."""

    def run(*words: object) -> dict:
        status = main([*map(str, words), "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    return run


@pytest.mark.parametrize("name", SOURCES)
def test_every_shape_goes_the_whole_way(name, ask, open_app, tmp_path):
    source = SOURCES[name](tmp_path / "source")
    workspace = trained(ask, source, tmp_path)
    user, item = answered(ask, workspace, source.reasons)
    opened(open_app, workspace, user, item)


@pytest.mark.parametrize(
    ("name", "n_users"),
    [
        ("ml-latest-small", 25),
        pytest.param("ml-latest-small", None, marks=pytest.mark.soak),  # thousands of items: more than a minute
        ("amazon-gift-cards", None),
    ],
)
@pytest.mark.timeout(600)
def test_real_data_go_the_whole_way(name, n_users, ask, open_app, tmp_path, data_folder):
    form, reasons = REAL[name]
    folder = data_folder / name if n_users is None else first_users(data_folder / name, n_users, tmp_path / "first")
    source = Source(folder, form, reasons=frozenset(reasons))
    workspace = trained(ask, source, tmp_path)
    user, item = answered(ask, workspace, source.reasons)
    opened(open_app, workspace, user, item)


@pytest.mark.timeout(600)
def test_a_trained_movielens_goes_the_whole_way(ask, open_app, movielens):
    workspace, _ = movielens
    user, item = answered(ask, workspace, frozenset({"user.age", "item.genres"}))
    opened(open_app, workspace, user, item)


def first_users(movielens: Path, n_users: int, to: Path) -> Path:
    """The lines of the first users' ratings and of the movies that they rated, each as it stands in the files."""
    to.mkdir()
    head, *ratings = (movielens / "ratings.csv").read_bytes().splitlines(keepends=True)
    kept = [line for line in ratings if int(line.split(b",")[0]) <= n_users]
    (to / "ratings.csv").write_bytes(b"".join([head, *kept]))
    rated = {line.split(b",")[1] for line in kept}
    head, *movies = (movielens / "movies.csv").read_bytes().splitlines(keepends=True)
    (to / "movies.csv").write_bytes(b"".join([head, *(line for line in movies if line.split(b",")[0] in rated)]))
    return to


def trained(ask, source: Source, folder: Path) -> Path:
    """The workspace after one epoch."""
    data, workspace = folder / "data", folder / "workspaces" / "w"
    imported = ask("import", "--format", source.format, source.path, "--out", data)
    assert imported["n_interactions"] > 0
    found = ask("train", "--data", data, "--out", workspace, "--epochs", 1, *source.train)
    assert 0 <= found["ndcg@10"] <= 1
    low, high = found["intervals"]["model"]["auc"]
    assert low <= found["auc"] <= high
    return workspace


def answered(ask, workspace: Path, reasons: frozenset[str]) -> tuple[str, str]:
    """Every question of the command line is answered; a user and the item that is first on the user's list."""
    user = str(pd.read_parquet(workspace / "dataset" / "users.parquet")["user_id"].iloc[-1])
    about = ("--workspace", workspace)
    first, second = ask("recommend", *about, "--user", user, "--k", 5)["items"][:2]
    for method in METHODS:
        found = ask(
            "explain", *about, "--user", user, "--item", first["item_id"], "--method", method, "--background", 4
        )
        keys = [row["feature"] for row in found["contributions"]]
        assert len(set(keys)) == len(keys)
        assert reasons <= set(keys)
        total = found["base_value"] + sum(row["contribution"] for row in found["contributions"])
        assert found["score"] == pytest.approx(first["score"], abs=1e-4)
        assert total - found["score"] == pytest.approx(found["completeness_gap"], abs=1e-6)
        if method in ("shapley", "shap"):
            assert abs(found["completeness_gap"]) < 1e-3
    supposed(ask, (*about, "--user", user, "--item", first["item_id"]), first, second)
    measured = ask("compress", *about, "--sparsity", 0.5, "--bits", 8)
    assert measured["variant"]["size_bytes"] < measured["dense"]["size_bytes"]
    audited = ask("fairness", *about, "--by", "activity")
    assert measured["dense"]["ndcg@10"] == pytest.approx(audited["overall"]["ndcg@10"], abs=1e-6)
    assert len(audited["groups"]) > 0
    return user, first["item_id"]


def supposed(ask, asked: tuple, first: dict, second: dict) -> None:
    """Why the first stands above the second, what would take it off the list, and the same said as edits."""
    found = ask("contrast", *asked, "--against", second["item_id"], "--background", 4)
    assert (found["rank"], found["rank_against"]) == (1, 2)
    assert found["score_difference"] == pytest.approx(first["score"] - second["score"], abs=1e-4)
    assert sum(c["contribution"] for c in found["contributions"]) == pytest.approx(found["score_difference"], abs=1e-4)
    without = ask("counterfactual", *asked)
    edits = [word for change in without["changes"] for word in ("--take-off", change["item_id"])]
    told = ask("what-if", *asked, *edits)
    assert (told["before"]["rank"], without["rank_before"]) == (1, 1)
    assert told["before"]["score"] == pytest.approx(first["score"], abs=1e-4)
    assert told["after"]["rank"] == (without["rank_after"] if without["found"] else 1)
    change = told["after"]["score"] - told["before"]["score"]
    assert sum(edit["contribution"] for edit in told["edits"]) == pytest.approx(change, abs=1e-4)


def opened(open_app, workspace: Path, user: str, item: str) -> None:
    """Every page says its question and an answer, for the full model and for a compressed one."""
    place = {"folder": workspace.parent, "workspace": workspace.name, "user": user}
    for page in PAGES:
        for more in ({}, {"sparsity": "50", "bits": "8", "item": item, "lang": "zh"}):
            app = open_app(page, **place, **more)
            assert not app.exception, (page, more, app.exception)
            assert not app.error, (page, more, [e.value for e in app.error])
            said = texts_of(app)
            assert any(text.startswith("# ") for text in said), page
            assert not [text for text in said if "nan" in text.lower().split() or "None" in text.split()], page
