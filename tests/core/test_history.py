"""Histories: strictly earlier, newest first, and blind to everything that is held out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from recsys_core.data.history import PARTS, Histories
from recsys_core.data.importers import import_dataset
from recsys_core.data.split import Split, make_split
from recsys_core.errors import DataError

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from([1, 2, 3, 4, 5]), st.integers(0, 15)),
    min_size=20,
    max_size=70,
)
TASK_KINDS = st.sampled_from([(t, k) for t in ("implicit", "like", "rating") for k in ("time", "random", "cutoff")])


def split_or_discard(rows, task, kind, seed=0):
    dataset = make_dataset(rows)
    try:
        return dataset, make_split(dataset, task=task, kind=kind, seed=seed)
    except DataError:
        assume(False)


def slow_history(dataset, split, *, user, before, pool, target=None, length=50):
    """One history, item by item, straight from the definition."""
    users, items = (dataset.interactions[c].tolist() for c in ("user_index", "item_index"))
    taken = split.label == 1 if split.task != "rating" else (split.label - 1) / 4 >= 0.75
    found = []
    for row in sorted(pool, key=lambda r: -split.order[r]):
        mine = users[row] == user and split.order[row] < before and taken[row]
        if mine and items[row] != target and items[row] not in found:
            found.append(items[row])
    return (found + [-1] * length)[:length]


def pool_of(split: Split, part: str) -> list[int]:
    return [*split.train, *split.validation] if part == "test" else list(split.train)


@settings(max_examples=40, deadline=None)
@given(ROWS, TASK_KINDS, st.integers(1, 6))
def test_histories_equal_the_slow_ones(rows, task_kind, length):
    dataset, split = split_or_discard(rows, *task_kind)
    histories = Histories.build(dataset, split, length)
    frame = dataset.interactions
    for part in PARTS:
        asked = getattr(split, part)
        expected = [
            slow_history(
                dataset,
                split,
                user=frame["user_index"][row],
                before=split.order[row],
                pool=pool_of(split, part),
                target=frame["item_index"][row],
                length=length,
            )
            for row in asked
        ]
        found = histories.known_at(asked, part).newest()
        assert found.dtype == np.int32
        assert found.tolist() == expected
    for part in ("validation", "test"):
        everyone = np.arange(dataset.n_users)
        expected = [
            slow_history(dataset, split, user=u, before=len(frame), pool=pool_of(split, part), length=length)
            for u in everyone
        ]
        assert histories.users(everyone, part).tolist() == expected


def test_histories_by_hand():
    rows = [(0, i, 5, i) for i in range(12)] + [(1, 3, 5, 5)] * 2 + [(0, 4, 1, 100), (0, 20, 5, -1)]
    dataset = make_dataset(rows)
    split = make_split(dataset, task="like", seed=0)
    histories = Histories.build(dataset, split, length=3)
    assert split.test.tolist() == [14]
    assert split.validation.tolist() == [11]
    assert histories.known_at(np.array([15, 0, 1, 10]), "train").newest().tolist() == [
        [-1, -1, -1], [20, -1, -1], [0, 20, -1], [9, 8, 7],
    ]  # fmt: skip
    assert histories.known_at(np.array([11]), "validation").newest().tolist() == [[10, 9, 8]]
    assert histories.known_at(np.array([14]), "test").newest().tolist() == [[11, 10, 9]]
    assert histories.users(np.array([1, 0]), "test").tolist() == [[3, -1, -1], [11, 10, 9]]
    assert histories.users(np.array([0]), "validation").tolist() == [[10, 9, 8]]


def test_an_item_taken_again_stands_once_and_never_beside_itself_as_target():
    items = [1, 2, 1, 3, 1, 2, 4, 5, 6, 1, 2, 3]
    dataset = make_dataset([(0, item, 5, i) for i, item in enumerate(items)])
    split = make_split(dataset, task="implicit", seed=0)
    histories = Histories.build(dataset, split, length=4)
    assert histories.known_at(np.array([4, 6, 9]), "train").newest().tolist() == [
        [3, 2, -1, -1],
        [2, 1, 3, -1],
        [6, 5, 4, 2],
    ]
    assert histories.known_at(np.array([10]), "validation").newest().tolist() == [[1, 6, 5, 4]]
    assert histories.held_out(part="test").indices.tolist() == []  # 3 was taken in training already


@settings(max_examples=60, deadline=None)
@given(ROWS, TASK_KINDS, st.data())
def test_changed_held_out_rows_change_no_training_history(rows, task_kind, data):
    dataset, split = split_or_discard(rows, *task_kind)
    before = Histories.build(dataset, split)
    held = np.concatenate([split.validation, split.test])
    frame = dataset.interactions.copy()
    n = len(held)
    frame.loc[held, "item_index"] = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), np.int32)
    label, order = split.label.copy(), split.order.copy()
    label[held] = data.draw(st.lists(st.sampled_from([1, 4, 5]), min_size=n, max_size=n))
    order[held] = order[np.array(data.draw(st.permutations(held.tolist())))]
    after = Histories.build(replace(dataset, interactions=frame), replace(split, label=label, order=order))
    assert np.array_equal(before.known_at(split.train, "train").newest(), after.known_at(split.train, "train").newest())
    everyone = np.arange(dataset.n_users)
    assert np.array_equal(before.users(everyone, "validation"), after.users(everyone, "validation"))


@settings(max_examples=60, deadline=None)
@given(ROWS, TASK_KINDS, st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=10))
def test_added_held_out_rows_change_no_training_history(rows, task_kind, more):
    dataset, split = split_or_discard(rows, *task_kind)
    added = make_dataset([*rows, *((user, item, 5, 99) for user, item in more)], n_users=dataset.n_users)
    new = np.arange(len(rows), len(rows) + len(more))
    wider = replace(
        split,
        test=np.concatenate([split.test, new]),
        label=np.concatenate([split.label, np.ones(len(more), np.float32)]),
        order=np.concatenate([split.order, new]),
    )
    before, after = Histories.build(dataset, split), Histories.build(added, wider)
    for part in ("train", "validation"):
        assert np.array_equal(
            before.known_at(getattr(split, part), part).newest(), after.known_at(getattr(split, part), part).newest()
        )


@settings(max_examples=30, deadline=None)
@given(ROWS, st.integers(0, 2))
def test_a_later_test_item_changes_nothing_before_it_in_a_new_split(rows, seed):
    dataset, split = split_or_discard(rows, "rating", "time", seed)
    frame = dataset.interactions.copy()
    frame.loc[split.test, "item_index"] = np.int32(0)
    frame.loc[split.test, "time"] += 1000
    changed = replace(dataset, interactions=frame)
    again = make_split(changed, task="rating", seed=seed)
    assert np.array_equal(split.train, again.train)
    a, b = Histories.build(dataset, split), Histories.build(changed, again)
    assert np.array_equal(a.known_at(split.train, "train").newest(), b.known_at(again.train, "train").newest())
    assert np.array_equal(
        a.known_at(split.validation, "validation").newest(), b.known_at(again.validation, "validation").newest()
    )


@settings(max_examples=60, deadline=None)
@given(ROWS, TASK_KINDS)
def test_seen_and_held_out_equal_the_slow_ones(rows, task_kind):
    dataset, split = split_or_discard(rows, *task_kind)
    histories = Histories.build(dataset, split)
    frame, order = dataset.interactions, split.order
    part_of = np.full(len(frame), -1)
    for number, part in enumerate(PARTS):
        part_of[getattr(split, part)] = number
    good = split.label == 1 if split.task != "rating" else split.label >= 4
    for part in ("validation", "test"):
        held_from = PARTS.index(part)
        everyone = np.arange(dataset.n_users)
        held_out, seen_by = histories.held_out(part=part), histories.seen_by(everyone, part)
        for user in range(dataset.n_users):
            mine = np.flatnonzero(frame["user_index"] == user)
            begin = min((order[r] for r in mine if part_of[r] >= held_from), default=len(frame))
            unlabelled = [r for r in mine if part_of[r] < 0 and order[r] < begin and split.kind != "random"]
            known = [r for r in mine if 0 <= part_of[r] < held_from] + unlabelled
            seen = sorted({int(frame["item_index"][r]) for r in known})
            held = {int(frame["item_index"][r]) for r in mine if part_of[r] == held_from and good[r]}
            assert histories.seen(user, part).tolist() == seen
            assert seen_by[[user]].indices.tolist() == seen
            assert histories.met(np.array([user])).indices.tolist() == sorted({frame["item_index"][r] for r in mine})
            assert held_out[[user]].indices.tolist() == sorted(held - set(seen))
        some = np.array([dataset.n_users - 1, 0])
        few = histories.held_out(some, part)
        assert (few.indices.tolist(), few.indptr.tolist()) == (
            held_out[some].indices.tolist(),
            held_out[some].indptr.tolist(),
        )


@pytest.mark.parametrize(("task", "kind"), [("implicit", "time"), ("like", "random")])
def test_movielens_100k(data_folder, task, kind):
    dataset = import_dataset("movielens-100k", data_folder / "ml-100k")
    split = make_split(dataset, task=task, kind=kind, seed=0)
    histories = Histories.build(dataset, split)
    item, order = dataset.interactions["item_index"].to_numpy(), split.order
    user = dataset.interactions["user_index"].to_numpy()
    rank_of = {(u, i): o for u, i, o in zip(user.tolist(), item.tolist(), order.tolist(), strict=True)}
    for part in PARTS:
        rows = getattr(split, part)[::97]
        found = histories.known_at(rows, part).newest()
        assert found.shape == (len(rows), 50)
        assert not (found == item[rows, None]).any()
        for row, items in zip(rows, found.tolist(), strict=True):
            when = [rank_of[user[row], i] for i in items if i >= 0]
            assert when == sorted(when, reverse=True)
            assert not when or when[0] < order[row]
            assert -1 not in items[: len(when)]
