"""What cells mean: outcomes, counts, ids, attributes that cannot be read, sets, and what was understood of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import warned, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import hat_weights, make_features
from recsys_core.data.importers import import_dataset
from recsys_core.data.importers.kinds import split_set
from recsys_core.data.importers.outcomes import look_like_amounts, look_like_counts
from recsys_core.data.split import label_interactions, make_split
from recsys_core.data.understood import table_lines, understood
from recsys_core.errors import DataError, filled, phrase
from recsys_core.fairness import groupable_columns
from recsys_core.messages import MESSAGES

N = 40
Import = Callable[..., Dataset]


@pytest.fixture
def tables(tmp_path: Path) -> Import:
    """Import 40 users, 40 items and 80 interactions; a list of cells replaces or adds a column."""

    def make(
        log: dict | None = None, users: dict | None = None, items: dict | None = None, mapping: dict | None = None
    ) -> Dataset:
        rows = range(2 * N)
        plain = {
            "users": {"user_id": [f"u{i}" for i in range(N)], **(users or {})},
            "items": {"item_id": [f"i{i}" for i in range(N)], "title": [f"T {i}" for i in range(N)], **(items or {})},
            "interactions": {
                "user_id": [f"u{k % N}" for k in rows],
                "item_id": [f"i{(k * 7) % N}" for k in rows],
                "time": [1600000000 + 1000 * k for k in rows],
                **(log or {}),
            },
        }
        files = {f"{name}.csv": pd.DataFrame(columns).to_csv(index=False) for name, columns in plain.items()}
        if mapping is not None:
            about = {
                "users": {"file": "users.csv", "id": "user_id", "columns": mapping.pop("users", {})},
                "items": {"file": "items.csv", "id": "item_id", "title": "title", "columns": mapping.pop("items", {})},
                "interactions": {"file": "interactions.csv", "user": "user_id", "item": "item_id", "time": "time"},
            }
            about["interactions"] |= mapping
            files["mapping.json"] = json.dumps(about)
        folder = tmp_path / f"t{len(list(tmp_path.iterdir()))}"
        return import_dataset("tables", write_tables(folder, files))

    return make


def said(dataset: Dataset) -> str:
    return "\n".join(filled(MESSAGES[key], values) for key, values in dataset.warnings)


def of_two(no: str, yes: str) -> list[str]:
    return [yes if k % 3 == 0 else no for k in range(2 * N)]


@pytest.mark.parametrize("words", ["01", "FT", "ny", ("FALSE", "TRUE"), ("no", "Yes"), ("0.0", "1.0"), ("nein", "ja")])
@pytest.mark.parametrize("name", ["outcome", "clicked", "Purchased"])
def test_yes_and_no_in_any_words_are_clicks(tables: Import, words: tuple[str, str], name: str) -> None:
    dataset = tables({name: of_two(*words)})
    assert dataset.schema.outcome == "click"
    assert dataset.interactions["value"].tolist() == [float(k % 3 == 0) for k in range(2 * N)]


def test_a_column_of_yes_and_no_that_nobody_named_is_said(tables: Import) -> None:
    dataset = tables({"went_home_with_it": of_two("0", "1")})
    assert dataset.schema.outcome == "taken"
    assert warned(dataset)["warning.outcome_unused"] == {"file": "interactions.csv", "column": "went_home_with_it"}
    mapped = tables({"went_home_with_it": of_two("0", "1")}, mapping={"value": "went_home_with_it"})
    assert (mapped.schema.outcome, mapped.interactions["value"].sum()) == ("click", 27)


def test_counts_are_positives_and_not_stars(tables: Import) -> None:
    counts = [int(120 / (1 + k % 40)) for k in range(2 * N)]
    dataset = tables({"rating": counts})
    assert dataset.schema.outcome == "taken"
    assert dataset.interactions["value"].tolist() == [1.0] * 2 * N
    assert warned(dataset)["warning.counts"] == {"file": "interactions.csv", "column": "rating", "most": "120"}
    least = tables({"rating": counts}, mapping={"value": "rating", "positive_from": 5})
    assert least.interactions["value"].sum() == sum(c >= 5 for c in counts)
    assert "reach 5 and count as taken" in said(least)
    rated = tables({"rating": counts}, mapping={"value": "rating", "outcome": "rating"})
    assert (rated.schema.outcome, rated.schema.high) == ("rating", 120)
    unused = int(100 * np.mean([c < 61.5 for c in counts]))
    assert f"{unused} % of the rows are below and are not used" in said(rated)


def test_counts_and_ratings_are_told_apart() -> None:
    random = np.random.default_rng(0)
    assert look_like_counts(1 + random.geometric(0.1, 500).astype(float))
    assert look_like_counts(np.floor(random.pareto(1, 500)) + 1)
    for scale in (5, 10, 20, 100):
        assert not look_like_counts(np.clip(random.normal(0.65 * scale, 0.2 * scale, 500).round(), 0, scale))
    assert not look_like_counts(np.array([0.5, 40.0, 1.0, 2.0]))  # no whole numbers
    assert not look_like_counts(np.array([-10.0, 12.0, 1.0, 2.0]))


def test_amounts_of_money_are_positives_and_not_stars(tables: Import) -> None:
    """Sales values read as ratings left 34 of 42,058 rows to learn from."""
    random = np.random.default_rng(0)
    assert look_like_amounts(random.lognormal(1, 1, 500).round(2))
    assert not look_like_amounts(random.uniform(0, 100, 500).round(2))  # a slider's marks
    assert not look_like_amounts(random.integers(1, 41, 500) / 2)
    assert not look_like_amounts(random.normal(0, 9, 500))
    paid = [0.0, 99.99, *(round(0.99 + 0.07 * k, 2) for k in range(2 * N - 2))]
    dataset = tables({"rating": paid})
    assert dataset.schema.outcome == "taken"
    assert dataset.interactions["value"].sum() == 2 * N - 1
    assert warned(dataset)["warning.amounts"] == {"file": "interactions.csv", "column": "rating", "most": "99.99"}
    rated = tables({"rating": paid}, mapping={"value": "rating", "outcome": "rating"})
    assert rated.schema.outcome == "rating"
    assert "98 % of the rows are below" in said(rated)  # 79 of 80: rounded down, 100 % would be all
    turned = tables({"rating": [round(100 - p, 2) for p in paid]}, mapping={"value": "rating", "outcome": "rating"})
    assert "task implicit: uses 79 of 80 rows (98%)" in "".join(table_lines(understood(turned).to_json()))


def test_equal_times_are_said(tables: Import) -> None:
    times = [1_600_000_000 + 60 * k for k in range(2 * N)]
    assert "warning.equal_times" not in warned(tables({"time": times}))
    assert warned(tables({"time": [times[0]] * 2 * N}))["warning.equal_times"] == {"percent": 100}


def test_a_threshold_for_ratings_and_for_clicks(tables: Import) -> None:
    stars = [1 + k % 5 for k in range(2 * N)]
    rated = tables({"rating": stars}, mapping={"value": "rating", "outcome": "rating", "positive_from": 5})
    labels = label_interactions(rated, "implicit")
    assert np.nansum(labels) == 16
    assert np.isnan(labels).sum() == 64
    assert label_interactions(rated, "like").tolist() == [float(s == 5) for s in stars]
    clicks = tables({"rating": stars}, mapping={"value": "rating", "outcome": "click", "positive_from": 4})
    assert (clicks.schema.outcome, clicks.interactions["value"].tolist()) == ("click", [float(s >= 4) for s in stars])
    assert Dataset.load(_saved(rated)).schema.positive_from == 5


def _saved(dataset: Dataset) -> Path:
    import tempfile

    folder = Path(tempfile.mkdtemp()) / "d"
    dataset.save(folder)
    return folder


def test_an_unrated_row_was_taken_but_teaches_no_rating(tables: Import) -> None:
    values = [k % 11 for k in range(2 * N)]
    dataset = tables({"rating": values}, mapping={"value": "rating", "unrated_value": 0, "low": 1, "high": 10})
    assert (dataset.schema.outcome, dataset.schema.low, dataset.schema.high) == ("rating", 1, 10)
    unrated = values.count(0)
    assert np.isnan(dataset.interactions["value"]).sum() == unrated
    assert warned(dataset)["warning.unrated"] == {"count": unrated, "of": 2 * N, "value": "0"}
    rows = np.flatnonzero(np.array(values) == 0)
    assert (label_interactions(dataset, "implicit")[rows] == 1).all()
    assert np.isnan(label_interactions(dataset, "rating")[rows]).all()
    split = make_split(dataset, task="rating", seed=0, kind="random")
    assert len(split.train) + len(split.validation) + len(split.test) == 2 * N - unrated
    with pytest.raises(DataError, match="holds '0', not a number from 1 to 10"):
        tables({"rating": values}, mapping={"value": "rating", "low": 1, "high": 10})


def test_a_scale_is_said_as_it_was_found(tables: Import) -> None:
    assert "taken from the data: 1 to 5" in said(tables({"rating": [1 + k % 5 for k in range(2 * N)]}))
    narrow = tables({"rating": [2 + k % 3 for k in range(2 * N)]})
    assert (narrow.schema.low, narrow.schema.high) == (1, 5)
    assert "lie between 2 and 4; their scale is taken to be 1 to 5" in said(narrow)
    assert "warning.scale_inferred" not in warned(narrow)


@pytest.mark.parametrize(
    ("time", "first"), [("20200913", "2020-09-13"), ("2020", "2020-01-01"), ("44087", "2020-09-13")]
)
def test_times_that_are_no_seconds_are_read_as_dates(tables: Import, time: str, first: str) -> None:
    dataset = tables({"time": [time] * 2 * N})
    assert understood(dataset).time_range[0].startswith(first)


def test_a_time_that_cannot_be_meant_is_refused_with_the_way_out(tables: Import) -> None:
    with pytest.raises(DataError, match=r"row 2: column 'time' holds '1', not a time.*'time_format' or 'time_unit'"):
        tables({"time": [1 + k % 52 for k in range(2 * N)]})
    weeks = {"time": [1 + k % 52 for k in range(2 * N)]}
    assert tables(weeks, mapping={"time_unit": "days"}).interactions["time"].max() == 52 * 86400
    with pytest.raises(DataError, match="may be %m/%d/%Y or %d/%m/%Y; map 'time_format'"):
        tables({"time": ["01/02/2020"] * 2 * N})
    day_first = tables({"time": ["01/02/2020"] * 2 * N}, mapping={"time_format": "%d/%m/%Y"})
    assert understood(day_first).time_range[0].startswith("2020-02-01")
    with pytest.raises(DataError, match=r"row 7: column 'time' holds '13/13/2020'"):
        tables({"time": ["13/02/2020"] * 5 + ["13/13/2020"] * (2 * N - 5)})


def test_ids_of_a_float_column_are_the_ids(tables: Import) -> None:
    users = {"user_id": [str(i) for i in range(N)]}
    dataset = tables({"user_id": [f"{k % N}.0" for k in range(2 * N)]}, users)
    assert dataset.users["user_id"].tolist()[:3] == ["0", "1", "2"]
    assert dataset.interactions["user_index"].tolist() == [k % N for k in range(2 * N)]
    both = tables({"user_id": [f"{k % N}.0" for k in range(2 * N)]}, {"user_id": [f"{i}.0" for i in range(N)]})
    assert both.users["user_id"].tolist()[:3] == ["0", "1", "2"]
    versions = {"item_id": [f"{i}.{i % 2 * 5}" for i in range(N)]}
    log = {"item_id": [versions["item_id"][k % N] for k in range(2 * N)]}
    assert tables(log, items=versions).items["item_id"].tolist() == versions["item_id"]  # 1.5 is no whole number


def test_ids_that_no_table_has_are_refused_kept_or_dropped(tables: Import) -> None:
    strange = {"user_id": ["ghost" if k < 6 else f"u{k % N}" for k in range(2 * N)]}
    with pytest.raises(DataError, match=r"row 2: user_id 'ghost' is not in users\.csv; .*'unknown_ids'"):
        tables(strange)
    kept = tables(strange, {"age": list(range(N))}, mapping={"unknown_ids": "keep"})
    assert (kept.n_users, kept.n_interactions) == (N + 1, 2 * N)
    assert np.isnan(kept.users["age"].iloc[kept.user_index("ghost")])
    assert "1 id of column 'user_id' is in no table (ghost)" in said(kept)
    dropped = tables(strange, mapping={"unknown_ids": "drop"})
    assert (dropped.n_users, dropped.n_interactions) == (N, 2 * N - 6)
    assert warned(dropped)["warning.ids_dropped"]["count"] == 6
    items = {"item_id": ["i999" if k == 3 else f"i{k % N}" for k in range(2 * N)]}
    assert "i999" in tables(items, mapping={"unknown_ids": "keep"}).titles
    with pytest.raises(DataError, match="only 0 usable rows"):
        tables({"user_id": ["ghost"] * 2 * N}, mapping={"unknown_ids": "drop"})


def test_an_unreadable_attribute_is_missing_and_said(tables: Import) -> None:
    prices = ["a lot" if i in (3, 7) else f"{i},50 €" for i in range(N)]
    dataset = tables(items={"price": prices, "size": [["S", "M", "XS?"][i % 3] for i in range(N)]}, mapping={
        "items": {"price": "number", "size": {"kind": "ordered", "levels": ["S", "M"]}}})  # fmt: skip
    assert dataset.items["price"].isna().sum() == 2
    assert dataset.items["price"][2] == 2.5
    assert dataset.schema.item_column("price").unit == "€"
    assert dataset.items["size"].isna().sum() == 13
    lines = {v["column"]: v for k, v in dataset.warnings if k == "warning.cells_unreadable"}
    assert lines["price"] == {"side": phrase("side.items"), "column": "price", "count": 2, "of": N, "examples": "a lot"}
    assert lines["size"]["examples"] == "XS?"
    inferred = tables(items={"price": prices})
    assert inferred.schema.item_column("price").kind == "number"


def test_numbers_of_absurd_size_train_and_are_said(tables: Import) -> None:
    big = [f"{(-1) ** i * 1.7e308}" if i % 10 == 0 else f"{i}" for i in range(N)]
    dataset = tables(items={"big": big})
    assert "column 'big': 4 numbers are beyond 1e15" in said(dataset)
    assert np.abs(dataset.items["big"]).max() == 1e15
    weights = make_features(dataset).tables["item.big"]
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    knots = np.array([-1.7e308, 0.0, 1.7e308])
    np.testing.assert_allclose(
        hat_weights(np.array([-1.7e308, 8.5e307, np.nan]), knots), [[1, 0, 0], [0, 0.5, 0.5], [0] * 3]
    )


def test_lists_in_any_writing_are_sets(tables: Import, tmp_path: Path) -> None:
    genres = [["Drama"], ["Action", "Comedy"], []]
    for cells in (
        [str(genres[i % 3]) for i in range(N)],
        [json.dumps(genres[i % 3]) for i in range(N)],
        ["|".join(genres[i % 3]) for i in range(N)],
    ):
        dataset = tables(items={"genres": cells})
        assert dataset.schema.item_column("genres").kind == "set"
        assert dataset.items["genres"][:2].tolist() == ["Drama", "Action|Comedy"]
        assert pd.isna(dataset.items["genres"][2])
        assert make_features(dataset).groups[-1].values == ("Action", "Comedy", "Drama")
    frame = pa.table({"item_id": [f"i{i}" for i in range(N)], "genres": [genres[i % 3] for i in range(N)]})
    pyarrow.parquet.write_table(frame, tmp_path / "t0" / "items.parquet")
    (tmp_path / "t0" / "items.csv").unlink()
    dataset = import_dataset("tables", tmp_path / "t0")
    assert dataset.schema.item_column("genres").kind == "set"
    assert dataset.items["genres"][1] == "Action|Comedy"


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6).map(str.strip).filter(bool), max_size=5, unique=True))
def test_a_list_comes_back_from_python_and_json(values: list[str]) -> None:
    wanted = [" ".join(v.split()).replace("|", "/") for v in values]
    wanted = list(dict.fromkeys(v for v in wanted if v))
    assert split_set(repr(values)) == split_set(json.dumps(values)) == wanted


def test_columns_that_tell_nothing_are_no_reasons_and_it_is_said(tables: Import) -> None:
    dataset = tables(
        users={
            "empty": [None] * N,
            "same": ["x"] * N,
            "bio": ["a long text about a person, " * 3 + str(i) for i in range(N)],
            "city": [f"c{i % 5}" for i in range(N)],
            "half": ["x" if i % 2 else None for i in range(N)],
        }
    )
    kinds = {c.name: c.kind for c in dataset.schema.users}
    assert kinds == dict.fromkeys(("empty", "same", "bio"), "ignored") | dict.fromkeys(("city", "half"), "category")
    why = {v["column"]: v["reason"].key for k, v in dataset.warnings if k == "warning.column_ignored"}
    assert why == {"empty": "ignored.empty", "same": "ignored.one_value", "bio": "ignored.long"}


def test_a_column_for_audits_only_is_no_reason(tables: Import) -> None:
    users = {"sex": ["f" if i % 2 else "m" for i in range(N)], "age": [20 + i for i in range(N)]}
    open_, closed = tables(users=users), tables(users=users, mapping={"users": {"sex": {"feature": False}}})
    assert {"user.sex", "user.age"} <= {p.key for p in make_features(open_).players}
    assert "user.sex" not in {p.key for p in make_features(closed).players}
    assert closed.schema.user_column("sex").sensitive
    assert groupable_columns(closed)[0] == "user.sex", "audits offer it"
    assert not Dataset.load(_saved(closed)).schema.user_column("sex").is_feature
    row = next(c for c in understood(closed).columns if c.column == "sex")
    assert (row.kind, row.is_reason) == ("category", False)


def test_what_was_understood_is_what_the_tables_hold(tables: Import) -> None:
    dataset = tables(
        {"rating": [1 + k % 5 for k in range(2 * N)]},
        {"age": ["?" if i == 1 else "old" if i == 2 else 20 + i for i in range(N)]},
        {"price": [f"{i},5" for i in range(N)]},
    )
    found = understood(dataset)
    rows = {c.column: c for c in found.columns}
    assert (rows["age"].kind, rows["age"].missing, rows["age"].unreadable, rows["age"].values) == ("number", 2, 1, 38)
    assert rows["price"].examples == ("0.5", "1.5", "2.5")
    assert (found.outcome, found.scale, found.n_rows) == ("rating", (1, 5), 2 * N)
    assert {t: (r.rows, r.positives) for t, r in found.tasks.items()} == {
        "implicit": (48, 48), "like": (64, 32), "rating": (80, None),
    }  # fmt: skip
    lines = table_lines(found.to_json())
    assert any(line.split()[:5] == ["users.age", "number", "38", "2", "1"] for line in lines)
    assert "outcome: rating from 1 to 5" in lines
    assert "task implicit: uses 48 of 80 rows (60%), 48 of them positive (from 3 on)" in lines


@settings(max_examples=25, deadline=None)
@given(st.permutations(["user_id", "age", "sex"]), st.permutations(["user_id", "item_id", "time", "outcome"]))
def test_the_order_of_columns_changes_nothing(users: list[str], log: list[str]) -> None:
    import tempfile

    people = {"user_id": [f"u{i}" for i in range(4)], "age": [20, 30, 40, 50], "sex": ["f", "m", "f", "m"]}
    rows = {
        "user_id": [f"u{k % 4}" for k in range(12)],
        "item_id": [f"i{k % 3}" for k in range(12)],
        "time": [1600000000 + k for k in range(12)],
        "outcome": [k % 2 for k in range(12)],
    }
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "users.csv": pd.DataFrame({c: people[c] for c in users}).to_csv(index=False),
            "interactions.csv": pd.DataFrame({c: rows[c] for c in log}).to_csv(index=False),
        }
        dataset = import_dataset("tables", write_tables(Path(folder), files))
    assert {c.name: c.kind for c in dataset.schema.users} == {"age": "category", "sex": "category"}
    assert dataset.interactions["value"].tolist() == rows["outcome"]


def test_one_item_and_few_positives_are_said(tables: Import, tmp_path: Path) -> None:
    few = tables({"outcome": [int(k == 5) for k in range(2 * N)]})
    assert warned(few)["warning.lopsided"] == {"percent": 99, "value": "0"}
    log = "user_id,item_id\n" + "".join(f"u{k},i0\n" for k in range(12))
    alone = import_dataset("tables", write_tables(tmp_path / "one", {"interactions.csv": log}))
    assert "there is one item only: no list can be ranked" in said(alone)


CELLS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", "nan", "1", "0", "TRUE", "1,5", "1.234,5", "€ 3", "20200913", "1600000000", "9/13/2020", "[1]", "a|b"]
    ),
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=12, max_size=24))
def test_any_cells_are_read_or_refused_in_words(cells: list[tuple[str, str, str]]) -> None:
    import csv
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        with open(Path(folder) / "interactions.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("user_id", "item_id", "time", "value")])
            csv.writer(file).writerows((f"u{k % 4}", f"i{k % 5}", *row[:2]) for k, row in enumerate(cells))
        with open(Path(folder) / "users.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("user_id", "a"), *((f"u{k}", row[2]) for k, row in enumerate(cells))])
        try:
            dataset = import_dataset("tables", Path(folder))
        except DataError:
            return
    assert understood(dataset).n_rows == len(cells)
    assert (dataset.interactions["time"] > 0).all()
    features = make_features(dataset)
    assert all(np.isfinite(table).all() for table in features.tables.values())
