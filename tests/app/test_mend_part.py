"""Fairness, mend it: what a strength does and costs as the core finds it, on every page, and trained methods."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from app_texts import texts_of

from dashboard.jobs import processes
from dashboard.presentation.sentences import mend as sentences
from dashboard.presentation.texts import use_language
from recsys_core.fairness import make_grouping
from recsys_core.mend.shifts import mended_lists
from recsys_core.models.evaluation import evaluate
from recsys_core.models.model_store import ModelStore
from recsys_core.models.workspace import open_model
from recsys_core.rerankers import make_reranker
from recsys_core.variant import Reranking

BY = "item.price=40"  # two groups of items, each large enough to be shown
LIVE = {"mend": "true", "mend_method": "exposure", "mend_by": BY, "mend_strength": "100", "workspace": "grouped"}


def whole(app) -> str:
    return "\n".join(texts_of(app)).replace("\\", "").replace("\u2060", "")


def answer(folder: Path, reranking: Reranking) -> str:
    """What the page must say, worked out from the core's full evaluation."""
    model = open_model(folder)
    before = evaluate(model.dense, model.split_dataset)
    reranker = make_reranker(reranking, model.split_dataset, model.dense)
    after = evaluate(model.dense, model.split_dataset, reranker=reranker)
    data, train = model.split_dataset.dataset, model.split_dataset.sequences()
    found = mended_lists(model.split_dataset, before, after, grouping=make_grouping(data, (reranking.by,), train=train))
    use_language("en")
    return str(sentences.answer(found, reranking.name, reranking.strength)).replace("\\", "").replace("\u2060", "")


def test_a_strength_says_what_the_core_finds_and_is_used_on_every_page(open_app, grouped_workspace):
    app = open_app("fairness", grouped_workspace.parent, **LIVE)
    assert not app.exception
    assert answer(grouped_workspace, Reranking("exposure", 1.0, BY)) in whole(app)
    assert "No mending can lift" in whole(app), "the sample's best possible is known"
    app.slider(key="mend_slider").set_value(40).run()
    assert not app.exception
    assert answer(grouped_workspace, Reranking("exposure", 0.4, BY)) in whole(app)
    app.run()
    app.button(key="mend_use").click().run()
    assert not app.exception
    said = {name: app.query_params.get(name) for name in ("rerank", "strength", "rerank_by", "mend_strength")}
    assert {k: v[0] if isinstance(v, list) else v for k, v in said.items()} == {
        "rerank": "exposure", "strength": "40", "rerank_by": BY, "mend_strength": "40",
    }  # fmt: skip
    assert any(button.key == "clear_rerank" for button in app.button), "the sidebar says it, with the way to clear it"


@pytest.mark.parametrize("page", ["overview", "explain", "what-if", "global", "compress"])
def test_every_page_opens_re_ranked(open_app, page):
    app = open_app(page, rerank="calibrated", strength="60", rerank_by="item.category", user="3")
    assert not app.exception
    assert [box.value for box in app.error] == []
    assert [box.value for box in app.warning] == []
    assert page != "explain" or "its order is no longer that of the scores" in whole(app)


def test_a_list_of_mendings_and_what_cannot_be_done(open_app, grouped_workspace):
    app = open_app(
        "fairness",
        grouped_workspace.parent,
        **LIVE | {"mend_method": "threshold", "mend_by": "user.gender", "mend_with": "exposure:item.category"},
    )
    assert not app.exception
    assert "Exposure by relevance and Thresholds by group" in whole(app)
    app.button(key="mend_off_exposure").click().run()
    assert "Exposure by relevance and" not in whole(app)
    app = open_app("overview", rerank="exposure", rerank_by="user.gender")
    assert not app.exception
    assert any("looks at a column of items" in box.value for box in app.warning)


def test_a_mending_is_trained_in_the_background_and_shown_beside_its_base(open_app, workspaces, tmp_path):
    shutil.copytree(workspaces / "tiny", tmp_path / "tiny")
    said = {
        "mend": "true",
        "mend_method": "project",
        "mend_by": "user.gender",
        "mend_strength": "100",
        "by": "user.gender",
    }
    app = open_app("fairness", tmp_path, **said)
    assert not app.exception
    assert "stays" in whole(app) or "takes" in whole(app)
    app.button(key="mend_start").click().run()
    assert not app.exception
    job = processes().find(("mend", str(tmp_path / "tiny")))
    assert job is not None
    assert job.wait(120)
    assert job.error is None, job.error
    store, until = ModelStore(tmp_path / "tiny"), time.monotonic() + 60
    assert job.result["id"] in store.ids()
    assert store.current == "first", "the model that was there is untouched"
    app = open_app("fairness", tmp_path, **said)
    while not any(box.key == "pick_mended" for box in app.selectbox) and time.monotonic() < until:
        app.run()
    assert app.selectbox(key="pick_mended").value == job.result["id"]
    while "Linear projection by gender" not in whole(app) and time.monotonic() < until:
        app.run()
    price = job.result["price"]
    assert f"now {price['after']:.3f}" in whole(app) or "It costs nothing" in whole(app)
    processes().dismiss(job)
