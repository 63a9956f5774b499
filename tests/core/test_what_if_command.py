"""The command ``what-if``: its keys, its figures beside ``recommend``'s, and one clear line for bad input."""

from __future__ import annotations

import pytest
from test_command_line import refused, run

from recsys_core.models.workspace import open_model
from recsys_core.results.what_if_session import WhatIfSession
from recsys_core.what_if.edits import read_column_edit
from recsys_core.what_if.session_file import session_bytes

LINE = {"item_id", "title", "score", "probability", "rank"}


@pytest.mark.parametrize("variant", [[], ["--sparsity", "0.5", "--bits", "8"]], ids=["dense", "compressed"])
def test_edits_sum_to_the_change_from_the_users_list(capsys, term_workspace, variant):
    asked = ("--workspace", term_workspace, "--user", "3", *variant)
    top = run(capsys, "recommend", *asked, "--k", 30)["items"]
    what = ("what-if", *asked, "--item", top[12]["item_id"])
    found = run(capsys, *what, "--set", "user.age=20", "--add", top[0]["item_id"])
    assert found["before"]["score"] == pytest.approx(top[12]["score"], abs=1e-5)
    assert found["before"]["rank"] == 13
    assert [e["edit"] for e in found["edits"]] == ["user.age=20", f"add:{top[0]['item_id']}"]
    change = found["after"]["score"] - found["before"]["score"]
    assert sum(e["contribution"] for e in found["edits"]) == pytest.approx(change, abs=1e-4)
    assert found["completeness_gap"] == pytest.approx(0, abs=1e-4)
    again = run(capsys, *what, "--add", top[0]["item_id"], "--set", "user.age=20")
    assert again["after"] == found["after"]
    assert [line["item_id"] for line in found["top_before"]] == [line["item_id"] for line in top[:10]]
    assert set(found["top_before"][0]) == LINE | {"rank_after"}
    assert set(found["top_after"][0]) == LINE | {"rank_before"}
    in_percent = run(capsys, *what, "--set", "user.age=20", "--units", "probability", "--k", 3)
    change = in_percent["after"]["probability"] - in_percent["before"]["probability"]
    assert in_percent["edits"][0]["contribution"] == pytest.approx(change, abs=1e-4)
    assert len(in_percent["top_after"]) == 3


def test_the_own_value_changes_nothing_read_by_the_real_encoder(capsys, tiny_workspace):
    dataset = open_model(tiny_workspace).dataset
    own = [f"item.title={dataset.titles[7]}", f"user.age={dataset.users['age'].iloc[3]:g}"]
    user, item = dataset.users["user_id"].iloc[3], dataset.items["item_id"].iloc[7]
    what = ("what-if", "--workspace", tiny_workspace, "--user", user, "--item", item)
    same = run(capsys, *what, "--set", own[0], "--set", own[1])
    assert same["after"] == same["before"]
    assert [e["contribution"] for e in same["edits"]] == [0, 0]
    other = run(capsys, *what, "--set", "item.title=Something else entirely")
    assert other["after"]["score"] != other["before"]["score"]
    assert abs(other["completeness_gap"]) < 1e-4


def test_a_new_person_and_a_session_file(capsys, tiny_workspace, tmp_path):
    asked = ("what-if", "--workspace", tiny_workspace)
    found = run(capsys, *asked, "--new-user", "--item", "7", "--set", "user.age=500", "--add", "3")
    assert found["before"]["rank"] is not None
    assert "beyond" in found["notes"][0]
    model = open_model(tiny_workspace)
    edits = (read_column_edit("user.age=20", model.dataset, model.features),)
    session = WhatIfSession("3", "7", edits)
    (tmp_path / "s.json").write_bytes(session_bytes(session, model.data_fingerprint))
    stored = run(capsys, *asked, "--edits", tmp_path / "s.json", "--add", "5")
    assert [e["edit"] for e in stored["edits"]] == ["user.age=20", "add:5"]
    said = run(capsys, *asked, "--user", "3", "--item", "7", "--set", "user.age=20", "--add", "5")
    assert said["after"] == stored["after"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--set", "user.age=old"], ["user.age must be a number, got 'old'"]),
        (["--set", "user.age=1e400"], ["user.age must be a number"]),
        (["--set", "user.nothing=1"], ["'nothing' is unknown", "age"]),
        (["--set", "item.genres"], ["'item.genres' is no edit"]),
        (["--set", "user.region=atlantis"], ["'atlantis'", "south"]),
        (["--set", "user.age=3", "--set", "user.age=4"], ["user.age is edited twice"]),
        (["--add", "no-such-item"], ["no-such-item"]),
        (["--add", "7"], ["item 7 is the one that is asked about"]),
        (["--units", "percent"], ["units", "probability"]),
        (["--k", "0"], ["k must"]),
        (["--new-user"], ["--new-user", "not allowed"]),
        (["--set", "item.title=\udcff"], ["set"]),
    ],
)
def test_bad_edits_get_one_clear_line(capsys, tiny_workspace, args, words):
    line = refused(capsys, "what-if", "--workspace", tiny_workspace, "--user", "3", "--item", "7", *args)
    assert all(word in line for word in words)


def test_history_edits_that_do_not_fit_get_one_clear_line(capsys, tiny_workspace):
    model = open_model(tiny_workspace)
    histories, ids = model.split_dataset.histories, model.dataset.items["item_id"]
    taken = ids[histories.users([3])[0, 0]]
    never = ids[next(i for i in range(model.dataset.n_items) if i not in histories.users([3])[0] and ids[i] != "7")]
    asked = ("what-if", "--workspace", tiny_workspace, "--user", model.dataset.users["user_id"].iloc[3], "--item", "7")
    assert f"item {never} is not in the history" in refused(capsys, *asked, "--take-off", never)
    assert "is in the history already" in refused(capsys, *asked, "--add", taken)
    assert "say who is asked about" in refused(capsys, "what-if", "--workspace", tiny_workspace, "--item", "7")
    assert "no what-if session" in refused(capsys, *asked, "--edits", tiny_workspace / "workspace.json")
