"""Names in the data and ours: no column of a table can be taken for an id, a module or a column of our own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_data import make_dataset, write_tables

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, make_features
from recsys_core.data.importers import import_dataset
from recsys_core.data.schema import Column, Schema
from recsys_core.explain.player_values import player_values
from recsys_core.models.ranker import Ranker, RankerShape, module_name
from recsys_core.models.scorer import Pairs
from recsys_core.player import Player

NAMES = st.lists(st.text(min_size=1, max_size=8).map(str.strip).filter(bool), min_size=1, max_size=6, unique=True)
AWKWARD = ("id", "user_id", "item_id", "a.b", "a__b", "a%2Eb", "forward", "keys", "x, y", "²", "index", "user_index")
SIDE = "customer," + ",".join(f'"{name}"' for name in AWKWARD) + "\n"
LOG = "customer,sku,time\n" + "".join(f"c{i % 3},s{i // 3},{1700000000 + i}\n" for i in range(12))
MAPPING = """{"users": {"file": "users.csv", "id": "customer"}, "items": {"file": "items.csv", "id": "sku"},
"interactions": {"file": "interactions.csv", "user": "customer", "item": "sku", "time": "time"}}"""


def awkward(folder: Path) -> Dataset:
    """Users and items whose columns are called like ours; column j of row i holds ``v{i}-{j}`` (or ``w``)."""
    rows = {
        letter: "".join(
            f"{first}{i}," + ",".join(f"{letter}{i}-{j}" for j in range(len(AWKWARD))) + "\n" for i in range(n)
        )
        for letter, first, n in (("v", "c", 3), ("w", "s", 4))
    }
    files = {"users.csv": SIDE + rows["v"], "items.csv": SIDE.replace("customer", "sku") + rows["w"]}
    return import_dataset("tables", write_tables(folder, {**files, "interactions.csv": LOG, "mapping.json": MAPPING}))


def test_columns_called_like_ours_are_reasons_of_their_own_with_their_own_values(tmp_path: Path) -> None:
    data = awkward(tmp_path)
    data.save(tmp_path / "saved")
    data = Dataset.load(tmp_path / "saved")
    features = make_features(data)
    sides = {"user": ("v", "c"), "item": ("w", "s")}
    assert sorted(p.key for p in features.players) == sorted(
        [f"{side}.{name}" for side in sides for name in AWKWARD] + ["user_id", "item_id", "history"]
    )
    pair = Pairs(np.array([2]), np.array([1]), np.array([[0]]))
    for side, (letter, first) in sides.items():
        row = 2 if side == "user" else 1
        assert player_values(data, Player(side), pair) == [f"{first}{row}"]
        for j, name in enumerate(AWKWARD):
            assert player_values(data, Player(side, name), pair) == [f"{letter}{row}-{j}"]
    assert data.user_index("c2") == 2
    assert data.titles == ["s0", "s1", "s2", "s3"]


def test_a_title_column_that_is_not_the_title_keeps_its_cells(tmp_path: Path) -> None:
    items = "sku,title\n" + "".join(f"s{i},Dr\n" for i in range(4))
    mapping = MAPPING.replace('"id": "sku"}', '"id": "sku", "title": "sku"}')
    files = {
        "items.csv": items,
        "interactions.csv": LOG,
        "mapping.json": mapping,
        "users.csv": "customer\nc0\nc1\nc2\n",
    }
    data = import_dataset("tables", write_tables(tmp_path, files))
    assert data.titles == ["s0", "s1", "s2", "s3"]
    assert data.items["title"].tolist() == ["Dr"] * 4


@settings(deadline=None)
@given(NAMES, NAMES)
def test_keys_and_modules_are_distinct_for_any_names(users: list[str], items: list[str]) -> None:
    keys = [*(f"user.{n}" for n in users), *(f"item.{n}" for n in items), "user_id", "item_id"]
    players = [*(Player("user", n) for n in users), *(Player("item", n) for n in items), Player("user"), Player("item")]
    assert [Player.parse(k) for k in keys] == players
    assert [p.key for p in players] == keys
    past = [Player("history", item_id=n) for n in users]
    assert [Player.parse(p.key) for p in past] == past
    modules = [module_name(k) for k in keys]
    assert len(set(modules)) == len(modules)
    assert not any("." in m for m in modules)


def test_what_is_no_key_is_said() -> None:
    for key in ("age", "", "users.age", "History"):
        with pytest.raises(ValueError, match="no player"):
            Player.parse(key)
    with pytest.raises(ValueError, match="only with its id"):
        _ = Player("history", item_index=3).key


@settings(deadline=None, max_examples=10)
@given(NAMES)
def test_a_ranker_of_any_names_keeps_a_weight_for_each_column(names: list[str]) -> None:
    groups = tuple(FeatureGroup(f"user.{n}", "category", 3, ("a", "b")) for n in (*names, *AWKWARD))
    groups = tuple({g.key: g for g in groups}.values())
    ranker = Ranker(groups, RankerShape(width=2, attention=2, first=4, second=4))
    tables = [ranker.adapter.embed(g, torch.arange(3)) for g in groups]
    assert len({t.detach().numpy().tobytes() for t in tables}) == len(groups)
    assert sum(name.startswith("adapter.tables.") for name in ranker.state_dict()) == len(groups)


def test_a_column_called_id_is_not_the_id() -> None:
    data = make_dataset([(i % 4, i % 3, 1, i) for i in range(12)], outcome="taken")
    schema = Schema((Column("id", "category"),), data.schema.items, "taken")
    users = data.users.assign(id=pd.Series(["x", "y", "x", "y"], dtype="str"))
    features = make_features(Dataset("d", schema, users, data.items, data.interactions))
    kinds = {g.key: (g.kind, g.values) for g in features.groups}
    assert kinds["user.id"] == ("category", ("x", "y"))
    assert kinds["user_id"] == ("id", ("u0", "u1", "u2", "u3"))
    assert features.without({"user_id"}).side("user")[0].key == "user.id"
