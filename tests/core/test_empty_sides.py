"""Users or items without attributes: training, scoring, explaining and compressing with a side that has no groups."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.compress.quantize import pack_matrix
from recsys_core.compress.storage import size_bytes
from recsys_core.compress.variants import VariantCache
from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import import_dataset
from recsys_core.data.schema import Column
from recsys_core.explain.explain import explain
from recsys_core.explain.methods import METHODS
from recsys_core.fairness import AuditSettings, audit
from recsys_core.models.evaluation import evaluate
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.workspace import open_model
from recsys_core.variant import ModelVariant

N_USERS, N_ITEMS = 45, 25
GAPS = {"shapley": 1e-4, "shap": 1e-4, "deeplift": 1e-4, "ig": 5e-3}  # other methods promise no sum
VARIANTS = (
    ModelVariant.compressed(),
    ModelVariant.compressed(sparsity=0.5, bits=8),
    ModelVariant.compressed(sparsity=0.5, bits=4, pruning="unstructured"),
    ModelVariant.compressed(bits=16),
    ModelVariant.compressed(distill=8),
)


def write_interactions(folder: Path) -> Path:
    """A folder with nothing but ``interactions.csv``: 45 users, 25 items, 10 ratings each."""
    random, lines = np.random.default_rng(0), ["user_id,item_id,time,rating"]
    for user in range(N_USERS):
        for item in random.choice(N_ITEMS, 10, replace=False):
            lines.append(f"u{user},i{item},{1_600_000_000 + len(lines) * 977},{1 + (user + item) % 5}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "interactions.csv").write_text("\n".join(lines) + "\n")
    return folder


def shaped(folder: Path, *, users: bool, items: bool) -> Dataset:
    """The interactions alone, with an age for users and a kind for items where asked for."""
    data = import_dataset("tables", write_interactions(folder))
    schema = data.schema
    if users:
        data = replace(data, users=data.users.assign(age=np.arange(data.n_users) % 40.0 + 20))
        schema = replace(schema, users=(Column("age", "number"),))
    if items:
        kinds = pd.Series([f"k{i % 3}" for i in range(data.n_items)], dtype="str")
        data = replace(data, items=data.items.assign(kind=kinds))
        schema = replace(schema, items=(*schema.items, Column("kind", "category")))
    return replace(data, schema=schema)


@pytest.mark.parametrize(
    ("task", "users", "items"),
    [
        *((task, False, False) for task in ("implicit", "like", "rating")),
        *((task, False, True) for task in ("like", "rating")),
        ("like", True, False),
    ],
)
def test_a_side_without_attributes_is_normal_all_the_way(tmp_path: Path, task: str, users: bool, items: bool) -> None:
    data = shaped(tmp_path / "tables", users=users, items=items)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Initializing zero-element")
        fit_workspace(data, tmp_path / "w", FitRequest(task=task, epochs=1))
    workspace = open_model(tmp_path / "w")
    wanted = {"history"} | ({"user.age"} if users else set()) | ({"item.kind"} if items else set())
    assert wanted <= {p.key for p in workspace.dense.features.players}
    shelf, background = VariantCache(workspace), workspace.split_dataset.background(12, seed=0)
    pair = workspace.split_dataset.pairs(workspace.split_dataset.split.test[:1], "test")
    for variant in VARIANTS:
        scorer = shelf.scorer(variant.compression)
        score = scorer.score_pairs(pair.users, pair.items, pair.histories, pair.known)
        scores = scorer.score_catalogue(pair.users, pair.histories, pair.known)[0]
        assert scores[pair.items[0]] == pytest.approx(score[0], abs=1e-4)
        assert size_bytes(scorer) > 0
        for method in METHODS if variant.is_dense else ("shapley",):
            for history in ("one", "each") if method == "shapley" else ("one",):
                found = explain(scorer, data, pair, background, method=method, history=history)
                assert wanted - {"history"} <= {c.feature for c in found.contributions}
                total = found.base_value + sum(c.contribution for c in found.contributions)
                assert total == pytest.approx(found.score, abs=GAPS.get(method, 1.0))


def test_both_sides_bare_are_audited_by_activity(tmp_path: Path) -> None:
    data = shaped(tmp_path / "tables", users=False, items=False)
    fit_workspace(data, tmp_path / "w", FitRequest(epochs=1))
    workspace = open_model(tmp_path / "w")
    found = evaluate(workspace.dense, workspace.split_dataset)
    settings = AuditSettings(least_size=5)
    report = audit(data, found, by=("activity",), train=workspace.split_dataset.sequences(), settings=settings)
    assert report.groups


@pytest.mark.parametrize("bits", [8, 4])
def test_a_matrix_without_columns_packs_to_nothing(bits: int) -> None:
    packed = pack_matrix(np.zeros((5, 0), dtype=np.float32), bits)
    assert packed.unpack().shape == (5, 0)
    assert packed.codes.nbytes == packed.scales.nbytes == 0
