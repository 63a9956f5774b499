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
    DenseReference,
    choose_presets,
    default_grid,
    deltas,
    load_report,
    measure_grid,
    measure_variant,
    measured_variants,
    report_from_json,
    report_to_json,
    stored_reports,
)
from recsys_core.compare.drift import auc_noise, auc_parts, explanation_drift, list_overlap
from recsys_core.compare.presets import RULES
from recsys_core.compare.report_store import measurement_file
from recsys_core.compare.resampling import user_draws
from recsys_core.compress.build import shape_only
from recsys_core.compress.cost import stored_cost
from recsys_core.compress.latency import LatencySettings
from recsys_core.explain.shapley import exact_contributions
from recsys_core.fairness import audit
from recsys_core.metrics import rank_correlation, roc_auc
from recsys_core.models.evaluation import evaluate
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.results import AucIntervals, BothTies, CompressionReport, Noise, PairResult, RankingResult, Ties
from recsys_core.variant import DENSE, ModelVariant

QUICK = LatencySettings(seconds=0.05, least=5)
HALF = ModelVariant.compressed(0.5, 8)
NO_TIES = Ties(distinct=10.0, inside=0.0, across=0.0)


@pytest.fixture(scope="module")
def model(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("compare") / "shop"
    shutil.copytree(grouped_workspace, folder)
    return open_model(folder)


@pytest.fixture(scope="module")
def reference(model: TrainedModel) -> DenseReference:
    return DenseReference(model)


@pytest.fixture(scope="module")
def half(model: TrainedModel, reference: DenseReference) -> CompressionReport:
    return measure_variant(model, HALF, reference=reference, latency=QUICK)


def test_the_dense_model_is_its_own_equal(model, reference):
    report = measure_variant(model, DENSE, reference=reference, latency=QUICK)
    assert report.dense == report.compressed
    assert report.top_10_overlap == 1
    assert report.explanation_drift.rank_correlation == pytest.approx(1)
    assert report.explanation_drift.top_3_overlap == 1
    assert report.noise == Noise(0, 0)
    assert report.before_training is None
    found = deltas(report)
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
def test_quality_is_that_of_evaluate(model, reference, variant):
    report = measure_variant(model, variant, reference=reference, latency=QUICK)
    whole = evaluate(
        reference.variants.scorer(variant.compression), model.split_dataset
    )  # few users: the sample is all of them
    assert report.compressed.auc == pytest.approx(whole.auc, abs=1e-12)
    assert report.compressed.ndcg == pytest.approx(whole.ndcg, abs=1e-12)
    assert report.compressed.recall == pytest.approx(whole.recall, abs=1e-12)
    assert report.n_users == len(whole.ranking.user_index)
    assert report.dense.auc == pytest.approx(model.training.model["auc"], abs=1e-6)


def test_lists_and_groups_by_a_second_way(model, reference, half):
    dense, compressed = (
        evaluate(s, model.split_dataset) for s in (model.dense, reference.variants.scorer(HALF.compression))
    )
    kept = [
        len(set(a.tolist()) & set(b.tolist())) / 10
        for a, b in zip(dense.ranking.top, compressed.ranking.top, strict=True)
    ]
    assert half.top_10_overlap == pytest.approx(np.mean(kept))
    listed = half.list_overlap
    assert listed.low <= half.top_10_overlap <= listed.high
    shares = [share for _, share in listed.most_changed]
    assert shares == sorted(kept)[: len(shares)]
    gap, column = half.gap(), half.watched.column
    train = model.split_dataset.sequences()
    reports = [audit(model.dataset, e, by=(column,), train=train) for e in (dense, compressed)]
    for side, report in zip(("dense", "compressed"), reports, strict=True):
        rows = {row.group.label: row.values["ndcg@10"] for row in report.groups}
        assert getattr(gap, side) == pytest.approx(rows[gap.best_group] - rows[gap.worst_group])
    assert gap.low <= gap.change <= gap.high


def test_reasons_by_a_second_way(model, reference, half):
    sample = reference.explained
    assert half.explanation_drift.n_pairs == len(sample.pairs)
    assert half.explanation_drift.background == len(sample.background)
    pairs = sample.pairs[:7]
    both = [
        exact_contributions(s, pairs, sample.background)[0]
        for s in (model.dense, reference.variants.scorer(HALF.compression))
    ]
    found = explanation_drift(*both, background=4, seed=0)
    one_by_one = [rank_correlation(a, b) for a, b in zip(*both, strict=True)]
    assert found.rank_correlation == pytest.approx(np.mean(one_by_one))
    strongest = [[set(np.argsort(-np.abs(row))[:3]) for row in side] for side in both]
    assert found.top_3_overlap == pytest.approx(np.mean([len(a & b) / 3 for a, b in zip(*strongest, strict=True)]))
    assert found.top_3_overlap_low <= found.top_3_overlap <= found.top_3_overlap_high


def test_explained_pairs_come_from_the_dense_top_ten(reference):
    top = dict(zip(reference.ranking.user_index.tolist(), reference.ranking.top.tolist(), strict=True))
    explained = reference.explained.pairs
    assert all(item in top[user] for user, item in zip(explained.users, explained.items, strict=True))


def test_stages_tell_the_size_before_anything_is_trained(model, reference):
    told = []
    variant = ModelVariant.compressed(0.7, 16)
    report = measure_variant(
        model, variant, reference=reference, latency=QUICK, on_stage=lambda stage, report: told.append((stage, report))
    )
    assert [stage for stage, _ in told] == list(STAGES)
    partial = dict(told)
    assert partial["size"].compressed.cost == report.compressed.cost
    assert partial["train"].compressed.auc is None
    assert partial["auc"].compressed.auc == report.compressed.auc
    assert partial["auc"].compressed.ndcg is None
    assert deltas(partial["auc"])["ndcg@10"].verdict == "pending"
    assert deltas(partial["auc"])["auc"].verdict != "pending"
    assert [whole for _, whole in told if whole.is_whole] == []
    assert None not in (report.before_training.auc, report.before_training.ndcg)


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
def test_the_shape_alone_costs_what_the_variant_costs(model, reference, variant):
    drawn, built = (
        stored_cost(s, 0)
        for s in (shape_only(model.dense, variant.compression), reference.variants.scorer(variant.compression))
    )
    if variant.compression.bits == 4 and variant.compression.pruning == "structured":
        drawn["size_bytes"] = pytest.approx(drawn["size_bytes"], rel=0.02)
    assert built == drawn


def test_reports_survive_storing(model, half):
    again = load_report(model, HALF)
    assert again == half
    assert again.variant == HALF
    assert [r.variant for r in stored_reports(model)].count(HALF) == 1
    assert report_from_json(json.loads(json.dumps(report_to_json(half), allow_nan=False))) == half
    assert load_report(model, HALF, machine="another machine") is None


@pytest.mark.parametrize("damage", ["cut", "foreign", "stale", "fields", "nothing"])
def test_untrustworthy_reports_are_measured_again(model, half, damage, tmp_path):
    file = measurement_file(model, HALF)
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
        assert load_report(model, HALF) is None
    finally:
        file.write_text(whole)
    assert load_report(model, HALF) is not None


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


def test_list_overlap_of_users_who_changed():
    def lists(*top):
        n = len(top)
        nothing = item_table([[]] * n, 10)
        return RankingResult(2, np.arange(n) + 5, np.array(top), np.zeros(n), np.zeros(n), nothing)

    kept = list_overlap(lists([1, 2], [3, 4], [5, -1]), lists([2, 1], [9, 8], [5, -1]), draws=user_draws(3, seed=0))
    assert kept.mean == pytest.approx(2 / 3)
    assert kept.most_changed == ((6, 0.0),)


def _level(report: CompressionReport, variant: ModelVariant, size: int, auc: float, lists: float, reasons: float):
    return replace(
        report,
        variant=variant,
        dense=replace(report.dense, auc=0.9, cost=replace(report.dense.cost, size_bytes=1000)),
        compressed=replace(report.compressed, auc=auc, cost=replace(report.compressed.cost, size_bytes=size)),
        explanation_drift=replace(
            report.explanation_drift, top_3_overlap=reasons, top_3_overlap_low=reasons, top_3_overlap_high=reasons
        ),
        list_overlap=replace(report.list_overlap, mean=lists, low=lists, high=lists),
        noise=Noise(0.002, 0.01),
        auc_interval=AucIntervals((0.89, 0.91), (auc - 0.01, auc + 0.01)),
        ties=BothTies(NO_TIES, NO_TIES),
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
        return rule.allows(_level(half, HALF, 500, 0.9 - loss, lists, reasons))

    lists, reasons = rule.least_lists, rule.least_reasons
    assert allows(rule.most_loss, lists, reasons)
    assert not allows(rule.most_loss, lists - 0.01, 1.0)
    assert not allows(rule.most_loss, 1.0, reasons - 0.01)
    assert not allows(rule.most_loss + 0.004, 1.0, 1.0)  # of which 0.002 is noise


def test_verdicts(half):
    def verdict(auc: float) -> str:
        return deltas(_level(half, HALF, 500, auc, 0.9, 0.8))["auc"].verdict

    assert verdict(0.9) == "unchanged"
    assert verdict(0.8985) == "noise"
    assert verdict(0.89) == "worse"
    assert verdict(0.91) == "better"
    found = deltas(_level(half, HALF, 500, 0.9, 0.9, 0.8))
    assert found["size_bytes"].change == pytest.approx(-0.5)
    assert (found["top_10_overlap"].verdict, found["top_3_overlap"].value) == ("worse", 0.8)


def test_levels_are_in_order_of_size(half):
    found = measured_variants(
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


def test_the_grid_stops_in_time_and_keeps_what_is_there(model, half):
    told = []
    reports = measure_grid(model, seconds=0.0, progress=lambda stage, share: told.append((stage, share)))
    assert HALF in {r.variant for r in reports}
    assert len(reports) < 49
    assert str(told[0][0]).startswith("measuring levels")


def test_the_grid_measures_a_level(model, reference):
    before = len(measure_grid(model, reference=reference, seconds=0.0))
    told = []
    after = measure_grid(model, reference=reference, seconds=0.5, progress=lambda stage, share: told.append(stage))
    assert len(after) > before
    assert any("1 of" in str(stage) for stage in told)
