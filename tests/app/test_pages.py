"""Every page opens, follows the address, and says the core's numbers."""

from __future__ import annotations

import json
import shutil

from app_texts import tables_of, texts_of

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.texts import numbers, plain
from recsys_core.data.understood import understood
from recsys_core.variant import DENSE


def whole(app) -> str:
    return "\n".join(texts_of(app))


def test_overview_says_the_stored_metrics(open_app, ref):
    metrics = cached_workspace.model(ref, "").training.model
    said = whole(open_app("overview"))
    assert f"AUC :blue[**{numbers.number(metrics['auc'])}**]" in said
    assert numbers.number(metrics["ndcg@10"]) in said
    assert numbers.count(cached_workspace.dataset(ref).n_interactions) in said


def test_overview_says_how_each_column_was_read(open_app, ref):
    app = open_app("overview", columns_read="true")
    assert not app.exception
    rows = next(d.value for d in app.dataframe if "Unreadable" in d.value.columns)
    found = understood(cached_workspace.dataset(ref)).columns
    assert rows["Kind"].tolist() == [plain(f"overview.columns.kind.{c.kind}") for c in found]
    for head, field in (("Values", "values"), ("Missing", "missing"), ("Unreadable", "unreadable")):
        assert rows[head].tolist() == [numbers.count(getattr(c, field)) for c in found]
    assert rows["Examples"].tolist() == [", ".join(c.examples) for c in found]


def test_explain_takes_the_top_recommendation_where_no_item_is_chosen(open_app, ref):
    user = cached_workspace.dataset(ref).user_index("3")
    top = cached_explain.recommendation(ref, user, DENSE).items[0]
    said = whole(open_app("explain", user="3"))
    assert f"*{top.title}*" in said
    assert f"Rank 1 of {cached_explain.recommendation(ref, user, DENSE).n_candidates}" in said
    assert f"probability {numbers.fixed(top.probability)}" in said


def test_explain_says_the_probability_without_the_first_reason(open_app, ref):
    user = cached_workspace.dataset(ref).user_index("3")
    top = cached_explain.recommendation(ref, user, DENSE).items[0]
    explanation = cached_explain.explanation(ref, user, top.item_index, DENSE)
    first = max(explanation.contributions, key=lambda c: c.contribution)
    said = whole(open_app("explain", user="3"))
    assert f"it would be {numbers.fixed(first.probability_without)}." in said


def test_explain_says_the_largest_reasons(open_app, ref):
    user, item = cached_workspace.dataset(ref).user_index("3"), cached_workspace.dataset(ref).item_index("7")
    explanation = cached_explain.explanation(ref, user, item, DENSE)
    largest = max(explanation.contributions, key=lambda c: abs(c.contribution))
    said = whole(open_app("explain", user="3", item="7"))
    assert numbers.signed(largest.contribution) in said
    assert f"exact Shapley values over {len(explanation.contributions)} reasons" in said or "standard error" in said


def test_top_list_is_the_cores(open_app, ref):
    app = open_app("explain", user="5")
    top = cached_explain.recommendation(ref, cached_workspace.dataset(ref).user_index("5"), DENSE)
    rows = tables_of(app)["top"]
    assert rows["Prob."].tolist() == [numbers.fixed(i.probability) for i in top.items]
    assert [text.replace(" ✓", "") for text in rows["Item"]] == [i.title for i in top.items]


def test_unknown_user_stays_unknown_until_another_is_picked(open_app):
    app = open_app("explain", user="99999")
    app.run()
    assert "No user 99999 in tiny shop. Pick another." in whole(app)
    app.selectbox(key="pick_user").select("3").run()
    assert "No user 99999" not in whole(app)
    assert not app.exception


def test_unknown_item_and_unknown_settings_are_named(open_app):
    said = whole(open_app("explain", user="3", item="no-such", bits="7", sparsity="500", pruning="magic"))
    assert "No item no-such in tiny shop. Pick another." in said
    assert "Bits 7 is not a level. Showing 32." in said
    assert "Sparsity 500 is not a level. Showing 0 %." in said
    assert "Pruning magic is not a level. Showing neurons removed." in said


def test_unknown_workspace_offers_the_others(open_app):
    app = open_app("overview", workspace="gone")
    assert "No workspace gone here. Pick another." in whole(app)
    app.selectbox(key="pick_workspace").select("tiny").run()
    assert not app.exception
    assert "What am I looking at" in whole(app)


def test_damaged_workspace_has_a_message_and_the_others_work(open_app, workspaces, tmp_path):
    folder = tmp_path / "both"
    shutil.copytree(workspaces, folder)
    shutil.copytree(folder / "tiny", folder / "broken")
    weights = folder / "broken" / "models" / "first" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    app = open_app("overview", folder=folder, workspace="broken")
    assert not app.exception
    assert "model.safetensors" in app.error[0].value.replace("\\", "")
    app.selectbox(key="pick_workspace").select("tiny").run()
    assert not app.error
    assert not app.exception


def test_foreign_workspace_has_a_message(open_app, workspaces, tmp_path):
    folder = tmp_path / "foreign"
    shutil.copytree(workspaces, folder)
    (folder / "tiny" / "workspace.json").write_text('{"format": "something else"}')
    app = open_app("overview", folder=folder)
    assert not app.exception
    assert app.error


def test_another_user_starts_at_the_own_top_recommendation(open_app, ref):
    app = open_app("explain", user="3", item="7")
    app.selectbox(key="pick_user").select("5").run()
    top = cached_explain.recommendation(ref, cached_workspace.dataset(ref).user_index("5"), DENSE).items[0]
    assert f"*{top.title}*" in whole(app)


def test_link_holds_every_value(open_app):
    app = open_app("explain", user="3", item="7", sparsity="0")
    app.session_state["link"] = True
    app.run()
    link = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
    for part in ("workspace=tiny", "user=3", "item=7", "sparsity=0", "bits=32", "pruning=structured", "lang=en"):
        assert part in link


def test_language_switch_changes_every_control(open_app):
    app = open_app("overview")
    assert {"Workspace", "User", "Item"} <= {s.label for s in app.selectbox}
    app.get_by_key("pick_lang").set_value("zh").run()
    assert not app.exception
    assert {"工作区", "用户", "物品"} <= {s.label for s in app.selectbox}


def test_people_have_names(open_app, ref):
    app = open_app("overview", user="3")
    row = cached_workspace.dataset(ref).users.iloc[cached_workspace.dataset(ref).user_index("3")]
    shown = f"{row['name']}, {row['age']:.0f}, {row['occupation']} (user 3)"
    assert shown in app.selectbox(key="pick_user").options
