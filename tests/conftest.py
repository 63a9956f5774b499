"""Shared by all tests: the real data sets, where this machine has them."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# `make test` gives the same answer twice; `make soak` looks for new examples
settings.register_profile("steady", derandomize=True)
settings.register_profile("search", max_examples=1000)
settings.load_profile("steady")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the real data sets; they may not be redistributed, so they lie beside the project."""
    if not DATA.is_dir():
        pytest.skip(f"no real data sets in {DATA}")
    return DATA


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """``once(name, make)``: this process' copy of a folder that is made once for all that share the tests."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def copy(name: str, make: Callable[[Path], object]) -> Path:
        made = root / f"once-{name}"
        with (root / f"once-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                make(root / f"making-{name}")
                (root / f"making-{name}").rename(made)
        return Path(shutil.copytree(made, tmp_path_factory.mktemp(name) / "copy"))

    return copy


@pytest.fixture(scope="session")
def tiny_workspace(once) -> Path:
    """Folder of a workspace trained in seconds: 60 users, 40 items, 2 epochs. Copy it before changing it."""
    return once("tiny", lambda folder: _train(folder, name="tiny", n_users=60, n_items=40)) / "workspaces" / "tiny"


@pytest.fixture(scope="session")
def grouped_workspace(once) -> Path:
    """The same with 500 users, enough for groups that may be shown."""
    folder = once("grouped", lambda folder: _train(folder, name="grouped", n_users=500, n_items=60))
    return folder / "workspaces" / "grouped"


@pytest.fixture(scope="session")
def term_workspace(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny workspace with an item-item term beside its network. Copy it before changing it."""
    from term_workspace import give_term

    return give_term(Path(shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("term") / "tiny")))


@pytest.fixture(scope="session")
def movielens(once, data_folder: Path) -> tuple[Path, dict]:
    """MovieLens-100K from its original files after three epochs: the workspace, and what ``train`` printed."""
    folder = once("ml-100k", lambda folder: _train_movielens(folder, data_folder / "ml-100k"))
    return folder / "workspaces" / "ml-100k", json.loads((folder / "train.json").read_text())


def _train(folder: Path, *, name: str, n_users: int, n_items: int) -> None:
    from recsys_core.data.importers import import_dataset
    from recsys_core.data.sample.generate import SampleSize, draw_sample
    from recsys_core.data.sample.shop import SHOP
    from recsys_core.data.sample.write import write_sample
    from recsys_core.models.fit import FitRequest, fit_workspace

    write_sample(SHOP, 0, draw_sample(SHOP, 0, SampleSize(n_users, n_items, 40, 20)), folder / "tables")
    dataset = import_dataset("tables", folder / "tables", None)
    fit_workspace(dataset, folder / "workspaces" / name, FitRequest(name=f"{name} shop", epochs=2))


def _train_movielens(folder: Path, source: Path) -> None:
    from recsys_core.__main__ import main

    data, out = str(folder / "dataset"), io.StringIO()
    folder.mkdir()
    with contextlib.redirect_stdout(out):
        assert main(["import", "--format", "movielens-100k", str(source), "--out", data]) == 0
        out.truncate(out.seek(0))
        workspace = str(folder / "workspaces" / "ml-100k")
        assert main(["train", "--data", data, "--out", workspace, "--epochs", "3", "--json"]) == 0
    (folder / "train.json").write_text(out.getvalue())
