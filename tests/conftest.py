"""Shared by all tests: the real data sets, where this machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    from recsys_core.data.importers import import_dataset
    from recsys_core.data.sample.generate import SampleSize, draw_sample
    from recsys_core.data.sample.shop import SHOP
    from recsys_core.data.sample.write import write_sample
    from recsys_core.models.fit import FitRequest, fit_workspace

    folder = tmp_path_factory.mktemp("tiny")
    write_sample(SHOP, 0, draw_sample(SHOP, 0, SampleSize(60, 40, 40, 20)), folder / "tables")
    dataset = import_dataset("tables", folder / "tables", None)
    fit_workspace(dataset, folder / "workspaces" / "tiny", FitRequest(name="tiny shop", epochs=2))
    return folder / "workspaces" / "tiny"
