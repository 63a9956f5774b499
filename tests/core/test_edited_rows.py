"""Edited and appended rows: what a model says of another profile, another title and a user it has never met."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features

from recsys_core.compress.levers import LEVERS
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import unquantised
from recsys_core.data.features import Features, make_features
from recsys_core.models.edited_rows import with_encoded_rows
from recsys_core.models.encoder import encode_texts
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import open_model
from recsys_core.variant import ModelVariant

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 30)
TEXTS = np.random.default_rng(5).normal(size=(2, 8)).astype(np.float32)
SCORERS = {"torch": SCORER, "onnx": OnnxScorer(unquantised(SCORER.ranker), FEATURES, variant=SCORER.variant)}


def frame(side: str, **cells: object) -> pd.DataFrame:
    """One row: an id and the cells that are told."""
    return pd.DataFrame({name: [value] for name, value in cells.items()}).rename(columns={"id": f"{side}_id"})


def cells(features: Features, side: str, row: int) -> dict[str, list]:
    return {g.key: np.atleast_1d(features.tables[g.key][row]).tolist() for g in features.side(side)}


def made_anew(users: pd.DataFrame = DATASET.users, items: pd.DataFrame = DATASET.items) -> Features:
    """All features fitted and encoded from tables that held these rows from the start."""
    rng = np.random.default_rng(0).normal(size=(DATASET.n_items, 8)).astype(np.float32)
    return make_features(replace(DATASET, users=users, items=items), {"item.title": rng})


def test_an_edited_row_is_as_if_it_had_been_there_from_the_start():
    users, items = DATASET.users.copy(), DATASET.items.copy()
    city = "Kiel" if users.loc[3, "city"] != "Kiel" else "Ulm"
    users.loc[3, ["city", "income"]] = [city, "high"]
    items.loc[7, ["brand", "genres"]] = ["Rot", "Comedy|Drama"]
    anew = made_anew(users, items)
    edited = FEATURES.with_rows("user", frame("user", id="u3", city=city, income="high"))
    edited = edited.with_rows("item", frame("item", id="i7", brand="Rot", genres="Comedy|Drama"))
    assert edited.groups == anew.groups == FEATURES.groups
    for group in anew.groups:
        np.testing.assert_array_equal(edited.tables[group.key], anew.tables[group.key], err_msg=group.key)
    assert FEATURES.tables["user.city"].tolist() == tiny_features(DATASET).tables["user.city"].tolist()


@pytest.mark.parametrize("runtime", list(SCORERS))
def test_a_scorer_of_edited_and_appended_rows_scores_as_one_made_for_them(runtime):
    features = FEATURES.with_rows("user", frame("user", id="u3", age=33.0))
    new = pd.DataFrame({"item_id": ["i2", "new"], "brand": ["Blau", "Rot"], "price": [1.0, 99.0]})
    features = features.with_rows("item", new, texts={"item.title": TEXTS})
    features = features.with_rows("user", frame("user", id="guest", age=20.0, city="Bonn"))
    quick = SCORERS[runtime].with_features(features)
    whole = Scorer(SCORER.ranker, features)
    assert type(quick) is type(SCORERS[runtime])
    users = np.array([0, 3, DATASET.n_users])
    histories = np.array([[2, DATASET.n_items, -1], [7, 1, 0], [-1, -1, -1]])
    found = quick.score_catalogue(users, histories)
    assert found.shape == (3, DATASET.n_items + 1)
    np.testing.assert_allclose(found, whole.score_catalogue(users, histories), atol=1e-5)
    np.testing.assert_allclose(
        quick.score_pairs(users, np.array([DATASET.n_items] * 3), histories), found[:, -1], atol=1e-5
    )
    before = SCORERS[runtime].score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)
    np.testing.assert_allclose(before, SCORER.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories), atol=1e-5)


def test_an_unseen_user_scores_as_one_with_the_same_attributes_whose_id_is_hidden():
    told = DATASET.users.drop(columns="user_id").iloc[4].to_dict()
    scorer = SCORER.with_features(FEATURES.with_rows("user", frame("user", id="nobody", **told)))
    hidden = FEATURES.tables["user_id"].copy()
    hidden[4] = 0
    without_id = Scorer(SCORER.ranker, replace(FEATURES, tables=FEATURES.tables | {"user_id": hidden}))
    history = np.array([[3, 9, -1]])
    unseen = scorer.score_catalogue(np.array([DATASET.n_users]), history)
    np.testing.assert_allclose(unseen, without_id.score_catalogue(np.array([4]), history), atol=1e-5)
    own = SCORER.score_catalogue(np.array([4]), history)
    assert np.abs(unseen - own).max() > 0.1, "the id says something, and of nobody it says nothing"


def test_cells_are_read_as_those_of_the_tables():
    prices = DATASET.items["price"]
    odd = pd.DataFrame(
        {
            "item_id": ["i0", "i1", "i2"],
            "brand": ["Unheard-of", None, "Rot"],
            "price": [1e9, np.nan, "12.5"],
            "genres": ["Western|Drama", "", None],
        }
    )
    found = FEATURES.with_rows("item", odd)
    assert found.tables["item.brand"][:3].tolist() == [0, 0, FEATURES.groups[-1].values.index("Rot") + 1]
    most = FEATURES.tables["item.price"][prices.idxmax()]
    assert found.tables["item.price"][0].tolist() == most.tolist()
    assert not found.tables["item.price"][1].any()
    assert found.tables["item.price"][2].sum() == pytest.approx(1)
    drama = next(g for g in FEATURES.groups if g.key == "item.genres").values.index("Drama")
    assert found.tables["item.genres"][0].tolist() == [float(i == drama) for i in range(3)]
    assert not found.tables["item.genres"][1:3].any()


def test_an_appended_row_lacks_what_is_not_told_and_is_found_again_by_its_id():
    once = FEATURES.with_rows("user", frame("user", id=77, city="Ulm", name="Ann"))
    assert (once.n_users, once.ids["user"][-1]) == (DATASET.n_users + 1, "77")
    told = cells(once, "user", -1)
    assert told["user_id"] == told["user.income"] == [0]
    assert not any(told["user.age"])
    again = once.with_rows("user", frame("user", id="77", income="low"))
    assert again.n_users == once.n_users
    assert cells(again, "user", -1) == told | {"user.income": [1]}
    assert FEATURES.n_users == DATASET.n_users


def test_rows_that_cannot_be_read_are_refused():
    twice = pd.DataFrame({"user_id": ["u1", "u1"], "city": ["Ulm", "Bonn"]})
    with pytest.raises(ValueError, match="'u1' stands twice"):
        FEATURES.with_rows("user", twice)
    for row in (frame("item", id="i1", title="Another"), frame("item", id="new", price=3)):
        with pytest.raises(ValueError, match=r"item\.title needs the encoder's vectors"):
            FEATURES.with_rows("item", row)
    other = make_features(tiny_dataset(seed=1))
    with pytest.raises(ValueError, match="other groups"):
        SCORER.with_features(other)


def test_features_without_ids_have_rows_too():
    no_ids = FEATURES.without({"user_id", "item_id"})
    found = no_ids.with_rows("user", frame("user", id="u2", city="Bonn"))
    assert found.n_users == DATASET.n_users
    assert "user_id" not in found.tables


def test_texts_are_encoded_where_they_are_told_or_new():
    asked: list[list[str]] = []

    def encode(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        return np.stack([np.full(8, float(len(text)), np.float32) for text in texts])

    rows = pd.DataFrame({"item_id": ["i3", "new"], "price": [1.0, 2.0]})
    found = with_encoded_rows(FEATURES, "item", rows, encode)
    assert asked == [[""]]
    np.testing.assert_array_equal(found.tables["item.title"][3], FEATURES.tables["item.title"][3])
    assert not found.tables["item.title"][-1].any()
    found = with_encoded_rows(found, "item", frame("item", id="new", title="four"), encode)
    assert found.tables["item.title"][-1].tolist() == [4.0] * 8
    assert with_encoded_rows(FEATURES, "user", frame("user", id="u1", city="Ulm"), encode).n_users == FEATURES.n_users
    assert asked == [[""], ["four"]]


def test_a_title_is_encoded_as_those_of_the_tables_were(tiny_workspace):
    """By the model's own encoder: the title of another item makes an item look like it, whatever runs the variant."""
    model = open_model(tiny_workspace)
    encode = partial(encode_texts, name=model.config["encoder"]["name"])
    told = model.dataset.items.iloc[[5]].assign(item_id=[model.dataset.items["item_id"][2]])
    found = with_encoded_rows(model.features, "item", told, encode)
    for group in model.features.side("item"):
        if group.kind != "id":
            np.testing.assert_allclose(found.tables[group.key][2], found.tables[group.key][5], atol=1e-6)
    again = model.dense.with_features(found)
    whole = Scorer(model.ranker, found)
    history = np.array([[1, 2, 3]])
    assert again.score_catalogue(np.array([0]), history) == pytest.approx(
        whole.score_catalogue(np.array([0]), history), abs=1e-5
    )


@pytest.mark.parametrize("bits", [16, 8, 4])
def test_an_edited_title_is_rounded_as_the_stored_ones_are(bits):
    variant = ModelVariant.compressed(bits=bits)
    edited = FEATURES.with_rows("item", frame("item", id="i7", title="Another"), texts={"item.title": TEXTS[:1]})
    quick = LEVERS["bits"].scorer(SCORER.ranker, FEATURES, variant).with_features(edited)
    whole = LEVERS["bits"].scorer(SCORER.ranker, edited, variant)
    torch.testing.assert_close(quick.cached["item.title"], whole.cached["item.title"])
    read = (PAIRS.users, PAIRS.items, PAIRS.histories)
    np.testing.assert_allclose(quick.score_pairs(*read), whole.score_pairs(*read), atol=1e-5)
