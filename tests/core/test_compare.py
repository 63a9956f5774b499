"""Variants against the dense model: figures by a second way, stages, stored reports, presets, the grid."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_data import item_table

from recsys_core.compare import (
    STAGES,
    choose_presets,
    default_grid,
    figures,
    levels,
    load_report,
    measure_grid,
    measure_variant,
    report_from_json,
    report_to_json,
    stored_reports,
)
from recsys_core.compare.drift import auc_noise, auc_parts, explanation_drift, lists_kept
from recsys_core.compare.presets import RULES
from recsys_core.compare.report_store import measurement_file
from recsys_core.compare.resampling import user_draws
from recsys_core.compare.sketch import sketch, stored_cost
from recsys_core.compress.latency import LatencySettings
from recsys_core.compress.variants import VariantCache
from recsys_core.explain.shapley import exact_contributions
from recsys_core.fairness import audit
from recsys_core.metrics import rank_correlation, roc_auc
from recsys_core.models.evaluation import evaluate
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.results import CompressionReport, PairResult, RankingResult
from recsys_core.variant import DENSE, ModelVariant

QUICK = LatencySettings(seconds=0.05, least=5)
HALF = ModelVariant.compressed(0.5, 8)


@pytest.fixture(scope="module")
def workspace(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("compare") / "shop"
    shutil.copytree(grouped_workspace, folder)
    return open_model(folder)


@pytest.fixture(scope="module")
def shelf(workspace: TrainedModel) -> VariantCache:
    return VariantCache(workspace)


@pytest.fixture(scope="module")
def half(workspace: TrainedModel, shelf: VariantCache) -> CompressionReport:
    return measure_variant(workspace, HALF, cache=shelf, latency=QUICK)


def test_the_dense_model_is_its_own_equal(workspace, shelf):
    report = measure_variant(workspace, DENSE, cache=shelf, latency=QUICK)
    assert report.dense.to_json() == report.compressed.to_json()
    assert report.top_10_overlap == 1
    assert report.explanation_drift["rank_correlation"] == pytest.approx(1)
    assert report.explanation_drift["top_3_kept"] == 1
    assert report.noise == {"auc": 0, "ndcg@10": 0}
    assert report.before_training is None
    found = figures(report_to_json(report))
    assert {f.verdict for name, f in found.items() if not name.startswith("speed")} == {"unchanged"}
    assert {found["speed_1"].value, found["speed_256"].value} == {1.0}


@pytest.mark.parametrize(
    "variant",
    [
        HALF,
        ModelVariant.compressed(0.5, 32, "unstructured"),
        ModelVariant.compressed(0.9, 4),
        ModelVariant.compressed(0, 16),
    ],
)
def test_quality_is_that_of_evaluate(workspace, shelf, variant):
    report = measure_variant(workspace, variant, cache=shelf, latency=QUICK)
    whole = evaluate(shelf.scorer(variant.compression), workspace.split_dataset)  # few users: the sample is all of them
    assert report.compressed.auc == pytest.approx(whole.auc, abs=1e-12)
    assert report.compressed.ndcg == pytest.approx(whole.ndcg, abs=1e-12)
    assert report.compressed.recall == pytest.approx(whole.recall, abs=1e-12)
    assert report.n_users == len(whole.ranking.user_index)
    assert report.dense.auc == pytest.approx(workspace.metrics["auc"], abs=1e-6)


def test_lists_and_groups_by_a_second_way(workspace, shelf, half):
    dense, compressed = (
        evaluate(s, workspace.split_dataset) for s in (workspace.dense, shelf.scorer(HALF.compression))
    )
    kept = [
        len(set(a.tolist()) & set(b.tolist())) / 10
        for a, b in zip(dense.ranking.top, compressed.ranking.top, strict=True)
    ]
    assert half.top_10_overlap == pytest.approx(np.mean(kept))
    listed = half.extra["top_10_kept"]
    assert listed["low"] <= half.top_10_overlap <= listed["high"]
    shares = [share for _, share in listed["most_changed"]]
    assert shares == sorted(kept)[: len(shares)]
    gap, column = half.group_gap, half.group_gap["column"]
    train = workspace.split_dataset.sequences()
    reports = [audit(workspace.dataset, e, by=(column,), train=train) for e in (dense, compressed)]
    for side, report in zip(("dense", "compressed"), reports, strict=True):
        rows = {row.group.label: row.values["ndcg@10"] for row in report.groups}
        assert gap[side] == pytest.approx(rows[gap["best_group"]] - rows[gap["worst_group"]])
    assert gap["low"] <= gap["change"] <= gap["high"]


def test_reasons_by_a_second_way(workspace, shelf, half):
    from recsys_core.compare.reference import dense_reference

    sample = dense_reference(workspace)
    assert half.explanation_drift["n_pairs"] == len(sample.explained)
    assert half.explanation_drift["background"] == len(sample.background)
    pairs = sample.explained[:7]
    both = [
        exact_contributions(s, pairs, sample.background)[0] for s in (workspace.dense, shelf.scorer(HALF.compression))
    ]
    found = explanation_drift(*both, background=4, seed=0)
    one_by_one = [rank_correlation(a, b) for a, b in zip(*both, strict=True)]
    assert found["rank_correlation"] == pytest.approx(np.mean(one_by_one))
    strongest = [[set(np.argsort(-np.abs(row))[:3]) for row in side] for side in both]
    assert found["top_3_kept"] == pytest.approx(np.mean([len(a & b) / 3 for a, b in zip(*strongest, strict=True)]))
    assert found["top_3_kept_low"] <= found["top_3_kept"] <= found["top_3_kept_high"]


def test_explained_pairs_come_from_the_dense_top_ten(workspace):
    from recsys_core.compare.reference import dense_reference

    side = dense_reference(workspace)
    top = dict(zip(side.ranking.user_index.tolist(), side.ranking.top.tolist(), strict=True))
    explained = side.explained
    assert all(item in top[user] for user, item in zip(explained.users, explained.items, strict=True))


def test_stages_tell_the_size_before_anything_is_trained(workspace):
    told = []
    shelf = VariantCache(workspace)
    variant = ModelVariant.compressed(0.7, 16)
    report = measure_variant(
        workspace, variant, cache=shelf, latency=QUICK, on_stage=lambda stage, found: told.append((stage, found))
    )
    assert [stage for stage, _ in told] == list(STAGES)
    partial = dict(told)
    assert partial["size"]["variant"]["size_bytes"] == report.compressed.size_bytes
    assert "auc" not in partial["train"]["variant"]
    assert partial["auc"]["variant"]["auc"] == report.compressed.auc
    assert "ndcg@10" not in partial["auc"]["variant"]
    assert figures(partial["auc"])["ndcg@10"].verdict == "pending"
    assert figures(partial["auc"])["auc"].verdict != "pending"
    assert set(report.before_training) == {"auc", "ndcg@10"}


@pytest.mark.parametrize(
    "variant",
    [
        HALF,
        ModelVariant.compressed(0.3),
        ModelVariant.compressed(0.9, 4),
        ModelVariant.compressed(0.5, 4, "unstructured"),
        ModelVariant.compressed(0, 16),
        ModelVariant.compressed(distill=40),
    ],
)
def test_a_sketch_costs_what_the_variant_costs(workspace, shelf, variant):
    drawn, built = (
        stored_cost(s, 0) for s in (sketch(workspace.dense, variant.compression), shelf.scorer(variant.compression))
    )
    if variant.compression.bits == 4 and variant.compression.pruning == "structured":
        drawn["size_bytes"] = pytest.approx(drawn["size_bytes"], rel=0.02)
    assert built == drawn


def test_reports_survive_storing(workspace, half):
    again = load_report(workspace, HALF)
    assert report_to_json(again) == json.loads(json.dumps(report_to_json(half)))
    assert again.variant == HALF
    assert [r.variant for r in stored_reports(workspace)].count(HALF) == 1
    assert report_to_json(report_from_json(report_to_json(half))) == report_to_json(half)
    assert load_report(workspace, HALF, machine="another machine") is None


@pytest.mark.parametrize("damage", ["cut", "foreign", "stale", "fields", "nothing"])
def test_untrustworthy_reports_are_measured_again(workspace, half, damage, tmp_path):
    file = measurement_file(workspace, HALF)
    whole = file.read_text()
    data = json.loads(whole)
    texts = {
        "cut": whole[: len(whole) // 2],
        "foreign": json.dumps(data | {"format": "other"}),
        "stale": json.dumps(data | {"model": "0" * 16}),
        "fields": json.dumps({k: v for k, v in data.items() if k != "variant"}),
        "nothing": "",
    }
    try:
        file.write_text(texts[damage])
        assert load_report(workspace, HALF) is None
    finally:
        file.write_text(whole)
    assert load_report(workspace, HALF) is not None


def test_auc_noise_is_that_of_resampled_users():
    random = np.random.default_rng(0)
    user = np.repeat(np.arange(300), 12)
    label = (random.random(len(user)) < 0.3).astype(float)
    first = label + random.normal(size=len(user))
    second = first + 0.5 * random.normal(size=len(user))
    pairs = [PairResult(user, np.zeros(len(user)), label, s, "logged") for s in (first, second)]
    draws = []
    for _ in range(400):
        drawn = random.integers(0, 300, 300)
        rows = (drawn[:, None] * 12 + np.arange(12)).ravel()
        draws.append(roc_auc(label[rows], second[rows]) - roc_auc(label[rows], first[rows]))
    low, high = np.quantile(draws, [0.025, 0.975])
    weights = user_draws(300, seed=0)
    assert auc_noise(*pairs, draws=weights) == pytest.approx((high - low) / 2, rel=0.15)
    assert auc_parts(pairs[0]).sum() == pytest.approx(0, abs=1e-9)


def test_lists_kept_of_users_who_changed():
    def lists(*top):
        n = len(top)
        nothing = item_table([[]] * n, 10)
        return RankingResult(2, np.arange(n) + 5, np.array(top), np.zeros(n), np.zeros(n), nothing)

    kept = lists_kept(lists([1, 2], [3, 4], [5, -1]), lists([2, 1], [9, 8], [5, -1]), draws=user_draws(3, seed=0))
    assert kept["mean"] == pytest.approx(2 / 3)
    assert kept["most_changed"] == [[6, 0.0]]


def _level(report: CompressionReport, variant: ModelVariant, size: int, auc: float, lists: float, reasons: float):
    drift = report.explanation_drift | {"top_3_kept": reasons, "top_3_kept_low": reasons, "top_3_kept_high": reasons}
    kept = report.extra["top_10_kept"] | {"mean": lists, "low": lists, "high": lists}
    return replace(
        report,
        variant=variant,
        dense=replace(report.dense, auc=0.9, size_bytes=1000),
        compressed=replace(report.compressed, size_bytes=size, auc=auc),
        top_10_overlap=lists,
        explanation_drift=drift,
        extra=report.extra | {"top_10_kept": kept},
        noise={"auc": 0.002, "ndcg@10": 0.01},
        auc_interval={"dense": [0.89, 0.91], "variant": [auc - 0.01, auc + 0.01]},
        ties={side: {"distinct": 10.0, "inside": 0.0, "across": 0.0} for side in ("dense", "variant")},
    )


def test_presets_follow_their_rules(half):
    a, b, c, d = (
        ModelVariant.compressed(0.1),
        ModelVariant.compressed(0.3),
        ModelVariant.compressed(0.6),
        ModelVariant.compressed(0.9),
    )
    reports = [
        _level(half, DENSE, 1000, 0.900, 1.00, 1.00),
        _level(half, a, 800, 0.899, 0.97, 0.96),
        _level(half, b, 500, 0.899, 0.85, 0.80),
        _level(half, c, 300, 0.885, 0.60, 0.55),
        _level(half, d, 100, 0.850, 0.60, 0.55),
    ]
    assert choose_presets(reports) == {"safe": a, "balanced": b, "extreme": c}
    assert choose_presets(reports[:1]) == {"safe": None, "balanced": None, "extreme": None}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_limit_of_a_rule_refuses_by_itself(half, rule):
    def allows(loss: float, lists: float, reasons: float) -> bool:
        return rule.allows(report_to_json(_level(half, HALF, 500, 0.9 - loss, lists, reasons)))

    lists, reasons = rule.least_lists, rule.least_reasons
    assert allows(rule.most_loss, lists, reasons)
    assert not allows(rule.most_loss, lists - 0.01, 1.0)
    assert not allows(rule.most_loss, 1.0, reasons - 0.01)
    assert not allows(rule.most_loss + 0.004, 1.0, 1.0)  # of which 0.002 is noise


def test_verdicts(half):
    def verdict(auc: float) -> str:
        return figures(report_to_json(_level(half, HALF, 500, auc, 0.9, 0.8)))["auc"].verdict

    assert verdict(0.9) == "unchanged"
    assert verdict(0.8985) == "noise"
    assert verdict(0.89) == "worse"
    assert verdict(0.91) == "better"
    found = figures(report_to_json(_level(half, HALF, 500, 0.9, 0.9, 0.8)))
    assert found["size_bytes"].change == pytest.approx(-0.5)
    assert (found["top_10_kept"].verdict, found["top_3_kept"].value) == ("worse", 0.8)


def test_levels_are_in_order_of_size(half):
    found = levels(
        [
            _level(half, ModelVariant.compressed(0.1), 800, 0.9, 1, 1),
            _level(half, ModelVariant.compressed(0.9), 100, 0.81, 0.5, 0.4),
        ]
    )
    assert [level.size_bytes for level in found] == [100, 800]
    assert found[0].auc_share == pytest.approx((0.81 - 0.5) / (0.9 - 0.5))


def test_the_grid_is_what_the_sliders_reach():
    grid = default_grid()
    assert len(grid) == len(set(grid)) == 49
    assert sum(v.compression.pruning == "structured" for v in grid) == 40


def test_the_grid_stops_in_time_and_keeps_what_is_there(workspace, half):
    told = []
    reports = measure_grid(workspace, seconds=0.0, progress=lambda stage, share: told.append((stage, share)))
    assert HALF in {r.variant for r in reports}
    assert len(reports) < 49
    assert str(told[0][0]).startswith("measuring levels")


def test_the_grid_measures_a_level(workspace, shelf):
    before = len(measure_grid(workspace, cache=shelf, seconds=0.0))
    told = []
    after = measure_grid(workspace, cache=shelf, seconds=0.5, progress=lambda stage, share: told.append(stage))
    assert len(after) > before
    assert any("1 of" in str(stage) for stage in told)
