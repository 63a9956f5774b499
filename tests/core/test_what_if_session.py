"""Edits as the text of an address and as session files: what is written comes back, what is none is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from explain_model import tiny_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.features import make_features
from recsys_core.errors import RecLensError
from recsys_core.models.workspace import open_model
from recsys_core.player import Player
from recsys_core.results.edits import AddItem, SetColumn, TakeOffItem
from recsys_core.results.what_if_session import Pin, WhatIfSession
from recsys_core.what_if.edit_text import edits_from_query, edits_to_query
from recsys_core.what_if.session_file import FORMAT, MOST_EDITS, read_session, read_session_file, session_bytes

ODD = ("a=b", "a;b:c", "50%", "x y", "名字", "a|b", "%3B", 'q"', "a&b#c", "é")
RENAMED = dict(zip(("age", "city", "income", "price", "brand"), ODD, strict=False))


def odd_dataset():
    """The tiny data with names and ids that mean something in addresses."""
    dataset, schema = tiny_dataset(), tiny_dataset().schema
    columns = {
        side: tuple(replace(c, name=RENAMED.get(c.name, c.name)) for c in getattr(schema, side))
        for side in ("users", "items")
    }
    items = dataset.items.rename(columns=RENAMED)
    items["item_id"] = [f"{ODD[i % len(ODD)]}{i}" for i in range(len(items))]
    users = dataset.users.rename(columns=RENAMED)
    return replace(dataset, users=users, items=items, schema=replace(schema, **columns))


DATASET = odd_dataset()
FEATURES = make_features(DATASET)
IDS = DATASET.items["item_id"].tolist()
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = st.one_of(
    st.builds(SetColumn, st.just(Player("user", ODD[0])), st.one_of(st.none(), NUMBERS)),
    st.builds(SetColumn, st.just(Player("user", ODD[1])), st.sampled_from((None, "Ulm", "Kiel", "Bonn"))),
    st.builds(SetColumn, st.just(Player("item", ODD[3])), NUMBERS),
    st.builds(SetColumn, st.just(Player("item", "genres")), st.sampled_from(("Comedy|Drama", "Crime", None))),
)
ITEMS = st.integers(0, len(IDS) - 1)
ADDED, OFF = (st.builds(lambda i, kind=kind: kind(i, IDS[i]), ITEMS) for kind in (AddItem, TakeOffItem))


@settings(deadline=None)
@given(st.lists(COLUMNS, max_size=4), st.lists(ADDED, max_size=4), st.lists(OFF, max_size=4))
def test_an_address_says_every_edit_and_gives_it_back(columns, added, off):
    edits = (*columns, *added, *off)
    assert edits_from_query(edits_to_query(edits), DATASET, FEATURES) == (edits, ())


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(("set", "add", "off", "user")), st.text(max_size=30)))
def test_any_text_of_an_address_is_edits_or_problems(query):
    edits, problems = edits_from_query(query, DATASET, FEATURES)
    assert all(isinstance(problem, RecLensError) for problem in problems)
    n = sum(bool(part) for name in ("set", "add", "off") for part in query.get(name, "").split(";"))
    assert len(edits) + len(problems) == n


def test_a_bad_edit_of_an_address_is_named_and_the_others_hold():
    query = {"set": "user.a%3Db:34;user.nothing:1;item.x y:cheap;user", "off": f"nobody;{IDS[0]}"}
    edits, problems = edits_from_query(query, DATASET, FEATURES)
    assert [e.key for e in edits] == ["user.a=b=34", "take-off:a=b0"]
    assert [p.key for p in problems] == ["edit.column", "edit.number", "edit.form", "item.unknown"]


@pytest.fixture(scope="module")
def model(tiny_workspace):
    return open_model(tiny_workspace)


def session_of(model) -> WhatIfSession:
    newest = int(model.split_dataset.histories.users([3])[0, 0])
    ids = model.dataset.items["item_id"]
    edits = (
        SetColumn(Player("user", "age"), 31.5),
        SetColumn(Player("item", "title"), "Ü; =|:"),
        TakeOffItem(newest, ids[newest]),
    )
    user = str(model.dataset.users["user_id"].iloc[3])
    return WhatIfSession(user, str(ids[1]), edits, (Pin("A", edits[:1]), Pin("名", ())))


def test_a_session_comes_back_as_it_was_written(model, tmp_path):
    session = session_of(model)
    written = session_bytes(session, model.data_fingerprint)
    assert read_session(written, model, file="s.json") == session
    (tmp_path / "s.json").write_bytes(written)
    assert read_session_file(tmp_path / "s.json", model) == session
    new = WhatIfSession(None, None, session.edits[:1])
    assert read_session(session_bytes(new, model.data_fingerprint), model, file="s.json") == new


def changed(model, **parts: object) -> bytes:
    about = json.loads(session_bytes(session_of(model), model.data_fingerprint))
    return json.dumps(about | parts).encode()


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"format": "other"}, "session.foreign"),
        ({"dataset": "0123"}, "session.other_data"),
        ({"user": "nobody"}, "user.unknown"),
        ({"item": "nothing"}, "item.unknown"),
        ({"user": 3}, "session.damaged"),
        ({"edits": {}}, "session.damaged"),
        ({"edits": [3]}, "session.damaged"),
        ({"edits": ["set"]}, "session.damaged"),
        ({"edits": [{}]}, "session.damaged"),
        ({"edits": [{"set": "user.age"}]}, "session.damaged"),
        ({"edits": [{"set": "user.age", "value": [1]}]}, "session.damaged"),
        ({"edits": [{"set": "user.age", "value": True}]}, "session.damaged"),
        ({"edits": [{"set": "user.age", "value": float("inf")}]}, "edit.number"),
        ({"edits": [{"set": "user.age", "value": 10**400}]}, "edit.number"),
        ({"edits": [{"set": "user.age", "value": "old"}]}, "edit.number"),
        ({"edits": [{"set": "age", "value": 3}]}, "edit.form"),
        ({"edits": [{"set": "user.shoe", "value": 3}]}, "edit.column"),
        ({"edits": [{"add": "nothing"}]}, "item.unknown"),
        ({"edits": [{"add": "\ud800"}]}, "session.damaged"),
        ({"edits": [{"set": "user.age", "value": 3}] * 2}, "edit.twice"),
        ({"edits": [{"set": "user.age", "value": 3}] * (MOST_EDITS + 1)}, "session.too_many"),
        ({"pins": [{"name": "A"}]}, "session.damaged"),
        ({"pins": None}, "session.damaged"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_one_sentence(model, parts, key):
    with pytest.raises(RecLensError) as problem:
        read_session(changed(model, **parts), model, file="s.json")
    assert problem.value.key == key
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b"3", b'{"format": 3}', b"\x80\x04K\x01."])
def test_what_is_no_session_is_foreign(model, data):
    with pytest.raises(RecLensError) as problem:
        read_session(data, model, file="s.json")
    assert problem.value.key == "session.foreign"


def test_a_session_that_is_cut_off_is_damaged(model):
    written = session_bytes(session_of(model), model.data_fingerprint)
    for n in range(len(FORMAT) + 20, len(written) - 1, 97):
        with pytest.raises(RecLensError) as problem:
            read_session(written[:n], model, file="s.json")
        assert problem.value.key == "session.damaged"


def test_an_item_that_was_never_taken_cannot_be_taken_off(model):
    never = next(
        i
        for i in model.dataset.items["item_id"]
        if model.item_index(i) not in model.split_dataset.histories.users([3])[0]
    )
    with pytest.raises(RecLensError) as problem:
        read_session(changed(model, edits=[{"take_off": never}]), model, file="s.json")
    assert problem.value.key == "edit.not_taken"
