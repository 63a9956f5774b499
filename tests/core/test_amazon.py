"""The importer of Amazon reviews: both editions, scraped fields, files of a folder."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from small_data import AMAZON, warned, write_tables

from recsys_core.data.importers import import_dataset
from recsys_core.data.schema import Column
from recsys_core.errors import DataError, phrase


def rows_of(dataset) -> dict[str, dict]:
    return {row["item_id"]: row for row in dataset.items.to_dict("records")}


def test_reviews_of_2018(tmp_path):
    dataset = import_dataset("amazon-reviews", write_tables(tmp_path, AMAZON))
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (3, 3, 12)
    assert (dataset.schema.users, dataset.schema.outcome) == ((), "rating")
    assert (dataset.schema.low, dataset.schema.high) == (1, 5)
    assert dataset.schema.item_column("price") == Column("price", "number", unit="$")
    items = rows_of(dataset)
    assert items["B000"] == {
        "item_id": "B000", "title": "Ball & Bat", "brand": "Toyco", "price": 1250.0, "department": "Toys & Games",
        "categories": "Toys|Balls",
    }  # fmt: skip
    assert items["B001"]["title"] == "Café set"
    assert items["B002"]["title"] == "B002"  # reviewed, but not in the metadata
    assert np.isnan(items["B001"]["price"])
    assert pd.isna(items["B001"]["brand"])
    assert sorted(dataset.interactions["time"]) == [1500000000 + i for i in range(12)]
    assert dataset.interactions["value"].value_counts().to_dict() == {1: 3, 2: 3, 3: 2, 4: 2, 5: 2}
    found = warned(dataset)
    assert found["warning.products_left_out"] == {"file": "meta_Toys.json", "count": 1, "of": 3}
    assert found["warning.cells_unreadable"] == {
        "side": phrase("side.items"), "column": "price", "count": 2, "of": 4,
        "examples": "'.a-box-inner{background-color:', '$10.00 - $25.00'",
    }  # fmt: skip
    assert found["warning.titles_missing"] == {"count": 1}
    assert found["warning.repeated_pairs"]["count"] == 6


def test_reviews_without_metadata(tmp_path):
    bare = import_dataset("amazon-reviews", write_tables(tmp_path / "bare", {"Toys.jsonl": AMAZON["Toys_5.json"]}))
    assert bare.titles == ["B000", "B001", "B002"]
    assert bare.n_interactions == 12


def test_reviews_of_2023(tmp_path):
    reviews = [
        {"rating": 1.0 + i % 5, "title": "t", "text": "x", "images": [{"a": 1}], "asin": "C", "helpful_vote": 0,
         "parent_asin": f"P{i % 2}", "user_id": f"A{i % 3}", "timestamp": 1588687728923 + 1000 * i}
        for i in range(12)
    ]  # fmt: skip
    meta = [
        {"parent_asin": "P0", "title": "Drum", "store": "Loud", "price": 12.5, "main_category": "Music",
         "categories": ["Music", "Drums"], "details": {"x": "y"}, "rating_number": 3},
        {"parent_asin": "P1", "title": "Flute", "store": None, "price": None, "main_category": None, "categories": []},
    ]  # fmt: skip
    files = {"Music.jsonl": reviews, "meta_Music.jsonl": meta}
    folder = write_tables(tmp_path, {name: "\n".join(map(json.dumps, rows)) for name, rows in files.items()})
    dataset = import_dataset("amazon-reviews", folder)
    assert rows_of(dataset)["P0"] == {
        "item_id": "P0", "title": "Drum", "brand": "Loud", "price": 12.5, "department": "Music",
        "categories": "Music|Drums",
    }  # fmt: skip
    assert dataset.interactions["time"].min() == 1588687728
    assert "warning.cells_unreadable" not in warned(dataset)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Toys_5.json": None}, ["*_5.json.gz: not found", "Amazon reviews"]),
        ({"Games_5.json": AMAZON["Toys_5.json"]}, ["2 sets of reviews", "Games_5.json, Toys_5.json"]),
        ({"Toys_5.json": AMAZON["Toys_5.json"] + '{"overall": 5'}, ["Toys_5.json row 13", "no JSON"]),
        ({"Toys_5.json": AMAZON["Toys_5.json"].replace("1.0", "9.0", 1)}, ["Toys_5.json row 1", "'overall'", "'9'"]),
        ({"Toys_5.json": AMAZON["Toys_5.json"].replace('"asin"', '"a"')}, ["Toys_5.json", "'asin' is missing"]),
        ({"meta_Toys.json": "title\nBall\n"}, ["meta_Toys.json row 1", "no JSON"]),
    ],
)
def test_bad_review_files_are_refused(tmp_path, change, words):
    with pytest.raises(DataError) as caught:
        import_dataset("amazon-reviews", write_tables(tmp_path, AMAZON | change))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_smaller_selection_is_preferred_and_other_categories_metadata_are_not_taken(tmp_path):
    files = AMAZON | {"Toys.json": "x", "meta_Games.json": "x"}
    assert import_dataset("amazon-reviews", write_tables(tmp_path, files)).n_interactions == 12


def test_the_real_gift_cards(data_folder):
    dataset = import_dataset("amazon-reviews", data_folder / "amazon-gift-cards")
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (458, 148, 2972)
    assert dataset.items["price"].notna().sum() == 107
    assert not dataset.items["title"].str.contains("&amp;|<", regex=True).any()
    assert set("|".join(dataset.items["categories"].dropna()).split("|")) == {"Gift Cards"}
    found = warned(dataset)
    assert found["warning.products_left_out"] == {"file": "meta_Gift_Cards.json.gz", "count": 1399, "of": 1547}
    assert (found["warning.cells_unreadable"]["column"], found["warning.cells_unreadable"]["count"]) == ("price", 4)
    assert found["warning.repeated_pairs"]["count"] == 7
    assert found["warning.lopsided"]["percent"] == 93
