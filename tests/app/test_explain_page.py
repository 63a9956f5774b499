"""The Explain and Global pages say the core's figures: what sums, what is marked, who speaks, who ties."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from app_texts import tables_of, texts_of
from streamlit.testing.v1 import AppTest

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import wording as reasons
from dashboard.presentation.charts import explain as charts
from dashboard.presentation.charts import overall as overall_charts
from dashboard.presentation.charts.chart import IN_ORDER
from dashboard.presentation.sentences import explain as sentences
from dashboard.presentation.sentences import overall as overall_sentences
from dashboard.presentation.tables import history as history_tables
from dashboard.presentation.tables import reasons as tables
from dashboard.presentation.texts import numbers, translate, use_language
from dashboard.workspaces import workspace_ref
from recsys_core.explain.agreement import Agreement, Disagreement
from recsys_core.metrics import probability
from recsys_core.results import ItemItemEntry, ItemItemShare
from recsys_core.variant import DENSE, ModelVariant

HALF = ModelVariant.compressed(0.5)
USER, ITEM = "3", "7"


def whole(app) -> str:
    return "\n".join(texts_of(app))


def number(text: str) -> float:
    return float(text.replace(numbers.MINUS, "-").replace("+", ""))


@pytest.fixture
def where(ref) -> tuple:
    data = cached_workspace.dataset(ref)
    return ref, data.user_index(USER), data.item_index(ITEM)


def test_items_shares_sum_to_the_historys_bar_on_screen(open_app, where):
    app = open_app("explain", user=USER, item=ITEM, history="each")
    rows = tables_of(app)["taken"]
    bar = next(
        c.contribution for c in cached_explain.explanation(*where, DENSE).contributions if c.feature == "history"
    )
    shown = [number(cell) for cell in rows["Contribution"]]
    assert sum(shown) == pytest.approx(bar, abs=0.0005 * len(shown) + 1e-9)
    assert [abs(x) for x in shown] == sorted((abs(x) for x in shown), reverse=True)
    assert f"{numbers.signed(bar, 3)} in all" in whole(app)


def test_the_column_that_is_shown_is_marked_and_ordered(where):
    ref, user = where[:2]
    taken = cached_explain.user_history(ref, user)
    explanation = cached_explain.explanation(*where, DENSE)
    effects, shared = cached_explain.effects(*where, DENSE), cached_explain.explanation(*where, DENSE, history="each")
    without = history_tables.history_rows(cached_workspace.dataset(ref), taken, effects, explanation)
    each = history_tables.history_rows(cached_workspace.dataset(ref), taken, effects, explanation, shared)
    assert (without["shown"] == without["change"]).all()
    assert (each["shown"] == each["contribution"]).all()
    for row in without.itertuples():
        assert row.change == -effects[row.item_index]
    points = cached_explain.explanation(*where, DENSE, units="probability")
    for row in history_tables.history_rows(cached_workspace.dataset(ref), taken, effects, points).itertuples():
        with_all, lost = probability(explanation.score), effects[row.item_index]
        assert row.change == pytest.approx(probability(explanation.score - lost) - with_all)
    for rows in (without, each):
        ordered = history_tables.by_effect(rows)["shown"].abs().to_numpy()
        assert (np.diff(ordered) <= 0).all()
        said = sentences.marked(rows)
        assert bool(said) == bool(rows["marked"].any())
        if said:
            share = rows["shown"][rows["marked"]].abs().sum() / rows["shown"].abs().sum()
            assert f"{share:.0%}".replace("%", "\u202f%") in said


def test_nothing_is_marked_where_nothing_moves():
    rows = pd.DataFrame({"shown": [0.004, -0.003], "change": [0.004, -0.003]})
    rows["marked"] = history_tables.mattering(rows["shown"].to_numpy())
    assert not rows["marked"].any()
    assert sentences.marked(rows) == ""


def test_probability_without_is_the_cores_in_tooltip_table_and_files(where):
    explanation = cached_explain.explanation(*where, DENSE)
    found = reasons.reasons(cached_workspace.dataset(where[0]), explanation)
    by_key = {c.feature: c.probability_without for c in explanation.contributions}
    assert {r.feature: r.probability_without for r in found} == by_key
    steps = charts.waterfall(explanation, found).data.iloc[1:-1]
    for reason, shown in zip(found, steps["without"], strict=True):
        before, after = map(float, shown.split(" → "))
        moved = by_key[reason.feature] - explanation.probability
        assert after - before == pytest.approx(moved, rel=0.5, abs=1e-6), "enough decimals to see what it does"
    table = tables.reasons_table(explanation, found)[translate("en", "explain.without")]
    assert table.tolist() == steps["without"].tolist()
    csv = tables.contributions(explanation).set_index("feature")
    assert csv["probability_without"].to_dict() == pytest.approx(by_key)
    raw = json.loads(json.dumps(tables.explanation_json(explanation)))
    assert {c["feature"]: c["probability_without"] for c in raw["contributions"]} == pytest.approx(by_key)
    assert "item_index" not in json.dumps(raw)


def test_files_hold_raw_numbers_with_low_and_high(where):
    sampled = cached_explain.explanation(*where, DENSE)
    parts = tuple(replace(c, standard_error=0.1) for c in sampled.contributions)
    rows = tables.contributions(replace(sampled, contributions=parts))
    assert (rows["high"] - rows["low"]).tolist() == pytest.approx([2 * 1.96 * 0.1] * len(rows))
    assert set(rows["user_id"]) == {USER}
    history = rows[rows["feature"] == "history"].iloc[0]
    assert (int(history["value"]), history["unit"]) == (cached_explain.effects(*where, DENSE).__len__(), "items")


def test_lines_have_an_order_of_their_own(where):
    explanation = cached_explain.explanation(*where, DENSE)
    found = reasons.reasons(cached_workspace.dataset(where[0]), explanation)
    for chart in (charts.waterfall(explanation, found), charts.two_methods(found, {}, ("a", "b"))):
        assert chart.spec["encoding"]["y"]["sort"] == IN_ORDER.to_dict()


def test_the_sentence_says_that_a_compressed_model_speaks(open_app):
    assert "compressed model" not in whole(open_app("explain", user=USER, item=ITEM))
    said = whole(open_app("explain", user=USER, item=ITEM, sparsity="50"))
    assert "These are the reasons of the compressed model: 50\u202f% of neurons removed." in said


def test_ties_are_counted_under_the_list(ref):
    top = cached_explain.recommendation(ref, 0, DENSE)
    assert sentences.ties(replace(top, n_tied_listed=0, n_tied=0)) == ""
    assert "10 items share their score with others (70 in all)" in sentences.ties(
        replace(top, n_tied_listed=10, n_tied=70)
    )


def test_methods_that_differ_are_named_with_what_to_make_of_it(where):
    second = cached_explain.explanation(*where, DENSE, method="lime")
    agreement = Agreement(0.89, 1.0, 1.0, 9)
    words = {"user.region": "region: islands"}
    turned = sentences.agreement_sentence(
        agreement, replace(second, fit=0.9), (Disagreement("user.region", 0.3, -0.2),), words
    )
    assert "LIME turns *region: islands* around" in turned.replace("\\", "")
    assert "sign depends on the method" in turned
    other = replace(second, method="ig", fit=None)
    differs = sentences.agreement_sentence(agreement, other, (Disagreement("user.region", -0.08, -0.55),), words)
    assert differs.startswith("Integrated gradients says mostly the same: 3 of 3 main reasons the same")
    assert f"{numbers.MINUS}0.55" in differs
    poor = sentences.agreement_sentence(agreement, replace(second, fit=0.47), (), words)
    assert "R² 0.47, below 0.7" in poor.replace("\\", "")


def test_method_history_and_order_come_from_the_address_and_are_in_the_link(open_app):
    app = open_app("explain", user=USER, item=ITEM, method="occlusion", history="each", order="time")
    assert not app.exception
    rows = tables_of(app)["taken"]
    assert list(rows["When"]) == sorted(rows["When"], reverse=True)
    app.session_state["link"] = True
    app.run()
    link = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
    for part in ("method=occlusion", "history=each", "order=time"):
        assert part in link


def test_an_unknown_method_is_named(open_app):
    app = open_app("explain", user=USER, item=ITEM, method="magic")
    assert any("magic" in w.value for w in app.warning)
    assert not app.exception


def test_two_waterfalls_have_the_same_lines_and_one_scale(where):
    data = cached_workspace.dataset(where[0])
    full, cut = (cached_explain.explanation(*where, v) for v in (DENSE, HALF))
    lines = reasons.joined(reasons.reasons(data, full))
    same = reasons.alike(reasons.reasons(data, cut), lines)
    assert [r.label for r in same] == [r.label for r in lines]
    assert sum(r.contribution for r in same) == pytest.approx(sum(c.contribution for c in cut.contributions))
    ends = [charts.ends(full, lines), charts.ends(cut, same)]
    reach = min(low for low, _ in ends), max(high for _, high in ends)
    rooms = [charts.waterfall(e, s, reach=reach).data["room"] for e, s in ((full, lines), (cut, same))]
    assert rooms[0].tolist()[:2] == pytest.approx(rooms[1].tolist()[:2])


def test_two_waterfalls_can_stand_on_any_page(workspaces):
    def page(folder: str) -> None:
        from pathlib import Path

        from dashboard.sections.explain import two_waterfalls
        from dashboard.workspaces import workspace_ref
        from recsys_core.variant import ModelVariant

        two_waterfalls(workspace_ref(Path(folder)), 2, 5, ModelVariant.compressed(0.5))

    app = AppTest.from_function(page, kwargs={"folder": str(workspaces / "tiny")}, default_timeout=60).run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 2
    said = whole(app)
    assert "by the full model" in said
    assert "Compressed: 50 % of neurons removed" in said.replace("\u202f", " ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_global_shows_the_values_of_the_chosen_reason(open_app, ref, language):
    app = open_app("global", lang=language, pairs="100", reason="user.region")
    assert not app.exception
    assert app.selectbox(key="pick_reason").value == "user.region"
    assert translate(language, "global.values") in whole(app)


def test_a_reason_that_carries_all_is_named_alone(ref):
    job = cached_explain.overall(ref, DENSE, 100)
    assert job.wait(60)
    names = {p: p.key for p in job.result.players}
    alone = np.full(len(names), 0.001)
    alone[int(job.result.order[0])] = 1
    found = replace(job.result, mean_abs_contribution=alone, low=alone, high=alone)
    said = overall_sentences.sentence(found, names).replace("\\", "")
    first = names[job.result.players[int(job.result.order[0])]]
    assert said.startswith(first[0].upper() + first[1:] + " carries")
    assert said.count(first[1:]) == 1


def test_tied_reasons_are_called_so(ref):
    job = cached_explain.overall(ref, DENSE, 100)
    assert job.wait(60)
    found = job.result
    names = {p: p.key for p in found.players}
    apart = replace(found, low=found.mean_abs_contribution, high=found.mean_abs_contribution)
    together = replace(found, low=found.mean_abs_contribution * 0, high=found.mean_abs_contribution + 9)
    assert "are tied" not in overall_sentences.sentence(apart, names)
    assert "are tied" in overall_sentences.sentence(together, names)
    marks = overall_charts.mean_sizes(together, names).data["text"].str.endswith(overall_charts.TIED)
    assert marks.tolist() == [True] * (len(names) - 1) + [False]


def test_known_values_are_said_in_the_readers_language():
    assert reasons.known("islands") == "islands"
    use_language("zh")
    assert reasons.known("islands") == "群岛"
    assert reasons.known("Acme") == "Acme"


@pytest.fixture(scope="module")
def few_read(term_workspace, tmp_path_factory) -> Path:
    """Folder of a workspace with an item-item term whose attention reads three items only."""
    folder = tmp_path_factory.mktemp("few_read")
    shutil.copytree(term_workspace, folder / "tiny")
    about = json.loads((folder / "tiny" / "workspace.json").read_text())
    about["split"]["history"] = 3
    (folder / "tiny" / "workspace.json").write_text(json.dumps(about))
    return folder


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_item_item_term_is_said_in_the_history_card(open_app, few_read, language):
    ref = workspace_ref(few_read / "tiny")
    data, opened = cached_workspace.dataset(ref), cached_workspace.workspace(ref)
    user = data.user_index(USER)
    known = opened.split_dataset.histories.known(np.array([user]))
    item = int(cached_workspace.scorer(ref, DENSE).term.catalogue(known)[0].argmax())  # what the term says most of
    app = open_app("explain", few_read, user=USER, item=data.items["item_id"].iloc[item], history="each", lang=language)
    assert not app.exception
    said = whole(app)
    where = (ref, user, item, DENSE)
    explanation, shared = cached_explain.explanation(*where), cached_explain.explanation(*where, history="each")
    share = explanation.item_item
    bar = next(c.contribution for c in explanation.contributions if c.feature == "history")
    for value in (bar, share.difference, share.total, share.background):
        assert numbers.signed(value, 2) in said
    strongest = share.items[0]
    assert numbers.signed(strongest.contribution, 2) in said
    assert strongest.title in said.replace("\\", "")
    earlier = next(c for c in shared.contributions if c.player.is_earlier)
    assert earlier.value == len(share.items) - 3 > 0
    assert numbers.signed(earlier.contribution, 3) in said
    if language == "en":
        assert f"The newest 3 of {len(share.items)} items taken before" in said
        assert f"the {earlier.value} earlier items" in said
    rows = tables_of(app)["taken"]
    shown = [number(cell) for cell in rows.iloc[:, 1]]
    assert sum(shown) + earlier.contribution == pytest.approx(bar, abs=0.002)


def test_a_model_without_the_term_says_nothing_of_it(open_app, where):
    assert cached_explain.explanation(*where, DENSE).item_item is None
    assert "item-item" not in whole(open_app("explain", user=USER, item=ITEM))


def test_no_neighbour_among_what_was_taken_is_said(where):
    explanation = cached_explain.explanation(*where, DENSE)
    none = sentences.item_item(replace(explanation, item_item=ItemItemShare((ItemItemEntry("1", "One", 0.0),), 0.25)))
    assert "nothing that was taken before is a neighbour" in none
    assert numbers.signed(-0.25, 2) in none
    many = tuple(ItemItemEntry(str(i), f"Item {i}", 1 - i / 10) for i in range(6))
    said = sentences.item_item(replace(explanation, item_item=ItemItemShare(many, 0.0)))
    assert "Item 2" in said
    assert "Item 3" not in said
    assert "3 others" in said
    assert numbers.signed(0.7 + 0.6 + 0.5, 2) in said


def test_global_holds_the_term_and_says_so(open_app, term_workspace):
    app = open_app("global", term_workspace.parent, pairs="100")
    assert not app.exception
    assert translate("en", "global.caveat.item_item") in whole(app)
    ref = workspace_ref(term_workspace)
    job = cached_explain.overall(ref, DENSE, 100)
    assert job.wait(60)
    found, pairs = job.result, job.result.pairs
    scores = cached_workspace.scorer(ref, DENSE).score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)
    assert found.base_values + found.contributions.sum(1) == pytest.approx(scores, abs=1e-4)


def test_files_hold_the_terms_split(few_read):
    ref = workspace_ref(few_read / "tiny")
    explanation = cached_explain.explanation(ref, 3, 7, DENSE)
    raw = json.loads(json.dumps(explanation.item_item.to_json()))
    assert sum(row["contribution"] for row in raw["items"]) == pytest.approx(raw["total"])
    assert raw["difference"] == pytest.approx(raw["total"] - raw["background"])
    assert set(raw["items"][0]) == {"item_id", "title", "contribution"}
