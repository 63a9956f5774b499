"""The order of rows in a file changes nothing: not the dataset, not a figure, not a weight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_contract import shuffled
from small_data import CLICKS, ITEMS, write_tables

from recsys_core.data.importers import import_dataset
from recsys_core.data.order import natural_order, tie_order
from recsys_core.models.evaluation import evaluate
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import open_model


def test_shuffled_interactions_alone_are_the_same_dataset(tmp_path):
    found = []
    for seed in range(4):
        files = {"items.csv": shuffled(ITEMS, seed), "interactions.csv": shuffled(CLICKS, seed)}
        found.append(import_dataset("tables", write_tables(tmp_path / str(seed), files)).fingerprint())
    assert len(set(found)) == 1


def log_of(seed: int, *, times: int = 40) -> dict[str, pd.DataFrame]:
    """Interactions with many equal times, repeats, ids of several shapes."""
    draw = np.random.default_rng(seed)
    users = [f"u{i}" for i in range(9)] + ["7", "07", "é", "x-1-2"]
    items = [str(i) for i in range(5, 19)] + ["A", "a", "b 2", "b 10"]
    n = 160
    log = pd.DataFrame({"user_id": draw.choice(users, n), "item_id": draw.choice(items, n)})
    log = log.assign(time=1_600_000_000 + draw.integers(0, times, n), rating=draw.integers(1, 6, n))
    about_users = pd.DataFrame({"user_id": users, "age": draw.integers(18, 70, len(users))})
    about_items = pd.DataFrame({"item_id": items, "title": [f"Thing {i}" for i in items]})
    about_items["kind"] = draw.choice(list("pq"), len(items))
    return {"users": about_users, "items": about_items, "interactions": log}


def written(folder: Path, tables: dict[str, pd.DataFrame], seed: int | None = None) -> Path:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        rows = table if seed is None else table.sample(frac=1, random_state=seed)
        rows.to_csv(folder / f"{name}.csv", index=False)
    return folder


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_any_order_of_the_rows_gives_the_same_dataset_and_split(tmp_path_factory, seed, order):
    folder = tmp_path_factory.mktemp("order")
    tables = log_of(seed)
    first = import_dataset("tables", written(folder / "a", tables), None)
    second = import_dataset("tables", written(folder / "b", tables, order), None)
    assert first.fingerprint() == second.fingerprint()
    log, raw = first.interactions, tables["interactions"]
    ids = first.users["user_id"].to_numpy()[log["user_index"]], first.items["item_id"].to_numpy()[log["item_index"]]
    rows = sorted(zip(*ids, log["time"], log["value"], strict=True))
    assert rows == sorted(zip(raw["user_id"], raw["item_id"], raw["time"], raw["rating"].astype(float), strict=True))
    assert (np.diff(log["time"]) >= 0).all()


def test_shuffled_files_train_the_same_model(tmp_path):
    found = []
    for order in (None, 1):
        dataset = import_dataset("tables", written(tmp_path / f"{order}", log_of(3, times=5), order), None)
        fit_workspace(dataset, tmp_path / f"w{order}", FitRequest(name="w", epochs=1))
        opened = open_model(tmp_path / f"w{order}")
        figures = {k: v for k, v in opened.training.to_json().items() if k != "seconds"}
        found.append((figures, {k: v.numpy() for k, v in opened.ranker.state_dict().items()}))
    for figures, weights in found[1:]:
        assert figures == found[0][0]
        for name, values in weights.items():
            np.testing.assert_array_equal(values, found[0][1][name])


def test_a_model_of_equal_scores_has_one_figure_whatever_the_order_of_the_items(tmp_path):
    class Equal:
        def score_catalogue(self, users, histories, known):
            return np.zeros((len(users), 18), dtype=np.float32)

        def score_pairs(self, users, *read):
            return np.zeros(len(users), dtype=np.float32)

    tables, found = log_of(5), []
    for order in (None, 1, 2, 3):
        dataset = import_dataset("tables", written(tmp_path / f"{order}", tables, order), None)
        split_dataset = SplitDataset.build(dataset, task="implicit", kind="time", seed=0)
        found.append(evaluate(Equal(), split_dataset, calibrated=False).to_json())
    assert all(figures == found[0] for figures in found)


def test_natural_order_by_hand():
    ids = pd.Series(["10", "9", "1"])
    assert ids.iloc[natural_order(ids)].tolist() == ["1", "9", "10"]
    ids = pd.Series(["i10", "i9", "i", "j1", "i09", "i9a", "99999999999999999999999", "5", "²"])
    assert ids.iloc[natural_order(ids)].tolist() == [
        "5", "99999999999999999999999", "i", "i09", "i9", "i9a", "i10", "j1", "²",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=6), unique=True, max_size=20), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_orders_belong_to_ids_and_not_to_rows(ids, seed):
    forwards, backwards = pd.Series(ids, dtype=object), pd.Series(ids[::-1], dtype=object)
    assert [ids[i] for i in natural_order(forwards)] == [ids[::-1][i] for i in natural_order(backwards)]
    assert tie_order(forwards, seed).tolist() == tie_order(backwards, seed).tolist()[::-1]
    assert sorted(tie_order(forwards, seed)) == list(range(len(ids)))


def test_the_drawn_order_depends_on_the_seed():
    ids = pd.Series([f"i{i}" for i in range(50)])
    assert tie_order(ids, 0).tolist() != tie_order(ids, 1).tolist()
    assert tie_order(ids, 0).tolist()[:5] == [3, 33, 31, 1, 29]  # on every machine: figures are compared by it
