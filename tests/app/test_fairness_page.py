"""Fairness: the figures on the page are the core's, and every state has its words."""

from __future__ import annotations

import json
import shutil
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import numbers, use_language
from dashboard.workspaces import workspace_ref
from recsys_core.fairness import audit, one_vs_rest, scan, with_report
from recsys_core.fairness.metrics import METRICS, find_metric
from recsys_core.models.evaluation import evaluate
from recsys_core.models.stored_evaluation import FILE
from recsys_core.results import Group
from recsys_core.variant import DENSE, ModelVariant


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that is large enough for groups."""
    found = tmp_path_factory.mktemp("fairness")
    shutil.copytree(grouped_workspace, found / "shop")
    return found


@pytest.fixture
def open_fairness(open_app, folder):
    """The page with its lists ranked."""

    def open_page(**parameters: str):
        app = open_app("fairness", folder=folder, workspace="shop", **parameters)
        ref = workspace_ref(folder / "shop")
        wanted = [DENSE]
        if "bits" in parameters:
            wanted.append(ModelVariant.compressed(int(parameters.get("sparsity", 0)) / 100, int(parameters["bits"])))
        for variant in wanted:  # a page asks for one model after the other
            assert cached_fairness.fairness_scan(ref, variant).wait(120)
        return app.run()

    return open_page


@pytest.fixture(scope="module")
def core(folder):
    """Scan and audits worked out without the dashboard: of a column its report, one against the rest, and the scan."""
    workspace = cached_workspace.model(workspace_ref(folder / "shop"), "")
    found = evaluate(workspace.dense, workspace.split_dataset)
    train = workspace.split_dataset.sequences()
    scanned = scan(workspace.dataset, found, train=train)

    @lru_cache
    def of_column(by: str) -> tuple:
        beside, report = with_report(scanned, audit(workspace.dataset, found, by=(by,), train=train))
        return report, one_vs_rest(workspace.dataset, found, by=(by,), train=train), beside

    return of_column


def test_the_page_opens_on_the_largest_real_gap(open_fairness, core):
    app = open_fairness()
    _, _, scanned = core("user.gender")
    column, gap = scanned.gaps[0]
    assert scanned.largest_real is None or scanned.largest_real == (column, gap)
    assert not gap.within_noise, "the sample's islands are served worse"
    assert app.selectbox(key="pick_by").value == column
    assert app.selectbox(key="pick_measure").value == gap.metric
    said = next(text for text in texts_of(app) if text.startswith("#####"))
    assert sentences.format_metric(gap.worst) in said


def test_gaps_of_all_columns_are_the_scans_and_open_their_column(open_fairness, core):
    app = open_fairness(by="gender")
    _, _, scanned = core("user.gender")
    rows = tables_of(app)["largest"]
    assert len(rows) == len(scanned.gaps)
    assert rows["p corrected"].tolist() == [sentences.chance(gap.p_corrected) for _, gap in scanned.gaps]
    assert rows["Real?"].tolist() == ["no" if gap.within_noise else "yes" for _, gap in scanned.gaps]
    assert f"{sum(not gap.within_noise for _, gap in scanned.gaps)} of {scanned.n_tested} gaps" in " ".join(
        texts_of(app)
    )


def test_gaps_are_the_audits(open_fairness, core):
    app = open_fairness(by="gender")
    report, _, _ = core("user.gender")
    rows = tables_of(app)["gaps_1"]
    shown = group_tables.important(report.gaps, "ndcg@10")
    assert 8 <= len(rows) == len(shown) < len(report.gaps)
    for (_, row), gap in zip(rows.iterrows(), shown, strict=True):
        assert row["Measure"] == sentences.measure_name(gap.metric)
        assert row["Gap"] == sentences.format_metric(gap.difference)
        assert row["p"] == sentences.chance(gap.p_value)
        assert row["p corrected"] == sentences.chance(gap.p_corrected)
        assert row["Real?"] == ("no" if gap.within_noise else "yes")
        assert row["95 % interval"] == f"{sentences.format_metric(gap.low)} to {sentences.format_metric(gap.high)}"
    assert not app.exception


def test_every_measure_says_what_it_is_and_which_end_is_good(open_fairness, core):
    app = open_fairness(by="gender")
    report, _, _ = core("user.gender")
    rows = tables_of(app)["gaps_1"]
    shown = group_tables.important(report.gaps, "ndcg@10")
    said = {gap.metric: row for gap, (_, row) in zip(shown, rows.iterrows(), strict=True)}
    assert {m: said[m]["Good"] for m in ("ndcg@10", "calibration_gap", "popularity_lift@10", "selection_rate")} == {
        "ndcg@10": "↑",
        "calibration_gap": "0",
        "popularity_lift@10": "↓",
        "selection_rate": "–",
    }
    for metric in report.overall.values:
        assert sentences.meaning(metric).startswith(f"{metric}: ")
        assert sentences.measure_name(metric)
        assert sentences.definition(metric).startswith(sentences.meaning(metric))
        assert find_metric(metric).formula in sentences.definition(metric)
        assert len(sentences.meaning(metric)) > len(metric) + 40


def test_every_registered_measure_is_in_the_lists_tables_and_files(open_fairness, core):
    """A metric is on the page as soon as its file and its words are there."""
    report, _, scanned = core("user.gender")
    registered = {metric.full_name(10) for metric in METRICS.values()}
    assert report.overall.values.keys() | {out.metric for out in report.left_out} == registered
    app = open_fairness(by="gender", all_measures="true")
    offered = app.selectbox(key="pick_measure").options
    assert set(offered) == {sentences.family_name(metric) for metric in report.overall.values}
    families = [name.split(" · ")[0] for name in offered]
    assert [f for at, f in enumerate(families) if f not in families[:at]] == [
        "quality", "probabilities", "decisions", "lists", "all groups together",
    ]  # fmt: skip
    frames = [element.value for element in app.dataframe]
    all_gaps, of_all, about = (
        next(frame for frame in frames if column in frame) for column in ("Ratio", "Value", "Formula")
    )
    of_groups, together = ([m for m in report.overall.values if find_metric(m).is_together == kind] for kind in (0, 1))
    assert len(of_groups) >= 20
    assert len(of_groups) + len(together) >= 30
    named = [sentences.measure_name(metric) for metric in of_groups]
    assert all_gaps["Measure"].tolist() == named
    assert of_all["Measure"].tolist() == [sentences.measure_name(metric) for metric in together]
    assert of_all["p corrected"].tolist() == [sentences.chance(f.p_corrected) for f in report.together]
    assert about["Formula"].tolist() == [find_metric(m).formula for m in report.overall.values]
    assert {sentences.short_name(metric) for metric in of_groups} <= set(group_tables.groups({"dense": report}))
    assert {gap.metric for _, gap in scanned.gaps} == set(of_groups)
    assert scanned.n_tested == len(scanned.gaps) + len(together)
    assert set(group_tables.raw({"dense": report})["measure"]) == report.overall.values.keys()
    files = group_tables.everything({"dense": scanned}, {"dense": report}, ())
    assert report.overall.values.keys() <= files["dense"]["overall"].keys()


def test_the_sentence_holds_the_audits_figures(open_fairness, core):
    for by in ("gender", "region"):
        app = open_fairness(by=by)
        report, rest, _ = core(f"user.{by}")
        gap = report.gap("ndcg@10")
        said = next(text for text in texts_of(app) if text.startswith("#####"))
        alone = next((r for r in rest if r.metric == "ndcg@10" and r.group == gap.worst_group), None)
        wanted = [gap.worst]
        wanted += [alone.rest] if not gap.within_noise and alone and alone.is_clear else [gap.best]
        assert all(sentences.format_metric(value) in said for value in wanted)
        assert ("noise" in said) == gap.within_noise


def test_columns_are_crossed(open_fairness, core, folder):
    app = open_fairness(by="gender", cross="region")
    assert app.selectbox(key="pick_cross").value == "user.region"
    workspace = cached_workspace.model(workspace_ref(folder / "shop"), "")
    found = evaluate(workspace.dense, workspace.split_dataset)
    by, train = ("user.gender", "user.region"), workspace.split_dataset.sequences()
    alone = audit(workspace.dataset, found, by=by, train=train)
    rows = tables_of(app)["gaps_1"]
    important = group_tables.important(alone.gaps, "ndcg@10")
    assert rows["Gap"].tolist() == [sentences.format_metric(gap.difference) for gap in important]
    shown = cached_fairness.fairness_report(workspace_ref(folder / "shop"), DENSE, by)
    scanned = cached_fairness.fairness_scan(workspace_ref(folder / "shop"), DENSE).outcome()
    assert shown.n_tested == len(scanned.gaps) + len(alone.gaps) + len(alone.together)
    app = open_fairness(by="gender", cross="gender")
    assert app.selectbox(key="pick_cross").value == ""
    assert not app.warning
    assert not app.exception


def test_somebody_of_the_worst_group_is_explained(open_fairness, core, folder):
    app = open_fairness(by="region")
    links = [element.proto for element in app.get("link_button") if element.proto.label.startswith("Explain one")]
    chosen = dict(parse_qsl(urlsplit(links[0].url).query))["user"]
    report, _, _ = core("user.region")
    users = cached_workspace.dataset(workspace_ref(folder / "shop")).users.set_index("user_id")
    assert users.loc[chosen, "region"] == report.gap("ndcg@10").worst_group.value


def test_groups_and_their_sizes_stand_in_the_details(open_fairness, core):
    app = open_fairness(by="gender")
    app.session_state["all_groups"] = True
    app.run()
    report, _, _ = core("user.gender")
    rows = next(d.value for d in app.dataframe if "Group" in d.value.columns)
    assert rows["n"].tolist() == [str(row.n) for row in (report.overall, *report.groups)]
    assert rows["NDCG@10"].tolist() == [
        sentences.format_metric(r.values["ndcg@10"]) for r in (report.overall, *report.groups)
    ]
    hidden = [row for row in report.groups if row.suppressed]
    assert hidden, "one group of the sample is too small"
    names = [sentences.name_of(row.group) for row in hidden]
    assert rows.loc[rows["Group"].isin(names), "AUC"].tolist() == ["–"] * len(hidden)


def test_open_details_and_their_choice_come_from_the_address_and_are_in_the_link(open_fairness):
    app = open_fairness(by="gender", item_groups="true", items_by="item.price")
    assert not app.exception
    assert app.selectbox(key="pick_items_by").value == "item.price"
    app.session_state["link"] = True
    app.run()
    link = next(d["text"] for e in app.get("bidi_component") if "copied" in (d := json.loads(e.proto.json)))
    assert {"item_groups=true", "items_by=item.price"} <= set(link.split("?")[1].split("&"))
    assert "all_groups" not in link


def test_ends_of_a_range_are_said_in_the_readers_units():
    """31.4 thousand euros are 3.14 ten thousands, in a group's name as in a reason."""
    income, age = Group("range", "21–31.4", "thousand €", 21, 31.4), Group("range", "21–31", "years", 21, 31)
    assert [sentences.name_of(g) for g in (income, age)] == ["21–31.4 k€", "21–31 years"]
    use_language("zh")
    assert [sentences.name_of(g) for g in (income, age)] == ["2.1–3.14 万欧元", "21–31 岁"]


def test_caveats_say_how_much_it_rests_on(open_fairness, core):
    said = " ".join(texts_of(open_fairness(by="gender")))
    report, _, _ = core("user.gender")
    for part in (f"{report.overall.n} users", "full catalogue of 60 items", "bootstrap draws", "seed 0"):
        assert part in said


def test_both_models_side_by_side(open_fairness, folder):
    app = open_fairness(by="gender", sparsity="90", bits="4")
    assert app.segmented_control(key="pick_models").value == "both"
    said = " ".join(texts_of(app))
    assert "Compression" in said
    assert "gap between the two extreme groups" in said
    rows = tables_of(app)["gaps_2"]
    assert {"full", "compressed", "Change", "Change real?", "Real?"} <= set(rows.columns)
    ref = workspace_ref(folder / "shop")
    found = cached_fairness.gap_changes(ref, ModelVariant.compressed(0.9, 4), ("user.gender",))
    found = group_tables.important(found, "ndcg@10")
    assert rows["Change"].tolist() == [numbers.signed(change.change, 3) for change in found]
    assert rows["Change real?"].tolist() == ["no" if change.within_noise else "yes" for change in found]
    app.segmented_control(key="pick_models").set_value("compressed").run()
    assert "Compression" not in " ".join(texts_of(app))
    assert not app.exception


def test_lists_of_another_length(open_fairness, folder):
    """Shorter ones are the first places of the stored ones, longer ones are ranked; ten stay what they are."""
    workspace = cached_workspace.model(workspace_ref(folder / "shop"), "")
    train = workspace.split_dataset.sequences()
    for k in (5, 20):
        app = open_fairness(by="gender", k=str(k), measure=f"recall@{k}")
        assert app.selectbox(key="pick_k").value == str(k)
        assert app.selectbox(key="pick_measure").value == f"recall@{k}"
        found = evaluate(workspace.dense, workspace.split_dataset, k=k)
        report = audit(workspace.dataset, found, by=("gender",), train=train)
        said = " ".join(texts_of(app))
        assert sentences.format_metric(report.overall.values[f"recall@{k}"]) in said
        assert f"among the {k} recommendations" in said
    app = open_fairness(by="gender", k="0")
    assert "List length: there is no 0" in " ".join(w.value for w in app.warning) or app.warning
    assert app.selectbox(key="pick_k").value == ""


def test_a_measure_of_all_groups_together(open_fairness, core):
    app = open_fairness(by="gender", measure="equalized_odds_difference")
    report, _, _ = core("user.gender")
    figure = report.figure("equalized_odds_difference")
    said = next(text for text in texts_of(app) if text.startswith("#####"))
    assert sentences.format_metric(figure.value) in said
    assert sentences.chance(figure.p_corrected) in said
    assert "true positive" in " ".join(texts_of(app)) or "taken items predicted yes" in " ".join(texts_of(app))
    assert not app.exception


def test_another_measure(open_fairness, core):
    app = open_fairness(by="gender", measure="auc")
    report, _, _ = core("user.gender")
    assert app.selectbox(key="pick_measure").value == "auc"
    assert "AUC by gender, with 95 % intervals" in " ".join(texts_of(app))
    assert sentences.format_metric(report.overall.values["auc"]) in " ".join(texts_of(app))


def test_unknown_choices_are_said(open_fairness):
    app = open_fairness(by="shoe_size", measure="beauty")
    warnings = [w.value.replace("\\", "") for w in app.warning]
    assert any("shoe_size" in w for w in warnings)
    assert any("beauty" in w for w in warnings)
    assert tables_of(app), "the page stands with its defaults"


def test_too_few_users_are_said_in_words(open_app, workspaces):
    app = open_app("fairness", by="gender")
    assert cached_fairness.fairness_scan(workspace_ref(workspaces / "tiny"), DENSE).wait(120)
    app.run()
    said = " ".join(texts_of(app))
    assert "No group by gender has 20 users or more" in said
    assert "Choose another column" in said
    assert not app.error
    assert not app.exception


def test_progress_before_the_figures(open_app, folder):
    app = open_app("fairness", folder=folder, workspace="shop", sparsity="40", models="compressed")
    said = " ".join(texts_of(app))
    assert "Ranking the whole catalogue" in said or tables_of(app), "unless it was ranked meanwhile"
    assert cached_fairness.fairness_scan(workspace_ref(folder / "shop"), ModelVariant.compressed(0.4)).wait(120)
    assert tables_of(app.run())


def test_chinese(open_fairness):
    app = open_fairness(by="gender", lang="zh")
    said = " ".join(texts_of(app))
    assert "谁得到的服务更差" in said
    assert "NDCG@10" in said
    assert not app.exception


def test_a_sample_says_its_size_and_all_can_be_asked_for(open_fairness, folder, monkeypatch):
    ref, few = workspace_ref(folder / "shop"), ModelVariant.compressed(bits=16)
    monkeypatch.setattr("recsys_core.models.user_sample.QUICK_MACS", 1)
    monkeypatch.setattr("recsys_core.models.user_sample.LEAST_USERS", 50)
    limit = cached_fairness.user_limit(ref, few)
    for model in (few.dense, few):  # dense on the same users
        assert cached_fairness.fairness_scan(ref, model, limit).wait(120)
    n_all = cached_workspace.model(ref, "").training.model.n_users
    app = open_fairness(bits="16", models="both")
    assert not app.exception
    assert f"50 of {n_all} users, seed 0" in " ".join(texts_of(app))
    dense, compressed = (cached_fairness.evaluation(ref, model, limit).outcome() for model in (few.dense, few))
    assert dense.ranking.user_index.tolist() == compressed.ranking.user_index.tolist()
    picker = app.selectbox(key="pick_users")
    assert picker.options == [f"50 of {n_all}", f"all {n_all}"]
    assert cached_fairness.fairness_scan(ref, few, cached_fairness.user_limit(ref, few, "all")).wait(120)
    app = open_fairness(bits="16", models="both", users="all")
    assert "users, seed" not in " ".join(texts_of(app))
    assert app.selectbox(key="pick_users").value == "all"


def test_lists_that_were_not_stored_are_said(open_app, tiny_workspace, tmp_path):
    shutil.copytree(tiny_workspace, tmp_path / "tiny")
    (tmp_path / "tiny" / "models" / "first" / FILE).unlink()
    for page in ("fairness", "overview", "compress"):
        app = open_app(page, folder=tmp_path, workspace="tiny")
        assert cached_fairness.fairness_scan(workspace_ref(tmp_path / "tiny"), DENSE).wait(120)
        assert "worked out anew" in " ".join(texts_of(app.run()))
