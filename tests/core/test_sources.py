"""Where tables may lie: a flat file, an archive, a workbook; and what a flat file's columns are taken for."""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import ML_1M, SHOP, encode, warned, write_tables

from recsys_core.data.importers import import_dataset
from recsys_core.errors import DataError, RecLensError, phrase


def shop_frames() -> dict[str, pd.DataFrame]:
    return {file.removesuffix(".csv"): pd.read_csv(io.StringIO(text)) for file, text in SHOP.items()}


def flat_shop() -> pd.DataFrame:
    users, items, log = shop_frames().values()
    return log.merge(users, on="user_id").merge(items, on="item_id")


def zip_of(path, files: dict[str, str], below: str = ""):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(below + name, encode(name, text))
    return path


@pytest.fixture
def shop(tmp_path):
    return import_dataset("tables", write_tables(tmp_path / "shop", SHOP))


@pytest.mark.parametrize("below", ["", "shop-2024/"])
def test_a_zip_of_a_folder_is_that_folder(shop, tmp_path, below):
    source = zip_of(tmp_path / "z" / "shop.zip", SHOP | {"README.txt": "about"}, below)
    zipped = import_dataset("tables", source)
    assert (zipped.name, zipped.fingerprint()) == (shop.name, shop.fingerprint())
    movies = import_dataset("movielens-1m", zip_of(tmp_path / "ml.zip", ML_1M, "ml-1m/"))
    assert movies.fingerprint() == import_dataset("movielens-1m", write_tables(tmp_path / "ml", ML_1M)).fingerprint()


def test_a_zip_cannot_write_beside_its_folder(tmp_path):
    with pytest.raises(DataError, match=r"interactions: not found in .*bad\.zip; expected"):
        import_dataset(
            "tables",
            zip_of(tmp_path / "in" / "bad.zip", {"a/../../evil.csv": "x", "/evil.csv": "y", "/evil2.csv": "z"}),
        )
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "bad.zip"]
    assert not Path("/evil.csv").exists()


def test_a_workbook_with_a_sheet_a_table(shop, tmp_path):
    with pd.ExcelWriter(tmp_path / "shop.xlsx") as book:
        for name, frame in shop_frames().items():
            frame.to_excel(book, sheet_name=name.capitalize(), index=False)
        pd.DataFrame({"note": ["made by hand"]}).to_excel(book, sheet_name="about", index=False)
    assert import_dataset("tables", tmp_path / "shop.xlsx").fingerprint() == shop.fingerprint()
    mapping = {
        "users": {"file": "shop.xlsx", "id": "user_id"},
        "items": {"file": "shop.xlsx", "id": "item_id"},
        "interactions": {"file": "shop.xlsx", "user": "user_id", "item": "item_id", "time": "time", "value": "outcome"},
    }
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    assert import_dataset("tables", tmp_path).fingerprint() == shop.fingerprint()


def test_jsonl_feather_and_a_workbook_beside_one_another(shop, tmp_path):
    users, items, log = shop_frames().values()
    folder = tmp_path / "mixed" / "shop"
    folder.mkdir(parents=True)
    users.to_json(folder / "users.jsonl", orient="records", lines=True)
    items.to_excel(folder / "items.xlsx", index=False)
    log.to_feather(folder / "interactions.feather")
    assert import_dataset("tables", folder).fingerprint() == shop.fingerprint()


def test_files_that_are_not_read_are_said(tmp_path):
    files = SHOP | {"products.csv": "a\n1\n", "notes.md": "x", "readme.txt": "x", "users.parquet": b"x"}
    dataset = import_dataset("tables", write_tables(tmp_path / "shop", files))
    assert warned(dataset)["warning.files_unused"] == {"count": 2, "files": "products.csv, users.parquet"}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_one_flat_file_gives_the_same_tables(shop, tmp_path, suffix):
    path = tmp_path / f"shop.{suffix}"
    frame = flat_shop()
    if suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        write = {"csv": partial(frame.to_csv, float_format="%g"), "parquet": frame.to_parquet, "xlsx": frame.to_excel}
        write[suffix](path, index=False)
    flat = import_dataset("tables", path)
    assert [c.name for c in flat.schema.users] == ["name", "age", "gender"]
    assert [c.name for c in flat.schema.items] == ["title", "price", "category"]
    for side in ("users", "items"):
        key = f"{side[:-1]}_id"
        mine, theirs = (getattr(d, side).sort_values(key, ignore_index=True) for d in (flat, shop))
        pd.testing.assert_frame_equal(mine[list(theirs)], theirs, check_dtype=False)
    assert [v["columns"] for k, v in flat.warnings if k == "warning.flat_columns"] == [
        "name, age, gender", "title, price, category",
    ]  # fmt: skip


def test_the_one_table_of_a_folder_is_flat_whatever_its_name(tmp_path):
    folder = write_tables(tmp_path / "in", {"README.md": "x", "notes.pdf": "x"})
    big_flat().to_csv(folder / "export 2024.csv", index=False)
    assert [c.name for c in import_dataset("tables", folder).schema.items] == ["name", "price"]


def big_flat(n: int = 4000, *, seed: int = 0) -> pd.DataFrame:
    """40 users, 30 items; attributes of either, of the interaction, of nobody, and ones that vary a little."""
    rng = np.random.default_rng(seed)
    user, item = rng.integers(40, size=n), rng.integers(30, size=n)
    age = 20 + user % 30
    wrong = rng.random(n) < 0.02
    return pd.DataFrame(
        {
            "Unnamed: 0": np.arange(n),
            "user_id": [f"u{i}" for i in user],
            "item_id": [f"i{i}" for i in item],
            "time": 1_600_000_000 + np.arange(n),
            "rating": rng.integers(1, 6, size=n),
            "age": np.where(wrong, 99, age),
            "city": [["Rome", "", "Oslo"][i % 3] for i in user],
            "name": [f"Thing {i}" for i in item],
            "price": 5 + item,
            "device": rng.choice(["phone", "desk"], size=n),
            "gift": rng.choice(["no", "yes"], p=[0.97, 0.03], size=n),
            "source": "web",
        }
    )


def test_what_a_flat_file_s_columns_are_taken_for(tmp_path):
    frame = big_flat()
    frame.to_csv(tmp_path / "log.csv", index=False)
    dataset = import_dataset("tables", tmp_path / "log.csv")
    assert [c.name for c in dataset.schema.users] == ["age", "city"]
    assert [c.name for c in dataset.schema.items] == ["name", "price"]
    assert dataset.schema.item_title == "name"
    ages = dataset.users.set_index("user_id")["age"]
    assert all(ages[f"u{i}"] == 20 + i % 30 for i in range(40))  # the most frequent value, not the odd one
    found = warned(dataset)
    assert found["warning.columns_unused"] == {"file": "log.csv", "columns": "device, gift, source"}
    assert found["warning.row_index"] == {"file": "log.csv", "column": "Unnamed: 0"}
    n_varying = int((frame.groupby("user_id")["age"].nunique() > 1).sum())
    assert found["warning.flat_varies"] == {
        "file": "log.csv", "column": "age", "side": phrase("side.users"), "count": n_varying, "of": 40,
        "example": next(u for u in frame["user_id"].unique() if frame[frame["user_id"] == u]["age"].nunique() > 1),
    }  # fmt: skip


def test_a_flat_file_s_rows_may_stand_in_any_order(tmp_path):
    frame = big_flat().drop(columns="Unnamed: 0")
    prints = set()
    for seed in (None, 1, 2):
        shuffled = frame if seed is None else frame.sample(frac=1, random_state=seed)
        shuffled.to_csv(tmp_path / "log.csv", index=False)
        dataset = import_dataset("tables", tmp_path / "log.csv")
        users = dataset.users.sort_values("user_id")
        prints.add(users[["user_id", "age", "city"]].to_csv(index=False))
    assert len(prints) == 1


def test_a_mapping_may_name_one_file_for_all(tmp_path):
    big_flat().rename(columns={"user_id": "who", "item_id": "what"}).to_csv(tmp_path / "log.csv", index=False)
    mapping = {
        "users": {"file": "log.csv", "id": "who", "columns": {"device": "category", "age": "number"}},
        "items": {"file": "log.csv", "id": "what", "title": "name"},
        "interactions": {"file": "log.csv", "user": "who", "item": "what", "time": "time", "value": "rating"},
    }
    (tmp_path / "mapping.json").write_text(json.dumps(mapping))
    mapped = import_dataset("tables", tmp_path)
    assert [c.name for c in mapped.schema.users] == ["age", "city", "device"]  # device is named, so it counts
    assert [c.name for c in mapped.schema.items] == ["name", "price"]
    for side in mapping.values():
        del side["file"]
    (tmp_path / "other.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(mapping).encode())
    alone = import_dataset("tables", tmp_path / "log.csv", tmp_path / "other.json")
    assert alone.fingerprint() == mapped.fingerprint()
    mapping["users"]["columns"]["nowhere"] = "category"
    (tmp_path / "other.json").write_text(json.dumps(mapping))
    with pytest.raises(DataError, match=r"log\.csv: column 'nowhere' is missing"):
        import_dataset("tables", tmp_path / "log.csv", tmp_path / "other.json")


def test_a_flat_file_without_ids_says_what_it_needs(tmp_path):
    (tmp_path / "log.csv").write_text("label,x\n1,2\n")
    with pytest.raises(DataError, match=r"log\.csv: column 'user_id' is missing; found label, x"):
        import_dataset("tables", tmp_path / "log.csv")
    with pytest.raises(DataError, match="the folder of the data set"):
        import_dataset("movielens-1m", tmp_path / "log.csv")
    with pytest.raises(DataError, match=r"no\.csv: not found"):
        import_dataset("tables", tmp_path / "no.csv")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_random_damage_of_a_flat_file_is_imported_or_refused(tmp_path_factory, data):
    lines = flat_shop().to_csv(index=False).splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        row, column = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, 9))
        cells = lines[row].split(",")
        cells[min(column, len(cells) - 1)] = data.draw(
            st.sampled_from(["", "x", '"', "1e400", "u1", "nan", "a,b", "0"])
        )
        lines[row] = ",".join(cells)
    folder = tmp_path_factory.getbasetemp() / "flat"
    folder.mkdir(exist_ok=True)
    (folder / "t.csv").write_text("\n".join(lines))
    try:
        n_rows = import_dataset("tables", folder / "t.csv").n_interactions
    except RecLensError as refused:
        said = str(refused)
    else:
        said = ""
        assert n_rows > 0
    assert "\n" not in said


def test_a_workbook_of_one_sheet_is_flat_and_several_are_named(tmp_path):
    book = openpyxl.Workbook()
    for name in ("first", "second"):
        sheet = book.create_sheet(name)
        for row in (["user_id", "item_id"], ["a", "b"]):
            sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(DataError, match=r"t\.xlsx: 2 sheets are filled \(first, second\)"):
        import_dataset("tables", tmp_path / "t.xlsx")
