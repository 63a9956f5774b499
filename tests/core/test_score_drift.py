"""Drift of served scores: the index by hand and by its properties, and what is, and what is not, called a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_core.monitoring.changes import ChangeFinder
from recsys_core.monitoring.reference import Reference, load_reference, reference_path, save_reference
from recsys_core.monitoring.score_drift import DriftWatch
from recsys_core.monitoring.stability import N_BINS, bin_shares, decile_edges, stability_index, threshold
from recsys_core.results.serving import POPULARITY

TENTHS = np.full(N_BINS, 1 / N_BINS)
N_USERS, N_ITEMS, DEPTH = 600, 40, 30
USERS, ITEMS = (pd.Index([f"{letter}{i}" for i in range(n)]) for letter, n in (("u", N_USERS), ("i", N_ITEMS)))
COUNTS = arrays(np.int64, N_BINS, elements=st.integers(0, 500)).filter(lambda counts: counts.sum() > 0)


def test_the_index_is_that_of_its_formula():
    now, before = np.array([0.25, 0.75]), np.array([0.5, 0.5])
    a, e = (100 * now + 0.5) / 101, (100 * before + 0.5) / 101
    assert stability_index(now, before, 100) == pytest.approx(((a - e) * np.log(a / e)).sum())
    assert stability_index(now, before, 10**9) == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5))


@settings(max_examples=25)
@given(COUNTS, COUNTS, st.permutations(range(N_BINS)))
def test_the_index_is_no_less_than_0_and_knows_no_order_of_bins(first, second, order):
    a, b = first / first.sum(), second / second.sum()
    index = stability_index(a, b, 300)
    assert index >= 0
    assert stability_index(a, a, 300) == 0
    assert stability_index(a[order], b[order], 300) == pytest.approx(index)
    assert stability_index(b, a, 300) == pytest.approx(index)


@settings(max_examples=25)
@given(arrays(np.float64, st.integers(10, 200), elements=st.integers(0, 30).map(float)))
def test_shares_of_a_reference_in_its_own_tenths_add_up_to_1_ties_or_not(values):
    edges = decile_edges(values)
    assert bin_shares(values, edges).sum() == pytest.approx(1)
    assert (np.diff(edges) > 0).all()


def test_the_threshold_is_of_the_size_of_the_window_and_rarely_reached():
    limits = [threshold(n, TENTHS, N_USERS) for n in (20, 100, 500)]
    assert limits[0] > limits[1] > limits[2] > 0.02
    assert threshold(19, TENTHS, N_USERS) is None
    assert limits[1] > threshold(125, TENTHS, N_USERS) > threshold(150, TENTHS, N_USERS)
    assert threshold(9999, TENTHS, N_USERS) == limits[2]
    random = np.random.default_rng(1)
    drawn = random.multinomial(500, TENTHS, 2000) / 500
    assert (stability_index(drawn, TENTHS, 500) > limits[2]).sum() <= 2


def test_a_change_is_found_once_and_a_long_small_one_never():
    random = np.random.default_rng(2)
    finder = ChangeFinder()
    assert not any(finder.add(value) for value in random.normal(size=5000))
    found = [k for k, value in enumerate(random.normal(1 / 3, size=5000)) if finder.add(value)]
    assert len(found) == 1
    assert found[0] < 500
    slow = ChangeFinder()
    assert not any(slow.add(value) for value in random.normal(size=20_000) + np.linspace(0, 0.15, 20_000))


def made_reference(random: np.random.Generator) -> Reference:
    own = random.normal(1, 1, N_USERS)
    scores = own[:, None] - np.arange(DEPTH) * 0.05
    items = np.array([random.permutation(N_ITEMS)[:DEPTH] for _ in range(N_USERS)])
    return Reference("abc", "dense", np.arange(N_USERS), items, scores)


def frame(reference: Reference, rows: np.ndarray, skipped: np.ndarray, moved: float = 0.0, **columns) -> pd.DataFrame:
    """Lists of the reference's users, each without its first ``skipped`` places, scores moved by so much."""
    places = [skipped[k] + np.arange(10) for k in range(len(rows))]
    return pd.DataFrame(
        {
            "user_id": [f"u{row}" for row in rows],
            "items": [tuple(ITEMS[reference.items[row, at]]) for row, at in zip(rows, places, strict=True)],
            "scores": [tuple(reference.scores[row, at] + moved) for row, at in zip(rows, places, strict=True)],
            "served": np.arange(len(rows), dtype=float),
            "version": 1,
            "variant": "dense",
        }
        | columns
    )


def test_what_people_took_is_no_drift_and_a_half_of_a_deviation_is():
    random = np.random.default_rng(3)
    reference = made_reference(random)
    watch = DriftWatch(reference, USERS, ITEMS)
    rows = random.integers(N_USERS, size=3000)
    times_before = np.array([np.count_nonzero(rows[:k] == row) for k, row in enumerate(rows)])
    taking = frame(reference, rows, np.minimum(2 * times_before, DEPTH - 10))
    assert taking["scores"].map(np.mean).diff(1500).mean() < -0.2  # what is shown does become worse
    watch.add(taking, 1)
    drift = watch.drift()
    assert not drift.is_found
    assert drift.n_reference == N_USERS
    watch.add(frame(reference, random.integers(N_USERS, size=500), np.zeros(500, dtype=int), reference.spread / 2), 1)
    drift = watch.drift()
    assert drift.is_above
    assert len(drift.alarms) == watch.n_changes == 1
    assert watch.is_changing


def test_other_people_than_usual_are_no_drift_of_what_each_is_shown():
    random = np.random.default_rng(4)
    reference = made_reference(random)
    best = np.argsort(-reference.value)[:300]
    watch = DriftWatch(reference, USERS, ITEMS)
    watch.add(frame(reference, random.choice(best, 500), np.zeros(500, dtype=int)), 1)
    assert not watch.drift().is_above
    assert watch.drift().psi == pytest.approx(0, abs=1e-9)


def test_strangers_are_held_to_all_of_the_reference():
    random = np.random.default_rng(5)
    reference = made_reference(random)
    rows = random.integers(N_USERS, size=600)
    for moved, is_above in ((0.0, False), (0.7 * reference.spread, True)):
        watch = DriftWatch(reference, USERS, ITEMS)
        new = frame(reference, rows, np.zeros(600, dtype=int), moved, user_id=[f"new {k}" for k in range(600)])
        watch.add(new, 1)
        assert watch.drift().is_above is is_above


def test_somebody_who_asks_without_pause_is_one_person():
    random = np.random.default_rng(6)
    reference = made_reference(random)
    watch = DriftWatch(reference, USERS, ITEMS)
    watch.add(frame(reference, np.repeat(random.integers(N_USERS, size=20), 100), np.zeros(2000, dtype=int)), 1)
    assert watch.n_seen <= 20
    assert watch.drift().n <= 6  # of the last 500 lists


def test_lists_of_another_version_or_variant_or_by_popularity_do_not_count():
    random = np.random.default_rng(7)
    reference = made_reference(random)
    watch = DriftWatch(reference, USERS, ITEMS)
    rows, none = np.arange(30), np.zeros(30, dtype=int)
    for other in ({"version": 2}, {"variant": "bits-8"}, {"variant": POPULARITY}):
        watch.add(frame(reference, rows, none, **other), 1)
    assert watch.n_seen == 0
    watch.add(frame(reference, rows, none, items=[()] * 30, scores=[()] * 30), 1)
    assert watch.n_seen == 0
    watch.add(frame(reference, rows, none, user_id=[None] * 30), 1)
    assert watch.n_seen == 30


def test_a_reference_is_kept_under_its_stamp_and_a_damaged_one_is_none(tmp_path: Path):
    reference = made_reference(np.random.default_rng(8))
    assert load_reference(tmp_path, "abc", "dense") is None
    save_reference(tmp_path, reference)
    kept = load_reference(tmp_path, "abc", "dense")
    assert kept.value == pytest.approx(reference.value, abs=1e-5)
    assert load_reference(tmp_path, "abc", "bits-8") is None
    path = reference_path(tmp_path, "abc", "dense")
    reference_path(tmp_path, "other", "dense").write_bytes(path.read_bytes())
    assert load_reference(tmp_path, "other", "dense") is None
    path.write_bytes(path.read_bytes()[:2000])
    assert load_reference(tmp_path, "abc", "dense") is None
    for number in range(12):
        save_reference(tmp_path, replace(reference, fingerprint=str(number)))
    assert len(list(path.parent.iterdir())) == 8
