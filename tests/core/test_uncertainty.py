"""Every interval, standard error and noise threshold against the spread that it promises to tell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features

from recsys_core.compare import deltas
from recsys_core.compare.drift import ndcg_noise
from recsys_core.compare.resampling import user_draws
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.methods.shap import shap_attribution
from recsys_core.explain.shapley import solve
from recsys_core.fairness.permutation import shuffled_p
from recsys_core.metrics import UserGains, mean_interval, paired_difference, roc_auc_interval
from recsys_core.models.scorer import Pairs
from recsys_core.results import CompressionReport, Gap, GapChange, Group, GroupChange, Latency, Measurement
from recsys_core.variant import ModelVariant

NORMAL_95 = 1.959964


@pytest.mark.parametrize("seed", range(3))
def test_mean_interval_is_that_of_the_normal_approximation(seed):
    values = np.random.default_rng(seed).exponential(size=3000)
    half = NORMAL_95 * values.std() / np.sqrt(len(values))
    low, high = mean_interval(values, seed=seed, n_draws=4000)
    assert (high - low) / 2 == pytest.approx(half, rel=0.06)  # at 90 % it would be 16 % narrower
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=half / 5)


@pytest.mark.parametrize(("n_users", "is_told"), [(0, False), (1, False), (5, False), (6, True)])
def test_too_few_users_have_no_interval(n_users, is_told):
    """That five users all agree has a chance of 1 in 16 where there is nothing."""
    ours, theirs = (UserGains(np.full(n_users, gain), np.ones(n_users)) for gain in (0.75, 0.5))
    found = paired_difference(ours, theirs, seed=0)
    assert np.isnan(found.mean) == (n_users == 0)
    told = np.isfinite([found.low, found.high, found.share_at_least, *mean_interval(ours.gain, seed=0)])
    assert told.tolist() == [is_told] * 5


def test_auc_interval_by_hanley_and_mcneil():
    """Q1 = .893 / 1.107, Q2 = 2 · .893² / 1.893, 58 normal and 51 abnormal images (their example)."""
    q1, q2 = 0.8066847, 0.8425238
    variance = (0.893 * 0.107 + 50 * (q1 - 0.893**2) + 57 * (q2 - 0.893**2)) / (51 * 58)
    low, high = roc_auc_interval(0.893, 51, 58)
    assert (high - low) / 2 == pytest.approx(NORMAL_95 * np.sqrt(variance), rel=1e-3)
    assert np.sqrt(variance) == pytest.approx(0.0325, abs=5e-5)


@pytest.mark.parametrize(("auc", "n_positive", "n_negative"), [(0.7, 40, 160), (0.9, 150, 30)])
def test_auc_interval_tells_the_spread_of_drawn_samples(auc, n_positive, n_negative):
    """For two exponentials, whose AUC is the share of their rates, the formula's assumption holds exactly."""
    random = np.random.default_rng(0)
    rate = (1 - auc) / auc  # of the positives, against 1 of the negatives
    drawn = [
        np.mean(random.exponential(1 / rate, n_positive)[:, None] > random.exponential(1, n_negative))
        for _ in range(1500)
    ]
    low, high = roc_auc_interval(auc, n_positive, n_negative)
    assert np.mean(drawn) == pytest.approx(auc, abs=0.01)
    assert (high - low) / (2 * NORMAL_95) == pytest.approx(np.std(drawn), rel=0.1)


def test_ndcg_noise_is_the_half_width_of_the_paired_difference():
    random = np.random.default_rng(0)
    dense = random.random(1500)
    change = 0.1 * random.normal(size=1500)  # paired: the spread of the users themselves plays no part
    sides = [SimpleNamespace(ndcg=x) for x in (dense, dense + change)]
    expected = NORMAL_95 * change.std() / np.sqrt(1500)
    assert ndcg_noise(*sides, draws=user_draws(1500, seed=0)) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    ("milliseconds", "verdict"), [(0.8, "better"), (0.95, "noise"), (1.06, "noise"), (1.2, "worse"), (1.45, "worse")]
)
def test_speeds_within_a_tenth_are_noise(milliseconds, verdict):
    sides = [
        Measurement(latency=dict.fromkeys(("batch_1", "batch_256"), Latency(ms, ms))) for ms in (1.0, milliseconds)
    ]
    report = CompressionReport(ModelVariant.compressed(bits=8), dense=sides[0], compressed=sides[1])
    assert deltas(report)["speed_1"].verdict == verdict


@pytest.mark.parametrize(("corrected", "noise"), [(0.0, False), (0.05, False), (0.051, True), (np.nan, True)])
@pytest.mark.parametrize("raw", [0.001, 0.9])
def test_a_verdict_follows_the_corrected_p_value_at_five_per_cent(corrected, noise, raw):
    low, high = Group("value", "a"), Group("value", "b")
    tested = {"low": 0.0, "high": 0.2, "p_value": raw, "p_corrected": corrected}
    extremes = {"metric": "ndcg@10", "worst_group": low, "best_group": high}
    change = {"dense": 0.1, "compressed": 0.2, "change": 0.1}
    found = (
        Gap(**extremes, worst=0.1, best=0.2, difference=0.1, ratio=0.5, **tested),
        GapChange(**extremes, **change, **tested),
        GroupChange(group=low, **change, **tested),
    )
    assert [one.within_noise for one in found] == [noise] * 3


def test_p_values_by_hand():
    """Shuffled gaps 1 … 19: (1 + how many are as large) / (1 + 19), so never 0 (Phipson & Smyth 2010)."""
    shuffles = np.arange(1.0, 20)[:, None]
    observed = np.array([20.0, 19.0, 5.0, 0.5, np.nan])

    def draw(first: int, last: int, metrics: np.ndarray):
        yield np.broadcast_to(shuffles[first:last], (last - first, len(metrics)))

    found = shuffled_p(observed, draw, n_draws=19, most=19)
    np.testing.assert_allclose(found, [1 / 20, 2 / 20, 16 / 20, 20 / 20, np.nan])


DATASET = tiny_dataset(extra=5)
SCORER = random_scorer(tiny_features(DATASET))
PAIR = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]))


@pytest.mark.parametrize("n_rows", [1, 9])
def test_the_error_of_sampled_reasons_is_their_spread(n_rows):
    """Rows are sampled apart: their variances add with the squares of their weights."""
    background = random_pairs(DATASET, n_rows, seed=3)
    runs = [solve(FactorisedGames(SCORER, PAIR, background), seed=s, max_exact=0, orderings=60) for s in range(40)]
    spread = np.std([r.contributions[0] for r in runs], axis=0, ddof=1)
    told = np.sqrt(np.mean([r.standard_error[0] ** 2 for r in runs], axis=0))
    real = spread > 1e-6
    assert real.sum() > 8
    assert np.median(spread[real] / told[real]) == pytest.approx(1, abs=0.2)


def test_the_error_told_with_shap_is_the_spread_of_its_walks():
    background = random_pairs(DATASET, 3, seed=3)
    games = FactorisedGames(SCORER, PAIR, background)
    assert len(games.players) > 14
    runs = [shap_attribution(games, seed=s, rounds=6) for s in range(25)]
    spread = np.std([r.contributions for r in runs], axis=0, ddof=1)
    told = np.sqrt(np.mean([r.standard_error**2 for r in runs], axis=0))
    real = spread > 1e-6
    ratio = np.median(spread[real] / told[real])
    assert 0.5 < ratio < 1.3, "forward and backward walks balance each other, so the error may be told too large"
