"""Parts of the Global page: closed they cost nothing, opened they say the core's figures, in both languages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from app_texts import texts_of

from dashboard.cached import explain as cached_explain
from dashboard.cached import overall as cached_overall
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.texts import plain, use_language
from dashboard.sections.global_parts import PARTS
from dashboard.workspaces import workspace_ref
from recsys_core.data.segments import Segment, SegmentStore
from recsys_core.explain.size_differences import size_differences
from recsys_core.player import Player
from recsys_core.variant import DENSE

KEPT = ("explainers", "side_by_side")  # show what a server and a workspace keep from other tests
OPEN = {part.key: "true" for part in PARTS if part.key not in KEPT}


def whole(app) -> str:
    return "\n".join(texts_of(app))


def axes(app) -> str:
    """What stands in the specifications of all charts."""
    specs = (json.loads(element.proto.spec) for element in app.get("vega_lite_chart"))
    return "\n".join(json.dumps(spec, ensure_ascii=False) for spec in specs)


@pytest.mark.parametrize(
    ("lang", "reason"),
    [("en", "user.age"), ("zh", "user.region"), ("en", "item.price"), ("zh", "item.title"), ("en", "history")],
)
def test_every_part_opens_for_every_kind_of_reason(open_app, lang, reason):
    app = open_app("global", pairs="100", reason=reason, lang=lang, **OPEN)
    assert not app.exception
    assert not app.error
    use_language(lang)
    has_values, has_groups = reason not in ("item.title", "history"), reason != "item.title"
    assert (plain("global.partial.axis") in axes(app)) == has_values
    assert bool([box for box in app.selectbox if box.key == "pick_colour"]) == has_groups
    assert plain("global.permutation.axis", metric="AUC") in axes(app)
    assert len(app.get("vega_lite_chart")) == 5 + has_values + 2 * has_groups


def test_closed_parts_ask_for_nothing(open_app, monkeypatch):
    def refuse(*_):
        raise AssertionError("a closed part was worked out")

    for name in ("interactions", "partial_dependence", "permutation_importance"):
        monkeypatch.setattr(cached_overall, name, refuse)
    assert not open_app("global", pairs="100").exception


def test_the_colour_is_the_strongest_interaction_and_can_be_changed(open_app, ref):
    app = open_app("global", pairs="100", reason="user.age", dependence="true")
    held = cached_overall.interactions((ref, DENSE, 100, None, "logit"), Player("user", "age"))
    assert app.selectbox(key="pick_colour").value == held[0].player.key
    assert len(app.selectbox(key="pick_colour").options) == len(held)
    other = held[-1].player
    app.selectbox(key="pick_colour").select(other.key).run()
    assert not app.exception
    assert app.session_state["colour"] == other.key
    assert "next to nothing" in whole(app)


def test_partial_dependence_says_where_the_mean_is_highest(open_app, ref):
    app = open_app("global", pairs="100", reason="user.region", partial="true")
    found = cached_overall.partial_dependence(ref, DENSE, None, 100, Player("user", "region"))
    best = found.values[int(found.mean().argmax())]
    assert set(found.values) == set(cached_workspace.dataset(ref).users["region"].dropna())
    assert f"set to **{best}** for everyone" in whole(app) or "does not move the mean score" in whole(app)


@pytest.mark.parametrize("name", ["interactions-only", "one-user-column", "users-without-attributes", "nobody-to-rank"])
def test_tables_that_lack_something(open_app, odd_workspaces: Path, name):
    app = open_app("global", odd_workspaces, workspace=name, pairs="100", **OPEN)
    assert not app.exception
    assert not app.error


def test_two_segments_side_by_side_and_where_they_differ(open_app, grouped_workspace, tmp_path):
    shutil.copytree(grouped_workspace, tmp_path / "ws" / "tiny")
    ref, store = workspace_ref(tmp_path / "ws" / "tiny"), SegmentStore(tmp_path / "ws" / "tiny")
    store.save(Segment("young", {"age": (0.0, 35.0)}))
    store.save(Segment("old", {"age": (36.0, 99.0)}))
    store.save(Segment("two", users=("1", "2")))
    how = {"pairs": "100", "segment": "young", "side_by_side": "true", "lasso": "true"}
    app = open_app("global", tmp_path / "ws", beside="old", **how)
    assert not app.exception
    held = {s.name: s for s in store.list()}
    young, old = (cached_explain.overall(ref, DENSE, 100, held[name]).outcome() for name in ("young", "old"))
    ages = cached_workspace.dataset(ref).users["age"].to_numpy()
    assert ages[young.pairs.users].max() <= 35 < ages[old.pairs.users].min()
    clear = [d for d in size_differences(young, old) if d.is_clear]
    said = f"more for **{'young' if clear[0].difference > 0 else 'old'}**" if clear else "beyond noise"
    assert said in whole(app)
    assert "**young**, 100 pairs" in whole(app)
    assert "**old**, 100 pairs" in whole(app)
    app.selectbox(key="pick_beside").select("").run()
    assert not app.exception
    assert "**Everyone**, 100 pairs" in whole(app)
    app.selectbox(key="pick_beside").select("two").run()
    assert "fewer than 20" in whole(app)
