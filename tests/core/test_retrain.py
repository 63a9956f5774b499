"""Change a feature and train again: what the new model reads, what stands in the workspace, and what is refused."""

from __future__ import annotations

import json
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.__main__ import main
from recsys_core.compare import compare_models
from recsys_core.data.features import FeatureGroup, bucket_weights
from recsys_core.errors import SettingError
from recsys_core.fairness import dense_scan
from recsys_core.models.feature_changes import FeatureChanges, read_changes
from recsys_core.models.model_store import ModelStore
from recsys_core.models.retrain import retrain
from recsys_core.models.workspace import Workspace, open_model
from recsys_core.player import Player
from recsys_core.results.edits import SetColumn
from recsys_core.what_if.situation import situation_of, with_edits

EDGES = (30.0, 50.0)


@pytest.fixture(scope="module")
def retrained(tiny_workspace: Path, tmp_path_factory) -> tuple[Path, dict]:
    """A copy of the tiny workspace with a second model, made by the command line, and what that printed."""
    folder = Path(shutil.copytree(tiny_workspace, tmp_path_factory.mktemp("retrain") / "tiny"))
    words = ["retrain", "--workspace", str(folder), "--name", "Buckets & co", "--without", "gender"]
    words += ["--audit-only", "user.region", "--bucket", "user.age=30,50", "--json"]
    printed = StringIO()
    with redirect_stdout(printed):
        assert main(words) == 0
    return folder, json.loads(printed.getvalue())


def test_the_new_model_stands_beside_the_present_one_and_says_what_was_changed(retrained, tiny_workspace):
    folder, printed = retrained
    trained = {"task", "split", "auc", "logloss", "ndcg@10", "recall@10", "seconds", "n_parameters", "baselines", "id"}
    assert trained <= set(printed)
    store = ModelStore(folder)
    assert [(entry.id, entry.name, entry.current) for entry in store.list()] == [
        ("first", "first", True),
        ("buckets-co", "Buckets & co", False),
    ]
    assert printed["id"] == "buckets-co"
    first, new = Workspace.open(folder).model(), Workspace.open(folder).model("buckets-co")
    assert new.changes.to_json() == printed["feature_changes"]
    assert new.changes.to_json() == {
        "without": ["user.gender"], "audit_only": ["user.region"], "buckets": {"user.age": [30, 50]},
    }  # fmt: skip
    assert first.changes.to_json() == FeatureChanges().to_json()
    for key in ("seed", "task", "split", "encoder"):
        assert new.config[key] == first.config[key]
    assert new.config["settings"]["epochs"] == first.config["settings"]["epochs"]
    assert new.dataset.fingerprint() == open_model(tiny_workspace).dataset.fingerprint()
    assert open_model(folder).fingerprint == open_model(tiny_workspace).fingerprint, "nothing is said of the first"


def test_it_reads_the_changed_features(retrained):
    new = open_model(retrained[0], "buckets-co")
    groups = {group.key: group for group in new.features.groups}
    assert not {"user.gender", "user.region"} & groups.keys()
    assert {"user.income", "item.price", "item.title"} <= groups.keys()
    ages = new.dataset.users["age"].to_numpy(float)
    expected = np.stack([ages < 30, (ages >= 30) & (ages < 50), ages >= 50], axis=1)
    np.testing.assert_array_equal(new.features.tables["user.age"], expected)
    pair = (4, int(np.flatnonzero(~situation_of(new.dense, new.split_dataset, 4, 0).seen)[0]))
    situation, age = situation_of(new.dense, new.split_dataset, *pair), Player("user", "age")

    def score(value: float) -> float:
        return float(with_edits(situation, [SetColumn(age, value)]).scores(new.split_dataset.tie_order).scores[pair[1]])

    assert score(30.0) == score(49.9) != score(50.0)
    assert score(29.9) != score(30.0)


def test_audits_of_it_know_what_is_kept_for_them(retrained):
    columns = dense_scan(open_model(retrained[0], "buckets-co")).reports.keys()
    assert "user.region" in columns
    assert "user.gender" not in columns
    assert "user.gender" in dense_scan(open_model(retrained[0])).reports


def test_every_command_takes_it_and_it_can_be_made_current(capsys, retrained, tmp_path):
    folder = Path(shutil.copytree(retrained[0], tmp_path / "tiny"))
    where = ["--workspace", str(folder), "--model", "buckets-co", "--json"]
    for words in (["evaluate"], ["explain", "--user", "3", "--item", "7", "--background", "4"]):
        assert main([*words, *where]) == 0
        found = json.loads(capsys.readouterr().out)
    features = {row["feature"]: row["value"] for row in found["contributions"]}
    assert "user.gender" not in features
    assert features["user.age"] == open_model(folder).dataset.users["age"][open_model(folder).user_index("3")]
    ModelStore(folder).make_current("buckets-co")
    assert open_model(folder).changes.without == ("user.gender",)


def test_two_models_side_by_side(retrained):
    """Against plain loops over the stored lists; a model beside itself keeps everything."""
    opened = Workspace.open(retrained[0])
    first, second = opened.model(), opened.model("buckets-co")
    found = compare_models(first, second)
    ids = {"user_id", "item_id"}  # validation may choose otherwise about them
    assert {*found.gone} - ids == {"user.gender", "user.region"}
    assert {*found.new} <= ids
    assert {"user.age", "history", "item.title"} <= set(found.shared)
    lists = [model.evaluation().ranking for model in (first, second)]
    kept = [len(set(a) & set(b)) / len(a) for a, b in zip(*(of.top.tolist() for of in lists), strict=True)]
    assert found.lists.mean == pytest.approx(np.mean(kept))
    for row, of in zip(found.quality, ("ndcg", "recall"), strict=False):
        change = getattr(lists[1], of) - getattr(lists[0], of)
        assert row.change == pytest.approx(change.mean())
        assert row.low <= row.change <= row.high
        assert row.second - row.first == pytest.approx(row.change)
    assert found.quality[2].first == pytest.approx(first.evaluation().auc)
    assert -1 <= found.reasons.rank_correlation < 1
    same = compare_models(first, first)
    assert (same.lists.mean, same.reasons.top_3_overlap, [row.change for row in same.quality]) == (1, 1, [0, 0, 0])
    assert all(row.within_noise for row in same.quality)
    assert json.loads(json.dumps(found.to_json()))["second"] == "buckets-co"


def test_without_every_item_column_the_items_id_is_read(tiny_workspace, tmp_path):
    folder = Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))
    workspace = Workspace.open(folder)
    columns = [f"item.{c.name}" for c in workspace.dataset.schema.items if c.is_feature]
    found = retrain(workspace, "ids alone", read_changes(workspace.dataset, without=columns))
    new = open_model(folder, found.id)
    assert [group.key for group in new.features.side("item")] == ["item_id"]
    assert np.isfinite(new.evaluation().ndcg)


def test_an_interrupted_training_leaves_nothing(tiny_workspace, tmp_path):
    folder = Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))
    before = sorted(p.relative_to(folder) for p in folder.rglob("*"))

    def stop(stage: object, share: float) -> None:
        if str(stage).startswith("training"):
            raise KeyboardInterrupt

    workspace = Workspace.open(folder)
    with pytest.raises(KeyboardInterrupt):
        retrain(workspace, "never", read_changes(workspace.dataset, without=["user.age"]), progress=stop)
    assert sorted(p.relative_to(folder) for p in folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({}, "retrain.nothing"),
        ({"without": ["user.shoe"]}, "retrain.column"),
        ({"without": ["shoe"]}, "retrain.column"),
        ({"without": ["user.name"]}, "retrain.no_feature"),
        ({"without": ["user.age"], "buckets": ["age=30"]}, "retrain.twice"),
        ({"without": ["age", "user.age"]}, "retrain.twice"),
        ({"buckets": ["user.age"]}, "retrain.form"),
        ({"buckets": ["user.age="]}, "retrain.form"),
        ({"buckets": ["user.age=old"]}, "retrain.form"),
        ({"buckets": ["user.age=50,30"]}, "retrain.ascending"),
        ({"buckets": ["user.age=30,30"]}, "retrain.ascending"),
        ({"buckets": ["user.age=nan"]}, "retrain.ascending"),
        ({"buckets": ["user.region=1"]}, "retrain.no_number"),
        ({"buckets": ["user.age=30,500"]}, "retrain.empty_bucket"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_training(tiny_workspace, said, key):
    with pytest.raises(SettingError) as refused:
        read_changes(open_model(tiny_workspace).dataset, **said)
    assert refused.value.key == key


@pytest.mark.parametrize("name", ["first", "", "  "])
def test_a_name_that_is_taken_is_refused_before_any_training(tiny_workspace, name):
    workspace = Workspace.open(tiny_workspace)
    with pytest.raises(SettingError) as refused:
        retrain(workspace, name, read_changes(workspace.dataset, without=["user.age"]))
    assert refused.value.key == "retrain.name"


def test_buckets_by_hand():
    group = FeatureGroup("user.age", "number", 3, knots=(18.0, 70.0), edges=EDGES)
    raw = pd.Series([18.0, 30.0, 49.9, 50.0, None])
    assert group.encode(raw).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert FeatureGroup.from_json(json.loads(json.dumps(group.to_json()))) == group
    assert bucket_weights(np.array([]), EDGES).shape == (0, 3)
