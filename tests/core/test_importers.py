"""MovieLens importers on the real files and on small ones, and what is saved of an imported dataset."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_contract import ImporterContract
from small_data import CLICKS, ITEMS, ML_1M, ML_100K, ML_LATEST, SHOP, SOURCES, USERS, warned, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.importers import IMPORTERS, import_dataset
from recsys_core.data.importers.movielens import AGES, OCCUPATIONS, find_year, readable_title
from recsys_core.errors import DataError, RecLensError, SettingError


class TestMovieLens100K(ImporterContract):
    format, needed, ordered = "movielens-100k", ("u.data", "u.item", "u.user", "u.genre"), ("u.genre",)


class TestMovieLens1M(ImporterContract):
    format, needed = "movielens-1m", ("ratings.dat", "movies.dat", "users.dat")


class TestMovieLensLatest(ImporterContract):
    format, needed, header = "movielens-latest", ("ratings.csv", "movies.csv"), 1


class TestAmazonReviews(ImporterContract):
    format, needed, ordered = "amazon-reviews", (), ("meta_Toys.json",)


class TestTables(ImporterContract):
    format, needed, header = "tables", ("interactions.csv",), 1


def test_every_importer_is_under_the_contract():
    assert {c.format for c in ImporterContract.__subclasses__()} == set(IMPORTERS) == set(SOURCES)


@pytest.fixture
def shop(tmp_path):
    """Import the small shop with some files changed."""

    def make(changes: dict | None = None) -> Dataset:
        files = SHOP | (changes or {})
        return import_dataset("tables", write_tables(tmp_path / "shop", files))

    return make


@pytest.fixture(scope="session")
def ml_100k(data_folder):
    return import_dataset("movielens-100k", data_folder / "ml-100k")


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
    log = ml_100k.interactions
    first = log[(log["user_index"] == ml_100k.user_index("196")) & (log["item_index"] == ml_100k.item_index("242"))]
    assert first[["value", "time"]].to_numpy().tolist() == [[3, 881250949]]
    assert (np.diff(log["time"]) >= 0).all()
    assert ml_100k.items["item_id"].astype(int).tolist() == list(range(1, 1683))
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


def test_codes_of_1m_are_spelled_out(tmp_path):
    dataset = import_dataset("movielens-1m", write_tables(tmp_path, ML_1M))
    assert dataset.users["occupation"].tolist() == ["K-12 student", "college/grad student"]
    assert dataset.users["age"].tolist() == ["under 18", "56+"]
    assert dataset.titles == ["The Matter (1995)", "Café (1996)", "Sea (2000)"]
    assert len(OCCUPATIONS) == 21


def test_the_genre_unknown_is_none(tmp_path):
    genres = import_dataset("movielens-100k", write_tables(tmp_path, ML_100K)).items["genres"]
    assert genres.tolist()[:2] == ["Genre1", "Genre2"]
    assert pd.isna(genres[2])


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
        ("movielens-latest", {"ratings.csv": ML_LATEST["ratings.csv"] + "1,1,0,9\r\n"}, ["row 14", "rating", "'0'"]),
        ("movielens-latest", {"movies.csv": ML_LATEST["movies.csv"] + "1,A,B\r\n"}, ["movies.csv row 4", "movieId"]),
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
    mixed = pd.Series(["a", 1, {}] * 4)
    broken = replace(dataset, interactions=dataset.interactions.assign(more=mixed))  # the others can be written
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
