"""Task ``rating``: one AUC and one set of held-out items, wherever a figure of them stands."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from recsys_core.__main__ import main
from recsys_core.compare.reference import DenseReference
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.fairness import AuditSettings, audit
from recsys_core.models.evaluation import evaluate
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model

QUICK = AuditSettings(50, least_size=1)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> TrainedModel:
    """Ratings of 1 to 5 stars, many of them 3, from users and items of two kinds; a model of two epochs."""
    random = np.random.default_rng(1)
    user = np.repeat(np.arange(60), 30)
    item = np.concatenate([random.permutation(45)[:30] for _ in range(60)])
    stars = np.clip(np.round(3 + (user % 2 == item % 3) + random.normal(size=len(user)) - 0.3), 1, 5)
    log = pd.DataFrame({"user_index": user, "item_index": item}).astype(np.int32)
    log = log.assign(value=stars.astype(np.float32), time=np.arange(len(user)))
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(60)], "side": [f"s{i % 2}" for i in range(60)]})
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(45)], "title": [f"Thing {i}" for i in range(45)]})
    items["kind"] = [f"k{i % 3}" for i in range(45)]
    schema = Schema((Column("side", "category"),), (Column("kind", "category"),), "rating")
    folder = tmp_path_factory.mktemp("rating") / "w"
    fit_workspace(Dataset("ratings", schema, users, items, log), folder, FitRequest(task="rating", epochs=2))
    return open_model(folder)


def test_every_auc_is_of_the_upper_against_the_lower_half(workspace):
    split_dataset, found = workspace.split_dataset, evaluate(workspace.dense, workspace.split_dataset)
    stars = split_dataset.dataset.interactions["value"].to_numpy()[split_dataset.split.test]
    score, sides = found.pairs.score, stars != 3
    expected = roc_auc_score(stars[sides] > 3, score[sides])
    assert 0 < sides.sum() < len(sides)
    report = audit(split_dataset.dataset, found, by=("side",), train=split_dataset.sequences(), settings=QUICK)
    assert [found.auc, workspace.training.model["auc"], report.overall.values["auc"]] == pytest.approx([expected] * 3)
    assert DenseReference(workspace).pairs.auc == pytest.approx(expected)
    for group in report.groups:
        mine = sides & (found.pairs.user_index % 2 == int(group.group.label[1]))
        assert group.values["auc"] == pytest.approx(roc_auc_score(stars[mine] > 3, score[mine]))


def test_a_rating_is_no_probability(workspace, capsys):
    folder = workspace.path.parents[1]
    assert main(["recommend", "--workspace", str(folder), "--user", "u1", "--k", "3", "--json"]) == 0
    assert [item["probability"] for item in json.loads(capsys.readouterr().out)["items"]] == [None] * 3


def test_every_stored_interval_holds_its_own_figure(workspace):
    metrics = json.loads((workspace.path / "metrics.json").read_text())
    figures = {"model": metrics, **metrics["baselines"]}
    assert set(metrics["intervals"]) == set(figures) == {"model", "popularity", "ease", "item_knn"}
    for who, intervals in metrics["intervals"].items():
        for name, (low, high) in intervals.items():
            assert low <= figures[who][name] <= high, (who, name)


def test_the_same_items_are_looked_for_everywhere(workspace):
    split_dataset, found = workspace.split_dataset, evaluate(workspace.dense, workspace.split_dataset)
    log = split_dataset.dataset.interactions.iloc[split_dataset.split.test]
    good = log[log["value"] >= 4]
    looked_for = {(u, i) for u, i in zip(good["user_index"], good["item_index"], strict=True)}
    row, items = found.ranking.held_out.nonzero()
    assert set(zip(found.ranking.user_index[row].tolist(), items.tolist(), strict=True)) == looked_for
    report = audit(
        split_dataset.dataset,
        found,
        by=("item.kind",),
        train=split_dataset.sequences(),
        settings=AuditSettings(50, least_size=1),
    )
    listed = {
        (u, i)
        for u, top in zip(found.ranking.user_index.tolist(), found.ranking.top.tolist(), strict=True)
        for i in top
    }
    assert report.overall.values["recall@10"] == pytest.approx(len(listed & looked_for) / len(looked_for))
