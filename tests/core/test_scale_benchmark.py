"""The benchmark of scale: what it generates, and what its tables say of times that are known."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "scale.py"


@pytest.fixture(scope="module")
def scale():
    spec = importlib.util.spec_from_file_location("scale_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("series", ["root", "users"])
def test_generated_log_has_its_size_and_each_pair_once(scale, series):
    size = scale.Size(series, 1000)
    log = scale.generate(size, 3)
    assert len(log.user) == len(log.item) == len(log.time) == 1000
    assert len(np.unique(log.user * size.n_items + log.item)) == 1000
    assert 0 <= log.user.min() <= log.user.max() < size.n_users
    assert 0 <= log.item.min() <= log.item.max() < size.n_items == len(log.kind)
    again, other = scale.generate(size, 3), scale.generate(size, 4)
    assert (again.item == log.item).all()
    assert (other.item != log.item).any()


def test_generated_users_have_a_taste(scale):
    """Of a user's items 40 % are of the first favourite kind: far above the 1/24 of chance."""
    log = scale.generate(scale.Size("root", 20_000), 0)
    kinds = np.zeros((log.user.max() + 1, scale.KINDS))
    np.add.at(kinds, (log.user, log.kind[log.item]), 1)
    assert 0.3 < (kinds.max(axis=1) / kinds.sum(axis=1)).mean() < 0.6


def test_tables_are_imported_without_a_mapping(scale, tmp_path):
    from recsys_core.data.importers import import_dataset

    size = scale.Size("users", 1000)
    scale.write_tables(size, 0, tmp_path / "tables")
    dataset = import_dataset("tables", tmp_path / "tables")
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (50, 2000, 1000)
    assert dataset.schema.outcome == "taken"
    assert dataset.schema.has_time


def test_a_step_is_measured_and_slopes_are_those_of_the_figures(scale, tmp_path):
    size = scale.Size("root", 1000)
    scale.write_tables(size, 0, tmp_path / "tables")
    row = scale.measure("import", size, tmp_path, scale.arguments([]))
    assert (row.step, row.interactions, row.users, row.items) == ("import", 1000, size.n_users, size.n_items)
    assert row.seconds > 0
    assert row.peak_mb > 20
    assert "import" in scale.line(row)
    rows = [scale.Row("root", 10**i, 1, 1, "train", 1, 2.0 * 10**i, 50 * 10 ** (i / 2)) for i in (4, 5, 6)]
    assert scale.slopes(rows)["root", "train"] == pytest.approx(1)
    assert scale.slopes(rows, "peak_mb")["root", "train"] == pytest.approx(0.5)
    assert "10.0 times the CPU time" in list(scale.report(rows))[1]
    assert list(scale.report(rows[:1])) == list(scale.report([]))
