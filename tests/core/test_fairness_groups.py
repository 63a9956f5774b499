"""Groups of users and items: labels, buckets, memberships, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from fairness_data import make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys_core.data.schema import Column
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.groups import MISSING, bucket, find_column, groupable_columns, make_grouping

NOBODY = (np.zeros(5, dtype=int), np.zeros(0, dtype=int))
DATASET = make_dataset(
    {
        "gender": ["F", "M", None, "F"],
        "age": [20.0, 30.0, 40.0, np.nan],
        "size": ["L", "S", "M", "S"],
        "bio": list("abcd"),
        "postcode": ["1", "1", "2", "2"],
        "likes": ["a|b", "a", "a|b", None],
    },
    {"category": ["x", "y", "x"], "tags": ["red|big", None, "red"], "price": [1.0, 2.5, 2.5]},
    columns=(
        Column("age", "number", unit="years"),
        Column("gender", "category", sensitive=True),
        Column("size", "ordered", levels=("S", "M", "L", "XL")),
        Column("bio", "text"),
        Column("postcode", "ignored", sensitive=True),
        Column("likes", "set"),
    ),
    item_columns=(Column("category", "category"), Column("tags", "set"), Column("price", "number")),
)


def group(*by, train=NOBODY):
    return make_grouping(DATASET, by, train=train)


def test_category_has_alphabetical_groups_and_missing_last():
    grouping = group("gender")
    assert grouping.by == ("user.gender",)
    assert grouping.labels == ("F", "M", MISSING)
    assert grouping.code.tolist() == [0, 1, 2, 0]


def test_ordered_keeps_its_order_and_drops_levels_nobody_has():
    assert group("user.size").labels == ("S", "M", "L")


def test_few_numbers_stay_themselves_and_carry_their_unit():
    assert group("age").labels == ("20 years", "30 years", "40 years", MISSING)


def test_set_column_of_items_is_shared_out():
    grouping = group("item.tags")
    assert grouping.labels == ("big", "red", MISSING)
    assert grouping.membership.tolist() == [[0.5, 0.5, 0], [0, 0, 1], [0, 1, 0]]


def test_set_column_of_users_keeps_every_user_in_one_group():
    assert group("likes").labels == ("a", "a|b", MISSING)


def test_crossed_columns_hold_the_pairs_that_exist():
    grouping = group("gender", "size")
    assert grouping.labels == ("F × S", "F × L", "M × S", f"{MISSING} × M")
    assert grouping.code.tolist() == [1, 2, 3, 0]
    assert group("category", "tags").membership.sum(axis=1).tolist() == [1, 1, 1]


def test_activity_and_popular_taste_come_from_training():
    # item 0, taken by three users, is the most popular fifth of three items
    train = (np.array([0, 2, 3, 4, 4]), np.array([0, 1, 0, 0]))
    activity = group("activity", train=train)
    assert activity.labels == ("0", "1", "2")
    assert activity.code.tolist() == [2, 1, 1, 0]
    taste = group("popular_taste", train=train)
    assert taste.labels == ("50 %", "100 %", MISSING)
    assert taste.code.tolist() == [0, 1, 1, 2]


def test_bare_name_is_a_user_column_first():
    assert find_column(DATASET, "gender")[0] == find_column(DATASET, "user.gender")[0] == "user"
    assert find_column(DATASET, "category")[0] == find_column(DATASET, "item.category")[0] == "item"


def test_sensitive_column_that_the_model_ignores_can_be_audited():
    assert group("postcode").labels == ("1", "2")
    assert groupable_columns(DATASET)[:3] == ("user.gender", "user.postcode", "user.age")


@pytest.mark.parametrize("name", ["nothing", "bio", "item.gender", "user.category", "user.", ""])
def test_unknown_column_names_the_known_ones(name):
    with pytest.raises(RecLensError, match=r"user\.gender.*item\.tags") as caught:
        group(name)
    assert caught.value.key == "column.unknown"


def test_no_column_at_all_is_refused():
    with pytest.raises(RecLensError, match="Known"):
        group()


def test_user_and_item_columns_cannot_be_crossed():
    with pytest.raises(SettingError, match="gender, category mix users and items"):
        group("gender", "category")


def test_too_many_groups_are_refused():
    names = [f"name {i}" for i in range(600)]
    dataset = make_dataset({"name": names}, {"x": []}, columns=(Column("name", "category"),))
    with pytest.raises(SettingError, match="600 different values"):
        make_grouping(dataset, ("name",), train=(np.zeros(601, dtype=int), np.zeros(0, dtype=int)))


def test_constant_number_is_one_group():
    assert bucket(np.full(9, 5.0))[0] == ("5",)
    assert bucket(np.full(3, np.nan))[0] == ()


def test_many_equal_numbers_merge_buckets():
    labels, code = bucket(np.array([0.0] * 70 + list(range(1, 31))))
    assert labels == ("0–5", "6–30")
    assert np.bincount(code).tolist() == [75, 25]


def test_close_numbers_get_as_many_digits_as_tell_them_apart():
    labels, _ = bucket(np.array([1.00001, 1.00002, 1.00003]))
    assert labels == ("1.00001", "1.00002", "1.00003")


@given(numbers=hnp.arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
@settings(max_examples=150, deadline=None)
def test_buckets_keep_the_order_and_cover_every_number(numbers):
    labels, code = bucket(numbers)
    assert len(labels) <= 4
    assert len(set(labels)) == len(labels)
    np.testing.assert_array_equal(code < 0, np.isnan(numbers))
    assert set(code[code >= 0]) == set(range(len(labels)))
    for c in range(len(labels) - 1):
        assert numbers[code == c].max() < numbers[code == c + 1].min()
