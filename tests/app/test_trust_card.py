"""Units, what an explanation is compared with, and the trust card say the core's figures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import units as written_in
from dashboard.presentation import wording as reasons
from dashboard.presentation.charts import explain as charts
from dashboard.presentation.charts import overall as overall_charts
from dashboard.presentation.charts import trust as trust_charts
from dashboard.presentation.sentences import explain as explain_sentences
from dashboard.presentation.sentences import trust as sentences
from dashboard.presentation.tables import reasons as reason_tables
from dashboard.presentation.tables import trust as tables
from dashboard.presentation.texts import numbers, translate, use_language
from dashboard.workspaces import workspace_ref
from recsys_core.data.segments import Segment, SegmentStore
from recsys_core.variant import DENSE

USER, ITEM, OTHER = "3", "7", "9"


def whole(app) -> str:
    return "\n".join(texts_of(app))


@pytest.fixture
def where(ref) -> tuple:
    data = cached_workspace.dataset(ref)
    return ref, data.user_index(USER), data.item_index(ITEM), DENSE


@pytest.fixture(scope="module")
def with_segment(workspaces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny workspace and a segment of its first twenty users."""
    folder = tmp_path_factory.mktemp("with_segment")
    shutil.copytree(workspaces / "tiny", folder / "tiny")
    users = cached_workspace.dataset(workspace_ref(folder / "tiny")).users["user_id"].astype(str).tolist()
    SegmentStore(folder / "tiny").save(Segment("first twenty", users=tuple(users[:20])))
    return folder


@pytest.mark.parametrize("language", ["en", "zh"])
def test_percentage_points_stand_on_the_whole_page(open_app, where, language):
    app = open_app("explain", user=USER, item=ITEM, units="probability", history="each", lang=language)
    assert not app.exception
    found = cached_explain.explanation(*where, units="probability")
    use_language(language)
    data = cached_workspace.dataset(where[0])
    lines = reasons.reasons(data, found)
    item = cached_explain.item(*where)
    n = cached_explain.recommendation(where[0], where[1], DENSE).n_candidates
    said = explain_sentences.sentence(lines, item, n, DENSE, "probability")
    assert said.replace("\\", "").replace("\u2060", "") in whole(app)
    unit = translate(language, "units.points", value="")
    assert unit.strip() in said
    shown = tables_of(app)["taken"]
    assert translate(language, "explain.history.contribution.probability") in shown.columns


def test_the_waterfall_in_points_goes_from_the_mean_probability_to_this_one(where):
    found = cached_explain.explanation(*where, units="probability")
    data = cached_workspace.dataset(where[0])
    chart = charts.waterfall(found, reasons.joined(reasons.reasons(data, found)))
    rows = chart.data
    assert rows["end"].iloc[0] == pytest.approx(100 * found.base_value)
    assert rows["end"].iloc[-1] == pytest.approx(100 * found.probability)
    assert rows["end"].iloc[-2] == pytest.approx(100 * found.probability, abs=1e-3)
    assert rows["text"].iloc[-1] == numbers.percent(found.probability, 1)
    table = reason_tables.reasons_table(found, reasons.reasons(data, found))
    points = table[translate("en", "explain.contribution.probability")]
    parts = [float(cell.replace(numbers.MINUS, "-")) for cell in points]
    assert sum(parts) == pytest.approx(100 * (found.score - found.base_value), abs=0.05 * len(parts))


def test_saturated_probabilities_still_say_something(where):
    """Nothing reads 0.000 where a probability cannot move: logits stand beside it, probabilities get digits."""
    found = cached_explain.explanation(*where)
    parts = tuple(
        replace(c, probability_without=1 - (i + 1) * 1e-5, logit_without=11.5 - i)
        for i, c in enumerate(found.contributions)
    )
    saturated = replace(found, score=13.0, contributions=parts)
    lines = reasons.reasons(cached_workspace.dataset(where[0]), saturated)
    table = reason_tables.reasons_table(saturated, lines)
    for shown in table[translate("en", "explain.without")]:
        before, after = shown.split(" → ")
        assert before != after
    assert len(set(table[translate("en", "explain.without.logit")])) == len(parts), "every reason has its own logit"
    assert written_in.decimals_for([3e-6, -1e-6], "probability") == 5
    assert written_in.signed(3e-6, "probability") == "+0.00030"


def test_the_switch_is_kept_by_the_address_and_unknown_units_are_named(open_app):
    app = open_app("explain", user=USER, item=ITEM, units="furlongs")
    assert any("furlongs" in w.value for w in app.warning)
    assert not app.exception
    app = open_app("global", units="probability", pairs="100")
    assert not app.exception
    assert translate("en", "explain.caveat.units.probability") in whole(app)


def test_a_model_of_ratings_offers_no_switch(open_app, tmp_path_factory):
    from recsys_core.data.importers import import_dataset
    from recsys_core.models.fit import FitRequest, fit_workspace

    folder, tables_folder = tmp_path_factory.mktemp("ratings"), tmp_path_factory.mktemp("rating_tables")
    rng = np.random.default_rng(0)
    lines = ["user_id,item_id,rating,time"]
    for user in range(30):
        for at, item in enumerate(rng.choice(15, 9, replace=False)):
            lines.append(f"u{user},i{item},{rng.integers(1, 6)},{1_600_000_000 + 97 * (9 * user + at)}")
    (tables_folder / "interactions.csv").write_text("\n".join(lines) + "\n")
    (tables_folder / "mapping.json").write_text(
        '{"interactions": {"file": "interactions.csv", "user": "user_id", "item": "item_id", '
        '"value": "rating", "time": "time", "outcome": "rating", "positive_from": 4}}'
    )
    data = import_dataset("tables", tables_folder, tables_folder / "mapping.json")
    fit_workspace(data, folder / "ratings", FitRequest(name="ratings", task="rating", epochs=1))
    app = open_app("explain", folder, workspace="ratings", user="u3", units="probability")
    assert not app.exception
    assert translate("en", "units.no_probability") in [w.value.replace("\\", "") for w in app.warning]
    assert "pick_units" not in {group.key for group in app.get("button_group")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_trust_card_says_the_cores_figures(open_app, where, language):
    app = open_app("explain", user=USER, item=ITEM, trust="true", lang=language)
    assert not app.exception
    trust = cached_explain.trust(*where)
    use_language(language)
    assert sentences.sentence(trust).replace("\\", "").replace("\u2060", "") in whole(app)
    shown = tables_of(app)
    agreement, stability = shown["agreement"], shown["stability"]
    assert agreement.iloc[:, 1].tolist() == [numbers.fixed(a.rank_correlation) for a in trust.agreements]
    assert len(stability) == len(trust.stability)
    for row, of in zip(stability.iloc[:, 1], trust.stability, strict=True):
        assert {str(of.n), str(of.n_kept)} <= set(row.replace(" ", "|").split("|"))


def test_a_closed_card_examines_nothing(open_app):
    before = len(cached_explain.trust.cache)
    app = open_app("explain", user="5", item="11")
    assert not app.exception
    assert len(cached_explain.trust.cache) == before


def test_removal_is_drawn_from_the_curves_and_said_with_random_beside_it(where):
    trust = cached_explain.trust(*where)
    rows = trust_charts.removal(trust.removal, "logit").data
    deletion = rows[rows["meaning"] == trust_charts.LINES["deletion"]]["value"].tolist()
    assert deletion == pytest.approx(trust.removal.deletion.tolist())
    assert set(rows["n"]) == set(range(len(trust.removal.order) + 1))
    said = sentences.removal(trust).replace("\\", "")
    n = trust.n_removed
    assert f"top {n} reasons" in said
    drops = trust.removal.drop(n), trust.removal.random_drop(n)
    for drop in drops:
        assert numbers.signed(-drop, numbers.decimals_for(drops)) in said
    assert "nothing" not in said
    assert "No reason speaks for this score" in sentences.removal(replace(trust, n_removed=0))
    assert "there is nothing to hold" in sentences.stability(replace(trust, n_strongest=0))
    assert "Nothing about it" in sentences.stability(replace(trust, stability=()))
    assert sentences.agreement(replace(trust, agreements=())) == translate("en", "lab.trust.agreement.none")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_compared_with_another_item_and_says_what_changes(open_app, where, language):
    app = open_app("explain", user=USER, item=ITEM, trust="true", compared=f"item:{OTHER}", lang=language)
    assert not app.exception
    assert [w.value for w in app.warning] == []
    compared = cached_explain.compared(where[0], f"item:{OTHER}")
    after, before = cached_explain.explanation(*where, compared=compared), cached_explain.explanation(*where)
    assert (after.background, after.compared_with) == (1, f"item:{OTHER}")
    assert {c.contribution for c in after.contributions if c.player.side == "user"} == {0.0}
    use_language(language)
    said = whole(app)
    assert numbers.signed(after.base_value) in said
    assert numbers.signed(before.base_value) in said
    assert translate(language, "lab.trust.item") in said


def test_a_segment_is_a_background_and_what_cannot_be_one_is_named(open_app, with_segment):
    ref = workspace_ref(with_segment / "tiny")
    app = open_app("explain", with_segment, user=USER, item=ITEM, trust="true", compared="segment:first twenty")
    assert not app.exception
    assert [w.value for w in app.warning] == []
    data = cached_workspace.dataset(ref)
    where = (ref, data.user_index(USER), data.item_index(ITEM), DENSE)
    compared = cached_explain.compared(ref, "segment:first twenty")
    rows = cached_explain.question(*where, compared).background
    assert set(rows.users) <= set(range(20))
    assert "of segment “first twenty”" in whole(app)
    for raw, words in (
        ("segment:gone", "gone"),
        (f"item:{ITEM}", "is the one that is explained"),
        ("x", "no background"),
    ):
        app = open_app("explain", with_segment, user=USER, item=ITEM, compared=raw)
        assert not app.exception
        assert any(words in w.value.replace("\\", "") for w in app.warning)


def test_global_sizes_are_percentage_points(ref):
    job = cached_explain.overall(ref, DENSE, 100, units="probability")
    assert job.wait(60)
    found = job.result
    names = {p: p.key for p in found.players}
    rows = overall_charts.mean_sizes(found, names).data
    assert rows["value"].tolist() == pytest.approx((100 * found.mean_abs_contribution[found.order]).tolist())
    assert found.base_values.min() >= 0
    table = reason_tables.global_table(cached_workspace.dataset(ref), found)
    assert float(table.iloc[0, 1]) == pytest.approx(100 * found.mean_abs_contribution.max(), abs=1e-3)


def test_names_of_what_was_changed_are_words(where):
    trust = cached_explain.trust(*where)
    data = cached_workspace.dataset(where[0])
    said = [tables.changed(data, of) for of in trust.stability]
    numbers_changed = next(of for of in trust.stability if of.kind == "numbers")
    assert "2\u202f%" in said[0]
    for key in numbers_changed.what:
        assert reasons.feature_name(data, reasons.Player.parse(key)) in said[0]


def test_a_saturated_probability_is_said_with_its_digits(where):
    item = replace(cached_explain.item(*where), score=9.0, rank=1)
    line = reasons.Reason("age 34", "34", 2.0, "user.age", probability_without=item.probability - 4e-5)
    said = explain_sentences.sentence([line], item, 30).replace("\\", "")
    assert "probability 0.99988. Without “age 34” it would be 0.99984." in said
