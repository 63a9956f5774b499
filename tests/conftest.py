"""Shared by all tests: the real data sets, where this machine has them."""

from __future__ import annotations

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
def tiny_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a workspace trained in seconds: 60 users, 40 items, 2 epochs. Copy it before changing it."""
    return _trained(tmp_path_factory.mktemp("tiny"), name="tiny", n_users=60, n_items=40, impressions=40)


@pytest.fixture(scope="session")
def grouped_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 500 users, enough for groups that may be shown."""
    return _trained(tmp_path_factory.mktemp("grouped"), name="grouped", n_users=500, n_items=60, impressions=40)


def _trained(folder: Path, *, name: str, n_users: int, n_items: int, impressions: int) -> Path:
    from recsys_core.data.importers import import_dataset
    from recsys_core.data.sample.generate import SampleSize, draw_sample
    from recsys_core.data.sample.shop import SHOP
    from recsys_core.data.sample.write import write_sample
    from recsys_core.models.fit import FitRequest, fit_workspace

    write_sample(SHOP, 0, draw_sample(SHOP, 0, SampleSize(n_users, n_items, impressions, 20)), folder / "tables")
    dataset = import_dataset("tables", folder / "tables", None)
    fit_workspace(dataset, folder / "workspaces" / name, FitRequest(name=f"{name} shop", epochs=2))
    return folder / "workspaces" / name
