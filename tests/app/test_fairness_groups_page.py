"""Fairness: edges, values and crossings of groups, the worst subgroups, strata and items, as the core has them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import fairness_groups as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts.fairness import MOST_DOTS, dots
from dashboard.presentation.charts.fairness_cells import heat_map
from dashboard.presentation.sentences.fairness import format_metric, name_of
from dashboard.presentation.sentences.subgroups import subgroups_sentence
from dashboard.workspaces import workspace_ref
from recsys_core.data.segments import SegmentStore, segment_users
from recsys_core.fairness import AuditSettings, audit
from recsys_core.fairness.subgroup_conditions import users_meeting
from recsys_core.fairness.subgroups import find_subgroups
from recsys_core.models.user_sample import STORED
from recsys_core.variant import DENSE


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("groups")
    shutil.copytree(grouped_workspace, found / "shop")
    return found


@pytest.fixture
def open_fairness(open_app, folder):
    """The page with its lists ranked and its subgroups searched."""

    def open_page(**parameters: str):
        app = open_app("fairness", folder=folder, workspace="shop", **parameters)
        ref = workspace_ref(folder / "shop")
        assert cached_fairness.fairness_scan(ref, DENSE).wait(120)
        if "subgroups" in parameters:
            assert cached.subgroups(ref, DENSE, STORED, "ndcg", int(parameters.get("least", 20))).wait(60)
        return app.run()

    return open_page


@pytest.fixture(scope="module")
def model(folder):
    return cached_workspace.model(workspace_ref(folder / "shop"), "")


def audited(model, by, least=20):
    train = model.split_dataset.sequences()
    return audit(model.dataset, model.evaluation(), by=by, train=train, settings=AuditSettings(least_size=least))


def link_of(app) -> dict[str, str]:
    app.session_state["link"] = True
    app.run()
    link = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
    return dict(parse_qsl(link.split("?")[1]))


def test_edges_and_the_least_size_come_from_the_address_and_are_the_cores(open_fairness, model):
    app = open_fairness(by="age=30/50", cross="region", cross2="user.gender=woman", least="9", all_groups="true")
    assert not app.exception
    assert [w.value for w in app.warning] == []
    assert app.text_input(key="by_parts").value == "30/50"
    report = audited(model, ("user.age=30/50", "user.region", "user.gender=woman"), 9)
    rows = next(d.value for d in app.dataframe if "Group" in d.value.columns)
    shown = (report.overall, *report.groups)
    assert rows["n"].tolist() == [str(row.n) for row in shown]
    assert rows["NDCG@10"].tolist() == [format_metric(row.values["ndcg@10"]) for row in shown]
    assert "crossed" in " ".join(texts_of(app))
    assert {"by": "user.age=30/50", "cross": "user.region", "cross2": "user.gender=woman", "least": "9"}.items() <= (
        link_of(app).items()
    )


def test_what_is_typed_is_put_into_the_address_and_checked_there(open_fairness):
    app = open_fairness(by="age")
    app.text_input(key="by_parts").set_value("30, 50").run()
    assert app.session_state["by"] == "user.age=30/50"
    assert app.text_input(key="by_parts").value == "30/50"
    app.text_input(key="by_parts").set_value("50/30").run()
    assert not app.exception
    assert "are no edges of user.age" in app.warning[0].value.replace("\\", "")
    assert app.selectbox(key="pick_by").value == "user.age"
    assert app.text_input(key="by_parts").value == "50/30"
    app.text_input(key="by_parts").set_value("").run()
    assert [w.value for w in app.warning] == []


@pytest.mark.parametrize("said", ["region=moon", "region=", "age=x", "age=3=4", "moon=3", "segment:nobody"])
def test_odd_groups_of_an_address_are_named_and_the_page_stands(open_fairness, said):
    app = open_fairness(by=said, cross="gender", lang="zh")
    assert not app.exception
    assert len(app.warning) == 1


def test_the_worst_subgroups_are_the_cores_and_become_groups_and_a_segment(open_fairness, model, folder):
    train = model.split_dataset.sequences()
    found = find_subgroups(model.dataset, model.evaluation(), train=train)
    worst = found.subgroups[0]
    app = open_fairness(subgroups="true", measure="ndcg@10")
    rows = tables_of(app)["subgroup_rows"]
    assert rows["n"].tolist() == [str(s.n) for s in found.subgroups]
    assert rows["Figure"].tolist() == [format_metric(s.value) for s in found.subgroups]
    said = " ".join(texts_of(app))
    assert str(subgroups_sentence(found)).replace("\\", "").replace("\u2060", "") in said.replace("\\", "")
    assert "Westfall and Young" in said
    spelled = [c.spelled for c in worst.conditions]
    opened = dict(zip(("by", "cross"), spelled, strict=False))
    app = open_fairness(subgroups="true", measure="ndcg@10", **opened)
    app.text_input(key="subgroup_segment_name").set_value("worst").run()
    app.button(key="subgroup_segment_save").click().run()
    segment = SegmentStore(folder / "shop").get("worst")
    users = segment_users(segment, model.dataset, model.split_dataset)
    assert users.tolist() == users_meeting(model.dataset, worst.conditions, train=train).tolist()
    SegmentStore(folder / "shop").remove("worst")


def test_strata_and_items_say_what_the_core_finds(open_fairness):
    app = open_fairness(by="region", measure="ndcg@10", strata="true", within_column="gender", item_groups="true")
    assert not app.exception
    said = " ".join(texts_of(app))
    assert "Mantel and Haenszel" in said
    assert any(words in said for words in ("have the same gender", "No part of gender", "to explain by gender"))
    assert "Items by category" in said or "groups by category" in said
    assert app.selectbox(key="pick_within_column").value == "user.gender"
    words = ("have the same gender", "No part of gender", "to explain by gender")
    verdict = [text for text in texts_of(app) if any(word in text for word in words)]
    assert len(verdict) == 2, "in the part and at the head of the page"
    assert verdict[0] == verdict[1]
    names = {"chance to be listed", "niche share", "reach of the group", "inequality of exposure"}
    shown = [table.value for table in app.dataframe]
    assert any(names <= set(table.columns) for table in shown)
    app = open_fairness(by="gender", items_by="price=40", item_groups="true", lang="zh")
    assert not app.exception
    assert app.text_input(key="items_by_parts").value == "40"
    assert any("RSP@10" in table.value.to_csv() for table in app.dataframe), "of all groups together"


def test_charts_of_many_groups_keep_what_matters(model):
    report = audited(model, ("user.age", "user.region", "user.gender"), 3)
    words = ("NDCG@10", "all")
    found = dots({"dense": report}, "ndcg@10", name_of, words).data
    assert len(found) == min(MOST_DOTS, sum(not row.suppressed for row in report.groups))
    values = sorted(row.values["ndcg@10"] for row in report.groups if not row.suppressed)
    assert {found["value"].min(), found["value"].max()} == {values[0], values[-1]}
    cells = heat_map(report, "ndcg@10", name_of, words).data
    assert len(cells) == len(report.groups)
    small = cells[cells["said"].str.startswith("fewer")]
    assert len(small) == sum(row.suppressed for row in report.groups)
    assert set(small["meaning"]) <= {"neutral"}
    overall = report.overall.values["ndcg@10"]
    for (_, cell), row in zip(cells.iterrows(), report.groups, strict=True):
        if not row.suppressed:
            assert cell["meaning"] == ("against" if row.values["ndcg@10"] < overall else "for")
