"""Inputs that once failed, recreated here; and the folders of the same kinds where this machine has them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from small_data import CLICKS, ITEMS, SHOP, warned, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import import_dataset
from recsys_core.errors import DataError, RecLensError

FAULTS = Path(__file__).resolve().parents[3] / "shared" / "faults"
MAPPING = {
    "users": {"file": "users.csv", "id": "user_id"},
    "items": {"file": "items.csv", "id": "item_id", "title": "title"},
    "interactions": {"file": "interactions.csv", "user": "user_id", "item": "item_id", "time": "time",
                     "value": "outcome"},
}  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    """Import the small shop with some files changed; a frame is written as Parquet."""

    def make(changes: dict | None = None, mapping: dict | None = None) -> Dataset:
        files = SHOP | (changes or {}) | ({"mapping.json": json.dumps(mapping)} if mapping else {})
        frames = {name: files.pop(name) for name in list(files) if isinstance(files[name], pd.DataFrame | pa.Table)}
        folder = write_tables(tmp_path / "shop", files)
        for name, frame in frames.items():
            table = pa.Table.from_pandas(frame) if isinstance(frame, pd.DataFrame) else frame
            pyarrow.parquet.write_table(table, folder / name)
        return import_dataset("tables", folder)

    return make


def frame_of(text: str) -> pd.DataFrame:
    header, *rows = [line.replace('"Chair, folding"', "Chair").split(",") for line in text.splitlines()]
    return pd.DataFrame(rows, columns=header)


INDEXED = MAPPING | {"users": {"file": "users.parquet", "id": "user_id"}}


def test_a_data_frame_s_index_is_no_attribute(shop):
    plain = shop()
    users = frame_of(SHOP["users.csv"])
    for index in ([10, 30, 20], [7, 3, 5]):
        changed = shop({"users.csv": None, "users.parquet": users.set_index(pd.Index(index))}, INDEXED)
        assert [c.name for c in changed.schema.users] == [c.name for c in plain.schema.users]
        assert "warning.row_index" in warned(changed)


def test_an_unused_structure_is_passed_over_and_a_used_one_named(shop):
    items = frame_of(ITEMS)
    parts = pa.array([{"w": 1, "tags": [{"x": 1}]}] * len(items))
    pairs = pa.array([[("a", 1)]] * len(items), pa.map_(pa.string(), pa.int8()))
    table = pa.Table.from_pandas(items).append_column("meta", parts).append_column("pairs", pairs)
    mapping = MAPPING | {"items": {"file": "items.parquet", "id": "item_id", "columns": {"meta": "ignored"}}}
    dataset = shop({"items.parquet": table}, mapping)
    assert [c.name for c in dataset.schema.items] == ["title", "price", "category"]
    assert warned(dataset)["warning.nested"] == {"file": "items.parquet", "columns": "meta, pairs"}
    mapping["items"]["columns"] = {"meta": "category"}
    with pytest.raises(DataError, match=r"items\.parquet: column 'meta' holds struct<w: int64"):
        shop({"items.parquet": table}, mapping)


def same_content(text: str, change: str) -> str:
    """The table of ``text`` written in another way."""
    if change == "sep line":
        return "sep=;\n" + text.replace(",", ";")
    if change == "trailing delimiters":
        return text.replace("\n", ",,\n")
    return text.replace("\n", "\n,,,\n", 1) + ",,,\n"


@pytest.mark.parametrize("change", ["sep line", "trailing delimiters", "lines of delimiters"])
def test_the_same_interactions_written_in_another_way(shop, change):
    plain = shop()
    assert shop({"interactions.csv": same_content(CLICKS, change)}).fingerprint() == plain.fingerprint()


def test_a_cell_of_140_000_letters_in_a_quoted_file(shop):
    long = f'He said ""x"" {"y" * 140_000}'
    dataset = shop({"items.csv": ITEMS.replace("Chair, folding", long)})
    assert dataset.titles[1] == long.replace('""', '"')


BOOKS = '"ISBN";"Book-Title";"Year"\n' + "".join(f'"{c}";"Title \\"{c}\\"; part";"1999"\n' for c in "abcd")


def test_quotes_escaped_by_a_backslash_are_named_and_then_read(shop):
    books = {"file": "books.csv", "id": "ISBN", "title": "Book-Title"}
    with pytest.raises(DataError, match=r'books\.csv row 2: .*escaped by a backslash.*"escape": "\\\\"'):
        shop({"books.csv": BOOKS}, MAPPING | {"items": books})
    dataset = shop({"books.csv": BOOKS}, MAPPING | {"items": books | {"escape": "\\"}})
    assert dataset.titles == [f'Title "{c}"; part' for c in "abcd"]


@dataclass(frozen=True)
class Expected:
    """What `import` must make of a folder: features by side and their kinds, or a refusal."""

    users: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    outcome: str = "click"
    format: str = "tables"
    warned: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


PEOPLE = {"age": "number", "gender": "category", "city": "category"}
THINGS = {"title": "text", "category": "category", "price": "number"}
PLAIN = Expected(PEOPLE, THINGS)
FOLDERS = {
    "01-no-user-columns-movielens-latest": Expected(
        {}, {"title": "text", "year": "number", "genres": "set"}, "rating", "movielens-latest"
    ),
    "02-no-users-table": Expected({}, THINGS, "taken"),
    "04-repeats-memory": Expected({"sex": "category"}, {"title": "text"}, "taken"),
    "05-yyyymmdd": PLAIN,
    "08-play-counts": Expected(PEOPLE, THINGS, "taken", warned=("warning.counts",)),
    "10-column-named-id": Expected(PEOPLE | {"id": "category"}, THINGS),
    "13-no-ranked-users": Expected(PEOPLE, THINGS, warned=("warning.lopsided",)),
    "14-dot-and-underscores": Expected(PEOPLE | {"a.b": "category", "a__b": "number"}, THINGS, "taken"),
    "15-dbl-max": Expected(
        PEOPLE,
        {"title": "text", "allnan": "number", "const": "number", "big": "number", "genres": "set"},
        warned=("warning.cells_clipped",),
    ),
    "16-index-column-parquet": Expected(PEOPLE, THINGS, warned=("warning.row_index",)),
    "18-unused-struct": Expected(PEOPLE, THINGS, warned=("warning.nested",)),
    "20-list-column": Expected(PEOPLE, THINGS | {"genres": "set"}),
    "21-decimal-comma": PLAIN,
    "23-sep-line": PLAIN,
    "25-long-quoted-cell": PLAIN,
    "26-backslash-quotes": Expected(refused=("items.csv row 2", "backslash", '"escape"')),
    "29-trailing-delimiters": PLAIN,
}
NAMES = {"11-item-column-named-item": ("items", "item"), "12-missing-group": ("users", "a, b")}
SEPTEMBER_2020, FEBRUARY_2021 = 1_598_918_400, 1_612_137_600


def folder_of(name: str) -> Path:
    if not (FAULTS / name).is_dir():
        pytest.skip(f"no {FAULTS / name}")
    return FAULTS / name


@pytest.mark.parametrize("name", FOLDERS)
def test_the_folder_does_what_it_should(name):
    source, expected = folder_of(name), FOLDERS[name]
    if expected.refused:
        with pytest.raises(DataError) as caught:
            import_dataset(expected.format, source)
        assert all(word in str(caught.value) for word in expected.refused), str(caught.value)
        return
    dataset = import_dataset(expected.format, source)
    schema = dataset.schema
    for wanted, columns in ((expected.users, schema.users), (expected.items, schema.items)):
        assert {c.name: c.kind for c in columns if c.is_feature} == wanted
    assert schema.outcome == expected.outcome
    assert dataset.interactions["time"].between(SEPTEMBER_2020 - 86_400, FEBRUARY_2021).all()
    assert set(expected.warned) <= set(warned(dataset))


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_s_names_are_kept(name):
    side, column = NAMES[name]
    dataset = import_dataset("tables", folder_of(name))
    assert column in {c.name for c in getattr(dataset.schema, side) if c.is_feature}


def test_any_other_folder_is_read_or_refused_in_one_line():
    if not FAULTS.is_dir():
        pytest.skip(f"no {FAULTS}")
    for source in sorted(p for p in FAULTS.iterdir() if p.is_dir() and p.name not in FOLDERS):
        form = "movielens-latest" if (source / "movies.csv").is_file() else "tables"
        try:
            said = str(import_dataset(form, source).warnings)
        except RecLensError as refused:
            said = str(refused)
        assert "\n" not in said


@pytest.mark.parametrize("name", ["16-index-column-parquet", "18-unused-struct", "21-decimal-comma", "23-sep-line"])
def test_the_same_tables_written_in_another_way_are_the_same_dataset(name):
    plain = import_dataset("tables", folder_of("29-trailing-delimiters"))
    assert import_dataset("tables", folder_of(name)).fingerprint() == plain.fingerprint()


def test_the_folder_with_backslashes_is_read_with_the_key_that_its_refusal_names(tmp_path):
    source = folder_of("26-backslash-quotes")
    mapping = json.loads((source / "mapping.json").read_text())
    mapping["items"]["escape"] = "\\"
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    dataset = import_dataset("tables", source, tmp_path / "mapping.json")
    assert dataset.titles[0] == 'Title "0"; part'
