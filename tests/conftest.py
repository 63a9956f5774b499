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
