"""Compress and Overview of a model with an item-item term: measured, chosen, drawn and said; of one without nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from app_texts import tables_of, texts_of
from safetensors.numpy import save

from dashboard.cached import compress as cached_compress
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts.variant_space import axis_values
from dashboard.presentation.sentences.compress_cards import cards
from dashboard.presentation.texts import numbers
from dashboard.workspaces import workspace_ref
from recsys_core.compare import (
    DenseReference,
    choose_presets,
    default_grid,
    is_on_sliders,
    load_report,
    measure_variant,
    measured_variants,
    stored_reports,
)
from recsys_core.compress.latency import LatencySettings
from recsys_core.compress.storage import stored_arrays
from recsys_core.models.anatomy import anatomy, term_share
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.variant import DENSE, ModelVariant

QUICK = LatencySettings(seconds=0.02, least=3)
FEW, SMALL = ModelVariant.compressed(neighbours=3), ModelVariant.compressed(bits=8, neighbours=3)


@pytest.fixture(scope="module")
def folder(term_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose model has a term, with three measured variants."""
    found = tmp_path_factory.mktemp("neighbours")
    shutil.copytree(term_workspace, found / "shop", ignore=shutil.ignore_patterns("measurements"))
    model = open_model(found / "shop")
    reference = DenseReference(model)
    for variant in (DENSE, FEW, SMALL):
        measure_variant(model, variant, reference=reference, latency=QUICK)
    return found


@pytest.fixture
def model(folder: Path) -> TrainedModel:
    return open_model(folder / "shop")


def test_fewer_neighbours_are_measured_like_every_level(model):
    dense, few, small = (load_report(model, variant) for variant in (DENSE, FEW, SMALL))
    assert dense.compressed.cost.neighbours == model.term.widest == 15
    assert few.compressed.cost.neighbours == small.compressed.cost.neighbours == 3
    assert len(save(stored_arrays(model.dense))) == dense.size_bytes > few.size_bytes > small.size_bytes
    assert dense.compressed.cost.macs > few.compressed.cost.macs == small.compressed.cost.macs
    assert few.dense.auc == dense.compressed.auc != few.compressed.auc
    assert dense.top_10_overlap == 1 > few.top_10_overlap > 0
    assert few.before_training is None
    assert small.same_runtime is not None
    assert {tuple(sorted(r.compressed.latency)) for r in (dense, few, small)} == {("batch_1", "batch_256")}


def test_the_dense_model_in_onnx_has_the_term_too(model):
    reference = DenseReference(model)
    pairs = reference.timed
    both = [
        s.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known) for s in (model.dense, reference.in_onnx)
    ]
    np.testing.assert_allclose(*both, atol=1e-4)
    assert model.term.pairs(pairs.items, pairs.known).any()


def test_levels_with_fewer_neighbours_come_after_the_others(model):
    grid, plain = default_grid(model.term), default_grid()
    assert grid[:49] == plain
    assert [v.compression.neighbours for v in grid[49:]] == [7, 3] * 3
    assert all(map(is_on_sliders, grid))
    assert default_grid(model.term.cut(1)) == plain
    assert [r.variant for r in stored_reports(model)] == [DENSE, FEW, SMALL]
    chosen = choose_presets(stored_reports(model))
    assert set(chosen.values()) <= {None, FEW, SMALL}


def test_the_size_says_what_the_term_takes(model):
    report = load_report(model, DENSE)
    term = numbers.size(report.compressed.cost.term_bytes)
    card = cards(report, lambda column: {})[0]
    assert card.more.startswith(f"{term} of it the item-item term")
    assert f"The item-item term takes {term} more: of each item the 15 others" in card.help.replace("\\", "")
    cost = replace(report.compressed.cost, term_bytes=0, neighbours=0)
    without = cards(replace(report, compressed=replace(report.compressed, cost=cost)), lambda column: {})[0]
    assert "term" not in without.more + without.help


def test_neighbours_are_an_axis_only_where_they_vary(model):
    points = measured_variants(stored_reports(model))
    assert axis_values(points)["neighbours"].tolist() == [3, 3, 15]
    assert "neighbours" not in axis_values([p for p in points if p.neighbours == 3])
    assert "neighbours" not in axis_values([replace(p, neighbours=0) for p in points])
    assert axis_values([]).empty


def test_the_control_chooses_neighbours_and_the_page_shows_them(open_app, folder, model):
    app = open_app("compress", folder=folder, workspace="shop")
    assert not app.exception
    picker = next(box for box in app.selectbox if box.label == "Neighbours")
    assert picker.options == ["all (15)", "7", "3", "1"]
    picker.select("3").run()
    assert app.query_params["neighbours"] == "3"
    assert "3 neighbours an item" in " ".join(texts_of(app))
    assert not app.exception
    assert "3 neighbours an item, 8 bits" in tables_of(app)["space_rows"]["Level"].tolist()
    ref = workspace_ref(folder / "shop")
    areas = {part.stage for part in cached_compress.stored_parts(ref, FEW)}
    assert "item_item" in areas


def test_levels_of_the_address_are_kept_and_others_named(open_app, folder):
    odd = open_app("compress", folder=folder, workspace="shop", neighbours="5")
    assert not odd.exception
    assert "5" in next(box for box in odd.selectbox if box.label == "Neighbours").options
    many = open_app("compress", folder=folder, workspace="shop", neighbours="15")
    assert "must lie between 1 and 14, got 15" in " ".join(texts_of(many))


def test_a_model_without_the_term_has_no_control(open_app, tiny_workspace):
    folder = tiny_workspace.parent
    app = open_app("explain", folder=folder, workspace=tiny_workspace.name, neighbours="5")
    assert not app.exception
    assert "this model has no item-item term" in " ".join(texts_of(app))
    assert not [box for box in app.selectbox if box.label == "Neighbours"]
    assert term_share(open_model(tiny_workspace)) is None


def test_the_anatomy_has_the_term_beside_the_stages(open_app, folder, model):
    stages = anatomy(model.ranker, model.config["encoder"], model.term)
    assert [s.name for s in stages] == ["encoder", "adapter", "body", "head", "item_item"]
    assert (stages[-1].n_parameters, stages[-1].n_outputs) == (model.term.n_entries, 1)
    assert stages[-1].size_bytes == sum(a.nbytes for a in model.term.arrays().values())
    assert all(before.n_outputs == after.n_inputs for before, after in pairwise(stages[1:4]))
    app = open_app("overview", folder=folder, workspace="shop")
    said = " ".join(texts_of(app))
    assert "Item-item term" in said
    share = cached_workspace.term_share(workspace_ref(folder / "shop"), "")
    assert f"{numbers.percent(share)} of what tells a user's items apart" in said


def test_the_share_is_that_of_the_spread(model):
    """Without the network all of it is the term's; a term of no strength has none; a constant counts for nothing."""

    def share(alpha: float, network: float) -> float:
        term = replace(model.term, alpha=alpha)

        class Scaled(Scorer):
            def score_items(self, user, items, history, known=None):
                return network * super().score_items(user, items, history, known) + 100

        scaled = Scaled(model.ranker, model.features, term=term)
        changed = replace(model, term=term)
        changed.__dict__["dense"] = scaled
        return term_share(changed)

    assert share(3.0, 0.0) == pytest.approx(1)
    assert share(0.0, 1.0) == pytest.approx(0)
    assert 0 < share(1.0, 1.0) < share(4.0, 1.0) < 1
    assert term_share(model) == term_share(model)
