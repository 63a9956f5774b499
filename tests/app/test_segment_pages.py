"""Segments on the pages: chosen in the sidebar, saved from the filter, said with their size, damaged, too small."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from app_texts import texts_of

from dashboard import registry
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.texts import numbers
from dashboard.workspaces import WorkspaceRef, workspace_ref
from recsys_core.compare.segment_change import segment_change
from recsys_core.data.segments import FILE, Segment, SegmentStore
from recsys_core.models.evaluation import evaluate
from recsys_core.variant import DENSE, ModelVariant

OLDER = Segment("older", {"age": (28.0, 99.0)})


@pytest.fixture
def folder(workspaces: Path, tmp_path: Path) -> Path:
    """The workspace with a segment of many users, a small one, an empty one and one that does not fit the data."""
    shutil.copytree(workspaces, tmp_path / "ws")
    store = SegmentStore(tmp_path / "ws" / "tiny")
    for segment in (
        OLDER,
        Segment("few", users=("3", "7")),
        Segment("nobody", {"age": (900.0, 999.0)}),
        Segment("odd", {"shoe size": (1.0, 2.0)}),
    ):
        store.save(segment)
    return tmp_path / "ws"


@pytest.fixture
def held(folder: Path) -> WorkspaceRef:
    return workspace_ref(folder / "tiny")


def whole(app) -> str:
    return "\n".join(texts_of(app))


def test_a_segment_is_chosen_on_every_page_and_offers_its_users_first(open_app, folder, held):
    own = cached_segments.ids(held, OLDER)
    for page in registry.pages():
        app = open_app(page, folder, segment="older")
        assert not app.exception, page
        assert f"“older”: {len(own)} of 60 users (age 28 to 99)." in whole(app), page
        options = app.selectbox(key="pick_user").options
        assert [option.rsplit("(user ", 1)[1] for option in options[: len(own)]] == [f"{user})" for user in own]
        assert app.selectbox(key="pick_segment").options == ["Everyone", "few", "nobody", "odd", "older"]
    app = open_app("overview", folder, segment="older")
    for _ in range(3):
        app.button(key="random").click().run()
        assert app.session_state["user"] in own


def test_without_a_user_the_segment_s_first_is_explained(open_app, folder, held):
    first = cached_segments.ids(held, OLDER)[0]
    name = cached_workspace.short_name(held, cached_workspace.dataset(held).user_index(first), "en")
    assert name in next(
        text for text in texts_of(open_app("explain", folder, segment="older")) if text.startswith("# ")
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_segments_that_cannot_be_used_are_named_and_everyone_is_shown(open_app, folder, lang):
    for name, said in (("gone", "older"), ("odd", "shoe size")):
        app = open_app("global", folder, segment=name, lang=lang, pairs="100")
        assert not app.exception
        assert any(said in w.value.replace("\\", "") for w in app.warning)
        assert app.selectbox(key="pick_segment").value == ""
    app = open_app("global", folder, segment="nobody", lang=lang)
    assert not app.exception
    assert ("has no users" if lang == "en" else "没有用户") in whole(app)
    app = open_app("global", folder, segment="few", lang=lang)
    assert not app.exception
    assert ("fewer than 20" if lang == "en" else "少于 20") in whole(app)
    assert not app.get("vega_lite_chart")


def test_a_damaged_file_is_said_and_every_page_still_works(open_app, folder):
    (folder / "tiny" / FILE).write_text('{"format": "reclens-segments-1", "segments": [{"name": 5}]}')
    for page in ("overview", "global"):
        app = open_app(page, folder, segment="older")
        assert not app.exception
        assert any("Everything but the segments still works" in i.value for i in app.info), page
    assert "5" in (folder / "tiny" / FILE).read_text(), "it is left as it was"


def test_the_filter_is_saved_as_a_segment_and_forgotten(open_app, folder, held):
    app = open_app("overview", folder, filter="age:20..50;region:north")
    app.session_state["random_filter"] = True
    app.run()
    app.text_input(key="filter_segment_name").set_value(" ")
    app.button(key="filter_segment_save").click().run()
    assert any("no name for a segment" in i.value for i in app.info)
    app.text_input(key="filter_segment_name").set_value("young *north*")
    app.button(key="filter_segment_save").click().run()
    assert not app.exception
    assert app.session_state["segment"] == "young *north*"
    assert SegmentStore(held.folder).get("young *north*").conditions == {"age": (20.0, 50.0), "region": ("north",)}
    users = cached_workspace.dataset(held).users
    n = (users["age"].between(20, 50) & (users["region"] == "north")).sum()
    assert f"“young *north*”: {n} of 60 users (age 20 to 50, region north)" in whole(app)
    app.button(key="segment_remove").click().run()
    assert not app.exception
    assert app.session_state["segment"] == ""
    assert "young *north*" not in [s.name for s in SegmentStore(held.folder).list()]


def test_a_segment_of_the_same_name_is_another_one(folder, held):
    store, by = SegmentStore(held.folder), ("segment:older",)
    before = cached_fairness.fairness_report(held, DENSE, by)
    store.save(Segment("older", {"age": (50.0, 99.0)}))
    after = cached_fairness.fairness_report(held, DENSE, by)
    assert before.groups[0].n > after.groups[0].n


@pytest.fixture(scope="module")
def many(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 500 users with a segment of 50 ranked ones and a small one."""
    folder = tmp_path_factory.mktemp("many")
    shutil.copytree(grouped_workspace, folder / "tiny")
    ref, store = workspace_ref(folder / "tiny"), SegmentStore(folder / "tiny")
    ranked = cached_fairness.evaluation(ref, DENSE).outcome().ranking.user_index
    ids = cached_workspace.dataset(ref).users["user_id"]
    store.save(Segment("first", users=tuple(ids.iloc[ranked[:50]])))
    store.save(Segment("few", users=tuple(ids.iloc[ranked[:2]])))
    return folder


def test_fairness_compares_the_segment_with_all_others(open_app, many):
    app, ref = (
        open_app("fairness", many, segment="first", all_groups="true", measure="ndcg@10"),
        workspace_ref(many / "tiny"),
    )
    assert not app.exception
    assert app.selectbox(key="pick_by").value == "segment:first"
    assert "all others" in str([d.value.values.tolist() for d in app.dataframe])
    ndcg = cached_fairness.evaluation(ref, DENSE).outcome().ranking.ndcg
    rows = cached_fairness.fairness_report(ref, DENSE, ("segment:first",)).groups
    assert [row.n for row in rows] == [50, len(ndcg) - 50]
    assert [row.values["ndcg@10"] for row in rows] == pytest.approx([ndcg[:50].mean(), ndcg[50:].mean()])
    small = cached_fairness.fairness_report(ref, DENSE, ("segment:few",)).groups[0]
    assert small.suppressed
    assert small.n == 2
    assert set(small.values.values()) == {None}


def test_overview_shows_the_segment_s_quality_beside_everyone_s(open_app, many):
    app, ref = open_app("overview", many, segment="first"), workspace_ref(many / "tiny")
    assert not app.exception
    ndcg = cached_fairness.evaluation(ref, DENSE).outcome().ranking.ndcg
    said = f"**first** gets NDCG@10 {numbers.fixed(ndcg[:50].mean(), 3)}, everyone {numbers.fixed(ndcg.mean(), 3)}."
    assert said in whole(app)
    table = next(d.value for d in app.dataframe if "first" in d.value.columns)
    assert table["Measure"].tolist() == ["NDCG@10", "recall@10", "AUC"]
    app = open_app("overview", many, segment="few")
    assert "“few” has 2 users to look at, fewer than 20" in whole(app)
    assert not any("few" in d.value.columns for d in app.dataframe)


def test_compress_says_what_a_level_keeps_for_the_segment(open_app, many):
    ref, variant = workspace_ref(many / "tiny"), ModelVariant.compressed(0.9)
    app = open_app("compress", many, segment="first", sparsity="90", of_segment="true", users="all")
    assert not app.exception
    model, users = cached_workspace.model(ref, ""), cached_segments.users(ref, SegmentStore(ref.folder).get("first"))
    before, after = (
        evaluate(s, model.split_dataset, users=users).ranking
        for s in (model.dense, cached_workspace.scorer(ref, variant))
    )
    shares = [len(set(a) & set(b)) / len(a) for a, b in zip(before.top, after.top, strict=True)]
    found = cached_fairness.segment_change(
        ref, variant, SegmentStore(ref.folder).get("first"), cached_fairness.user_limit(ref, variant, "all")
    )
    assert (found.n_users, found.lists.mean) == (50, pytest.approx(np.mean(shares)))
    assert found.ndcg_change == pytest.approx(after.ndcg.mean() - before.ndcg.mean())
    assert f"Of the lists of **first** {numbers.percent(np.mean(shares))}" in whole(app)
    assert 0 <= found.reasons.top_3_overlap <= 1
    same = segment_change(
        (cached_fairness.evaluation(ref, DENSE).outcome(),) * 2, (model.dense,) * 2, model.split_dataset, users
    )
    assert (same.lists.mean, same.ndcg_change, same.reasons.top_3_overlap) == (1, 0, 1)
    assert (
        segment_change(
            (cached_fairness.evaluation(ref, DENSE).outcome(),) * 2, (model.dense,) * 2, model.split_dataset, users[:0]
        )
        is None
    )
