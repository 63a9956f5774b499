"""Data that hold little: a workspace is trained and says where it has no figure, or is refused before any training."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_training import two_tastes

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.errors import DataError
from recsys_core.metrics.intervals import LEAST_USERS
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import open_model
from recsys_core.recommend import recommend


def small(user: list[int], item: list[int], value: list[float] | None = None, outcome: str = "taken") -> Dataset:
    """Interactions in order of time; users have an age, items a kind."""
    n_users, n_items = max(user) + 1, max(item) + 1
    values = np.ones(len(user)) if value is None else np.array(value)
    log = pd.DataFrame({"user_index": user, "item_index": item, "value": values, "time": range(len(user))})
    log = log.astype({"user_index": np.int32, "item_index": np.int32, "value": np.float32})
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(n_users)], "age": np.linspace(20.0, 60, n_users)})
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)], "title": [f"T{i}" for i in range(n_items)]})
    items["kind"] = [("x", "y")[i % 2] for i in range(n_items)]
    schema = Schema((Column("age", "number"),), (Column("kind", "category"),), outcome)
    return Dataset("small", schema, users, items, log)


def rows(n_users: int, per_user: int, n_items: int) -> tuple[list[int], list[int]]:
    """Each user's rows one after another; items differ within a user and from user to user."""
    user = [u for u in range(n_users) for _ in range(per_user)]
    return user, [(u + 3 * (i % per_user)) % n_items for i, u in enumerate(user)]


def every(n: int, good: range, of: int) -> list[float]:
    return [float(i % of in good) for i in range(n)]


ROWS = rows(20, 6, 19)
TRAINED = {  # and which figures there are
    "everybody took everything": (small(*rows(6, 5, 5)), "implicit", {"logloss", "ndcg@10", "recall@10"}),
    "fewer items than negatives": (small(*rows(8, 4, 10)), "implicit", {"auc", "logloss", "ndcg@10", "recall@10"}),
    "one user": (small([0] * 12, list(range(12))), "implicit", {"logloss", "ndcg@10", "recall@10"}),
    "one user to validate on": (
        small([0] * 6 + list(range(1, 9)), [*range(6), *range(6), 0, 1]),
        "implicit",
        {"logloss", "ndcg@10", "recall@10"},
    ),
    "nobody to rank": (small(rows(10, 6, 9)[0], [0, 0, 0, 1, 1, 1] * 10), "implicit", {"logloss"}),
    "no positive held out": (small(*ROWS, every(120, range(1), 6), "click"), "like", {"logloss"}),
    "three positives": (small(*ROWS, [1.0] * 3 + [0.0] * 117, "click"), "like", {"logloss"}),
    "positives of one user only": (
        small(*ROWS, [float(i < 6) for i in range(120)], "click"),
        "like",
        {"auc", "logloss", "ndcg@10", "recall@10"},
    ),
    "no rating is high": (small(*ROWS, [1.0 + i % 2 for i in range(120)], "rating"), "rating", {"rmse"}),
}  # fmt: skip
REFUSED = {
    "one item": (small([u for u in range(12) for _ in range(3)], [0] * 36), "implicit", "train.one_item"),
    "no positive to learn from": (small(*ROWS, [0.0] * 119 + [1.0], "click"), "like", "train.one_value"),
    "no negative to learn from": (small(*ROWS, every(120, range(5), 6), "click"), "like", "train.one_value"),
    "one rating": (small(*ROWS, [3.0] * 120, "rating"), "rating", "train.one_value"),
    "one item a user": (small(list(range(20)), [i % 7 for i in range(20)]), "implicit", "split.empty"),
    "one outcome": (small(*ROWS, [0.0] * 120, "click"), "like", "table.one_class"),
}
MEASURES = ("auc", "logloss", "ndcg@10", "recall@10", "rmse")


def strictly(text: str) -> dict:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", TRAINED)
def test_a_figure_that_there_is_not_is_null(name, tmp_path):
    data, task, there = TRAINED[name]
    found = fit_workspace(data, tmp_path / "w", FitRequest(task=task, epochs=1))
    stored = strictly((tmp_path / "w" / "models" / "first" / "metrics.json").read_text())
    strictly((tmp_path / "w" / "models" / "first" / "config.json").read_text())
    assert {m for m in MEASURES if stored.get(m) is not None} == there
    workspace = open_model(tmp_path / "w")
    for measure in ("auc", "ndcg@10", "recall@10"):
        for quality in (found.model, workspace.training.model):
            assert math.isnan(quality[measure]) == (measure not in there)
            known = measure in there and (measure == "auc" or quality.n_users >= LEAST_USERS)
            assert math.isnan(quality.intervals[measure][0]) != known
    assert all(np.isfinite(i.score) for i in recommend(workspace.dense, workspace.split_dataset, 0).items)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_learned_is_refused_before_training(name, tmp_path):
    data, task, key = REFUSED[name]
    stages: list[str] = []
    with pytest.raises(DataError) as caught:
        fit_workspace(data, tmp_path / "w", FitRequest(task=task), progress=lambda stage, share: stages.append(stage))
    assert (caught.value.key, stages, list(tmp_path.iterdir())) == (key, [], [])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(0, 10_000))
def test_sampled_negatives_are_uniform_among_what_a_user_left(n_items, seed):
    random = np.random.default_rng(seed)
    took = random.random((3, n_items)) < 0.5
    took[0], took[1, 0] = True, False  # one left nothing, one left something
    took[2] = ~took[1] if (~took[1]).any() else took[2]
    user, item = np.nonzero(took)
    again = np.tile(np.arange(len(user)), 6)  # rows enough for a split
    data = small([*user[again], 2], [*item[again], n_items - 1])
    split_dataset = SplitDataset.build(data, task="implicit", kind="random", seed=0)
    taken = set(zip(data.interactions["user_index"], data.interactions["item_index"], strict=True))
    users = np.repeat([0, 1, 2], 300)
    drawn = split_dataset.sample_untaken(users, seed=seed)
    for u in range(3):
        left = [i for i in range(n_items) if (u, i) not in taken]
        mine = drawn[users == u]
        if not left:
            assert (mine == -1).all()
            continue
        counts = np.array([(mine == i).sum() for i in left])
        assert counts.sum() == 300
        assert np.abs(counts - 300 / len(left)).max() <= 6 * np.sqrt(300 / len(left)) + 1


def test_who_took_everything_gets_no_negatives_and_others_one_for_each_positive():
    data = two_tastes(n_users=20, n_items=30, outcome="taken")
    whole = pd.DataFrame({"user_index": 0, "item_index": range(30), "value": 1.0, "time": range(1000, 1030)})
    log = pd.concat([data.interactions, whole.astype(data.interactions.dtypes)], ignore_index=True)
    split_dataset = SplitDataset.build(replace(data, interactions=log), task="implicit", kind="time", seed=0)
    for part in ("validation", "test"):
        labelled = split_dataset.labelled(part)
        for user in range(20):
            mine = labelled.label[labelled.pairs.users == user]
            assert (mine == 0).sum() == (0 if user == 0 else (mine == 1).sum())


@pytest.mark.parametrize("stage", ["fitting EASE", "without ids", "with ids", "ranking"])
def test_an_interrupted_fit_leaves_the_old_workspace_or_none(stage, tmp_path):
    """Between the options of a race, before it and after it."""
    dataset = small(*ROWS, every(120, range(1, 2), 2), "click")

    def interrupt(now, share: float) -> None:
        if stage in str(now):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_workspace(dataset, tmp_path / "new", FitRequest(epochs=2), progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    if stage == "with ids":
        fit_workspace(dataset, tmp_path / "old", FitRequest(epochs=1))
        before = open_model(tmp_path / "old").fingerprint
        with pytest.raises(KeyboardInterrupt):
            fit_workspace(dataset, tmp_path / "old", FitRequest(epochs=2), progress=interrupt)
        assert open_model(tmp_path / "old").fingerprint == before
