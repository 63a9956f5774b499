"""Known positives: equal to a walk through the log, and bounded in memory where one user repeats everything."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import make_dataset

from recsys_core.data.history import PARTS, Histories
from recsys_core.data.known import BLOCK
from recsys_core.data.split import make_split


def repetitive(seed: int, n_rows: int, n_items: int) -> list[tuple[int, int, float, int]]:
    """User 0 repeats a few items, user 1 takes each item once, user 2 does both; ratings vary, some times are equal."""
    random = np.random.default_rng(seed)
    mine = [
        (0, int(i), float(random.integers(1, 6)), t // 3) for t, i in enumerate(random.integers(0, n_items, n_rows))
    ]
    once = [(1, int(i), 5.0, t) for t, i in enumerate(random.permutation(n_items + 12))]
    both = [
        (2, int(i), 4.0, t) for t, i in enumerate(np.r_[random.permutation(90), random.integers(0, 9, n_rows // 2)])
    ]
    return mine + once + both


def slow_known(histories, split, row, part):
    """Every earlier taken item of the row's user, newest first, each once, never the target."""
    allowed = {*split.train, *(split.validation if part == "test" else ())}
    found: list[int] = []
    earlier = np.flatnonzero((histories.user == histories.user[row]) & (split.order < split.order[row]))
    for other in earlier[np.argsort(-split.order[earlier])].tolist():
        item = int(histories.item[other])
        if other in allowed and histories.positive[other] and item != histories.item[row] and item not in found:
            found.append(item)
    return found


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(20, 6 * BLOCK),
    st.integers(2, 40),
    st.integers(1, 60),
    st.sampled_from([("implicit", "time"), ("like", "random"), ("rating", "cutoff")]),
)
def test_known_and_histories_equal_the_slow_ones(seed, n_rows, n_items, length, task_kind):
    dataset = make_dataset(repetitive(seed, n_rows, n_items))
    split = make_split(dataset, task=task_kind[0], kind=task_kind[1], seed=seed)
    histories = Histories.build(dataset, split, length)
    random = np.random.default_rng(seed)
    for part in PARTS:
        rows = random.choice(getattr(split, part), min(25, len(getattr(split, part))), replace=False)
        expected = [slow_known(histories, split, row, part) for row in rows]
        known = histories.known_at(rows, part)
        table = known.csr()
        assert [table.indices[a:b].tolist() for a, b in pairwise(table.indptr)] == [e[::-1] for e in expected]
        assert histories.known_at(rows, part).newest().tolist() == [(e + [-1] * length)[:length] for e in expected]
        moments, own = known.moments()
        table = moments.csr()
        for i, row in enumerate(rows):
            mine = set(table[[own[i]]].indices.tolist())
            assert mine - {int(histories.item[row])} == set(expected[i])


def test_known_of_users_by_hand():
    dataset = make_dataset(
        [(0, i, 5, t) for t, i in enumerate([4, 1, 4, 2, 1, 3, 0, 5])] + [(1, 1, 5, 9), (1, 1, 1, 2)] * 2
    )
    split = make_split(dataset, task="implicit", seed=0)
    histories = Histories.build(dataset, split, length=3)
    known = histories.known(np.array([1, 0]), "validation")
    table = known.csr()
    assert (table.indptr.tolist(), table.indices.tolist()) == ([0, 1, 5], [1, 4, 2, 1, 3])
    assert known.popularity.tolist() == [0, 4, 1, 1, 2, 0]  # rows, not users
    assert histories.known(np.array([0]), "test").csr().indices.tolist() == [4, 2, 1, 3, 0]
    assert histories.users(np.array([0]), "test").tolist() == [[0, 3, 1]]


@pytest.mark.parametrize("n_items", [3, 30, 3000])
def test_memory_follows_the_history_that_is_read(n_items):
    random = np.random.default_rng(0)
    n = 16_000
    rows = [(0, int(i), 5, t) for t, i in enumerate(random.integers(0, n_items, n))]
    dataset = make_dataset([*rows, *((1, i, 5, i) for i in range(12))])
    split = make_split(dataset, task="implicit", seed=0)
    tracemalloc.start()
    histories = Histories.build(dataset, split)
    found = histories.known_at(split.train, "train").newest()
    known = histories.known_at(split.test, "test")
    moments, _ = known.moments()
    n_known = moments.csr().nnz
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100e6, "the history is 50 items, however often one of them comes back"
    assert len(moments) == 2
    assert n_known <= n_items + 12
    for row in (0, 500, len(split.train) - 20):
        assert [i for i in found[row].tolist() if i >= 0] == slow_known(histories, split, split.train[row], "train")[
            :50
        ]
    each = np.concatenate(list(known.chunks()))
    assert each.tolist() == list(range(len(known)))
    assert max(map(len, known.chunks())) * n < 3e6


def test_one_users_items_are_found_without_a_look_at_the_others():
    dataset = make_dataset(repetitive(3, 200, 20))
    histories = Histories.build(dataset, make_split(dataset, task="like", seed=0))
    assert [histories.rows_of(u).tolist() for u in range(3)] == [
        np.flatnonzero(histories.user == u).tolist() for u in range(3)
    ]
