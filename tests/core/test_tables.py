"""Raw tables: what is read, and that every kind of damage is named with file, row and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_data import CLICKS, ITEMS, RATINGS, SHOP, USERS, write_tables

from recsys_core.data.importers import import_dataset
from recsys_core.data.readers import TextFormat, read_delimited, read_table
from recsys_core.data.tables import find_file
from recsys_core.errors import DataError, phrase


def read(folder: Path, content: str | bytes, name: str = "t.csv", **how):
    return read_delimited(write_tables(folder, {name: content}) / name, TextFormat(**how))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_delimiters_line_ends_and_quotes(tmp_path, delimiter, end, quote):
    lines = [["a", "b"], ["1", f"{quote}x y{quote}"], ["2", "ü"]]
    table = read(tmp_path, "\ufeff" + end.join(delimiter.join(line) for line in lines))
    assert {c: v.to_pylist() for c, v in table.columns.items()} == {"a": ["1", "2"], "b": ["x y", "ü"]}
    assert table.rows.tolist() == [2, 3]


def test_rows_are_line_numbers_also_after_blank_lines_and_cells_with_line_ends(tmp_path):
    assert read(tmp_path, "a,b\n\n1,2\n\n\n3,4\n\n").rows.tolist() == [3, 6]
    table = read(tmp_path, 'a,b\n"one\ntwo",2\n\n3,4\n\n')
    assert (table.rows.tolist(), table.n_blank) == ([2, 5], 1)
    assert table.cells("a").to_pylist() == ["one\ntwo", "3"]


def test_a_long_delimiter_and_no_header(tmp_path):
    table = read(tmp_path, "1::a:b::x\n2::'\"::y", delimiter="::", names=("id", "what", "more"), quoting=False)
    assert table.cells("what").to_pylist() == ["a:b", "'\""]
    assert table.rows.tolist() == [1, 2]


def test_a_line_longer_than_the_parser_s_block(tmp_path):
    long = "x" * (9 << 20)
    assert read(tmp_path, f"a,b\n1,{long}\n").cells("b")[0].as_py() == long


def test_parquet_reads_as_text_with_numbers_times_lists_and_gaps(tmp_path):
    frame = pd.DataFrame(
        {
            "id": [1.0, np.nan, 3.0],
            "half": [0.5, 1.0, np.nan],
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-02 03:04:05"], format="ISO8601"),
            "tags": [["x", "y"], [], None],
            "yes": [True, False, True],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.cells("id").to_pylist() == ["1", "", "3"]
    assert table.cells("half").to_pylist() == ["0.5", "1", ""]
    assert table.cells("when")[2].as_py().startswith("2020-01-02 03:04:05")
    assert table.cells("tags").to_pylist() == ["x|y", "", ""]
    assert table.cells("yes").to_pylist() == ["true", "false", "true"]
    assert table.rows.tolist() == [1, 2, 3]


def test_packed_or_plain_is_found_and_a_missing_one_named(tmp_path):
    write_tables(tmp_path, {"x.csv.gz": "a,b\n1,2\n"})
    assert read_table(find_file(tmp_path, "x.csv", expected=phrase("expected.table"))).cells("b").to_pylist() == ["2"]
    with pytest.raises(DataError, match=r"y\.csv: not found in .*; expected a table"):
        find_file(tmp_path, "y.csv", expected=phrase("expected.table"))


@pytest.mark.parametrize(
    ("content", "key", "words"),
    [
        (b"", "table.empty", ["t.csv"]),
        (b"\n \n", "table.empty", ["t.csv"]),
        (b"a,b\n", "table.empty", ["t.csv"]),
        (b'"a",b\n', "table.empty", ["t.csv"]),
        (b"a,b\n1,2\n3\n", "table.cut", ["t.csv row 3", "1 fields instead of 2"]),
        (b'a,b\n"1",2\n\n3,4,5\n', "table.cut", ["t.csv row 4", "3 fields instead of 2"]),
        (b"a,b\n1,2\n3,\0\n", "table.nul", ["t.csv row 3"]),
        (b"a,b\n1,2\n3,\xff\n", "table.encoding", ["t.csv row 3", "UTF-8"]),
        (b'a,b\n1,2\n3,"4\n5,6\n', "table.quote", ["t.csv row 3"]),
        (b"a, a\n1,2\n", "table.column_twice", ["t.csv", "'a'"]),
    ],
)
def test_damage_is_named_with_its_row(tmp_path, content, key, words):
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert caught.value.key == key
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_broken_packed_and_parquet_files_are_named(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(b"\x1f\x8b no gzip")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no parquet PAR1")
    for read_it, name in ((read_delimited, "t.csv.gz"), (read_table, "t.parquet")):
        with pytest.raises(DataError, match=name) as caught:
            read_it(tmp_path / name)
        assert caught.value.key == "table.unreadable"
        with pytest.raises(DataError, match="not found"):
            read_it(tmp_path / f"no-{name}")


# one change of the small shop, the message's key, and what the sentence must name
BAD_SHOPS = {
    "missing interactions": ({"interactions.csv": None}, "table.missing", ["interactions"]),
    "empty file": ({"interactions.csv": ""}, "table.empty", ["interactions.csv"]),
    "missing column": ({"items.csv": ITEMS.replace("item_id", "id")}, "table.column_missing", ["items.csv", "item_id"]),
    "missing id": ({"users.csv": USERS.replace("u2", "")}, "table.cells_empty", ["users.csv", "user_id", "row 3"]),
    "id written by a program": (
        {"users.csv": USERS.replace("u2", "nan")},
        "table.cells_missing",  # there is no empty cell to be found in row 3
        ["users.csv", "user_id", "row 3", "nan"],
    ),
    "missing item": (
        {"interactions.csv": CLICKS.replace("u1,b", "u1,")},
        "table.cells_empty",
        ["interactions.csv", "item_id", "row 5"],
    ),
    "duplicate user": ({"users.csv": USERS + "u1,Dora,20,female\n"}, "table.duplicate", ["row 5", "'u1'", "row 2"]),
    "duplicate item": ({"items.csv": ITEMS + "c,Lamp,1,light\n"}, "table.duplicate", ["row 6", "'c'", "row 4"]),
    "unknown user": ({"interactions.csv": CLICKS + "u9,a,1,0\n"}, "table.reference", ["row 14", "'u9'", "users.csv"]),
    "unknown item": ({"interactions.csv": CLICKS + "u1,z,1,0\n"}, "table.reference", ["row 14", "'z'", "items.csv"]),
    "no click": (
        {"interactions.csv": CLICKS.replace(",1\n", ",0\n")},
        "table.one_class",
        ["interactions.csv", "outcome", "only 0"],
    ),
    "letters for a time": (
        {"interactions.csv": CLICKS.replace("1700000004", "noon")},
        "table.time",
        ["row 6", "'noon'", "time"],
    ),
    "milliseconds": ({"interactions.csv": CLICKS.replace("170000", "1700000000")}, "table.time", ["row 2", "ISO 8601"]),
    "negative time": ({"interactions.csv": CLICKS.replace("1700000004", "-5")}, "table.time", ["row 6", "'-5'"]),
    "missing time": ({"interactions.csv": CLICKS.replace("1700000004", "")}, "table.cells_empty", ["row 6", "time"]),
    "letters for a rating": (
        {"interactions.csv": RATINGS.replace("004,5", "004,x")},
        "table.number",
        ["interactions.csv row 6", "rating", "'x'"],
    ),
    "NaN rating": ({"interactions.csv": RATINGS.replace("004,5", "004,NaN")}, "table.number", ["row 6", "'NaN'"]),
    "infinite rating": ({"interactions.csv": RATINGS.replace("004,5", "004,inf")}, "table.number", ["row 6", "'inf'"]),
    "a rating beyond single precision": (
        {"interactions.csv": RATINGS.replace("004,5", "004,1e300")},
        "table.number",
        ["row 6", "'1e300'"],
    ),
    "huge rating": ({"interactions.csv": RATINGS.replace("004,5", "004,1e999")}, "table.number", ["row 6"]),
    "no rating": ({"interactions.csv": RATINGS.replace("004,5", "004,")}, "table.cells_empty", ["row 6", "rating"]),
    "cut line": ({"interactions.csv": CLICKS + "u1,a"}, "table.cut", ["row 14", "2 fields instead of 4"]),
    "NUL bytes": ({"users.csv": b"\0" * 500}, "table.nul", ["users.csv row 1"]),
    "too few rows": (
        {"interactions.csv": "".join(CLICKS.splitlines(True)[:6])},
        "table.too_few",
        ["interactions.csv", "10"],
    ),
}


@pytest.mark.parametrize("case", BAD_SHOPS)
def test_bad_tables_are_refused(tmp_path, case):
    change, key, words = BAD_SHOPS[case]
    with pytest.raises(DataError) as caught:
        import_dataset("tables", write_tables(tmp_path / "shop", SHOP | change))
    message = str(caught.value)
    assert caught.value.key == key, message
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_scale_is_held_where_the_mapping_states_one(tmp_path):
    interactions = '{"file":"interactions.csv","user":"user_id","item":"item_id","value":"rating","low":1,"high":4}'
    files = SHOP | {"interactions.csv": RATINGS, "mapping.json": f'{{"interactions": {interactions}}}'}
    with pytest.raises(
        DataError, match=r"interactions\.csv row 6: column 'rating' holds '5', not a number from 1 to 4"
    ):
        import_dataset("tables", write_tables(tmp_path / "shop", files))
