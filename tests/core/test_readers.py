"""Every kind of file that holds a table, read by its content; what is no table is named."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.readers import TextFormat, packed, read_table
from recsys_core.data.readers.delimited import find_delimiter, without_quotes
from recsys_core.data.tables import find_table, row_indexes
from recsys_core.errors import DataError

FRAME = pd.DataFrame({"id": ["u1", "u2", "u3"], "what": ["red, lamp", 'the "old" chair', "tee ü"], "n": [1, 2, 3]})
CELLS = {"id": ["u1", "u2", "u3"], "what": ["red, lamp", 'the "old" chair', "tee ü"], "n": ["1", "2", "3"]}


def packed_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def workbook(**sheets: list[list]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_bytes(write, frame: pd.DataFrame = FRAME) -> bytes:
    out = io.BytesIO()
    write(pa.Table.from_pandas(frame, preserve_index=False), out)
    return out.getvalue()


CSV = FRAME.to_csv(index=False).encode()
LINES = FRAME.to_json(orient="records", lines=True).encode()
ARRAY = FRAME.to_json(orient="records", indent=1).encode()
PARQUET = as_bytes(pyarrow.parquet.write_table)
XLSX = workbook(people=[[None], list(FRAME), *FRAME.values.tolist(), [None, None, None]], empty=[])
READ = {  # a file's name and its bytes: all hold the same table
    "t.csv": CSV,
    "crlf.csv": CSV.replace(b"\n", b"\r\n"),
    "bom.csv": b"\xef\xbb\xbf" + CSV,
    "semicolon.csv": FRAME.to_csv(index=False, sep=";").encode(),
    "tab.tsv": FRAME.to_csv(index=False, sep="\t").encode(),
    "bar.txt": FRAME.to_csv(index=False, sep="|").encode(),
    "long.dat": b'id::what::n\nu1::red, lamp::1\nu2::"the ""old"" chair"::2\nu3::tee \xc3\xbc::3\n',
    "sep.csv": b"sep=;\r\n" + FRAME.to_csv(index=False, sep=";").encode(),
    "sep_quoted.csv": b'"sep=;"\n' + FRAME.to_csv(index=False, sep=";").encode(),
    "utf16.csv": CSV.decode().encode("utf-16"),
    "utf16_be_no_mark.csv": CSV.decode().encode("utf-16-be"),
    "utf16_le_no_mark.csv": CSV.decode().encode("utf-16-le"),
    "utf32.csv": CSV.decode().encode("utf-32"),
    "trailing.csv": CSV.replace(b"\n", b",,\n"),
    "trailing_records.csv": CSV.replace(b"\n", b",\n").replace(b"n,\n", b"n\n", 1),
    "trailing_header.csv": CSV.replace(b"\n", b",\n", 1),
    "ragged.csv": CSV.replace(b"\n", b",,\n", 2),
    "lines_of_delimiters.csv": CSV + b",,\n,,\n",
    "t.csv.gz": gzip.compress(CSV),
    "no_suffix_gz.csv": gzip.compress(CSV),
    "not_packed.csv.gz": CSV,
    "t.csv.bz2": bz2.compress(CSV),
    "t.csv.xz": lzma.compress(CSV),
    "t.csv.zst": pa.Codec("zstd").compress(CSV, asbytes=True),
    "t.zip": packed_zip({"folder/t.csv": CSV, "__MACOSX/._t.csv": b"x", "folder/README.txt": b"about"}),
    "zip_called.csv": packed_zip({"anything": CSV}),
    "t.jsonl": LINES,
    "blank_lines.ndjson": LINES.replace(b"\n", b"\r\n\r\n"),
    "t.json": ARRAY,
    "one_line.json": FRAME.to_json(orient="records").encode(),
    "columns.json": FRAME.to_json().encode(),
    "lists.json": json.dumps(FRAME.to_dict("list")).encode(),
    "wrapped.json": json.dumps({"ok": True, "data": FRAME.to_dict("records")}).encode(),
    "t.jsonl.gz": gzip.compress(LINES),
    "json_called.csv": LINES,
    "array_called.csv": ARRAY,
    "utf16.json": ARRAY.decode().encode("utf-16"),
    "t.parquet": PARQUET,
    "parquet_called.csv": PARQUET,
    "csv_called.parquet": CSV,
    "zstd.parquet": as_bytes(lambda t, out: pyarrow.parquet.write_table(t, out, compression="zstd")),
    "brotli.parquet": as_bytes(lambda t, out: pyarrow.parquet.write_table(t, out, compression="brotli")),
    "t.parquet.gz": gzip.compress(PARQUET),
    "t.feather": as_bytes(pyarrow.feather.write_feather),
    "zstd.arrow": as_bytes(lambda t, out: pyarrow.feather.write_feather(t, out, compression="zstd")),
    "t.xlsx": XLSX,
    "workbook_called.csv": XLSX,
}


def put(folder, name: str, data: bytes):
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("name", READ)
def test_one_table_in_every_kind_of_file(tmp_path, name):
    table = read_table(put(tmp_path, name, READ[name]))
    assert {column: cells.to_pylist() for column, cells in table.columns.items()} == CELLS
    assert table.noticed == ()
    assert (table.lists, table.nested) == (frozenset(), {})


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("t.csv", [2, 3, 4]),
        ("sep.csv", [3, 4, 5]),
        ("t.jsonl", [1, 2, 3]),
        ("blank_lines.ndjson", [1, 3, 5]),
        ("t.json", [1, 2, 3]),
        ("t.parquet", [1, 2, 3]),
        ("t.xlsx", [3, 4, 5]),
    ],
)
def test_rows_are_those_that_a_person_finds(tmp_path, name, rows):
    assert read_table(put(tmp_path, name, READ[name])).rows.tolist() == rows


HTML = b"\n<!DOCTYPE html>\n<html><body>Please sign in</body></html>"
ODS = packed_zip({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"})
REFUSED = {  # name: bytes, the message's key and what it must name
    "page.csv": (HTML, "table.foreign", ["page.csv", "web page", "download"]),
    "xml.csv": (b"<?xml version='1.0'?><rows/>", "table.foreign", ["XML"]),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "table.foreign", ["old.xls", "workbook", "CSV"]),
    "open.ods": (ODS, "table.foreign", ["office document", "CSV"]),
    "word.csv": (packed_zip({"[Content_Types].xml": b"", "word/document.xml": b""}), "table.foreign", ["office"]),
    "base.csv": (b"SQLite format 3\0" + b"\1" * 90, "table.foreign", ["SQLite"]),
    "frame.pkl": (b"\x80\x05\x95" + b"\1" * 90, "table.foreign", ["pickle"]),
    "t.7z": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 90, "table.foreign", ["unpack"]),
    "t.tar": (b"t.csv" + b"\0" * 252 + b"ustar" + b"\0" * 600, "table.foreign", ["archive", "unpack"]),
    "lfs.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "table.foreign", ["git lfs pull"]),
    "print.csv": (b"%PDF-1.7\n...", "table.foreign", ["PDF"]),
    "both.zip": (packed_zip({"a.csv": CSV, "b.csv": CSV}), "table.several", ["both.zip", "2 files", "a.csv", "b.csv"]),
    "none.zip": (packed_zip({}), "table.none_inside", ["none.zip"]),
    "cut.csv.gz": (gzip.compress(CSV * 50)[:60], "table.unreadable", ["cut.csv.gz"]),
    "cut.zip": (packed_zip({"t.csv": CSV * 50})[:90], "table.unreadable", ["cut.zip"]),
    "cut.xlsx": (XLSX[: len(XLSX) // 2], "table.unreadable", ["cut.xlsx"]),
    "cut.parquet": (PARQUET[: len(PARQUET) // 2], "table.unreadable", ["cut.parquet"]),
    "cut.feather": (READ["t.feather"][:200], "table.unreadable", ["cut.feather"]),
    "two.xlsx": (workbook(a=[["x"], [1]], b=[["x"], [2]]), "table.sheets", ["two.xlsx", "2 sheets", "a, b"]),
    "head.xlsx": (workbook(a=[["x", "y"]]), "table.empty", ["head.xlsx"]),
    "bare.xlsx": (workbook(a=[]), "table.empty", ["bare.xlsx"]),
    "cut.jsonl": (LINES[:-9], "table.json", ["cut.jsonl row 3"]),
    "cut.json": (ARRAY[:-9], "table.json", ["cut.json row"]),
    "python.json": (b"{'id': 'u1'}\n{'id': 'u2'}\n", "table.json", ["python.json row 1"]),
    "deep.json": (b"[" * 200_000, "table.unreadable", ["deep.json"]),
    "numbers.json": (b"[1, 2]\n", "table.json_record", ["numbers.json row 1"]),
    "mixed.jsonl": (b'{"a": 1}\n{"a": 2}\n[3]\n', "table.json_record", ["mixed.jsonl row 3"]),
    "empty.json": (b"[]", "table.empty", ["empty.json"]),
    "surplus.csv": (b"a,b\n1,2,\n3,4,x\n", "table.cut", ["surplus.csv row 3", "3 fields instead of 2"]),
    "ragged.csv": (b"a,b,\n1,2,\n3,4\n5,6,x\n", "table.cut", ["ragged.csv row 4"]),
    "ragged_quoted.csv": (b'a,b,\n"1",2,\n3,4\n5,6,x\n', "table.cut", ["ragged_quoted.csv row 4"]),
    "short.csv": (b"a,b,,\n1,2,,\n3\n", "table.cut", ["short.csv row 3"]),
    "only_sep.csv": (b"sep=;\n", "table.empty", ["only_sep.csv"]),
    "latin.csv": ("id,was\n1,ok\n2,Café crème\n".encode("cp1252"), "table.encoding",
                  ["latin.csv row 3", "0xE9", "UTF-8", '"encoding": "cp1252"', "Café"]),
    "gbk.csv": ("id,名称\n1,红色台灯\n".encode("gb18030"), "table.encoding", ["row 1", '"gb18030"', "名称"]),
    "escaped.csv": (b'a;b\n"1";"the \\"old\\"; chair"\n', "table.quote_escaped", ["row 2", '"escape"', "old"]),
    "quote.csv": (b'a;b\n"1";"the "old" chair"\n', "table.quote", ["row 2", "'quotes': false", "old"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_named_in_one_line(tmp_path, name):
    data, key, words = REFUSED[name]
    with pytest.raises(DataError) as caught:
        read_table(put(tmp_path, name, data))
    message = str(caught.value)
    assert caught.value.key == key, message
    assert all(word in message for word in words), message
    assert "\n" not in message


@pytest.mark.parametrize("mark", [";", "::"])
def test_delimiters_beyond_the_last_column_may_be_there_in_some_lines(tmp_path, mark):
    text = "a;b;;\n1;2;;\n3;;;\n5;\n;6;\n".replace(";", mark)
    table = read_table(put(tmp_path, "t.csv", text.encode()))
    assert {name: cells.to_pylist() for name, cells in table.columns.items()} == {
        "a": ["1", "3", "5", ""], "b": ["2", "", "", "6"],
    }  # fmt: skip
    assert table.rows.tolist() == [2, 3, 4, 5]


def test_what_the_mapping_says_of_a_text_file(tmp_path):
    latin = put(tmp_path, "latin.csv", "a~b\n1~Café\n".encode("latin-1"))
    assert read_table(latin, TextFormat("~", "latin-1")).cells("b").to_pylist() == ["Café"]
    book = put(tmp_path, "book.csv", b'"ISBN";"Title"\n"1";"the \\"old\\"; chair"\n"2";"a ""new"" one"\n')
    assert read_table(book, TextFormat(escape="\\")).cells("Title").to_pylist() == ['the "old"; chair', 'a "new" one']
    bare = put(tmp_path, "bare.csv", b"a,b\n1,one\\, two\n")
    assert read_table(bare, TextFormat(escape="\\")).cells("b").to_pylist() == ["one, two"]
    wide = put(tmp_path, "wide.csv", b'a<->b\n1<->"x<->y"\n2<->z\n')
    assert read_table(wide, TextFormat("<->")).cells("b").to_pylist() == ["x<->y", "z"]
    marked = put(tmp_path, "marked.csv", b"\xef\xbb\xbfa,b\n1,\xc3\xbc\n")
    assert read_table(marked, TextFormat(encoding="cp1252")).cells("b").to_pylist() == ["ü"]  # the mark outweighs


def test_a_cell_longer_than_the_csv_module_s_limit(tmp_path):
    long = "x" * 140_000
    table = read_table(put(tmp_path, "t.csv", f'a,b\n1,"He said ""x"" {long}"\n'.encode()))
    assert table.cells("b").to_pylist() == [f'He said "x" {long}']


def test_one_column_is_said_with_the_way_out(tmp_path):
    table = read_table(put(tmp_path, "t.csv", b"user_id item_id\n1 2\n"))
    with pytest.raises(DataError, match=r"t\.csv: column 'user_id' is missing; .*'user_id item_id'.*\"delimiter\""):
        table.cells("user_id")


@pytest.mark.parametrize(
    "text", ["196\t242\t3\t881250949\n1\t2\t3\t4\n", "1\t7\ta\t7\tb\tc\td\te\n0\t8\tb\t7\tb\tc\td\te\n"]
)
def test_a_file_without_a_header_is_said(tmp_path, text):
    path = put(tmp_path, "u.data", text.encode())
    with pytest.raises(DataError, match=r"u\.data: the first line \(1.*looks like a record; write the columns' names"):
        read_table(path).cells("user_id")


def test_types_of_parquet(tmp_path):
    columns = {
        "half": pa.array(np.array([0.5, 2.0], dtype=np.float16)),
        "money": pa.array([Decimal(1), Decimal(2)], pa.decimal128(5, 2)),
        "day": pa.array([0, 18262], pa.date32()),
        "code": pa.array(["x", None]).dictionary_encode(),
        "tags": pa.array([["a", "b"], None]),
        "ids": pa.array([[1, 2], []], pa.large_list(pa.int16())),
        "pair": pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)),
        "vector": pa.array([[0.5], [0.25]]),
        "struct": pa.array([{"a": 1}, {"a": 2}]),
        "structs": pa.array([[{"a": 1}], []]),
        "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int8())),
        "span": pa.array([1, 2], pa.duration("s")),
        "bytes": pa.array([b"\xff", b"a"]),
        "none": pa.nulls(2),
        "a.b": pa.array(["dot", "dot"]),
    }
    for names in (list(columns), [name for name in columns if name != "a.b"]):
        path = tmp_path / "t.parquet"
        pyarrow.parquet.write_table(pa.table({name: columns[name] for name in names}), path)
        table = read_table(path)
        assert set(table.nested) == {"vector", "struct", "structs", "map", "bytes"}
        assert table.lists == {"tags", "ids", "pair"}
        cells = {name: found.to_pylist() for name, found in table.columns.items() if name != "a.b"}
        assert cells == {
            "half": ["0.5", "2"], "money": ["1.00", "2.00"], "day": ["1970-01-01", "2020-01-01"], "code": ["x", ""],
            "tags": ["a|b", ""], "ids": ["1|2", ""], "pair": ["1|2", "3|4"], "span": ["1", "2"], "none": ["", ""],
        }  # fmt: skip
        with pytest.raises(DataError, match=r"t\.parquet: column 'struct' holds struct<a: int64>"):
            table.cells("struct")


def test_types_of_json(tmp_path):
    lines = [
        {"id": 1.0, "on": True, "tags": ["a", 2], "deep": {"x": 1}, "half": 0.5, "text": "half a pair \ud83d"},
        {"id": 2, "on": None, "tags": [], "half": float("nan"), "text": " blanks "},
        {"id": 3, "late": "x", "tags": None, "deep": "plain", "parts": [{"x": 1}]},
    ]
    table = read_table(put(tmp_path, "t.jsonl", "\n".join(map(json.dumps, lines)).encode()))
    assert {name: cells.to_pylist() for name, cells in table.columns.items()} == {
        "id": ["1", "2", "3"], "on": ["true", "", ""], "tags": ["a|2", "", ""], "half": ["0.5", "", ""],
        "text": ["half a pair ?", "blanks", ""], "late": ["", "", "x"],
    }  # fmt: skip
    assert table.lists == {"tags"}
    assert table.nested == {"deep": "{…}", "parts": "[…]"}


def test_a_column_that_appears_after_many_records(tmp_path):
    lines = [json.dumps({"a": i} if i < 60_000 else {"b": i}) for i in range(60_002)]
    table = read_table(put(tmp_path, "t.jsonl", "\n".join(lines).encode()))
    assert table.n_rows == 60_002
    assert table.cells("b").to_pylist()[59_999:] == ["", "60000", "60001"]
    assert table.cells("a").to_pylist()[59_999:] == ["59999", "", ""]


def test_types_of_a_workbook(tmp_path):
    stamp, day = pd.Timestamp("2020-01-02 03:04:05").to_pydatetime(), pd.Timestamp("2020-01-02").to_pydatetime()
    rows = [
        ["id", "on", "when", "share", "  two  words "],
        [7.0, True, stamp, 0.25, "#N/A"],
        ["8", False, day, 3, " x "],
    ]
    sheets = workbook(t=rows, notes=[["a note"]], more=[["x"], [1]])
    table = read_table(put(tmp_path, "t.xlsx", sheets))  # the sheet that is called like the file
    assert {name: cells.to_pylist() for name, cells in table.columns.items()} == {
        "id": ["7", "8"], "on": ["true", "false"], "when": ["2020-01-02 03:04:05", "2020-01-02"],
        "share": ["0.25", "3"], "two words": ["", "x"],
    }  # fmt: skip


def test_nameless_columns_are_left_out_and_said(tmp_path):
    table = read_table(put(tmp_path, "t.csv", b",a,,b,\n0,x,,y,\n1,x,note,y,\n"))
    assert {name: cells.to_pylist() for name, cells in table.columns.items()} == {"a": ["x", "x"], "b": ["y", "y"]}
    assert table.noticed == (
        ("warning.nameless_index", {"file": "t.csv", "number": 1}),
        ("warning.nameless", {"file": "t.csv", "number": 3}),
    )


@pytest.mark.parametrize(
    ("name", "cells", "is_index"),
    [
        ("Unnamed: 0", [0, 1, 2], True),
        ("Unnamed: 0.1", [7, 3, 5], True),
        ("Unnamed: 0", ["x", "y", "z"], False),
        ("Unnamed: 0", [1, 1, 2], False),
        ("__index_level_0__", [12, 4, 9], True),
        ("index", [0, 1, 2], True),
        ("level_0", [1, 2, 3], True),
        ("index", [4, 2, 9], False),
        ("row", [0, 1, 2], True),
        ("age", [0, 1, 2], False),
        ("rank", [1, 2, 3], False),
    ],
)
def test_row_indexes_are_known_by_name_and_content(tmp_path, name, cells, is_index):
    pd.DataFrame({name: cells, "a": "x"}).to_csv(tmp_path / "t.csv", index=False)
    assert row_indexes(read_table(tmp_path / "t.csv")) == ([name] if is_index else [])


def test_pandas_index_in_parquet(tmp_path):
    FRAME.iloc[[2, 0, 1]].to_parquet(tmp_path / "t.parquet")
    assert row_indexes(read_table(tmp_path / "t.parquet")) == ["__index_level_0__"]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b;c\n1,2\n", ","),
        ('"Price, EUR";"x"\n1,5;2\n', ";"),
        ("id;title;tags\n1;a, b, c;x|y|z|w\n2;d;\n", ";"),
        ("id\ttitle, long\n1\ta,b,c\n", "\t"),
        ("user_id::item_id\n1::2\n", "::"),
        ("alone\n1\n", ","),
        ("\x1f\n", ","),
    ],
)
def test_the_delimiter_is_found(text, delimiter):
    assert find_delimiter(text.encode(), quoting=True) == delimiter


def test_tables_are_found_by_name_in_any_format(tmp_path):
    assert find_table(tmp_path, "users") is None
    for name in ("users.jsonl.gz", "Items.CSV", "interactions.csv.zip"):
        put(tmp_path, name, b"x")
    assert [find_table(tmp_path, stem).name for stem in ("users", "items", "interactions")] == [
        "users.jsonl.gz", "Items.CSV", "interactions.csv.zip",
    ]  # fmt: skip


KEPT = ["t.csv", "sep.csv", "utf16.csv", "t.csv.gz", "t.csv.zst", "t.zip", "t.jsonl", "t.json", "t.xlsx", "t.feather"]


@pytest.mark.parametrize("name", [*KEPT, "t.parquet"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_of_file_is_read_or_refused(tmp_path_factory, name, data):
    content = READ[name]
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(begin, min(len(content), begin + 8)))
        new = data.draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b"\n", b"{", b"[", b"]", b"\\", b"\xff\xfe", b"PK"])
        )
        content = content[:begin] + new + content[end:]
    path = put(tmp_path_factory.getbasetemp(), name, content)
    try:
        table = read_table(path)
    except DataError as refused:
        said = str(refused)
    else:
        said = ""
        assert all(len(cells) == table.n_rows > 0 for cells in table.columns.values())
    assert "\n" not in said


@pytest.mark.parametrize("suffix", ["csv.gz", "csv.bz2", "csv.xz", "csv.zst", "csv.gz.gz", "zip", "xlsx"])
def test_what_unpacks_to_more_than_memory_is_refused_before_it_is_unpacked(suffix, tmp_path, monkeypatch):
    """A megabyte of zeros is a kilobyte here; of a real bomb a chunk is unpacked, not all of it."""
    text = b"id\n" + b"0" * 1_000_000
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": pa.Codec("zstd").compress}
    if suffix == "zip":
        data = packed_zip({"users.csv": text})
    elif suffix == "xlsx":
        data = workbook(users=[["id"], *(["0" * 1000] for _ in range(1000))])
    else:
        data = text
        for packing in suffix.split(".")[1:]:
            data = pack[packing](data)
            data = data if isinstance(data, bytes) else data.to_pybytes()
    (tmp_path / f"users.{suffix}").write_bytes(data)
    assert len(read_table(tmp_path / f"users.{suffix}").cells("id"))
    monkeypatch.setattr(packed, "free_memory", lambda: 400_000)
    monkeypatch.setattr(packed, "_CHUNK", 50_000)
    with pytest.raises(DataError) as found:
        read_table(tmp_path / f"users.{suffix}")
    assert found.value.key == "table.over_memory"
    assert "0.0002 GB" in str(found.value)
    assert f"users.{suffix}" in str(found.value)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "b c", " d", "ü", "1", "", ",", 'say "x"', "two\nlines"]), min_size=3, max_size=3
        )
    ),
    st.sampled_from(
        [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_STRINGS if hasattr(csv, "QUOTE_STRINGS") else csv.QUOTE_ALL]
    ),
)
def test_quoted_cells_are_those_of_the_standard_library(tmp_path_factory, rows, quoting):
    """Whether the marks can be taken off at once or each record has to be looked at."""
    file = tmp_path_factory.mktemp("quoted") / "t.csv"
    with file.open("w", newline="") as out:
        csv.writer(out, quoting=quoting, lineterminator="\n").writerows([["p", "q", "r"], ["u", "v", "w"], *rows])
    cells = [[cell.strip() for cell in row] for row in [["u", "v", "w"], *rows] if any(cell.strip() for cell in row)]
    table = read_table(file)
    assert [list(row) for row in zip(*(c.to_pylist() for c in table.columns.values()), strict=True)] == cells
    easy = all(set(cell).isdisjoint('"\n') for row in rows for cell in row)
    assert (without_quotes(file.read_bytes(), ",") is not None) == (easy and b'"' in file.read_bytes())
