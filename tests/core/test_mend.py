"""Mending a model: what is trained, what stands in the workspace, what it is said to cost, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recsys_core.errors import RecLensError, SettingError
from recsys_core.mend import TriedStore, expected_seconds, mend, read_mendings
from recsys_core.mend.groups import ALONE, user_groups
from recsys_core.mend.method import Situation
from recsys_core.mend.train import changes_of, train_mended
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.workspace import Workspace, open_model
from recsys_core.results.mending import TRAINED, Mending
from recsys_core.variant import ModelVariant


@pytest.fixture
def tiny(tiny_workspace: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))


def files(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def weights(model, mendings) -> dict[str, torch.Tensor]:
    found = train_mended(model, mendings, changes_of(model, mendings))
    return found.fitted.chosen.trained.ranker.state_dict()


def is_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_strength_0_trains_what_the_base_is_and_strength_1_something_else(tiny_workspace):
    """Bit by bit, seeded: the recipe holds all that a training without any race needs."""
    model = open_model(tiny_workspace)
    nothing = [Mending(method, "gender", 0.0) for method in TRAINED]
    assert is_same(weights(model, nothing), model.ranker.state_dict())
    found = {m: weights(model, [Mending(m, "gender", 1.0)]) for m in TRAINED}
    assert not any(is_same(state, model.ranker.state_dict()) for state in found.values())
    assert is_same(weights(model, [Mending("adversarial", "gender", 1.0)]), found["adversarial"])
    assert "adapter.tables.user__gender.weight" not in found["leave-out"]


def test_task_implicit_weighs_moments(tiny_workspace, tmp_path):
    dataset = open_model(tiny_workspace).dataset
    fit_workspace(dataset, tmp_path / "implicit", FitRequest(task="implicit", epochs=1))
    model = open_model(tmp_path / "implicit")
    groups = user_groups(model.split_dataset, ("user.gender",))
    situation = Situation(model, groups)
    reweighed = changes_of(model, [Mending("reweigh", "gender", 1.0)])[0].weight
    mass = [(reweighed * situation.unit_size)[groups.code == g].sum() for g in range(groups.n_groups)]
    assert mass == pytest.approx([np.mean(mass)] * groups.n_groups), "groups count alike"
    assert is_same(weights(model, []), model.ranker.state_dict())
    for method in ("sample", "regularise", "worst-group", "adversarial"):
        assert not is_same(weights(model, [Mending(method, "gender", 1.0)]), model.ranker.state_dict())
    with pytest.raises(SettingError, match="task implicit has none"):
        changes_of(model, [Mending("distrust", "gender", 1.0)])


def test_a_combination_is_one_model_re_ranked(tiny):
    before = files(tiny)
    workspace = Workspace.open(tiny)
    asked = read_mendings(workspace, "distrust,leave-out,exposure", "gender,item.category", 1.0)
    found = mend(workspace, asked, name="both")
    new = open_model(tiny, found.model_id)
    assert found.is_new
    assert new.name == "both"
    assert [(m.method, m.by, m.strength) for m in new.mendings] == [
        ("distrust", "user.gender", 1.0),
        ("leave-out", "user.gender", 1.0),
    ]
    assert new.changes.audit_only == ("user.gender",)
    assert new.config["mended_from"] == "first"
    assert found.variant.to_query() == {"model": "both", "rerank": "exposure", "rerank_by": "item.category"}
    assert found.notes[0].key == "mend.distrusted_unclear"
    after = files(tiny)
    assert {name: after[name] for name in before} == before, "the base is never touched"
    report = found.report
    assert (report.before.by, report.of_items[0].by) == (("user.gender",), ("item.category",))
    first = open_model(tiny).evaluation().ranking
    assert report.price.before == pytest.approx(first.ndcg.mean())
    assert report.price.low <= report.price.change <= report.price.high
    assert report.price.relative == pytest.approx(report.price.after / report.price.before - 1)
    assert 0 <= report.reasons_kept < 1
    assert 0 <= report.lists_kept < 1
    assert new.training.baselines.keys() == open_model(tiny).training.baselines.keys()
    (tried,) = TriedStore(tiny).all()
    assert tried.variant == replace(found.variant, model="both")
    assert (tried.ndcg, tried.base, tried.by) == (report.price.after, "first", "user.gender")


def test_what_a_mended_model_is_mended_by_stays(tiny):
    workspace = Workspace.open(tiny)
    first = mend(workspace, [Mending("leave-out", "gender", 1.0)], name="without")
    second = mend(workspace, [Mending("reweigh", "device", 0.5)], base=first.model_id)
    third = mend(workspace, [Mending("project", "device", 1.0)], base=first.model_id)
    for model_id, method in ((second.model_id, "reweigh"), (third.model_id, "project")):
        model = open_model(tiny, model_id)
        assert [m.method for m in model.mendings] == ["leave-out", method]
        assert model.changes.audit_only == ("user.gender",)
    assert open_model(tiny, third.model_id).name == "project device 100"


def test_strength_0_changes_nothing_and_trains_nothing(tiny):
    workspace = Workspace.open(tiny)
    for methods, by in (("reweigh", "gender"), ("exposure", "item.category"), ("reweigh,exposure", "gender,category")):
        found = mend(workspace, read_mendings(workspace, methods, by, 0.0))
        price = found.report.price
        assert (price.change, price.low, price.high, price.relative) == (0, 0, 0, 0)
        assert (found.report.reasons_kept, found.report.lists_kept) == (1, 1)
        assert (found.model_id, found.is_new) == ("first", False)
    assert workspace.models.ids() == ["first"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
def test_a_training_that_is_stopped_leaves_nothing(tiny, stop):
    before, workspace = files(tiny), Workspace.open(tiny)

    def progress(stage: object, share: float) -> None:
        if "training" in str(stage) or "ranking" in str(stage):
            raise stop

    for method in ("reweigh", "project"):
        with pytest.raises(stop):
            mend(workspace, [Mending(method, "gender", 1.0)], progress=progress)
    assert files(tiny) == before


def test_groups_are_those_that_a_training_can_treat(tiny_workspace):
    """Of 60 users: small groups are pooled, a pool that is still small is left alone, missing is a group."""
    model = open_model(tiny_workspace)
    split_dataset = model.split_dataset
    gender = split_dataset.dataset.users["gender"]
    groups = user_groups(split_dataset, ("user.gender",), least=20)
    assert (groups.code == ALONE).sum() == (gender == "non-binary").sum() > 0
    pooled = user_groups(split_dataset, ("user.region",), least=13)
    assert pooled.labels[-1] == "(small)"
    users = split_dataset.dataset.users.assign(gender=gender.where(gender == "woman"))
    some = replace(split_dataset, dataset=replace(split_dataset.dataset, users=users))
    assert user_groups(some, ("user.gender",)).labels == ("woman", "(missing)")
    for value in (None, "woman"):
        users = users.assign(gender=pd.Series([value] * len(users), dtype=object))
        with pytest.raises(SettingError, match="no mending by it can change anything"):
            user_groups(replace(some, dataset=replace(some.dataset, users=users)), ("user.gender",))


@pytest.mark.parametrize(
    ("methods", "by", "strength", "words"),
    [
        ("nothing", "gender", 1.0, "method must be one of"),
        ("", "gender", 1.0, "method must be one of"),
        ("reweigh,reweigh", "gender", 1.0, "said twice"),
        ("reweigh", "no-column", 1.0, "no-column"),
        ("reweigh", "gender", 7.0, "between 0 and 1"),
        ("reweigh", "gender", float("nan"), "between 0 and 1"),
        ("reweigh", "item.category", 1.0, "no column of users"),
        ("exposure", "gender", 1.0, "no column of items"),
        ("leave-out", "gender", 0.5, "strength 0 or 1"),
        ("leave-out", "activity", 1.0, "cannot change anything"),
        ("reweigh", "region", 1.0, "fewer than two groups"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(tiny_workspace, methods, by, strength, words):
    workspace = Workspace.open(tiny_workspace)
    with pytest.raises(RecLensError, match=words):
        mend(workspace, read_mendings(workspace, methods, by, strength))


def test_more_that_is_refused_before_any_training(tiny_workspace):
    workspace = Workspace.open(tiny_workspace)
    reweigh = Mending("reweigh", "gender", 1.0)
    chain = [Mending("exposure", "item.category", 0.5), Mending("calibrated", "item.category", 1.0)]
    for mendings, more, key in (
        ([], {}, "mend.nothing"),
        ([reweigh], {"name": "first"}, "retrain.name"),
        ([reweigh], {"base": "nobody"}, "model.unknown"),
        (chain, {}, "mend.strengths"),
    ):
        with pytest.raises(SettingError) as refused:
            mend(workspace, mendings, **more)
        assert refused.value.key == key


def test_how_long_a_training_will_take_is_said_before(tiny_workspace):
    model = open_model(tiny_workspace)
    plain, adversarial = (expected_seconds(model, [Mending(m, "gender", 1.0)]) for m in ("reweigh", "adversarial"))
    assert 0 < plain < adversarial
    assert expected_seconds(model, [Mending("project", "gender", 1.0)]) < plain
    assert expected_seconds(model, [Mending("reweigh", "gender", 0.0), Mending("exposure", "category", 1.0)]) == 0


def test_everything_tried_survives_what_a_killed_run_left(tiny):
    workspace = Workspace.open(tiny)
    live = [Mending("exposure", "item.category", 0.5)]
    mend(workspace, live)
    file = tiny / "tried.jsonl"
    line = file.read_text()
    gone = json.loads(line) | {"base": "removed"}
    file.write_text(line + json.dumps(gone) + "\nnull\n" + line[:40])
    mend(workspace, live)
    mend(workspace, [Mending("exposure", "item.category", 1.0)])
    found = TriedStore(tiny).all()
    assert [t.query.get("strength", "100") for t in found] == ["50", "100"]
    assert all(t.variant.model == "" for t in found), "it is the current one"
    assert ModelVariant.from_query(found[0].query).reranking.by == "item.category"
