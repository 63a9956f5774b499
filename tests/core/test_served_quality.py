"""Served lists joined with their feedback: hits and NDCG by hand and by other libraries, intervals, gaps, changes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import ndcg_score

from recsys_core.data.schema import Schema
from recsys_core.metrics import ndcg_at_k
from recsys_core.monitoring.intervals import UserSums, correlation, difference, estimate
from recsys_core.monitoring.quality import QualityWindow, UserGroups
from recsys_core.monitoring.served_lists import NDCG_BY_MASK, K, ServedLists
from recsys_core.results.fairness import EVERYONE, Group
from recsys_core.results.monitoring import HIT_RATE, NDCG

N_USERS, N_ITEMS = 400, 30
A, B, REST = Group("value", "a"), Group("value", "b"), Group("rest")


def click_data() -> SimpleNamespace:
    """What served lists need of a dataset under task ``like`` with clicks: ids, and what counts as taken."""
    users, items = (pd.Index([f"{letter}{i}" for i in range(n)]) for letter, n in (("u", N_USERS), ("i", N_ITEMS)))
    dataset = SimpleNamespace(user_ids=users, item_ids=items, schema=Schema((), (), "click"))
    return SimpleNamespace(dataset=dataset, task="like")


def lists_frame(rows: list[tuple[str, str | None, float]], n_items: int = K) -> pd.DataFrame:
    """Lists of ``i0 i1 …`` as (id, user, when)."""
    return pd.DataFrame(
        {
            "list_id": [row[0] for row in rows],
            "user_id": [row[1] for row in rows],
            "served": [row[2] for row in rows],
            "version": 1,
            "items": [tuple(f"i{k}" for k in range(n_items))] * len(rows),
        }
    )


def events_frame(rows: list[tuple[str | None, int | None, float, float]]) -> pd.DataFrame:
    """Events as (list, place, outcome, when received)."""
    return pd.DataFrame(
        {
            "list_id": [row[0] for row in rows],
            "position": pd.array([row[1] for row in rows], dtype="Int64"),
            "outcome": [row[2] for row in rows],
            "received": [row[3] for row in rows],
        }
    )


BY_HAND = [
    ("first", 1, 1.0, 5.0),  # the first place of the first list
    ("first", 3, 1.0, 9.0),
    ("first", 3, 1.0, 9.0),  # told twice
    ("first", 2, 0.0, 9.0),  # shown, looked at, not taken
    ("second", 4, 0.0, 20.0),  # labelled, nothing taken
    ("third", 1, 1.0, 90.0),  # 70 s late
    ("fourth", 2, 1.0, 29.0),  # a clock that went back
    (None, None, 1.0, 30.0),  # on no list
    ("unknown", 1, 1.0, 30.0),
    ("first", None, 1.0, 9.0),  # an item that was not on the list
]
SERVED = [("first", "u1", 0.0), ("second", "u2", 10.0), ("third", None, 20.0), ("fourth", "somebody", 30.0)]


def joined(events: list[tuple]) -> ServedLists:
    lists = ServedLists(click_data(), horizon=60.0)
    lists.add_lists(lists_frame(SERVED))
    lists.add_events(events_frame(events))
    return lists


def test_a_list_is_joined_with_what_was_taken_of_it_within_the_horizon():
    lists = joined(BY_HAND)
    assert lists.hit.tolist() == [1, 0, 0, 1]
    assert lists.labelled.tolist() == [True, True, False, True]
    ideal = 1 + 1 / np.log2(3)
    assert lists.ndcg == pytest.approx([(1 + 1 / np.log2(4)) / ideal, 0, 0, 1 / np.log2(3)])
    assert lists.user[:2].tolist() == [1, 2]
    assert (lists.user[2:] < 0).all()
    assert lists.user[2] != lists.user[3]


def test_neither_order_nor_repetition_nor_pieces_change_the_join():
    whole, again = joined(BY_HAND), joined([])
    for event in [*reversed(BY_HAND), *BY_HAND]:
        again.add_events(events_frame([event]))
    assert again.taken.tolist() == whole.taken.tolist()
    assert again.labelled.tolist() == whole.labelled.tolist()


def test_lists_within_the_horizon_are_open_and_count_nowhere():
    lists = joined(BY_HAND)
    rows, n_open = lists.within(0.0, 40.0, at=75.0)
    assert rows.tolist() == [0, 1]
    assert n_open == 2


def test_the_oldest_lists_go_and_late_feedback_finds_the_others():
    lists = ServedLists(click_data(), horizon=1e9, most=3)
    for start in range(0, 10, 2):
        lists.add_lists(lists_frame([(f"l{k}", f"u{k}", float(k)) for k in range(start, start + 2)]))
    lists.add_events(events_frame([(f"l{k}", 1, 1.0, 20.0) for k in (0, 6, 8)]))
    assert lists.served.tolist() == [7, 8, 9]
    assert lists.hit.tolist() == [0, 1, 0]


def test_ndcg_by_places_is_that_of_the_metrics_and_of_scikit_learn():
    taken = (np.arange(1, 1 << K)[:, None] >> np.arange(K)) & 1
    top = np.broadcast_to(np.arange(K), taken.shape)
    assert NDCG_BY_MASK[0] == 0
    assert NDCG_BY_MASK[1:] == pytest.approx(ndcg_at_k(top, csr_array(taken)), abs=1e-12)
    by_scikit = [ndcg_score(row[None], -np.arange(K)[None]) for row in taken[::41]]
    assert NDCG_BY_MASK[1::41] == pytest.approx(by_scikit, abs=1e-12)


def drawn(random: np.random.Generator, n_users: int, rate: float, spread: float = 0.15) -> UserSums:
    """Hits of users who differ in how often they take something and in how many lists they were served."""
    n_lists = random.integers(1, 12, n_users)
    own = np.clip(random.beta(rate / spread, (1 - rate) / spread, n_users), 0, 1)
    user = np.repeat(np.arange(n_users), n_lists)
    return UserSums.of((random.random(len(user)) < own[user]).astype(float), user, n_users)


@pytest.mark.parametrize(("n_users", "rate"), [(25, 0.1), (200, 0.3), (400, 0.02)])
def test_intervals_hold_for_lists_that_belong_to_users(n_users: int, rate: float):
    random = np.random.default_rng(3)
    found = [estimate(drawn(random, n_users, rate)) for _ in range(300)]
    assert np.mean([e.low <= rate <= e.high for e in found]) >= 0.92
    assert all(e.low <= e.value <= e.high for e in found)


def test_an_interval_is_about_that_of_a_bootstrap_over_users():
    random = np.random.default_rng(5)
    sums = drawn(random, 300, 0.3)
    counts = random.multinomial(300, np.full(300, 1 / 300), 2000)
    low, high = np.quantile((counts @ sums.total) / (counts @ sums.n_lists), [0.025, 0.975])
    found = estimate(sums)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def test_nothing_taken_of_many_lists_is_not_certainly_nothing():
    none = UserSums.of(np.zeros(100), np.repeat(np.arange(10), 10), 10)
    found = estimate(none)
    assert found.value == 0
    assert found.low == 0
    assert 0.1 < found.high < 0.5
    assert estimate(UserSums.of(np.ones(3), np.zeros(3, dtype=int), 1)).low is None
    assert estimate(UserSums.of(np.zeros(0), np.zeros(0, dtype=int), 4)).value is None


def test_differences_know_that_the_same_users_were_asked_twice():
    random = np.random.default_rng(7)
    own, held = np.clip(random.beta(1, 2, 200), 0, 1), []
    user = np.repeat(np.arange(200), 5)
    for _ in range(300):
        first, second = (UserSums.of((random.random(1000) < own[user]).astype(float), user, 200) for _ in range(2))
        bounds = difference(estimate(first), estimate(second), correlation=correlation(first, second))
        apart = difference(estimate(first), estimate(second))
        assert bounds[2] - bounds[1] < apart[2] - apart[1]
        held.append(bounds[1] <= 0 <= bounds[2])
    assert 0.92 <= np.mean(held) <= 0.99


def window(hits: np.ndarray, user: np.ndarray, served: np.ndarray | None = None) -> QualityWindow:
    """Lists of users of whom the first half are ``a``, of the rest 10 are ``c`` and the others ``b``."""
    lists = ServedLists(click_data())
    lists.user, lists.served = user, np.zeros(len(user)) if served is None else served
    lists.taken, lists.labelled = hits.astype(np.int64), hits.astype(bool)
    code = np.where(np.arange(N_USERS) < 200, 0, np.where(np.arange(N_USERS) < 210, 2, 1))
    groups = UserGroups("user.kind", (A, B, Group("value", "c"), Group("missing")), code)
    return QualityWindow(lists, np.arange(len(user)), groups, least=20)


def test_groups_of_few_users_are_pooled_and_figures_are_those_of_the_rows():
    random = np.random.default_rng(11)
    user = random.integers(-5, N_USERS, 3000)
    hits = random.random(3000) < np.where(user < N_USERS // 2, 0.5, 0.2)
    found = {g.group: g for g in window(hits, user).quality()}
    assert set(found) == {EVERYONE, A, B, REST}
    is_a, is_b = (user >= 0) & (user < 200), user >= 210
    for group, rows in ((EVERYONE, user > -9), (A, is_a), (B, is_b), (REST, ~is_a & ~is_b)):
        assert found[group].n_lists == rows.sum()
        assert found[group].n_users == len(np.unique(user[rows]))
        assert found[group].measures[HIT_RATE].value == pytest.approx(hits[rows].mean())


def test_a_planted_gap_is_found_and_one_by_chance_is_rarely_called_one():
    random = np.random.default_rng(13)
    user = np.repeat(np.arange(N_USERS), 5)
    gap = window(random.random(2000) < np.where(user < 200, 0.35, 0.2), user).gaps()[0]
    assert (gap.measure, gap.best, gap.worst) == (HIT_RATE, A, B)
    assert 0 < gap.low < 0.15 < gap.high
    by_chance = [window(random.random(2000) < 0.3, user).gaps()[0].low > 0 for _ in range(100)]
    assert sum(by_chance) <= 10


def test_a_fall_of_one_group_is_a_change_of_that_group_and_of_the_gap():
    random = np.random.default_rng(17)
    user, served = np.tile(np.repeat(np.arange(N_USERS), 5), 2), np.repeat([0.0, 100.0], 2000)
    fell = (user >= 210) & (served > 50)
    held = window(random.random(4000) < np.where(fell, 0.15, 0.35), user, served)
    changes = {(c.group, c.measure): c for c in held.changes(50.0)}
    b, a = changes[B, HIT_RATE], changes[A, HIT_RATE]
    assert b.high < 0 < b.before.value - b.after.value
    assert a.low < 0 < a.high
    assert {c.measure: c.low > 0 for c in held.gap_changes(50.0)} == {HIT_RATE: True, NDCG: True}
    points = held.over_time(np.array([0.0, 50.0, 101.0]))
    assert [p.groups[0].n_lists for p in points] == [2000, 2000]
    assert points[1].groups[2].measures[HIT_RATE].value == b.after.value
