"""Anybody's own tables: with a mapping, by column names, and what is inferred, warned of or refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_data import CLICKS, ITEMS, RATINGS, SHOP, USERS, warned, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import FORMATS, import_dataset
from recsys_core.data.schema import Column
from recsys_core.errors import DataError, SettingError, filled, phrase
from recsys_core.messages import MESSAGES

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "shop"


@pytest.fixture
def shop(tmp_path):
    """Import the small shop with some files changed; ``mapping`` as a dictionary."""

    def make(changes: dict | None = None, mapping: dict | None = None) -> Dataset:
        files = SHOP | (changes or {}) | ({"mapping.json": json.dumps(mapping)} if mapping else {})
        return import_dataset("tables", write_tables(tmp_path / "shop", files))

    return make


def test_tables_by_column_names(shop):
    dataset = shop()
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (3, 4, 12)
    assert (dataset.name, dataset.schema.outcome, dataset.schema.has_time) == ("shop", "click", True)
    assert (dataset.schema.user_name, dataset.schema.item_title) == ("name", "title")
    assert dataset.titles == ["Red lamp", "Chair, folding", "Blue lamp", "Stool"]
    assert dataset.schema.user_column("name").kind == "ignored"
    assert dataset.schema.user_column("gender") == Column("gender", "category", sensitive=True)
    assert dataset.interactions["time"][0] == 1700000000
    assert shop({"interactions.csv": RATINGS}).schema.outcome == "rating"


def test_csv_packed_csv_and_parquet_are_the_same_dataset(shop, tmp_path):
    plain = shop()
    packed = import_dataset("tables", write_tables(tmp_path / "b" / "shop", {f"{f}.gz": t for f, t in SHOP.items()}))
    for file in SHOP:
        target = (tmp_path / "c" / "shop" / file).with_suffix(".parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        pd.read_csv(tmp_path / "shop" / file).to_parquet(target)
    parquet = import_dataset("tables", tmp_path / "c" / "shop")
    assert plain.fingerprint() == packed.fingerprint() == parquet.fingerprint()


MAPPING = {
    "name": "corner shop",
    "users": {
        "file": "people.csv",
        "id": "who",
        "name": "called",
        "columns": {"years": {"kind": "number", "unit": "years", "sensitive": True}, "sex": "category", "size": {
            "kind": "ordered", "levels": ["small", "large"]}},
    },
    "items": {"file": "goods.csv", "id": "sku", "title": "label", "columns": {"label": "text", "tags": "set"}},
    "interactions": {"file": "log.csv.gz", "user": "who", "item": "sku", "time": "at", "value": "stars",
                     "outcome": "rating", "low": 0, "high": 10},
}  # fmt: skip
MAPPED = {
    "people.csv": "who;called;years;sex;size;note\n1;Anna;34;f;small;x\n2;Ben;;m;large;y\n",
    "goods.csv": "sku\tlabel\ttags\nA\tLamp\tred|new\nB\tChair\t\n",
    "log.csv.gz": "who,sku,at,stars,page\n" + "".join(
        f"{1 + i % 2},{'AB'[i // 5 % 2]},2024-01-0{1 + i % 9}T10:00:00Z,{i % 11},3\n" for i in range(12)),
}  # fmt: skip


def test_a_mapping_names_files_columns_kinds_and_the_scale(shop):
    dataset = shop(MAPPED, MAPPING)
    assert dataset.name == "corner shop"
    assert (dataset.schema.outcome, dataset.schema.low, dataset.schema.high) == ("rating", 0, 10)
    assert dataset.schema.user_column("years") == Column("years", "number", sensitive=True, unit="years")
    assert dataset.schema.user_column("sex").sensitive  # a well-known name
    assert dataset.schema.user_column("size").levels == ("small", "large")
    assert dataset.schema.user_column("called").kind == "ignored"
    assert dataset.schema.item_column("tags").kind == "set"
    assert (dataset.schema.user_name, dataset.schema.item_title) == ("called", "label")
    assert np.isnan(dataset.users["years"][1])
    assert pd.isna(dataset.items["tags"][1])
    assert dataset.interactions["time"][0] == 1704103200
    assert warned(dataset)["warning.columns_unused"] == {"file": "log.csv.gz", "columns": "page"}
    assert warned(dataset)["warning.cells_missing"]["count"] == 1


def test_a_mapping_beside_the_folder(shop, tmp_path):
    inside = shop(MAPPED, MAPPING)
    (tmp_path / "shop" / "mapping.json").rename(tmp_path / "other.json")
    assert import_dataset("tables", tmp_path / "shop", tmp_path / "other.json").fingerprint() == inside.fingerprint()


def test_interactions_alone_are_enough(shop):
    log = "who,what\n" + "".join(f"{i % 3},{i % 4}\n" for i in range(12))
    mapping = {"interactions": {"file": "log.csv", "user": "who", "item": "what"}}
    dataset = shop({"log.csv": log}, mapping)
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (3, 4, 12)
    assert (dataset.schema.outcome, dataset.schema.has_time) == ("taken", False)
    assert dataset.titles == ["0", "1", "2", "3"]
    assert set(dataset.interactions["value"]) == {1}
    assert {"warning.titles_missing", "warning.no_time"} <= set(warned(dataset))


@pytest.mark.parametrize("yes", ["1", "true", "yes"])
def test_an_outcome_that_is_yes_in_every_row_is_a_log_of_what_was_taken(shop, yes):
    log = CLICKS.replace(",0\n", ",1\n").replace(",1\n", f",{yes}\n")
    dataset = shop({"interactions.csv": log})
    assert dataset.schema.outcome == "taken"
    assert set(dataset.interactions["value"]) == {1}
    assert warned(dataset)["warning.all_taken"] == {"file": "interactions.csv", "column": "outcome"}
    clicks = {"interactions": {"file": "interactions.csv", "user": "user_id", "item": "item_id", "time": "time"}}
    clicks["interactions"] |= {"value": "outcome", "outcome": "click"}
    with pytest.raises(DataError, match="holds only 1"):  # called clicks, it lacks what was passed over
        shop({"interactions.csv": log}, clicks)


def test_quotes_may_be_letters(shop):
    goods = MAPPED["goods.csv"].replace("Lamp", '"The" lamp')
    with pytest.raises(DataError, match=r"goods\.csv row 2: misplaced quotation mark .*, or map 'quotes': false"):
        shop(MAPPED | {"goods.csv": goods}, MAPPING)
    mapping = MAPPING | {"items": MAPPING["items"] | {"quotes": False}}
    assert shop(MAPPED | {"goods.csv": goods}, mapping).titles == ['"The" lamp', "Chair"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((), [], ["object"]),
        (("interactions",), None, ["interactions"]),
        (("users", "id"), None, ["users", "'id'"]),
        (("users", "id"), "", ["users", "'id'"]),
        (("users", "id"), 3, ["users", "'id'", "text"]),
        (("users", "file"), "../secret.csv", ["folder"]),
        (("users", "file"), "/etc/passwd", ["folder"]),
        (("users", "colums"), {}, ["'colums'", "columns"]),
        (("users", "columns"), [], ["columns"]),
        (("users", "columns", "sex"), "colour", ["'sex'", "'colour'", "category"]),
        (("users", "columns", "sex"), {"sensitive": 1}, ["'sensitive'", "true or false"]),
        (("users", "columns", "size"), "ordered", ["'size'", "levels"]),
        (("users", "columns", "size", "levels"), ["small", "small"], ["levels"]),
        (("users", "columns", "size", "levels"), [["small"]], ["levels"]),
        (("interactions", "outcome"), "stars", ["'stars'", "click"]),
        (("interactions", "value"), None, ["'rating'", "value"]),
        (("interactions", "low"), 10, ["low"]),
        (("interactions", "low"), True, ["'low'", "number"]),
        (("interactions", "high"), float("inf"), ["high"]),
        (("interactions", "outcome"), "taken", ["taken"]),
        (("items", "delimiter"), '"', ["items", "'delimiter'"]),
        (("items", "encoding"), "utf-9", ["items", "'utf-9'", "cp1252"]),
        (("items", "encoding"), "base64", ["items", "'base64'"]),
        (("items", "escape"), "ab", ["items", "'escape'", "'ab'"]),
    ],
)
def test_a_bad_mapping_is_refused(shop, path, value, words):
    mapping = json.loads(json.dumps(MAPPING))
    at = mapping
    for key in path[:-1]:
        at = at[key]
    if path:
        at[path[-1]] = value
    with pytest.raises(DataError) as caught:
        shop({**MAPPED, "mapping.json": json.dumps(mapping if path else value)})
    assert caught.value.key == "mapping.bad"
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_mapping_in_any_unicode_form(shop, encoding):
    mapping = MAPPING | {"name": "Lädchen"}
    assert shop({**MAPPED, "mapping.json": json.dumps(mapping, ensure_ascii=False).encode(encoding)}).name == "Lädchen"


def test_a_mapping_says_how_a_text_file_is_written(shop):
    goods = "sku~label~tags\nA~Café~red|new\nB~Chair~\n".encode("cp1252")
    with pytest.raises(DataError, match=r'goods\.csv row 2: byte 0xE9 is not UTF-8 text; map "encoding": "cp1252"'):
        shop({**MAPPED, "goods.csv": goods}, MAPPING)
    with pytest.raises(DataError, match=r"goods\.csv: column 'sku' is missing; .*Name its \"delimiter\""):
        shop({**MAPPED, "goods.csv": goods}, MAPPING | {"items": MAPPING["items"] | {"encoding": "cp1252"}})
    form = {"encoding": "cp1252", "delimiter": "~"}
    assert shop({**MAPPED, "goods.csv": goods}, MAPPING | {"items": MAPPING["items"] | form}).titles == [
        "Café",
        "Chair",
    ]
    tab = MAPPING | {"items": MAPPING["items"] | {"delimiter": "tab"}}
    assert shop(MAPPED, tab).titles == ["Lamp", "Chair"]


def test_a_mapping_that_is_no_json_or_names_what_is_not_there(shop, tmp_path):
    for text in ("{", "[" * 100000, "\xff"):
        with pytest.raises(DataError, match=r"mapping\.json: not a JSON file"):
            shop({"mapping.json": text.encode("latin-1")})
    for part, key in (("users", "id"), ("items", "title"), ("interactions", "time")):
        with pytest.raises(DataError, match="column 'nowhere' is missing"):
            shop(MAPPED, MAPPING | {part: MAPPING[part] | {key: "nowhere"}})
    with pytest.raises(DataError, match=r"goods2\.csv: not found"):
        shop(MAPPED, MAPPING | {"items": MAPPING["items"] | {"file": "goods2.csv"}})
    with pytest.raises(DataError, match=r"no-such\.json: not found"):
        import_dataset("tables", tmp_path / "shop", tmp_path / "no-such.json")


def test_kinds_are_inferred(shop):
    rows = range(300)
    people = {
        "user_id": rows,
        "height": [150 + i / 3 for i in rows],
        "stars": [i % 5 for i in rows],
        "city": [f"city {i % 90}" for i in rows],
        "street": [f"street {i}" for i in rows],
        "brand_id": [i % 140 for i in rows],
        "about": ["a long text that repeats but is no category, " + "x" * (i % 3) for i in rows],
        "empty": "",
        "Age": [20 + i % 50 if i else "NA" for i in rows],
    }
    frame = pd.DataFrame(people)
    dataset = shop({"users.csv": frame.to_csv(index=False), "interactions.csv": CLICKS.replace("u", "1")
                    .replace("1ser", "user").replace("o1t", "out")})  # fmt: skip
    kinds = {c.name: c.kind for c in dataset.schema.users}
    assert kinds == {
        "height": "number", "stars": "category", "city": "category", "street": "ignored", "brand_id": "category",
        "about": "ignored", "empty": "ignored", "Age": "number",
    }  # fmt: skip
    assert [c.name for c in dataset.schema.users if c.sensitive] == ["Age"]
    assert np.isnan(dataset.users["Age"][0])


def test_a_row_number_without_a_name_is_left_out_and_said(shop):
    dataset = shop({"users.csv": pd.read_csv(io.StringIO(USERS)).to_csv()})
    assert [c.name for c in dataset.schema.users] == ["name", "age", "gender"]
    assert warned(dataset)["warning.nameless_index"] == {"file": "users.csv", "number": 1}


def test_oddities_become_warnings(shop):
    dataset = shop(
        {
            "users.csv": USERS + "u4,Dora,,\nu5,Emil,40,male\n",
            "items.csv": ITEMS.replace("Blue lamp", "Red lamp").replace("Stool", "") + "e,Desk,80,table\n",
            "interactions.csv": CLICKS + "\nu1,a,1700000100,1\nu5,a,1700000100,1\n",
        }
    )
    assert warned(dataset) == {
        "warning.titles_missing": {"count": 1},
        "warning.repeated_titles": {"count": 1, "example": "Red lamp"},
        "warning.cells_missing": {"side": phrase("side.users"), "column": "gender", "count": 1, "of": 5},
        "warning.users_untouched": {"count": 1, "of": 5},
        "warning.users_few": {"count": 1, "of": 5, "least": 3},
        "warning.items_untouched": {"count": 1, "of": 5},
        "warning.repeated_pairs": {"count": 1},
        "warning.blank_lines": {"file": "interactions.csv", "count": 1},
    }
    assert dataset.titles[3] == "d"
    chinese = shop(
        {"items.csv": ITEMS.replace("Red lamp", "红色台灯").replace("Blue lamp", "蓝色台灯").replace("Stool", "凳子 X")}
    )
    assert warned(chinese)["warning.titles_not_latin"] == {"percent": 75}
    lopsided = shop({"interactions.csv": CLICKS.replace(",0\n", ",1\n").replace("000,1", "000,0")})
    assert warned(lopsided)["warning.lopsided"] == {"percent": 92, "value": "1"}
    for noticed in (dataset, chinese, lopsided):
        assert all(filled(MESSAGES[key], values) for key, values in noticed.warnings)


def test_a_scale_is_inferred_and_said(shop):
    five = shop({"interactions.csv": RATINGS})
    assert (five.schema.low, five.schema.high) == (1, 5)
    ten = shop({"interactions.csv": RATINGS.replace("004,5", "004,10")})
    assert (ten.schema.low, ten.schema.high) == (1, 10)
    assert warned(ten)["warning.scale_inferred"] == {"low": "1", "high": "10"}


def test_formats_and_sources_are_checked(tmp_path):
    assert FORMATS == ("movielens-100k", "movielens-1m", "movielens-latest", "amazon-reviews", "tables")
    with pytest.raises(SettingError, match="format must be one of"):
        import_dataset("netflix", tmp_path)
    with pytest.raises(SettingError, match="mapping is used with"):
        import_dataset("movielens-1m", tmp_path, tmp_path / "mapping.json")
    for form in FORMATS:
        with pytest.raises(DataError, match="nowhere: not found"):
            import_dataset(form, tmp_path / "nowhere")


def test_the_sample_shop_is_read():
    dataset = import_dataset("tables", SAMPLE)
    assert (dataset.schema.outcome, dataset.schema.has_time, dataset.schema.user_name) == ("click", True, "name")
    assert "propensity" in dataset.interactions
    assert dataset.warnings == ()
