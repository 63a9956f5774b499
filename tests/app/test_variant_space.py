"""Compress below the sliders: ranges narrow the measured levels, the download too; every stored byte has its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import compress as cached_compress
from dashboard.presentation.charts.byte_map import byte_map
from dashboard.presentation.charts.variant_space import AXES, axis_values, parallel_coordinates
from dashboard.presentation.ranges import from_text, to_text, within
from dashboard.presentation.texts import numbers
from dashboard.workspaces import workspace_ref
from recsys_core.compare import DenseReference, measure_variant, measured_variants, stored_reports
from recsys_core.compress.build import shape_only
from recsys_core.compress.latency import LatencySettings
from recsys_core.compress.storage import size_bytes, text_bytes
from recsys_core.compress.stored_parts import stored_parts
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.variant import DENSE, Compression, ModelVariant

QUICK = LatencySettings(seconds=0.02, least=3)
ODD = (ModelVariant.compressed(0.37, pruning="unstructured"), ModelVariant.compressed(distill=32))
MEASURED = (DENSE, ModelVariant.compressed(0, 8), *ODD)


@pytest.fixture(scope="module")
def folder(tiny_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four measured variants, two of which no slider can set."""
    found = tmp_path_factory.mktemp("space")
    unmeasured = shutil.ignore_patterns("measurements")  # what other tests measured on the shared workspace
    shutil.copytree(tiny_workspace, found / "shop", ignore=unmeasured)
    model = open_model(found / "shop")
    reference = DenseReference(model)
    for variant in MEASURED:
        measure_variant(model, variant, reference=reference, latency=QUICK)
    return found


@pytest.fixture
def model(folder: Path) -> TrainedModel:
    return open_model(folder / "shop")


def names(app) -> list[str]:
    return tables_of(app)["space_rows"]["Level"].tolist()


def test_every_report_of_the_folder_is_a_line_and_a_row(open_app, folder, model):
    app = open_app("compress", folder=folder, workspace="shop")
    assert not app.exception
    points = measured_variants(stored_reports(model))
    assert [point.variant for point in points] != list(MEASURED)
    assert len(points) == len(names(app)) == len(MEASURED)
    assert tables_of(app)["space_rows"]["Size KB"].tolist() == [
        numbers.fixed(point.size_bytes / 1000, 1) for point in points
    ]
    trace = parallel_coordinates(axis_values(points), {}).figure.data[0]
    assert [axis.name for axis in trace.dimensions] == [axis for axis in AXES if axis in axis_values(points)]
    sizes = next(axis for axis in trace.dimensions if axis.name == "size")
    assert list(sizes.values) == [point.size_bytes / 1000 for point in points]


def test_a_range_narrows_the_table_and_says_so(open_app, folder, model):
    points = measured_variants(stored_reports(model))
    smallest, second = points[0].size_bytes / 1000, points[1].size_bytes / 1000
    asked = to_text({"size": (0.0, smallest), "sparsity": (0.0, 100.0)})
    app = open_app("compress", folder=folder, workspace="shop", within=asked)
    assert len(names(app)) == 1
    assert "1 of 4 measured levels within Size KB 0 to" in " ".join(texts_of(app))
    both = open_app("compress", folder=folder, workspace="shop", within=to_text({"size": (0.0, second)}))
    assert len(names(both)) == 2
    app.button(key="space_clear").click().run()
    assert len(names(app)) == 4
    none = open_app("compress", folder=folder, workspace="shop", within="auc:0.1:0.2")
    assert "No measured level lies within AUC 0.100 to 0.200" in " ".join(texts_of(none))
    assert "space_rows" not in tables_of(none)


def test_what_is_no_range_is_named(open_app, folder):
    app = open_app("compress", folder=folder, workspace="shop", within="colour:1:2,bits:8:32", bytes_of="bits-7")
    said = " ".join(texts_of(app))
    assert "colour:1:2 is no range" in said
    assert "Bytes of bits-7 is not a level. Showing Full model." in said
    assert len(names(app)) == 4


def test_ranges_are_drawn_on_their_axes(model):
    values = axis_values(measured_variants(stored_reports(model)))
    trace = parallel_coordinates(values, {"bits": (4.0, 8.0)}).figure.data[0]
    assert {axis.name: axis.constraintrange for axis in trace.dimensions if axis.constraintrange} == {"bits": (4, 8)}
    ranges, unusable = from_text("bits:4:8", set(values))
    assert (within(values, ranges).tolist(), unusable) == ((values["bits"] <= 8).tolist(), [])


def test_an_axis_that_nobody_has_is_left_out(model):
    points = measured_variants(stored_reports(model))
    values = axis_values(points)
    values.loc[0, "auc"] = np.nan
    trace = parallel_coordinates(values, {}).figure.data[0]
    assert {len(axis.values) for axis in trace.dimensions} == {len(points) - 1}
    assert "gap" not in axis_values(points)  # so few users that no group may be shown


@pytest.mark.parametrize(
    "compression", [Compression(), Compression(0.5, 8), Compression(0.5, 4), Compression(0.5, 16, "unstructured")]
)
def test_stored_parts_sum_to_the_size(model, compression):
    scorer = shape_only(model.dense, compression)
    parts = stored_parts(scorer)
    assert sum(part.n_bytes for part in parts) == size_bytes(scorer)
    assert sum(part.n_bytes for part in parts if part.stage == "texts") == text_bytes(scorer)
    tables = {part.name for part in parts if part.stage == "tables"}
    assert tables == {group.key for group in model.ranker.groups}
    assert {part.name for part in parts if part.stage == "body"} == {"first", "second"}


def test_the_areas_are_the_bytes(open_app, folder, model):
    parts = stored_parts(model.dense)
    trace = byte_map(model.dataset, parts).figure.data[0]
    area = dict(zip(trace.ids, trace.values, strict=True))
    assert area["all"] == size_bytes(model.dense)
    for stage in {part.stage for part in parts}:
        children = [n for n, parent in zip(trace.values, trace.parents, strict=True) if parent == stage]
        assert area[stage] == sum(children)
    app = open_app("compress", folder=folder, workspace="shop", bytes_of="bits-8")
    size = cached_compress.reports(workspace_ref(folder / "shop"), "")[MEASURED[1]].size_bytes
    assert f"{numbers.size(size)} in all" in " ".join(texts_of(app))
