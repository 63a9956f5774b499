"""Orders of a large log are found by counting: they are those that sorting the whole log gives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.build_dataset import share_of_equal_times
from recsys_core.data.known import PositiveRows
from recsys_core.data.order import _spelled_out, by_group, by_rank, by_time, in_canonical_order, natural_order
from recsys_core.data.split import order_interactions, part_by_user
from recsys_core.metrics.intervals import CELLS, mean_interval
from recsys_core.seeds import random_stream

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 6)), max_size=40)  # user, item, time


@settings(deadline=None)
@given(ROWS, st.booleans(), st.booleans(), st.integers(0, 5))
def test_order_is_by_time_then_by_the_draw(rows, sort, in_time, seed):
    time = np.array(sorted(r[2] for r in rows) if sort else [r[2] for r in rows], dtype=np.int64)
    dataset = SimpleNamespace(n_interactions=len(time), interactions=pd.DataFrame({"time": time}))
    draw = np.random.default_rng(seed).random(len(time))
    sequence = np.lexsort((draw, time if in_time else np.zeros(len(time))))
    order = order_interactions(dataset, seed, in_time=in_time)
    assert order[sequence].tolist() == list(range(len(time)))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "u", "user-1 ", "9x"]), st.sampled_from(["0", "7", "07", "12", "ü", "100"]))
    )
)
def test_ids_of_one_form_are_ordered_as_any_ids(pairs):
    """The quick way for a shared beginning and numbers gives the order of the key that all others are sorted by."""
    names = list(dict.fromkeys(first + rest for first, rest in pairs))
    expected = sorted(range(len(names)), key=lambda i: (_spelled_out(names[i]), names[i]))
    assert natural_order(pd.Series(names, dtype="str")).tolist() == expected
    shared = [f"user-1 {i}" for i in (10, 9, 100, 0)]
    assert natural_order(pd.Series(shared)).tolist() == [3, 1, 0, 2]


@settings(deadline=None)
@given(ROWS)
def test_rows_are_sorted_by_time_and_equal_times_by_the_other_columns(rows):
    user, item, time = (np.array([r[i] for r in rows], dtype=np.int64) for i in range(3))
    assert by_time(time, [item, user]).tolist() == np.lexsort([item, user, time]).tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=40))
def test_equal_times_of_a_user_are_counted_side_by_side(rows):
    log = pd.DataFrame(rows, columns=["user_index", "item_index", "time"]).assign(value=1.0)
    users, items = (pd.DataFrame({f"{side}_id": [str(i) for i in range(5)]}) for side in ("user", "item"))
    log = in_canonical_order(users, items, log)[2]
    assert share_of_equal_times(log) == log.duplicated(["user_index", "time"], keep=False).mean()


@settings(deadline=None)
@given(ROWS, st.integers(0, 5))
def test_groups_and_ranks_are_sorted_as_lexsort_sorts_them(rows, seed):
    user = np.array([r[0] for r in rows], dtype=np.int32)
    rank = np.random.default_rng(seed).permutation(2 * len(user))[: len(user)]
    assert by_group(user, 7).tolist() == np.argsort(user, kind="stable").tolist()
    assert by_rank(rank, 2 * len(user)).tolist() == np.argsort(rank).tolist()


@settings(deadline=None)
@given(ROWS, st.integers(0, 5))
def test_parts_come_from_the_end_of_each_users_rows(rows, seed):
    user = np.array([r[0] for r in rows], dtype=np.int32)
    rank = np.random.default_rng(seed).permutation(2 * len(user))[: len(user)]
    expected = np.zeros(len(user), dtype=int)
    for one in set(user.tolist()):
        mine = sorted(np.flatnonzero(user == one), key=lambda row: rank[row])
        n_test = min(max(1, round(0.1 * len(mine))), (len(mine) - 1) // 2) if len(mine) >= 3 else 0
        expected[mine[len(mine) - n_test :]] = 2
        expected[mine[len(mine) - 2 * n_test : len(mine) - n_test]] = 1
    assert part_by_user(user, rank).tolist() == expected.tolist()


@settings(deadline=None)
@given(ROWS, st.integers(0, 5))
def test_a_row_is_followed_by_the_users_next_row_of_the_item(rows, seed):
    user, item = (np.array([r[i] for r in rows], dtype=np.int32) for i in (0, 1))
    rank = np.random.default_rng(seed).permutation(2 * len(user))[: len(user)]
    made = PositiveRows.build(user, item, rank, shape=(5, 4, 2 * len(user)), length=2)
    sequence = np.lexsort((rank, user))
    pairs = list(zip(user[sequence], item[sequence], strict=True))
    following = [next((j for j in range(i + 1, len(pairs)) if pairs[j] == p), len(pairs)) for i, p in enumerate(pairs)]
    assert made.key.tolist() == (user.astype(np.int64) * 2 * len(user) + rank)[sequence].tolist()
    assert made.item.tolist() == item[sequence].tolist()
    assert made.following.tolist() == following


def test_an_interval_of_many_users_is_drawn_in_pieces():
    """In pieces the draws are those that are drawn at once; more users than cells are one draw a piece."""
    values = np.random.default_rng(0).random(CELLS // 400)
    draws = random_stream(3, "interval of a mean").multinomial(len(values), np.full(len(values), 1 / len(values)), 450)
    expected = np.quantile(draws @ values / len(values), [0.025, 0.975])
    np.testing.assert_allclose(mean_interval(values, seed=3, n_draws=450), expected, rtol=1e-12)
