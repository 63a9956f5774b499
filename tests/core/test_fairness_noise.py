"""Is the doubt honest? Intervals against theory, planted gaps found, noise called noise, variants paired."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fairness_data import audit_of, draw_case, make_evaluation, train_rows

from recsys_core.errors import SettingError
from recsys_core.fairness import DEFAULT_SETTINGS, AuditSettings, gap_changes, holm, one_vs_rest
from recsys_core.fairness.bootstrap import bootstrap, interval
from recsys_core.fairness.cohort import user_cohort
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.permutation import permutation_p
from recsys_core.fairness.resamples import Resamples, bootstrap_draws, draw_weights
from recsys_core.fairness.terms import N_BINS, RatioTerms, auc_of_bins, score_bins
from recsys_core.fairness.user_statistics import metric_values, user_statistics
from recsys_core.metrics import roc_auc

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "fairness_statistics.py"
spec = importlib.util.spec_from_file_location("fairness_statistics", BENCHMARK)
fairness_statistics = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fairness_statistics)


def cohort_of(dataset, evaluation, column="region", *, scanned=False):
    train = train_rows(dataset)
    grouping = make_grouping(dataset, (column,), train=train)
    return user_cohort(user_statistics(dataset, evaluation, train, scanned=scanned), grouping, DEFAULT_SETTINGS)


def test_draws_are_multinomial_and_do_not_depend_on_groups():
    draws = np.concatenate(list(bootstrap_draws(50, n_draws=400, seed=0)))
    weights = draw_weights(draws, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.03)
    np.testing.assert_array_equal(draws, np.concatenate(list(bootstrap_draws(50, n_draws=400, seed=0))))


def test_every_draw_equals_computing_the_figures_of_the_drawn_users():
    """Slow second way: repeat the drawn users' rows and take plain means and plain AUC."""
    dataset, evaluation = draw_case(120, noise=dict.fromkeys("NSEW", 2.0))
    cohort = cohort_of(dataset, evaluation)
    statistics, sets = cohort.statistics, cohort.group_sets
    value = metric_values(statistics, cohort.code, sets)
    resamples = Resamples(statistics.n_users, 20, 1)
    fast = bootstrap(statistics, cohort.code, sets, value=value, resamples=resamples).draws
    asked = [*(m for m, t in enumerate(statistics.terms) if isinstance(t, RatioTerms)), statistics.metrics.index("auc")]
    *ratios, pairs = (statistics.terms[m] for m in asked)
    fast = fast[..., asked]
    slow = np.empty_like(fast)
    for b, draw in enumerate(next(bootstrap_draws(statistics.n_users, n_draws=20, seed=1))):
        for u, group_set in enumerate(sets):
            drawn = draw[group_set[cohort.code[draw]] > 0]
            means = [t.numerator[drawn].sum() / t.denominator[drawn].sum() - t.offset for t in ratios]
            rows = np.concatenate([np.flatnonzero(pairs.pair_user == user) for user in drawn])
            slow[b, u] = [*means, roc_auc(pairs.label[rows], pairs.score[rows])]
    np.testing.assert_allclose(fast[..., :-1], slow[..., :-1], atol=1e-6)
    rounding = fast[..., -1] - slow[..., -1] - (value[:, asked[-1]] - slow[..., -1].mean(axis=0))  # their mean is moved
    assert np.abs(rounding).max() < 0.01


def test_interval_of_a_mean_is_the_textbook_one():
    dataset, evaluation = draw_case(400)
    report = audit_of(dataset, evaluation, by=("region",), settings=AuditSettings(n_bootstrap=2000))
    ndcg = evaluation.ranking.ndcg
    width = 2 * 1.96 * ndcg.std() / np.sqrt(len(ndcg))
    row = report.overall
    assert row.high["ndcg@10"] - row.low["ndcg@10"] == pytest.approx(width, rel=0.08)


def test_rounding_scores_hardly_touches_auc():
    generator = np.random.default_rng(0)
    label = generator.integers(0, 2, 4000)
    score = label + generator.normal(size=4000)
    cell = score_bins(score) + np.where(label > 0, 0, N_BINS)
    counts = np.bincount(cell, minlength=2 * N_BINS).astype(float)
    assert auc_of_bins(counts) == pytest.approx(roc_auc(label, score), abs=1e-3)
    few = np.round(score)  # fewer levels than are kept: exact
    cell = score_bins(few) + np.where(label > 0, 0, N_BINS)
    assert auc_of_bins(np.bincount(cell, minlength=2 * N_BINS).astype(float)) == pytest.approx(roc_auc(label, few))


def test_interval_leaves_out_undefined_draws_and_holds_the_value():
    draws = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    low, high = interval(draws, np.array([5.0, np.nan]))
    assert (low[0], high[0]) == (pytest.approx(1.05), 5.0)
    assert np.isnan(low[1])
    assert np.isnan(high[1])


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_gap_is_found(seed):
    dataset, evaluation = draw_case(1200, seed=seed, noise={"N": 6.0})
    gaps = {g.metric: g for g in audit_of(dataset, evaluation, by=("region",)).gaps}
    for metric in ("ndcg@10", "recall@10", "auc", "true_positive_rate"):
        assert gaps[metric].worst_group.label == "N", metric
        assert not gaps[metric].within_noise, metric
        assert gaps[metric].low > 0, metric
    rest = {
        (r.metric, r.group.label): r
        for r in one_vs_rest(dataset, evaluation, train=train_rows(dataset), by=("region",))
    }
    north = rest["ndcg@10", "N"]
    assert north.is_clear
    assert north.high < 0
    assert north.difference == pytest.approx(north.value - north.rest)
    by_gender = audit_of(dataset, evaluation, by=("gender",)).gaps  # gender means nothing
    assert not [g.metric for g in by_gender if g.p_value < 0.005]


def test_rest_is_everyone_else():
    dataset, evaluation = draw_case(200)
    region = dataset.users["region"].to_numpy()[evaluation.ranking.user_index]
    for row in one_vs_rest(
        dataset, evaluation, train=train_rows(dataset), by=("region",), settings=AuditSettings(n_bootstrap=20)
    ):
        if row.metric == "ndcg@10":
            assert row.value == pytest.approx(evaluation.ranking.ndcg[region == row.group.label].mean())
            assert row.rest == pytest.approx(evaluation.ranking.ndcg[region != row.group.label].mean())
            assert row.low <= row.difference <= row.high


def test_rest_needs_users_and_someone_else():
    dataset, evaluation = draw_case(60)
    with pytest.raises(SettingError, match="user columns"):
        one_vs_rest(dataset, evaluation, train=train_rows(dataset), by=("item.category",))
    alone = replace(dataset, users=dataset.users.assign(gender="F"))
    assert one_vs_rest(alone, evaluation, train=train_rows(dataset), by=("gender",)) == ()


def test_p_values_are_uniform_where_groups_mean_nothing():
    """60 random partitions into unequal groups: p <= 0.05 in about 3, p <= 0.5 in about 30, metric by metric."""
    cohort = cohort_of(*draw_case(150), column="gender", scanned=True)
    generator = np.random.default_rng(0)
    n = cohort.statistics.n_users
    p_values = np.array(
        [
            permutation_p(
                cohort.statistics,
                generator.choice(4, n, p=(0.1, 0.2, 0.3, 0.4)),
                4,
                resamples=Resamples(n, 99, seed),
                most=200,
            )
            for seed in range(60)
        ]
    )
    assert 0.015 < (p_values <= 0.05).mean() < 0.09
    assert ((p_values <= 0.05).mean(axis=0) < 0.2).all()
    np.testing.assert_allclose((p_values <= 0.5).mean(axis=0), 0.5, atol=0.22)


def test_intervals_cover_the_truth():
    """Of 120 samples of users, about 95 % of the intervals must hold the mean of the population."""
    _, population = draw_case(4000, n_items=30)
    truth, covered = population.ndcg, 0
    for seed in range(120):
        users = np.random.default_rng(seed).choice(len(population.ranking.ndcg), 80)
        sample = population.ranking.ndcg[users]
        means = np.concatenate([sample[d].mean(axis=1) for d in bootstrap_draws(80, n_draws=300, seed=seed)])
        low, high = interval(means[:, None], np.array([sample.mean()]))
        covered += low[0] <= truth <= high[0]
    assert 0.88 <= covered / 120 <= 0.99


def test_gap_changes_are_paired():
    dataset, dense = draw_case(400, noise={"N": 1.0})
    _, worse = draw_case(400, noise={"N": 1.2})
    settings = AuditSettings(n_bootstrap=300)
    changes = {
        c.metric: c
        for c in gap_changes(dataset, dense, worse, train=train_rows(dataset), by=("region",), settings=settings)
    }
    corrected = holm(np.array([c.p_value for c in changes.values()]))
    assert [c.p_corrected for c in changes.values()] == pytest.approx(corrected.tolist())
    assert min(c.p_value for c in changes.values()) < min(c.p_corrected for c in changes.values())
    change = changes["auc"]
    assert change.worst_group.label == "N"
    assert change.change == pytest.approx(change.compressed - change.dense)
    assert change.low <= change.change <= change.high
    gap = next(g for g in audit_of(dataset, dense, by=("region",), settings=settings).gaps if g.metric == "auc")
    assert change.dense == pytest.approx(gap.difference)
    assert change.high - change.low < gap.high - gap.low  # the same users: less noise than one gap has


def test_unchanged_model_changes_no_gap():
    dataset, dense = draw_case(100)
    for change in gap_changes(
        dataset, dense, dense, train=train_rows(dataset), by=("region",), settings=AuditSettings(n_bootstrap=20)
    ):
        assert change.low == change.change == change.high == 0


def test_gap_changes_need_the_same_users():
    dataset, dense = draw_case(100)
    with pytest.raises(ValueError, match="same users"):
        gap_changes(
            dataset, dense, make_evaluation([[0, 1]] * 40, [[1]] * 40, []), train=train_rows(dataset), by=("gender",)
        )


@pytest.mark.parametrize(("kind", "sizes"), [("lognormal", (25, 200)), ("hit of .3", (30, 30))])
def test_intervals_of_gaps_between_small_groups_hold_the_truth(kind, sizes):
    """`benchmarks/fairness_statistics.py` in small: of 120 intervals about 113 hold it."""
    assert 0.86 <= fairness_statistics.coverage(kind, sizes, 120) <= 0.995


def test_shuffles_keep_their_level_on_small_unequal_groups_of_skewed_figures():
    assert 0.01 <= fairness_statistics.level("lognormal", (25, 60, 200), 200) <= 0.1


def test_audits_of_all_measures_are_seldom_real_where_groups_mean_nothing():
    false, n_tested = fairness_statistics.family(6, (0.15, 0.85))
    assert n_tested >= 30
    assert false <= 2 / 6
