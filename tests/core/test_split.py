"""Splits: every labelled row once, the last part of each user held out, equal times by the seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from recsys_core.data.importers import import_dataset
from recsys_core.data.split import KINDS, TASKS, label_interactions, make_split
from recsys_core.errors import DataError, SettingError

# (user, item, rating, time): few users and times, so that ties and repeated pairs are common
ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.sampled_from([1, 2, 3, 4, 5]), st.integers(0, 12)),
    min_size=30,
    max_size=80,
)


@pytest.fixture(scope="session")
def ml_100k(data_folder):
    return import_dataset("movielens-100k", data_folder / "ml-100k")


def held_out_slowly(user, order, labelled, fraction=0.1):
    """Validation and test rows of each user, one user after another."""
    validation, test = [], []
    for u in set(user.tolist()):
        rows = sorted((r for r in range(len(user)) if user[r] == u and labelled[r]), key=lambda r: order[r])
        n = max(1, round(fraction * len(rows))) if len(rows) >= 3 else 0
        test += rows[len(rows) - n :]
        validation += rows[len(rows) - 2 * n : len(rows) - n]
    return sorted(validation), sorted(test)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 3), st.sampled_from(["implicit", "rating"]))
def test_time_split_holds_out_the_end_of_each_user(rows, seed, task):
    dataset = make_dataset(rows)
    if np.isfinite(label_interactions(dataset, task)).sum() < 20:
        return
    split = make_split(dataset, task=task, seed=seed)
    user, time = dataset.interactions["user_index"].to_numpy(), dataset.interactions["time"].to_numpy()
    validation, test = held_out_slowly(user, split.order, ~np.isnan(split.label))
    assert (split.validation.tolist(), split.test.tolist()) == (validation, test)
    for u in np.unique(user[split.test]):
        train, val, tst = (part[user[part] == u] for part in (split.train, split.validation, split.test))
        assert len(train)
        assert split.order[train].max() < split.order[val].min() <= split.order[val].max() < split.order[tst].min()
        assert time[train].max() <= time[val].min() <= time[tst].min()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 3), st.sampled_from(TASKS), st.sampled_from(KINDS))
def test_no_row_is_lost_or_held_twice(rows, seed, task, kind):
    dataset = make_dataset(rows)
    try:
        split = make_split(dataset, task=task, kind=kind, seed=seed)
    except DataError:  # test_too_little_to_split_is_refused says when
        return
    parts = np.concatenate([split.train, split.validation, split.test])
    assert sorted(parts) == np.flatnonzero(np.isfinite(split.label)).tolist()
    assert sorted(split.order) == list(range(len(rows)))
    if split.kind == "random":
        assert split.order[split.train].max() < split.order[split.validation].min()
        assert split.order[split.validation].max() < split.order[split.test].min()
    else:
        assert (np.diff(dataset.interactions["time"].to_numpy()[np.argsort(split.order)]) >= 0).all()
    users = dataset.interactions["user_index"].to_numpy()
    assert split.n_test_users == len(set(users[split.test]))
    assert split.n_known_test_users == len(set(users[split.test]) & set(users[split.train]))
    again = make_split(dataset, task=task, kind=kind, seed=seed)
    assert all(np.array_equal(getattr(split, n), getattr(again, n)) for n in ("train", "validation", "test", "order"))


def test_the_fractions_by_hand():
    rows = [(0, i, 5, i) for i in range(30)] + [(1, i, 5, i) for i in range(3)] + [(2, i, 5, i) for i in range(2)]
    split = make_split(make_dataset(rows), task="rating", seed=0)
    assert split.test.tolist() == [27, 28, 29, 32]
    assert split.validation.tolist() == [24, 25, 26, 31]
    assert (split.n_test_users, split.n_known_test_users) == (2, 2)
    wide = make_split(make_dataset(rows), task="rating", seed=0, fraction=1 / 3)
    assert [(wide.test < 30).sum(), (wide.validation < 30).sum(), (wide.train < 30).sum()] == [10, 10, 10]


def test_ties_are_put_in_order_by_the_seed():
    dataset = make_dataset([(0, i, 5, 7) for i in range(40)])
    a, b, c = (make_split(dataset, task="rating", seed=seed) for seed in (1, 1, 2))
    assert a.order.tolist() == b.order.tolist() != c.order.tolist()
    assert a.order.tolist() != list(range(40))


def test_appended_rows_leave_the_order_of_the_others_alone():
    rows = [(i % 3, i % 7, 5, i % 4) for i in range(60)]
    before = make_split(make_dataset(rows), task="rating", seed=0).order
    after = make_split(make_dataset([*rows, (0, 6, 5, 2), (1, 5, 5, 99)]), task="rating", seed=0).order[:60]
    assert np.argsort(before).tolist() == np.argsort(after).tolist()


@pytest.mark.parametrize(
    ("outcome", "task", "values", "labels"),
    [
        ("rating", "implicit", [1, 2, 3, 4, 5, 2.5], [None, None, 1, 1, 1, None]),
        ("rating", "like", [1, 2, 3, 4, 5, 2.5, 3.5], [0, 0, None, 1, 1, None, None]),
        ("rating", "rating", [1, 2.5, 5], [1, 2.5, 5]),
        ("click", "implicit", [0, 1], [None, 1]),
        ("click", "like", [0, 1], [0, 1]),
        ("taken", "implicit", [1, 1], [1, 1]),
    ],
)
def test_labels(outcome, task, values, labels):
    dataset = make_dataset([(0, i, value, i) for i, value in enumerate(values)], outcome=outcome)
    found = label_interactions(dataset, task)
    assert [None if np.isnan(x) else x for x in found] == labels


def test_without_times_the_split_is_random():
    rows = [(i % 4, i % 9, 5, 0) for i in range(100)]
    split = make_split(make_dataset(rows, has_time=False), task="implicit", kind="time", seed=0)
    assert split.kind == "random"
    assert [len(split.train), len(split.validation), len(split.test)] == [80, 10, 10]
    assert split.order.tolist() != list(range(100))


def test_random_split_of_other_seeds_differs():
    dataset = make_dataset([(i % 4, i % 9, 5, i) for i in range(100)])
    tests = {tuple(make_split(dataset, task="rating", kind="random", seed=s).test) for s in range(5)}
    assert len(tests) == 5


def test_cutoff_keeps_equal_dates_together_and_counts_users():
    rows = [(i // 10, i % 10, 5, i) for i in range(100)] + [(10, 0, 5, 99)]
    split = make_split(make_dataset(rows), task="rating", kind="cutoff", seed=0)
    time = np.array([row[3] for row in rows])
    assert time[split.train].max() < time[split.validation].min()
    assert time[split.validation].max() < time[split.test].min()
    assert split.test.tolist() == list(range(91, 101))  # above the 90 % date, both rows of the last one
    assert (split.n_test_users, split.n_known_test_users) == (2, 0)


def test_cutoff_on_movielens_100k_leaves_the_known_number_of_users(ml_100k):
    split = make_split(ml_100k, task="rating", kind="cutoff", seed=0)
    assert (split.n_test_users, split.n_known_test_users) == (166, 69)


def test_movielens_100k_by_time(ml_100k):
    split = make_split(ml_100k, task="implicit", seed=0)
    assert np.isfinite(split.label).sum() == (ml_100k.interactions["value"] >= 3).sum() == 82520
    assert len(split.train) + len(split.validation) + len(split.test) == 82520
    assert split.n_test_users == split.n_known_test_users == 943


@pytest.mark.parametrize(
    ("outcome", "how", "words"),
    [
        ("taken", {"task": "like"}, "taken items only; it cannot be trained for task 'like'. Use implicit"),
        ("click", {"task": "rating"}, "clicks; it cannot be trained for task 'rating'. Use implicit / like"),
        ("rating", {"task": "guess"}, "task must be one of implicit, like, rating"),
        ("rating", {"task": "like", "kind": "sideways"}, "split must be one of time, random, cutoff"),
        ("rating", {"task": "like", "fraction": 0.5}, "fraction must lie between 0 and 1/3, got 0.5"),
    ],
)
def test_settings_are_checked(outcome, how, words):
    with pytest.raises(SettingError, match=words):
        make_split(make_dataset([(0, i, 1, i) for i in range(20)], outcome=outcome), seed=0, **how)


@pytest.mark.parametrize(
    ("rows", "how", "key"),
    [
        ([(0, i, 5, i) for i in range(9)], {"task": "rating"}, "table.too_few"),
        ([(0, i, 1, i) for i in range(20)], {"task": "implicit"}, "table.too_few"),
        ([(0, i, 5, i) for i in range(20)], {"task": "like"}, "table.one_class"),
        ([(i, 0, 5, i) for i in range(20)], {"task": "rating"}, "split.empty"),
        ([(0, i, 5, 7) for i in range(20)], {"task": "rating", "kind": "cutoff"}, "split.empty"),
    ],
)
def test_too_little_to_split_is_refused(rows, how, key):
    with pytest.raises(DataError) as caught:
        make_split(make_dataset(rows), seed=0, **how)
    assert caught.value.key == key
