"""Compress: the figures on the page are those of the reports, measured or still being measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from app_texts import tables_of, texts_of

from dashboard.cached import compress as cached_compress
from dashboard.cached import explain as cached_explain
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import compress as charts
from dashboard.presentation.sentences import compress as sentences
from dashboard.presentation.sentences import compress_cards
from dashboard.presentation.texts import numbers
from dashboard.presentation.texts.markdown import JOINER
from dashboard.workspaces import workspace_ref
from recsys_core.compare import DenseReference, deltas, load_report, measure_variant
from recsys_core.compress.latency import LatencySettings
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.user_sample import EVERYBODY, UserLimit
from recsys_core.models.workspace import open_model
from recsys_core.recommend import recommend
from recsys_core.results import AucIntervals, BothTies, Noise, Ties
from recsys_core.variant import DENSE, ModelVariant

HALF, NEW = ModelVariant.compressed(0.5, 8), ModelVariant.compressed(0.8, 4)
QUICK = LatencySettings(seconds=0.05, least=5)


@pytest.fixture(scope="module")
def folder(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which the full model and one level are measured."""
    found = tmp_path_factory.mktemp("compress")
    shutil.copytree(grouped_workspace, found / "shop")
    workspace = open_model(found / "shop")
    reference = DenseReference(workspace)
    for variant in (DENSE, ModelVariant.compressed(0.9, 8), HALF):
        measure_variant(workspace, variant, latency=QUICK, reference=reference)
    return found


@pytest.fixture
def open_compress(open_app, folder):
    def open_page(variant: ModelVariant = HALF, **parameters: str):
        asked = {
            "sparsity": str(round(100 * variant.compression.sparsity)),
            "bits": str(variant.compression.bits),
            **parameters,
        }
        return open_app("compress", folder=folder, workspace="shop", **asked)

    return open_page


@pytest.fixture
def report(folder):
    return load_report(open_model(folder / "shop"), HALF)


def cards(app) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def test_cards_are_the_reports(open_compress, report):
    app = open_compress()
    found, shown = deltas(report), cards(app)
    assert shown["Size"] == numbers.size(report.size_bytes)
    assert shown["AUC"] == numbers.fixed(report.compressed.auc, 3)
    assert shown["NDCG@10"] == numbers.fixed(report.compressed.ndcg, 3)
    assert shown["Top 10 kept"] == numbers.percent(report.top_10_overlap)
    assert shown["Reasons kept"] == numbers.percent(report.top_3_overlap)
    speed = report.dense.latency["batch_1"].p50 / report.compressed.latency["batch_1"].p50
    assert shown["Speed, one pair"] == f"×{numbers.fixed(speed, 1)}"
    gap = next(label for label in shown if label.startswith("Gap by"))
    assert shown[gap] == numbers.fixed(found["group_gap"].value, 3)
    assert not app.exception


def test_the_full_model_changes_nothing_and_says_so(open_compress):
    app = open_compress(DENSE)
    quiet = [m for m in app.metric if not m.label.startswith("Speed")]
    assert {m.delta for m in quiet} == {"unchanged"}
    assert {m.proto.color for m in quiet} == {m.proto.GRAY for m in quiet}
    assert "This is the full model" in " ".join(texts_of(app))


def test_noise_is_grey(open_compress, report):
    app = open_compress()
    found = deltas(report)
    metrics = {m.label: m for m in app.metric}
    for name, label in (("auc", "AUC"), ("ndcg@10", "NDCG@10")):
        if found[name].verdict in ("noise", "unchanged"):
            assert metrics[label].proto.color == metrics[label].proto.GRAY
        assert (metrics[label].proto.delta_description == "within noise") == (found[name].verdict == "noise")


def test_the_list_before_and_after(open_compress, folder):
    ref = workspace_ref(folder / "shop")
    app = open_compress(user="7")
    rows = tables_of(app)["lists"]
    workspace = cached_workspace.model(ref, "")
    at = workspace.user_index("7")
    before = recommend(workspace.dense, workspace.split_dataset, at)
    after = recommend(cached_workspace.scorer(ref, HALF), workspace.split_dataset, at)
    assert rows["Before"].tolist() == [i.title for i in before.items]
    assert rows["After"].tolist() == [i.title for i in after.items]
    old = {i.item_index: i.rank for i in before.items}
    for item, move in zip(after.items, rows["Move"], strict=True):
        if item.item_index not in old:
            assert move == "new"
        elif old[item.item_index] == item.rank:
            assert move == "="
        else:
            sign, steps = move.split()
            assert (sign == "▲") == (item.rank < old[item.item_index])
            assert int(steps) == abs(item.rank - old[item.item_index])


def test_whose_list_changed_most(open_compress, report, folder):
    app = open_compress()
    rows = tables_of(app)["changed"]
    changed = report.list_overlap.most_changed
    ids = cached_workspace.dataset(workspace_ref(folder / "shop")).users["user_id"]
    for (index, kept), (_, row) in zip(changed, rows.iterrows(), strict=True):
        assert row["User"].endswith(f"(user {ids.iloc[index]})")
        assert row["Kept"] == f"{round(10 * kept)} of 10"


def test_the_line_of_caveats(open_compress, report):
    said = " ".join(texts_of(open_compress()))
    for part in ("on this machine", f"{report.n_users} users", "explained pairs", "seed 0", "before fine-tuning"):
        assert part in said


def test_a_level_that_is_not_measured_shows_what_is_known_and_then_all(open_compress, folder):
    ref = workspace_ref(folder / "shop")
    app = open_compress(NEW)
    said = " ".join(texts_of(app))
    assert "Measuring" in said or "is being measured" in said
    assert len(app.metric) == 8
    assert not app.exception
    job = cached_compress.measurement(ref, NEW)
    assert job.wait(120)
    assert job.error is None
    app.run()
    assert cards(app)["AUC"] == numbers.fixed(job.result.compressed.auc, 3)
    assert load_report(open_model(folder / "shop"), NEW) is not None


def test_presets_set_the_controls(open_compress, folder):
    known = cached_compress.presets(workspace_ref(folder / "shop"), "")
    app = open_compress()
    app.button(key="preset_dense").click().run()
    assert (app.slider(key="sparsity").value, app.segmented_control(key="bits").value) == (0, 32)
    for name, variant in known.items():
        assert app.button(key=f"preset_{name}").disabled == (variant is None)
    drawn = app.get("vega_lite_chart")[-1].proto
    name, variant = next((n, v) for n, v in known.items() if v is not None)
    app.button(key=f"preset_{name}").click().run()
    assert app.slider(key="sparsity").value == round(100 * variant.compression.sparsity)
    again = app.get("vega_lite_chart")[-1].proto
    assert (again.spec, again.alt) == (drawn.spec, drawn.alt), "the browser keeps the chart"
    assert again.data.data != drawn.data.data, "what is ringed has changed"


def test_chinese(open_compress):
    app = open_compress(lang="zh")
    assert "压缩到多小" in " ".join(texts_of(app))
    assert not app.exception


def test_no_user(open_compress):
    app = open_compress(user="99999")
    assert "No user 99999" in " ".join(w.value for w in app.warning)
    assert "Pick a user" in " ".join(texts_of(app))
    assert not app.exception


def test_badge_says_what_the_address_asks_for(open_compress):
    badges = [text for text in texts_of(open_compress()) if "-badge[" in text]
    assert [numbers_alike(b) for b in badges] == [":blue-badge[50 % of neurons removed, 8 bits]"]


def numbers_alike(text: str) -> str:
    return text.replace(numbers.THIN, " ").replace("\\", "").replace(JOINER, "")


def test_speed_is_split_into_runtime_and_cut(open_compress, report):
    metrics = {m.label: m for m in open_compress().metric}
    for label, batch in (("Speed, one pair", "batch_1"), ("Speed, 256 pairs", "batch_256")):
        same = report.same_runtime[batch].p50
        runtime = report.dense.latency[batch].p50 / same
        cut = same / report.compressed.latency[batch].p50
        said = f"runtime ×{numbers.fixed(runtime, 2)} · cut ×{numbers.fixed(cut, 2)}"
        assert metrics[label].delta == said
    assert "encoder" in metrics["Size"].proto.delta_description


def test_presets_say_size_and_lists(open_compress, folder):
    ref = workspace_ref(folder / "shop")
    app, reports = open_compress(), cached_compress.reports(ref, "")
    for name, variant in cached_compress.presets(ref, "").items():
        label = app.button(key=f"preset_{name}").label
        assert label.startswith(name.capitalize())
        if variant is not None:
            size, lists = reports[variant].size_bytes, reports[variant].top_10_overlap
            assert numbers_alike(label).endswith(
                numbers_alike(f"{numbers.size(size)} · {numbers.percent(lists)} of lists")
            )


def test_the_watched_gap_is_the_reports_or_the_chosen_one(open_compress, report):
    shown = cards(open_compress())
    label = next(name for name in shown if name.startswith("Gap by"))
    assert shown[label] == numbers.fixed(report.gap().compressed, 3)
    other = next(c for c in report.group_gaps if c != report.watched.column)
    app = open_compress(watch=other)
    shown = cards(app)
    label = next(name for name in shown if name.startswith("Gap by"))
    assert shown[label] == numbers.fixed(report.gap(other).compressed, 3)
    assert "your choice" in " ".join(texts_of(app))
    assert "nonsense" in " ".join(w.value for w in open_compress(watch="nonsense").warning)


def test_a_budget_answers(open_compress, report, folder):
    kb = report.size_bytes / 1000
    said = " ".join(texts_of(open_compress(kb=f"{kb + 1:.0f}")))
    assert "Yes" in said
    assert "Smallest measured level within the budget" in said
    app = open_compress(kb="1")
    said = " ".join(texts_of(app))
    assert "is too much" in said
    assert "No measured level is within the budget" in said
    app = open_compress(kb="100000", lists_kept="100")
    assert ("of the lists stay" in " ".join(texts_of(app))) == (report.top_10_overlap < 1)
    app.button(key="budget_go").click().run()
    assert app.slider(key="sparsity").value == 0
    assert "-5" in " ".join(w.value for w in open_compress(kb="-5").warning)


def test_a_row_opens_both_explanations(open_compress, folder):
    ref = workspace_ref(folder / "shop")
    first = cached_explain.recommendation(ref, 0, HALF).items[0]
    app = open_compress(user=cached_workspace.dataset(ref).users["user_id"].iloc[0], both=first.item_id)
    assert not app.exception
    said = " ".join(texts_of(app))
    assert "before and after" in said
    assert app.button(key="both_close")
    assert "both_close" not in {b.key for b in open_compress(both="nonsense").button}


def test_the_sentence_names_the_worst(report):
    def said(auc: float = 0.0, ndcg: float = 0.0, lists: float = 1.0, reasons: float = 1.0, none: int = 0) -> str:
        ties = Ties(distinct=10.0, inside=0.0, across=0.0)
        other = replace(
            report,
            dense=replace(report.dense, auc=0.8, ndcg=0.2),
            compressed=replace(report.compressed, auc=0.8 + auc, ndcg=0.2 + ndcg),
            noise=Noise(0.001, 0.001),
            auc_interval=AucIntervals((0.79, 0.81), (0.79 + auc, 0.81 + auc)),
            ties=BothTies(ties, ties),
            list_overlap=replace(report.list_overlap, mean=lists, low=lists, high=lists),
            explanation_drift=replace(report.explanation_drift, top_3_overlap=reasons),
            lost_most=replace(report.lost_most, kept_none=none),
        )
        return numbers_alike(sentences.sentence(other))

    assert "AUC is unchanged, and so are its lists and reasons" in said()
    assert "AUC is unchanged, but :orange[**28 % of list places change and 13 users keep none" in said(
        lists=0.72, reasons=0.8, none=13
    )
    assert "one reason in five differs" in said(lists=0.9, reasons=0.8)
    assert "NDCG@10 falls by 50 %, to 0.100" in said(ndcg=-0.1, lists=0.9, reasons=0.8)
    assert "AUC falls by 0.100" in said(auc=-0.1, lists=0.5)
    assert ", and :orange[**50 % of list places change" in said(auc=-0.1, lists=0.5)
    dead = said(auc=-0.29)
    assert "no longer tells items apart" in dead
    assert "list places" not in dead


def groups_of(folder):
    return partial(cached_fairness.groups, workspace_ref(folder / "shop"))


def test_a_dead_model_has_no_other_figures(folder, report):
    dead = replace(report, auc_interval=AucIntervals((0.79, 0.81), (0.48, 0.52)))
    shown = {card.label: card for card in compress_cards.cards(dead, groups_of(folder))}
    assert shown["AUC"].note == "no longer tells items apart"
    for label in ("NDCG@10", "Top 10 kept", "Reasons kept"):
        assert (shown[label].value, shown[label].note, shown[label].good) == ("–", "means nothing here", None)


def test_a_sample_says_its_size_at_the_number(folder, report):
    few = replace(report, n_users=500, n_test_users=6040)
    shown = {card.label: card for card in compress_cards.cards(few, groups_of(folder))}
    for label in ("NDCG@10", "Top 10 kept"):
        assert "on 500 of 6 040 users" in shown[label].more.replace(numbers.THIN, " ")
    whole = {card.label: card for card in compress_cards.cards(report, groups_of(folder))}
    assert "of" not in whole["NDCG@10"].more


def test_lines_join_measured_neighbours_only(folder):
    found = [
        point
        for point in cached_compress.measured_variants(workspace_ref(folder / "shop"), "")
        if point.variant.compression.bits == 8
    ]
    assert {point.variant.compression.sparsity for point in found} == {0.5, 0.9}
    rows = [row for layer in charts.survival(found, HALF).spec["layer"][1:2] for row in layer["data"]["values"]]
    assert {(row["sparsity"], row["run"]) for row in rows} == {(50.0, 0), (90.0, 1)}


def test_the_download_holds_raw_numbers(folder):
    table = cached_compress.variant_table(workspace_ref(folder / "shop"), "", "en")
    assert all(table.dtypes.drop(["Level", "key"]).map(lambda kind: kind.kind in "fiu"))
    for name in ("auc", "top_10_overlap", "top_3_overlap"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose test part ranks nobody: every user takes the same six items again."""
    user = np.repeat(np.arange(10, dtype=np.int32), 6)
    item = np.tile(np.array([0, 0, 0, 1, 1, 1], dtype=np.int32), 10)
    log = pd.DataFrame({"user_index": user, "item_index": item, "value": np.ones(60, np.float32), "time": range(60)})
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(10)]})
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "kind": ["x", "y"]})
    data = Dataset("little", Schema((), (Column("kind", "category"),), "taken"), users, items, log)
    folder = tmp_path_factory.mktemp("little")
    fit_workspace(data, folder / "shop", FitRequest(task="implicit", epochs=1))
    for variant in (DENSE, HALF):
        measure_variant(open_model(folder / "shop"), variant, latency=QUICK)
    return folder


@pytest.mark.parametrize("variant", [DENSE, HALF])
def test_nobody_to_rank(open_app, little, variant):
    asked = {"sparsity": str(round(100 * variant.compression.sparsity)), "bits": str(variant.compression.bits)}
    app = open_app("compress", folder=little, workspace="shop", **asked)
    assert not app.exception
    assert cards(app)["NDCG@10"] == "–"
    assert {m.delta for m in app.metric if m.label in ("NDCG@10", "Top 10 kept")} == {"no figure"}
    assert "Nobody has held-out items" in " ".join(texts_of(app))


def test_a_level_measured_on_a_sample_says_so_and_is_measured_on_all_where_asked(open_compress, folder):
    ref, level = workspace_ref(folder / "shop"), ModelVariant.compressed(bits=16)
    model = open_model(folder / "shop")
    few = DenseReference(model, limit=UserLimit(most=30))
    n_all = measure_variant(model, level, reference=few, latency=QUICK).n_test_users
    assert f"on 30 of {n_all} users, seed 0" in " ".join(texts_of(open_compress(level)))
    assert "Measuring" in " ".join(texts_of(open_compress(level, users="all")))
    assert cached_compress.measurement(ref, level, EVERYBODY).wait(120)
    for users in ("all", ""):  # the report on all users took the other's place
        said = " ".join(texts_of(open_compress(level, users=users)))
        assert f"{n_all} users" in said
        assert "users, seed" not in said
