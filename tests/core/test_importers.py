"""Importers: the real MovieLens files, tables with and without a mapping, warnings, and what is saved."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import CLICKS, ITEMS, ML_1M, ML_100K, ML_LATEST, RATINGS, SHOP, SOURCES, USERS, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import FORMATS, import_dataset
from recsys_core.data.importers.movielens import AGES, OCCUPATIONS, find_year, readable_title
from recsys_core.data.schema import Column
from recsys_core.errors import DataError, RecLensError, SettingError
from recsys_core.messages import MESSAGES

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "shop"


@pytest.fixture
def shop(tmp_path):
    """Import the small shop with some files changed; ``mapping`` as a dictionary."""

    def make(changes: dict | None = None, mapping: dict | None = None) -> Dataset:
        files = SHOP | (changes or {}) | ({"mapping.json": json.dumps(mapping)} if mapping else {})
        return import_dataset("tables", write_tables(tmp_path / "shop", files))

    return make


@pytest.fixture(scope="session")
def ml_100k(data_folder):
    return import_dataset("movielens-100k", data_folder / "ml-100k")


def warned(dataset: Dataset) -> dict[str, dict]:
    return dict(dataset.warnings)


# --- the real files -------------------------------------------------------------------------


def test_movielens_100k(ml_100k):
    assert (ml_100k.n_users, ml_100k.n_items, ml_100k.n_interactions) == (943, 1682, 100000)
    assert ml_100k.users.iloc[0].to_dict() == {
        "user_id": "1", "age": 24.0, "gender": "male", "occupation": "technician", "zip": "85711",
    }  # fmt: skip
    toy = ml_100k.items.iloc[0].to_dict()
    assert toy == {"item_id": "1", "title": "Toy Story (1995)", "year": 1995.0, "genres": "Animation|Children's|Comedy"}
    unknown = ml_100k.items.iloc[ml_100k.item_index("267")]
    assert unknown["title"] == "unknown"
    assert np.isnan(unknown["year"])
    assert pd.isna(unknown["genres"])
    first = ml_100k.interactions.iloc[0]
    assert (ml_100k.users["user_id"][first["user_index"]], ml_100k.items["item_id"][first["item_index"]]) == (
        "196",
        "242",
    )
    assert (first["value"], first["time"]) == (3, 881250949)
    assert warned(ml_100k)["warning.repeated_titles"]["count"] == 18
    assert warned(ml_100k)["warning.cells_missing"]["column"] in ("year", "genres")
    assert {c.name: c.sensitive for c in ml_100k.schema.users} == {
        "age": True, "gender": True, "occupation": False, "zip": False,
    }  # fmt: skip


def test_movielens_1m(data_folder):
    dataset = import_dataset("movielens-1m", data_folder / "ml-1m")
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (6040, 3883, 1000209)
    assert dataset.users.iloc[1].to_dict() == {
        "user_id": "2", "age": "56+", "gender": "male", "occupation": "self-employed", "zip": "70072",
    }  # fmt: skip
    assert dataset.schema.user_column("age").levels == tuple(AGES.values())
    assert dataset.users["age"].value_counts()["25-34"] == 2096
    assert (dataset.users["gender"] == "male").sum() == 4331
    counts = dataset.interactions["value"].value_counts()
    assert counts.to_dict() == {1: 56174, 2: 107557, 3: 261197, 4: 348971, 5: 226310}
    times = dataset.interactions["time"]
    assert (times.min(), times.max()) == (956703932, 1046454590)
    assert dataset.items["title"][dataset.item_index("2571")] == "The Matrix (1999)"
    assert dataset.items["title"][dataset.item_index("73")] == "Les Misérables (1995)"
    assert warned(dataset)["warning.items_untouched"] == {"count": 177, "of": 3883}


def test_movielens_latest(data_folder):
    dataset = import_dataset("movielens-latest", data_folder / "ml-latest-small")
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (610, 9742, 100836)
    assert dataset.schema.users == ()
    assert (dataset.schema.low, dataset.schema.high) == (0.5, 5)
    assert sorted(dataset.interactions["value"].unique()) == [i / 2 for i in range(1, 11)]
    assert dataset.items["genres"].isna().sum() == 34
    assert warned(dataset)["warning.repeated_titles"]["count"] == 5
    assert warned(dataset)["warning.items_untouched"]["count"] == 9742 - 9724


def test_a_saved_dataset_comes_back_with_its_fingerprint(ml_100k, tmp_path):
    ml_100k.save(tmp_path / "out")
    again = Dataset.load(tmp_path / "out")
    assert again.fingerprint() == ml_100k.fingerprint()
    assert (again.name, again.schema, again.warnings) == (ml_100k.name, ml_100k.schema, ml_100k.warnings)
    for name in ("users", "items", "interactions"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(ml_100k, name))


# --- small files in the same formats --------------------------------------------------------


def test_codes_of_1m_are_spelled_out(tmp_path):
    dataset = import_dataset("movielens-1m", write_tables(tmp_path, ML_1M))
    assert dataset.users["occupation"].tolist() == ["K-12 student", "college/grad student"]
    assert dataset.users["age"].tolist() == ["under 18", "56+"]
    assert dataset.titles == ["The Matter (1995)", "Café (1996)", "Sea (2000)"]
    assert len(OCCUPATIONS) == 21


def test_packed_files_read_as_plain_ones(tmp_path):
    plain = import_dataset("movielens-100k", write_tables(tmp_path / "plain", ML_100K))
    packed = {f"{file}.gz": text for file, text in ML_100K.items() if file.isascii()}
    packed["u.item.gz"] = ML_100K["u.item"].encode("ISO-8859-1")
    assert (
        import_dataset("movielens-100k", write_tables(tmp_path / "packed", packed)).fingerprint() == plain.fingerprint()
    )
    assert plain.items["genres"].tolist()[:2] == ["Genre1", "Genre2"]
    assert pd.isna(plain.items["genres"][2])  # the genre "unknown"


@pytest.mark.parametrize(
    ("form", "change", "words"),
    [
        (
            "movielens-1m",
            {"users.dat": "1::X::1::10::4\n2::M::56::4::7\n"},
            ["users.dat row 1", "gender", "'X'", "F, M"],
        ),
        ("movielens-1m", {"users.dat": "1::F::2::10::4\n2::M::56::4::7\n"}, ["users.dat row 1", "age", "'2'"]),
        ("movielens-1m", {"users.dat": "1::F::1::10::4\n2::M::56::21::7\n"}, ["users.dat row 2", "occupation", "'21'"]),
        ("movielens-1m", {"ratings.dat": ML_1M["ratings.dat"] + "1::1::6::978300760\n"}, ["ratings.dat row 13", "'6'"]),
        ("movielens-1m", {"movies.dat": None}, ["movies.dat", "not found"]),
        ("movielens-latest", {"ratings.csv": None}, ["ratings.csv", "not found"]),
        ("movielens-latest", {"ratings.csv": ML_LATEST["ratings.csv"] + "1,1,0,9\r\n"}, ["row 14", "rating", "'0'"]),
        ("movielens-latest", {"movies.csv": ML_LATEST["movies.csv"] + "1,A,B\r\n"}, ["movies.csv row 4", "movieId"]),
        ("movielens-100k", {"u.genre": None}, ["u.genre", "not found"]),
        ("movielens-100k", {"u.user": "1|x|M|a|1\n2|5|M|a|1\n"}, ["u.user row 1", "age", "'x'"]),
    ],
)
def test_bad_movielens_files_are_refused(tmp_path, form, change, words):
    with pytest.raises(DataError) as caught:
        import_dataset(form, write_tables(tmp_path, SOURCES[form] | change))
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("raw", "title", "year"),
    [
        ("Matrix, The (1999)", "The Matrix (1999)", 1999),
        ("Misérables, Les (1995)", "Les Misérables (1995)", 1995),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure) (1960)", 1960),
        ("Fistful, A (Per un pugno di dollari) (1964)", "A Fistful (Per un pugno di dollari) (1964)", 1964),
        ("Girls, Girls, Girls (1962)", "Girls, Girls, Girls (1962)", 1962),
        ("Land Before Time III: The Time (1995) (V)", "Land Before Time III: The Time (1995) (V)", 1995),
        ("Death Note (2006–2007)", "Death Note (2006–2007)", 2006),
        ("2001: A Space Odyssey (1968) ", "2001: A Space Odyssey (1968)", 1968),
        ("Cosmos", "Cosmos", None),
    ],
)  # fmt: skip
def test_titles_are_readable(raw, title, year):
    assert (readable_title(raw), find_year(raw)) == (title, year)


# --- any tables -----------------------------------------------------------------------------


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
    dataset = shop({"users.csv": pd.read_csv(pd.io.common.StringIO(USERS)).to_csv()})
    assert [c.name for c in dataset.schema.users] == ["name", "age", "gender"]
    assert warned(dataset)["warning.columns_unused"] == {"file": "users.csv", "columns": "(no name)"}


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
        "warning.cells_missing": {"side": "users", "column": "gender", "count": 1, "of": 5},
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
        assert all(MESSAGES[key].format(**values) for key, values in noticed.warnings)


def test_a_scale_is_inferred_and_said(shop):
    five = shop({"interactions.csv": RATINGS})
    assert (five.schema.low, five.schema.high) == (1, 5)
    ten = shop({"interactions.csv": RATINGS.replace("004,5", "004,10")})
    assert (ten.schema.low, ten.schema.high) == (1, 10)
    assert warned(ten)["warning.scale_inferred"] == {"low": "1", "high": "10"}


def test_formats_and_sources_are_checked(tmp_path):
    assert FORMATS == ("movielens-100k", "movielens-1m", "movielens-latest", "tables")
    with pytest.raises(SettingError, match="format must be one of"):
        import_dataset("netflix", tmp_path)
    with pytest.raises(SettingError, match="mapping is used with"):
        import_dataset("movielens-1m", tmp_path, tmp_path / "mapping.json")
    for form in FORMATS:
        with pytest.raises(DataError, match="nowhere: not found"):
            import_dataset(form, tmp_path / "nowhere")


@pytest.mark.skipif(not (SAMPLE / "mapping.json").exists(), reason=f"no sample data in {SAMPLE}")
def test_the_sample_shop_is_read():
    dataset = import_dataset("tables", SAMPLE)
    assert (dataset.schema.outcome, dataset.schema.has_time, dataset.schema.user_name) == ("click", True, "name")
    assert "propensity" in dataset.interactions
    assert dataset.warnings == ()


# --- what is saved --------------------------------------------------------------------------


@pytest.mark.parametrize("form", SOURCES)
def test_save_and_load_keep_everything(tmp_path, form):
    dataset = import_dataset(form, write_tables(tmp_path / "source", SOURCES[form]))
    dataset.save(tmp_path / "out")
    again = Dataset.load(tmp_path / "out")
    assert again.fingerprint() == dataset.fingerprint()
    assert (again.schema, again.warnings) == (dataset.schema, dataset.warnings)
    assert import_dataset(form, tmp_path / "source").fingerprint() == dataset.fingerprint()


def test_the_fingerprint_sees_every_cell(shop):
    prints = {
        shop(change).fingerprint()
        for change in (
            {},
            {"users.csv": USERS.replace("34", "35")},
            {"items.csv": ITEMS.replace("Stool", "stool")},
            {"interactions.csv": CLICKS.replace("1700000000", "1700000001")},
        )
    }
    assert len(prints) == 4


@pytest.mark.parametrize("file", ["users.parquet", "items.parquet", "interactions.parquet", "dataset.json"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_damaged_folder_is_refused(file, data):
    with tempfile.TemporaryDirectory() as folder:
        source = write_tables(Path(folder) / "source", SHOP)
        out = Path(folder) / "out"
        import_dataset("tables", source).save(out)
        content = bytearray((out / file).read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        (out / file).write_bytes(content[: data.draw(st.sampled_from([None, at]))])
        if file.endswith(".parquet"):
            with pytest.raises(DataError, match=f"{out}: file {file} is damaged"):
                Dataset.load(out)
            return
        try:
            loaded = Dataset.load(out)
        except RecLensError:
            return
        # the name or a blank may have changed unnoticed, the tables and their schema may not
        assert loaded.fingerprint() == import_dataset("tables", source).fingerprint()


def test_missing_pieces_are_named(shop, tmp_path):
    with pytest.raises(DataError, match="no dataset here"):
        Dataset.load(tmp_path)
    shop().save(tmp_path / "out")
    (tmp_path / "out" / "items.parquet").unlink()
    with pytest.raises(DataError, match=r"items\.parquet is damaged or missing"):
        Dataset.load(tmp_path / "out")


def test_nothing_half_written_stays(shop, tmp_path):
    dataset = shop()
    mixed = pd.DataFrame({"user_index": ["a", 1, {}]})
    broken = replace(dataset, interactions=mixed)  # users and items can be written, this cannot
    before = set(tmp_path.iterdir())
    with pytest.raises(Exception, match=r"Conversion failed|Expected"):
        broken.save(tmp_path / "out")
    assert set(tmp_path.iterdir()) == before
    dataset.save(tmp_path / "out")
    with pytest.raises(Exception, match=r"Conversion failed|Expected"):
        broken.save(tmp_path / "out")
    assert Dataset.load(tmp_path / "out").fingerprint() == dataset.fingerprint()
    assert set(tmp_path.iterdir()) == before | {tmp_path / "out"}


def test_a_foreign_folder_is_not_overwritten(shop, tmp_path):
    with pytest.raises(SettingError, match="exists already"):
        shop().save(tmp_path / "shop")
    assert (tmp_path / "shop" / "users.csv").exists()
