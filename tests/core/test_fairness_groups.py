"""Groups of users and items: labels, buckets, memberships, and what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from fairness_data import make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_data import item_table

from recsys_core.data.schema import Column
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness import by_columns, find_column, groupable_columns
from recsys_core.fairness.buckets import bucket
from recsys_core.fairness.columns import without_parts
from recsys_core.fairness.crossing import MOST_CELLS
from recsys_core.fairness.groups import make_grouping

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
    assert grouping.labels == ("F", "M", "(missing)")
    assert grouping.code.tolist() == [0, 1, 2, 0]


def test_ordered_keeps_its_order_and_drops_levels_nobody_has():
    assert group("user.size").labels == ("S", "M", "L")


def test_few_numbers_stay_themselves_and_carry_their_unit():
    assert group("age").labels == ("20 years", "30 years", "40 years", "(missing)")


def test_set_column_of_items_is_shared_out():
    grouping = group("item.tags")
    assert grouping.labels == ("big", "red", "(missing)")
    assert grouping.membership.tolist() == [[0.5, 0.5, 0], [0, 0, 1], [0, 1, 0]]


def test_set_column_of_users_keeps_every_user_in_one_group():
    assert group("likes").labels == ("a", "a|b", "(missing)")


def test_crossed_columns_hold_the_pairs_that_exist():
    grouping = group("gender", "size")
    assert grouping.labels == ("F × S", "F × L", "M × S", "(missing) × M")
    assert grouping.code.tolist() == [1, 2, 3, 0]
    assert group("category", "tags").membership.sum(axis=1).tolist() == [1, 1, 1]


def test_activity_and_popular_taste_come_from_training():
    # item 0, taken by three users, is the most popular fifth of three items
    train = item_table([[0, 1], [0], [0], []], 3)
    activity = group("activity", train=train)
    assert activity.by == ("training.activity",)
    assert activity.labels == ("0", "1", "2")
    assert activity.code.tolist() == [2, 1, 1, 0]
    taste = group("popular_taste", train=train)
    assert taste.labels == ("50 %", "100 %", "(missing)")
    assert taste.code.tolist() == [0, 1, 1, 2]


def test_bare_name_is_a_user_column_first():
    assert find_column(DATASET, "gender")[:2] == find_column(DATASET, "user.gender")[:2] == ("user", "user.gender")
    assert (
        find_column(DATASET, "category")[:2] == find_column(DATASET, "item.category")[:2] == ("item", "item.category")
    )


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
    with pytest.raises(SettingError, match=r"user\.gender, item\.category mix users and items"):
        group("gender", "category")


def test_rarer_values_of_a_column_with_too_many_share_a_group():
    names = [f"name {i:03}" for i in range(600)] + ["name 599"] * 3 + ["name 042"] * 2 + [None]
    dataset = make_dataset({"name": names}, {"x": []}, columns=(Column("name", "category"),))
    grouping = make_grouping(dataset, ("name",), train=(np.zeros(607, dtype=int), np.zeros(0, dtype=int)))
    assert [g.kind for g in grouping.groups] == ["value"] * 20 + ["rest", "missing"]
    assert {"name 599", "name 042", "name 000"} <= set(grouping.labels)
    sizes = dict(zip(grouping.labels, grouping.membership.sum(axis=0), strict=True))
    assert (sizes["name 599"], sizes["name 042"], sizes["(other values)"], sizes["(missing)"]) == (4, 3, 580, 1)
    assert [note.key for note in grouping.notes] == ["fairness.note.rest"]


def test_rarer_values_of_items_with_several_share_a_group():
    tags = [f"tag {i:03}" for i in range(600)]
    dataset = make_dataset(
        {"gender": ["F"]},
        {"tags": [f"{tag}|common" for tag in tags]},
        columns=(),
        item_columns=(Column("tags", "set"),),
    )
    grouping = make_grouping(dataset, ("tags",), train=(np.zeros(2, dtype=int), np.zeros(0, dtype=int)))
    sizes = dict(zip(grouping.labels, grouping.membership.sum(axis=0), strict=True))
    assert (sizes["common"], sizes["tag 000"], sizes["(other values)"]) == (300, 0.5, 581 / 2)


def test_the_smaller_of_too_many_crossed_groups_share_one():
    random = np.random.default_rng(0)
    names = [[f"v{i}" for i in random.integers(30, size=5000)] for _ in range(3)]
    columns = tuple(Column(name, "category") for name in ("one", "two", "three"))
    users = dict(zip(("one", "two", "three"), names, strict=True))
    dataset = make_dataset(users, {"x": []}, columns=columns)
    train = item_table([[]] * 5000, 1)
    two = make_grouping(dataset, ("one", "two"), train=train)
    assert [dict(note.values)["count"] for note in two.notes] == [len(set(zip(*names[:2], strict=True)))]
    three = make_grouping(dataset, ("one", "two", "three"), train=train)
    assert len(three.groups) == MOST_CELLS + 1
    assert three.groups[-1].kind == "rest"
    cells, labels = list(zip(*names, strict=True)), set(three.labels)
    count = Counter(cells)
    sizes = three.membership.sum(axis=0)
    assert [note.key for note in three.notes] == ["fairness.note.cells"]
    assert dict(three.notes[0].values)["count"] == len(count)
    assert sizes[:-1].min() >= max(count[c] for c in count if f"{c[0]} × {c[1]} × {c[2]}" not in labels)
    for group, size in zip(three.groups[:-1], sizes, strict=False):
        assert count[tuple(part.value for part in group.parts)] == size
    assert sizes.sum() == 5000


def test_three_columns_crossed_agree_with_a_loop():
    grouping = group("gender", "size", "age")
    rows = [" × ".join(group(c).labels[group(c).code[u]] for c in ("gender", "size", "age")) for u in range(4)]
    assert [grouping.labels[c] for c in grouping.code] == rows


@pytest.mark.parametrize(
    ("spelled", "labels"),
    [
        ("age=25/35", ("20 years", "30 years", "40 years", "(missing)")),
        ("user.age=35", ("20–30 years", "40 years", "(missing)")),
        ("age=-1e3/40/41/50.5", ("20–30 years", "40 years", "(missing)")),  # an empty bucket is no group
        ("activity=1", ("0",)),
        ("item.price=2", ("1", "2.5")),
        ("popularity=1", ("0",)),
        ("size=M", ("M", "(other values)")),
        ("gender=F/M", ("F", "M", "(missing)")),
        ("item.tags=red", ("red", "(other values)", "(missing)")),
        ("likes=a|b", ("a|b", "(other values)", "(missing)")),
    ],
)
def test_edges_and_values_can_be_asked_for(spelled, labels):
    assert group(spelled, train=item_table([[]] * 4, 3)).labels == labels
    full = find_column(DATASET, spelled).key
    assert find_column(DATASET, full).key == full
    assert by_columns(DATASET, spelled) == (full,)
    assert without_parts(full)[0] == find_column(DATASET, spelled.rpartition("=")[0]).key


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        ("age=", "fairness.edges"), ("age=x", "fairness.edges"), ("age=50/30", "fairness.edges"),
        ("age=30/30", "fairness.edges"), ("age=nan", "fairness.edges"), ("age=1/inf", "fairness.edges"),
        ("age=" + "/".join(map(str, range(101))), "fairness.edges"),
        ("gender=", "fairness.parts"), ("gender=F//M", "fairness.parts"), ("gender=X", "fairness.value"),
        ("item.tags=red|big", "fairness.value"), ("nothing=3", "column.unknown"), ("bio=a", "column.unknown"),
        ("age=30,gender=X", "fairness.value"), ("age=3x,gender", "fairness.edges"),
    ],
)  # fmt: skip
def test_parts_that_are_none_are_refused(spelled, key):
    with pytest.raises(RecLensError) as caught:
        by_columns(DATASET, spelled)
    assert caught.value.key == key


def test_columns_with_parts_are_fields_of_a_line():
    assert by_columns(DATASET, "age=25/35,gender=F") == ("user.age=25/35", "user.gender=F")
    columns = (Column("a=b", "category"), Column("a", "category"))
    values = ["x/y", "50 %", "b", "b"]
    dataset = make_dataset({"a=b": values, "a": values}, {"x": []}, columns=columns)
    assert find_column(dataset, "a=b").key == "user.a=b"
    for name, value in (("a=b", "x%2Fy"), ("a", "x%2Fy"), ("a", "50 %25")):
        found = make_grouping(dataset, (f"{name}={value}",), train=item_table([[]] * 4, 1))
        assert len(found.groups) == 2
        assert found.by == (f"user.{name}={value}",)


def test_head_middle_and_tail_and_the_age_of_items():
    taken = [(user, item) for item, n in enumerate([5, 4, 3, 3, 2, 1, 0, 0, 0, 0]) for user in range(n)]
    dataset = make_dataset({"x": [0] * 5}, {"y": [0] * 10}, columns=(), taken=taken)
    item, user = zip(*sorted((i, u) for u, i in taken), strict=True)
    train = item_table([[i for i, u in zip(item, user, strict=True) if u == who] for who in range(5)], 10)
    grouping = make_grouping(dataset, ("item.popularity",), train=train)
    assert grouping.by == ("training.popularity",)
    assert grouping.labels == ("head", "middle", "tail")
    assert grouping.code.tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 2, 2]
    assert make_grouping(dataset, ("popularity=1/4",), train=train).labels == ("0", "1–3", "4–5")
    with pytest.raises(RecLensError, match="No column"):  # no times, no age
        find_column(dataset, "item.age")
    dated = replace(dataset, schema=replace(dataset.schema, has_time=True))
    dated.interactions["time"] = [86_400 * (10 - i) for i in dated.interactions["item_index"]]
    age = make_grouping(dated, ("item.age=3",), train=train)
    assert age.by == ("training.item_age=3",)
    assert age.labels == ("0–2 days", "3–5 days", "(missing)")
    assert age.code.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_five_thousand_values_and_none_at_all():
    values = [f"v{i}" for i in range(5000)] + ["big"] * 30
    columns = (Column("city", "category"), Column("empty", "category"), Column("void", "number"))
    users = {"city": values, "empty": [None] * 5030, "void": [np.nan] * 5030}
    dataset = make_dataset(users, {"x": []}, columns=columns)
    train = item_table([[]] * 5030, 1)
    assert len(make_grouping(dataset, ("city",), train=train).groups) == 21
    named = make_grouping(dataset, ("city=v4999",), train=train)
    assert (named.labels, named.notes) == (("v4999", "(other values)"), ())
    for column in ("empty", "void", "void=3"):
        assert make_grouping(dataset, (column,), train=train).labels == ("(missing)",)


AWKWARD = ["city, state", 'q"uote', " padded", "עיר", "a.b", "user.x", "x", "training.activity", "activity", "x×y", ","]


@pytest.mark.parametrize("name", AWKWARD)
def test_every_column_can_be_asked_for_by_name_and_with_its_side(name):
    columns = tuple(Column(n, "category") for n in AWKWARD)
    dataset = make_dataset({n: ["1", "2"] for n in AWKWARD}, {"kind": ["a"]}, columns=columns)
    assert by_columns(dataset, f"user.{name}") == (f"user.{name}",)
    quoted = '"' + name.replace('"', '""') + '"'
    assert by_columns(dataset, f"{quoted},a.b") == by_columns(dataset, f"a.b,{quoted}")[::-1]
    if name not in ("user.x", "training.activity"):  # full names of other columns
        assert by_columns(dataset, name) == (f"user.{name}",)


def test_data_columns_and_our_own_are_told_apart():
    columns = (Column("activity", "category"),)
    dataset = make_dataset({"activity": ["rare", "often"]}, {"kind": ["a"]}, columns=columns)
    train = item_table([[0], []], 1)
    own, made = (make_grouping(dataset, (name,), train=train) for name in ("activity", "training.activity"))
    assert (own.labels, made.labels) == (("often", "rare"), ("0", "1"))
    assert {"user.activity", "training.activity"} <= set(groupable_columns(dataset, "user"))


def test_blanks_between_names_and_nonsense():
    assert by_columns(DATASET, "gender, size") == ("user.gender", "user.size")
    assert by_columns(DATASET, "gender,user.gender") == ("user.gender",)
    for spelled in ("", " ", ",", "gender,", '"gender', "gender,,size", "a\nb", "x" * 200_000):
        if spelled == '"gender':  # an open quotation mark ends with the text
            assert by_columns(DATASET, spelled) == ("user.gender",)
            continue
        with pytest.raises(RecLensError, match="No column"):
            by_columns(DATASET, spelled)


def test_what_the_data_say_and_our_own_words_are_never_the_same_label():
    """Real values that look like ours, beside empty cells, alone and crossed."""
    segment = ["(missing)", None, "(all)", "(other values)", '"(missing)"', "a × b", "a", "b"]
    dataset = make_dataset(
        {"segment": segment, "other": [None, "(missing)", "b", "b × a", "x", "b", "b × a", "x"]},
        {"kind": ["a"]},
        columns=(Column("segment", "category"), Column("other", "category")),
    )
    train = item_table([[]] * 8, 1)
    for by in (("segment",), ("segment", "other")):
        grouping = make_grouping(dataset, by, train=train)
        assert len(set(grouping.labels)) == len(grouping.labels) == len(set(grouping.groups)) == 8
    alone = make_grouping(dataset, ("segment",), train=train)
    kinds = {group.label: group.kind for group in alone.groups}
    assert (kinds['"(missing)"'], kinds["(missing)"]) == ("value", "missing")
    assert "(all)" not in kinds


def test_data_without_attributes_have_groups_by_history():
    dataset = make_dataset({"x": [0, 0, 0]}, {"y": [0, 0]}, columns=())
    train = item_table([[0, 1], [0], []], 2)
    assert groupable_columns(dataset, "user") == ("training.activity", "training.popular_taste")
    assert groupable_columns(dataset, "item") == ("training.popularity",)
    popularity = make_grouping(dataset, ("popularity",), train=train)
    assert (popularity.side, popularity.labels, popularity.code.tolist()) == ("item", ("head", "tail"), [0, 1])


def test_constant_number_is_one_group():
    assert [g.label for g in bucket(np.full(9, 5.0))[0]] == ["5"]
    assert bucket(np.full(3, np.nan))[0] == ()


def test_many_equal_numbers_merge_buckets():
    groups, code = bucket(np.array([0.0] * 70 + list(range(1, 31))))
    assert tuple(g.label for g in groups) == ("0–5", "6–30")
    assert np.bincount(code).tolist() == [75, 25]


def test_close_numbers_get_as_many_digits_as_tell_them_apart():
    groups, _ = bucket(np.array([1.00001, 1.00002, 1.00003]))
    assert tuple(g.label for g in groups) == ("1.00001", "1.00002", "1.00003")


@given(numbers=hnp.arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
@settings(max_examples=150, deadline=None)
def test_buckets_keep_the_order_and_cover_every_number(numbers):
    groups, code = bucket(numbers)
    labels = [group.label for group in groups]
    assert len(labels) <= 4
    assert len(set(labels)) == len(labels)
    np.testing.assert_array_equal(code < 0, np.isnan(numbers))
    assert set(code[code >= 0]) == set(range(len(labels)))
    for c in range(len(labels) - 1):
        assert numbers[code == c].max() < numbers[code == c + 1].min()


def test_a_column_of_one_value_is_told_from_one_that_is_not_there():
    columns = (*DATASET.schema.users, Column("planet", "ignored"), Column("nick", "ignored"))
    users = DATASET.users.assign(planet="Earth", nick=list("wxyz"))
    more = replace(DATASET, schema=replace(DATASET.schema, users=columns), users=users)
    said = {}
    for spelled in ("planet", "user.planet", "nick", "nowhere"):
        with pytest.raises(RecLensError) as caught:
            find_column(more, spelled)
        said[spelled] = caught.value.key.removeprefix("column.")
    assert said == {"planet": "one_value", "user.planet": "one_value", "nick": "unknown", "nowhere": "unknown"}
