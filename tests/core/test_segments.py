"""Segments: who meets conditions, how they are written and kept, and what a damaged file costs."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys_core.data.conditions import (
    ACTIVITY,
    condition_cells,
    condition_columns,
    fitting,
    parse_conditions,
    values_of,
    write_conditions,
)
from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.data.segments import FILE, Segment, SegmentStore, segment_users
from recsys_core.errors import SettingError, WorkspaceError

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RANGES = st.tuples(NUMBERS, NUMBERS).map(lambda ends: (min(ends), max(ends)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.lists(TEXTS, min_size=1, max_size=3).map(tuple)
CONDITIONS = st.dictionaries(TEXTS, RANGES | VALUES, max_size=3)


class Taken:
    """The part of a split that segments read: user u took u items."""

    def sequences(self) -> csr_array:
        return csr_array(np.tril(np.ones((5, 6)), -1))


@pytest.fixture
def dataset() -> Dataset:
    columns = (
        Column("age", "number"),
        Column("region", "category"),
        Column("likes", "set"),
        Column("gone", "number"),
        Column("note", "text"),
        Column("faith", "ignored", sensitive=True),
    )
    users = pd.DataFrame(
        {
            "user_id": ["a", "b", "c", "d", "e"],
            "age": [20.0, 25.0, 35.0, np.nan, 40.0],
            "region": ["north", "south", "north", None, "a|b"],
            "likes": ["tea|cake", "tea", None, "cake", "te"],
            "gone": [np.nan] * 5,
            "note": ["x"] * 5,
            "faith": ["1", "2", "1", "2", "1"],
        }
    )
    items = pd.DataFrame({"item_id": list("uvwxyz"), "title": list("uvwxyz")})
    log = pd.DataFrame({"user_index": [0], "item_index": [0], "value": [1.0], "time": [0]})
    return Dataset("five", Schema(columns, ()), users, items, log)


@pytest.mark.parametrize(
    ("conditions", "fit"),
    [
        ({"age": (20, 25)}, [0, 1]),
        ({"age": (25.0, 25.0)}, [1]),
        ({"region": ("north", "nowhere")}, [0, 2]),
        ({"region": ("a|b",)}, [4]),
        ({"likes": ("tea",)}, [0, 1]),
        ({"likes": ("tea", "cake"), "age": (0, 30)}, [0, 1]),
        ({"likes": (1.0, 2.0)}, []),
        ({"age": ("20", "40")}, [0, 4]),
        ({"gone": (-1e9, 1e9)}, []),
        ({"gone": ("",)}, []),
        ({"faith": ("2",)}, [1, 3]),
        ({ACTIVITY: (3, 9)}, [3, 4]),
    ],
)
def test_who_meets_conditions(dataset, conditions, fit):
    cells = {c: condition_cells(dataset, c, Taken().sequences()) for c in conditions}
    assert fitting(cells, conditions).tolist() == fit


def test_columns_that_users_are_told_apart_by(dataset):
    assert condition_columns(dataset) == ("age", "region", "likes", "gone", "faith", ACTIVITY)
    assert values_of(condition_cells(dataset, "likes", Taken().sequences())) == ["cake", "te", "tea"]
    assert values_of(condition_cells(dataset, "gone", Taken().sequences())) == []


@given(CONDITIONS)
def test_conditions_come_back_as_they_were_written(conditions):
    assert parse_conditions(write_conditions(conditions)) == conditions


@given(st.lists(NUMBERS, min_size=1, max_size=20), RANGES, RANGES)
def test_each_condition_more_leaves_fewer_and_their_order_means_nothing(numbers, first, second):
    cells = {"x": np.array(numbers), "y": np.array(numbers[::-1])}
    one, both = fitting(cells, {"x": first}), fitting(cells, {"x": first, "y": second})
    assert set(both) <= set(one)
    assert both.tolist() == fitting(cells, {"y": second, "x": first}).tolist()
    assert one.tolist() == [i for i, x in enumerate(numbers) if first[0] <= x <= first[1]]


@given(st.dictionaries(TEXTS, RANGES | VALUES, min_size=1, max_size=3))
def test_a_segment_comes_back_from_its_file(tmp_path_factory, conditions):
    store = SegmentStore(tmp_path_factory.mktemp("w"))
    segments = [Segment("b", conditions), Segment("A", users=("1", "x y"))]
    for segment in segments:
        store.save(segment)
    assert store.list() == segments[::-1]
    assert store.get("b") == segments[0]
    assert hash(store.get("b")) == hash(segments[0])


def test_segments_are_replaced_and_removed(tmp_path):
    store = SegmentStore(tmp_path)
    assert store.list() == []
    store.save(Segment("young", {"age": (0, 25)}))
    store.save(Segment("young", {"age": (0, 30)}))
    assert store.list() == [Segment("young", {"age": (0, 30)})]
    with pytest.raises(SettingError, match=r"no segment 'old' in .*; it has young"):
        store.remove("old")
    store.remove("young")
    assert store.list() == []
    with pytest.raises(SettingError, match="none is saved there"):
        store.get("young")


def test_two_who_save_at_once_both_find_theirs_kept(tmp_path):
    names = [f"segment {i}" for i in range(20)]
    ways = [threading.Thread(target=SegmentStore(tmp_path).save, args=(Segment(n, {"a": (0, 1)}),)) for n in names]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    assert sorted(s.name for s in SegmentStore(tmp_path).list()) == sorted(names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "another"}',
        *(
            json.dumps({"format": "reclens-segments-1", "segments": lines})
            for lines in (
                5,
                [5],
                [{}],
                [{"name": 5}],
                [{"name": "a"}],
                [{"name": "a", "users": "17"}],
                [{"name": "a", "users": [17]}],
                [{"name": "a", "conditions": {"age": [3, 1]}}],
                [{"name": "a", "conditions": {"age": [3, "x"]}}],
                [{"name": "a", "conditions": {"age": []}}],
                [{"name": "a", "conditions": {"age": 5}}],
                [{"name": "a", "conditions": {"age": [float("nan"), 5]}}],
                [{"name": "a", "conditions": {"age": [True, True]}}],
                [{"name": "a", "conditions": [1]}],
                [{"name": " a", "users": ["1"]}],
                [{"name": "a", "users": ["1"]}, {"name": "a", "users": ["2"]}],
            )
        ),
    ],
)
def test_a_damaged_file_is_one_sentence_and_is_not_written_over(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    store = SegmentStore(tmp_path)
    for ask in (store.list, lambda: store.get("a"), lambda: store.save(Segment("b", users=("1",)))):
        with pytest.raises(WorkspaceError, match=r"segments\.json cannot be used"):
            ask()
    assert (tmp_path / FILE).read_text() == text


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "a\n", "a\tb", "x" * 61, "\u200b"])
def test_names_are_checked(name):
    with pytest.raises(SettingError, match="no name for a segment"):
        Segment(name, users=("1",))


@pytest.mark.parametrize("name", ["a", "年轻 用户", "a;b|c:d", "../x", "x" * 60])
def test_any_printable_name_is_one(tmp_path, name):
    SegmentStore(tmp_path).save(Segment(name, users=("1",)))
    assert SegmentStore(tmp_path).get(name).users == ("1",)
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "how", [{}, {"conditions": {"a": (0, 1)}, "users": ("1",)}, {"users": ()}, {"conditions": {"a": (2, 1)}}]
)
def test_a_segment_has_conditions_or_users(how):
    with pytest.raises(SettingError):
        Segment("a", **how)


def test_the_rows_of_a_segment(dataset):
    assert segment_users(Segment("a", users=("d", "b", "d")), dataset, Taken()).tolist() == [1, 3]
    assert segment_users(Segment("a", {"age": (20, 35), "region": ("north",)}), dataset, Taken()).tolist() == [0, 2]
    assert segment_users(Segment("a", {"age": (90, 99)}), dataset, Taken()).tolist() == []
    with pytest.raises(SettingError, match="no column 'height'"):
        segment_users(Segment("a", {"height": (0, 1)}), dataset, Taken())
    with pytest.raises(SettingError, match=r"2 of its users are not in five, such as q"):
        segment_users(Segment("a", users=("q", "a", "r")), dataset, Taken())


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path):
    with pytest.raises(WorkspaceError, match="No such file"):
        SegmentStore(tmp_path / "gone").save(Segment("a", users=("1",)))
