"""Change a feature and train again, on Overview: the form, the training in the background, both models side by side."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from app_texts import tables_of, texts_of

from dashboard.jobs import processes
from dashboard.presentation.sentences import retrain as sentences
from dashboard.presentation.texts import use_language
from recsys_core.compare import compare_models
from recsys_core.models.model_store import ModelStore
from recsys_core.models.workspace import Workspace


def whole(app) -> str:
    return "\n".join(texts_of(app)).replace("\\", "")


@pytest.fixture
def own(workspaces: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the tiny workspace."""
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    return tmp_path


def key(own: Path) -> tuple:
    return "retrain", str(own / "tiny")


def test_closed_nothing_is_drawn_and_bad_input_is_said_before_any_training(open_app, own):
    assert not [box for box in open_app("overview", own).multiselect if box.key.startswith("retrain")]
    app = open_app("overview", own, retrain="true")
    assert not app.exception
    assert app.button(key="retrain_start").disabled, "nothing is changed"
    app.multiselect(key="retrain_bucket").set_value(["user.age"]).run()
    assert not app.button(key="retrain_start").disabled
    app.text_input(key="retrain_edges_user.age").set_value("50,30").run()
    assert any("ascending order, got 50,30" in box.value for box in app.info)
    assert app.button(key="retrain_start").disabled
    app.text_input(key="retrain_edges_user.age").set_value("30, 50").run()
    app.text_input(key="retrain_name").set_value("first").run()
    assert any("cannot name the new model" in box.value for box in app.info)
    assert app.button(key="retrain_start").disabled
    app.text_input(key="retrain_name").set_value("").run()
    app.multiselect(key="retrain_without").set_value(["user.age"]).run()
    assert any("two things are to happen" in box.value.lower() for box in app.info)
    assert processes().find(key(own)) is None


def test_a_model_is_trained_stands_beside_the_present_one_and_is_made_current(open_app, own):
    app = open_app("overview", own, retrain="true")
    app.multiselect(key="retrain_without").set_value(["user.gender"]).run()
    app.multiselect(key="retrain_bucket").set_value(["user.age"]).run()
    app.button(key="retrain_start").click().run()
    assert not app.exception
    job = processes().find(key(own))
    assert job is not None
    assert [button for button in app.button if button.key == "retraining_cancel"]
    assert job.wait(120)
    assert job.error is None
    store = ModelStore(own / "tiny")
    new = next(entry for entry in store.list() if not entry.current)
    assert (new.id, new.name) == (job.result["id"], "without gender, age by bucket")
    app = open_app("overview", own, retrain="true")
    until = time.monotonic() + 60
    while "models_beside" not in tables_of(app) and time.monotonic() < until:
        app.run()
    opened = Workspace.open(own / "tiny")
    found = compare_models(opened.model(), opened.model(new.id))
    use_language("en")
    said = str(sentences.comparison(opened.dataset, found, new.name)).replace("\\", "")
    assert said in whole(app)
    assert "It is trained without gender." in whole(app)
    assert app.selectbox(key="pick_other_model").value == new.id
    assert len(tables_of(app)["models_beside"]["Difference"]) == 5
    app.button(key="make_current").click().run()
    assert not app.exception
    assert store.current == new.id
    assert app.selectbox(key="pick_model").value == new.id
    assert app.selectbox(key="pick_other_model").value == "first"
    processes().dismiss(job)


def test_a_training_that_is_stopped_leaves_nothing(open_app, own):
    app = open_app("overview", own, retrain="true")
    app.multiselect(key="retrain_audit_only").set_value(["user.region"]).run()
    app.button(key="retrain_start").click().run()
    job = processes().find(key(own))
    app.button(key="retraining_cancel").click().run()
    assert job.wait(60)
    assert not job.is_failed
    assert [p.name for p in (own / "tiny" / "models").iterdir() if p.is_dir()] == ["first"]  # nor half of another
    assert open_app("overview", own, retrain="true").multiselect(key="retrain_audit_only").value == []
