"""Edits as the texts of an address: what goes in comes out, what does not fit is named, the rest stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.models.workspace import open_model
from recsys_core.player import Player
from recsys_core.what_if.edit_texts import (
    EditTexts,
    edit_texts,
    joined,
    of_side,
    read_edits,
    with_column,
    with_item,
    without_column,
    without_item,
)
from recsys_core.what_if.edits import AddItem, SetColumn, TakeOffItem
from recsys_core.what_if.situation import situation_of

ids = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def model(tiny_workspace):
    return open_model(tiny_workspace)


@pytest.fixture(scope="module")
def situation(model):
    return situation_of(model.dense, model.split_dataset, 3, 7)


def test_edits_are_read_as_they_were_written(model, situation):
    dataset = model.dataset
    held = situation.positives.tolist()
    other = next(i for i in range(dataset.n_items) if i not in held and i != 7)
    id_of = dataset.items["item_id"].tolist()
    edits = (
        SetColumn(Player("user", "region"), "south"),
        SetColumn(Player("item", "title"), "50 % off; now: a=b / c?"),
        SetColumn(Player("user", "age"), 34.25),
        SetColumn(Player("item", "price"), None),
        AddItem(other, id_of[other]),
        TakeOffItem(held[0], id_of[held[0]]),
    )
    texts = edit_texts(edits)
    assert read_edits(texts, situation, dataset).edits == edits
    assert len(texts) == len(edits)
    assert edit_texts(edits[:1]).set == "user.region:south"  # as it is drawn and sent by hand
    assert len(EditTexts()) == 0
    assert not EditTexts()


def test_each_edit_that_does_not_fit_is_named_and_the_others_stand(model, situation):
    held = model.dataset.items["item_id"].iloc[int(situation.positives[0])]
    own = model.dataset.items["item_id"].iloc[7]
    texts = EditTexts(
        "user.age:34;user.age:35;user.nothing:1;item.price:old;user.region:atlantis;region",
        f"{own};{held};none",
        "none",
    )
    found = read_edits(texts, situation, model.dataset)
    assert [e.key for e in found.edits] == ["user.age=34"]
    assert [p.key for p in found.problems] == [
        *("edit.twice", "edit.column", "edit.number", "edit.value", "edit.form"),
        *("edit.itself", "edit.taken", "item.unknown", "item.unknown"),
    ]


def test_an_item_taken_off_twice_or_never_taken_is_named(model, situation):
    dataset, held = model.dataset, situation.positives.tolist()
    first = dataset.items["item_id"].iloc[held[0]]
    never = dataset.items["item_id"].iloc[next(i for i in range(dataset.n_items) if i not in held)]
    found = read_edits(EditTexts(off=f"{first};{first};{never}"), situation, dataset)
    assert [e.item_id for e in found.edits] == [first]
    assert [p.key for p in found.problems] == ["edit.twice", "edit.not_taken"]


@given(st.lists(st.tuples(ids, ids), unique_by=lambda pair: pair[0], max_size=5), ids, ids)
def test_one_more_and_one_less_are_opposites_for_any_letters(columns, name, item_id):
    texts = EditTexts()
    for column, value in columns:
        texts = with_column(texts, SetColumn(Player("user", column), value))
    assert len(texts) == len(columns)
    key = Player("item", name).key
    more = with_item(with_column(texts, SetColumn(Player("item", name), "x")), "off", item_id)
    assert len(more) == len(columns) + 2
    assert without_item(without_column(more, key), "off", item_id) == texts
    assert joined(of_side(more, "user"), of_side(more, "item")) == more


def test_numbers_keep_all_their_digits(model, situation):
    for value in (1234567.0, 0.1 + 0.2, 1e-9, -3.0):
        texts = edit_texts([SetColumn(Player("user", "age"), value)])
        edit = read_edits(texts, situation, model.dataset).edits[0]
        assert np.float64(edit.value) == value
