"""All users or a sample, ties, dead models, groups: what a comparison says and of whom."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom
from small_data import item_table

from recsys_core.compare import (
    RULES,
    Budget,
    auc_share,
    choose_presets,
    deltas,
    has_ties,
    is_dead,
    measure_variant,
    smallest_allowed,
    stored_reports,
)
from recsys_core.compare.drift import ndcg_noise, tie_shares
from recsys_core.compare.groups import UserGroups, group_gaps, hypergeometric_tail, lost_most
from recsys_core.compare.reference import DenseReference
from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.compress.latency import LatencySettings
from recsys_core.fairness import AuditSettings, audit, gap_changes
from recsys_core.metrics import list_ties, top_k
from recsys_core.models.evaluation import evaluate, rank_users
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import UserLimit
from recsys_core.models.workspace import open_model
from recsys_core.results import (
    AucIntervals,
    BothTies,
    CompressionReport,
    Latency,
    LostMost,
    Noise,
    RankingResult,
    Ties,
)
from recsys_core.variant import DENSE, ModelVariant

QUICK = LatencySettings(seconds=0.05, least=5)
HALF, HARD = ModelVariant.compressed(0.5, 8), ModelVariant.compressed(0.9, 4)


@pytest.fixture(scope="module")
def model(grouped_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    folder = tmp_path_factory.mktemp("compare-users") / "shop"
    shutil.copytree(grouped_workspace, folder)
    return open_model(folder)


@pytest.fixture(scope="module")
def reference(model: TrainedModel) -> DenseReference:
    return DenseReference(model)


@pytest.fixture(scope="module")
def hard(model: TrainedModel, reference: DenseReference) -> CompressionReport:
    return measure_variant(model, HARD, reference=reference, latency=QUICK)


def test_one_ndcg_and_one_gap_everywhere(model, hard):
    whole = evaluate(model.dense, model.split_dataset)
    train = model.split_dataset.sequences()
    assert hard.n_users == hard.n_test_users == len(whole.ranking.user_index)
    for column, gap in hard.group_gaps.items():
        report = audit(model.dataset, whole, by=(column,), train=train)
        assert hard.dense.ndcg == pytest.approx(report.overall.values["ndcg@10"], abs=1e-12)
        fair = next(g for g in report.gaps if g.metric == "ndcg@10")
        assert gap.dense == pytest.approx(fair.difference, abs=1e-12)
        assert (gap.worst_group, gap.best_group) == (fair.worst_group.label, fair.best_group.label)
    assert len(hard.group_gaps) >= 3


def test_the_change_of_every_gap_is_that_of_the_fairness_package(model, reference, hard):
    both = [evaluate(s, model.split_dataset) for s in (model.dense, reference.variants.scorer(HARD.compression))]
    train, settings = model.split_dataset.sequences(), AuditSettings(n_bootstrap=300)
    for column, gap in hard.group_gaps.items():
        changes = gap_changes(model.dataset, *both, by=(column,), train=train, settings=settings)
        change = next(c for c in changes if c.metric == "ndcg@10")
        for name in ("worst_group", "best_group"):
            assert getattr(gap, name) == getattr(change, name).label
        for name in ("dense", "compressed", "change"):
            assert getattr(gap, name) == pytest.approx(getattr(change, name), abs=1e-12)
        width = change.high - change.low  # the audit resamples the users who have pairs but no list as well
        assert gap.high - gap.low == pytest.approx(width, rel=0.35)
        assert gap.low <= gap.change <= gap.high


def test_a_sample_keeps_the_dense_figures_of_all_users_and_says_its_size(model, reference):
    few = DenseReference(model, reference.variants, limit=UserLimit(most=40))
    report = measure_variant(model, HALF, reference=few, latency=QUICK)
    assert report.users_seed == model.split_dataset.split.seed
    both = [evaluate(s, model.split_dataset) for s in (model.dense, reference.variants.scorer(HALF.compression))]
    assert (report.n_users, report.n_test_users) == (40, len(both[0].ranking.user_index))
    assert report.dense.ndcg == pytest.approx(both[0].ndcg, abs=1e-6)
    assert report.dense.recall == pytest.approx(both[0].recall, abs=1e-6)
    drawn = model.split_dataset.ranking("test", most=40)
    few = [rank_users(s.score_catalogue, drawn) for s in (model.dense, reference.variants.scorer(HALF.compression))]
    assert report.compressed.ndcg == pytest.approx(both[0].ndcg + np.mean(few[1].ndcg - few[0].ndcg), abs=1e-6)
    assert report.compressed.auc == pytest.approx(both[1].auc, abs=1e-12)
    measure_variant(model, HALF, reference=reference, latency=QUICK)  # the folder again as it was


def test_ndcg_noise_is_the_half_width_of_the_paired_interval():
    random = np.random.default_rng(1)
    change = random.normal(scale=0.2, size=400)
    nothing = item_table([[]] * 400, 1)
    first, second = (
        RankingResult(10, np.arange(400), np.zeros((400, 10), int), ndcg, ndcg, nothing)
        for ndcg in (np.zeros(400), change)
    )
    noise = ndcg_noise(first, second, draws=user_draws(400, seed=0))
    assert noise == pytest.approx(1.96 * change.std() / np.sqrt(400), rel=0.1)


def test_ends_of_a_mean_leave_nan_out():
    values = np.array([0.0, 1.0, np.nan, np.nan])
    low, high = mean_ends(values, user_draws(4, seed=0))
    assert (low, high) == (0.0, 1.0)
    assert np.isnan(mean_ends(values[2:], user_draws(2, seed=0))).all()
    assert np.isnan(mean_ends(values[:0], user_draws(0, seed=0))).all()


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, "noise"), (1.08, "noise"), (1.2, "better"), (0.8, "worse")])
def test_a_speed_counts_beyond_a_tenth(hard, ratio, verdict):
    before, after = ({batch: Latency(p, p) for batch in ("batch_1", "batch_256")} for p in (ratio, 1.0))
    dense, compressed = replace(hard.dense, latency=before), replace(hard.compressed, latency=after)
    known = deltas(replace(hard, dense=dense, compressed=compressed))
    assert known["speed_1"].verdict == known["speed_256"].verdict == verdict


def test_the_full_model_is_timed_in_the_runtime_of_a_quantised_one(model, reference, hard):
    assert set(hard.same_runtime) == {"batch_1", "batch_256"}
    assert measure_variant(model, ModelVariant.compressed(0.5), reference=reference, latency=QUICK).same_runtime is None
    pairs = reference.timed
    both = (model.dense, reference.in_onnx)
    scores = [s.score_pairs(pairs.users, pairs.items, pairs.histories) for s in both]
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


@given(st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(1, 7))
def test_ties_of_lists_by_counting(rows, k):
    scores = np.array(rows, dtype=float)
    seen = item_table([[user % 6] for user in range(len(scores))], 6)
    top = top_k(scores, k, excluded=seen)
    distinct, left_out = list_ties(scores, top, seen)
    for user in range(len(scores)):
        listed = [i for i in top[user] if i >= 0]
        last = scores[user, listed[-1]]
        others = [i for i in range(6) if i not in listed and i != user % 6]
        assert distinct[user] == len({scores[user, i] for i in listed})
        assert left_out[user] == sum(scores[user, i] == last for i in others)


def test_a_model_of_equal_scores_is_all_ties(model):
    task = model.split_dataset.ranking("test")
    ranking = rank_users(lambda users, *read: np.zeros((len(users), model.dataset.n_items)), task)
    assert tie_shares(ranking) == Ties(distinct=1.0, inside=1.0, across=1.0)


def _level(report: CompressionReport, variant: ModelVariant, size: int, auc: float, *, across: float = 0.0):
    return replace(
        report,
        variant=variant,
        dense=replace(report.dense, auc=0.86, ndcg=0.2, cost=replace(report.dense.cost, size_bytes=1000)),
        compressed=replace(report.compressed, auc=auc, ndcg=0.2, cost=replace(report.compressed.cost, size_bytes=size)),
        explanation_drift=replace(
            report.explanation_drift, top_3_overlap=0.99, top_3_overlap_low=0.98, top_3_overlap_high=1.0
        ),
        list_overlap=replace(report.list_overlap, mean=0.99, low=0.98, high=1.0),
        noise=Noise(0.5, 0.01),  # so wide that no loss of AUC is certain
        auc_interval=AucIntervals((0.85, 0.87), (auc - 0.01, auc + 0.01)),
        ties=BothTies(Ties(10.0, 0.0, 0.0), Ties(10.0, 0.0, across)),
    )


def test_no_preset_and_no_budget_accepts_ties_or_a_dead_model(hard):
    sound = _level(hard, ModelVariant.compressed(0.3), 500, 0.85)
    tied = _level(hard, ModelVariant.compressed(0.5), 300, 0.85, across=0.05)
    dead = _level(hard, ModelVariant.compressed(0.7), 200, 0.56)
    chance = _level(hard, ModelVariant.compressed(0.9), 100, 0.505)
    reports = [tied, dead, chance, sound]
    assert choose_presets(reports) == {rule.name: sound.variant for rule in RULES}
    assert choose_presets(reports[:3]) == dict.fromkeys(rule.name for rule in RULES)
    assert [is_dead(r) for r in reports] == [False, True, True, False]
    assert [has_ties(r) for r in reports] == [True, False, False, False]
    assert smallest_allowed(reports, Budget(10_000, 0.5).allows) == sound.variant


def test_no_preset_loses_ndcg_beyond_noise(hard):
    level = _level(hard, ModelVariant.compressed(0.3), 500, 0.86)
    worse = replace(level, compressed=replace(level.compressed, ndcg=0.185))  # by .015 +- .01
    assert choose_presets([worse]) == {"safe": None, "balanced": None, "extreme": ModelVariant.compressed(0.3)}


def test_a_budget_answers_for_size_and_lists(hard):
    small, large = (
        _level(hard, ModelVariant.compressed(0.9), 100, 0.85),
        _level(hard, ModelVariant.compressed(0.1), 900, 0.86),
    )
    assert smallest_allowed([large, small], Budget(1000, 0.9).allows) == ModelVariant.compressed(0.9)
    assert smallest_allowed([large, small], Budget(99, 0.9).allows) is None
    assert smallest_allowed([large, small], Budget(1000, 0.995).allows) is None


def test_auc_is_counted_from_chance():
    assert auc_share(0.5, 0.86) == 0
    assert auc_share(0.86, 0.86) == 1
    assert auc_share(0.49, 0.86) < 0
    assert auc_share(0.6, 0.5) is None


def test_every_report_of_the_folder_is_listed(model, reference, hard):
    others = (ModelVariant.compressed(0.37, 8), ModelVariant.compressed(distill=32))
    for variant in others:
        measure_variant(model, variant, reference=reference, latency=QUICK)
    listed = [r.variant for r in stored_reports(model)]
    assert {*others, HARD} <= set(listed)
    assert len(listed) == len(set(listed)) == len(list((model.path / "measurements").glob("*.json")))
    assert choose_presets(stored_reports(model)).get("safe") != ModelVariant.compressed(distill=32)


def test_the_tail_is_fishers_exact_test():
    for k, n_all, n_marked, n_drawn in ((0, 10, 3, 4), (3, 10, 3, 4), (66, 1755, 260, 212), (5, 9, 9, 5)):
        expected = hypergeom.sf(k - 1, n_all, n_marked, n_drawn)
        assert hypergeometric_tail(k, n_all, n_marked, n_drawn) == pytest.approx(expected, rel=1e-9)


def test_the_group_that_loses_most_is_found_and_chance_is_not():
    random = np.random.default_rng(0)
    islands = UserGroups("user.region", ("islands", "south"), (np.arange(1000) >= 150).astype(int))
    letter = UserGroups("user.letter", ("a", "b", "c"), random.integers(0, 3, 1000))
    kept = np.ones(1000)
    kept[:60] = 0.0  # all on the islands
    kept[150:190] = 0.2
    found = lost_most((letter, islands), kept)
    assert (found.kept_none, found.n, found.at_most) == (60, 100, 0.2)
    assert (found.group.group, found.group.n) == ("islands", 60)
    assert (found.group.share, found.group.share_of_all) == (0.6, 0.15)
    assert lost_most((letter,), kept).group is None
    assert lost_most((islands,), np.ones(1000)) == LostMost(kept_none=0)
    assert lost_most((), np.zeros(0)).n == 0


def test_a_group_is_named_from_five_per_cent_on_after_correction():
    """Five of 20 users lose their list: all in one half 2 * 252 / 15504 = .033, four of them 2 * 2352 / 15504 = .30."""
    halves = UserGroups("user.half", ("a", "b"), np.repeat([0, 1], 10))
    all_in_a, four_in_a = np.ones(20), np.ones(20)
    all_in_a[:5], four_in_a[6:11] = 0.0, 0.0
    found = lost_most((halves,), all_in_a).group
    assert found.group == "a"
    assert found.p_corrected == pytest.approx(504 / 15504)
    assert lost_most((halves,), four_in_a).group is None


def test_gaps_of_nobody():
    assert group_gaps((), np.zeros(0), np.zeros(0), metric="ndcg@10", draws=user_draws(0, seed=0)) == {}


def test_nobody_to_rank(model):
    """A test part in which nobody takes anything: no list, no reason, no gap, and no error."""

    class Empty(DenseReference):
        @property
        def task(self):
            return self.model.split_dataset.ranking("test")[np.zeros(0, dtype=int)]

    side = Empty(model)
    assert len(side.explained.pairs) == 0
    assert side.contributions.shape[0] == 0
    assert side.groups == ()
    assert side.watched.column is None
    assert tie_shares(side.ranking).across is None
    assert DENSE.is_dense
