"""``contrast``: its keys, sums and ranks against ``recommend``, and one clear line for bad input."""

from __future__ import annotations

import json

import pytest

from recsys_core.__main__ import main

USER = ("--user", "5")


def run(capsys, *args) -> dict:
    assert main([*map(str, args), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def listed(capsys, tiny_workspace) -> dict[str, dict]:
    """The user's 25 best by raw id."""
    items = run(capsys, "recommend", "--workspace", tiny_workspace, *USER, "--k", 25)["items"]
    return {item["item_id"]: item for item in items}


def total(rows: list[dict]) -> float:
    return sum(row["contribution"] for row in rows)


def test_an_item_outside_the_list_against_one_on_it(capsys, tiny_workspace, listed):
    ids = list(listed)
    asked = ("contrast", "--workspace", tiny_workspace, *USER, "--background", 8, "--item", ids[20])
    found = run(capsys, *asked, "--against", ids[0])
    of_each = {"feature", "value", "value_against", "unit", "contribution", "standard_error"}
    assert {frozenset(row) for row in found["contributions"]} == {frozenset(of_each)}
    difference = listed[ids[20]]["score"] - listed[ids[0]]["score"]
    assert total(found["contributions"]) == pytest.approx(difference, abs=1e-4)
    assert found["score_difference"] == pytest.approx(difference, abs=1e-4)
    assert (found["rank"], found["rank_against"], found["last"]) == (21, 1, ids[9])
    assert (found["needed_against"], found["lacks_against"]) == (None, None)
    assert found["needed"] == pytest.approx(listed[ids[9]]["score"] - listed[ids[20]]["score"], abs=1e-4)
    assert total(found["lacks"]) == pytest.approx(-found["needed"], abs=1e-4)
    assert [row["contribution"] for row in found["lacks"]] == sorted(row["contribution"] for row in found["lacks"])
    assert run(capsys, *asked)["against_id"] == ids[9], "unless told, the last of the list"
    assert run(capsys, *asked, "--k", 25)["against_id"] == ids[21], "of a listed one, that below it"
    points = run(capsys, *asked, "--against", ids[0], "--units", "probability")
    assert total(points["contributions"]) == pytest.approx(
        points["probability"] - points["probability_against"], abs=1e-4
    )
    assert total(points["lacks"]) == pytest.approx(-points["needed"], abs=1e-4)


@pytest.mark.parametrize("more", [(), ("--history", "each"), ("--bits", "8"), ("--sparsity", "0.5")], ids=" ".join)
def test_turned_round_under_any_variant_and_with_a_term(capsys, term_workspace, more):
    asked = ("contrast", "--workspace", term_workspace, *USER, "--background", 4, *more)
    ahead, back = (run(capsys, *asked, "--item", a, "--against", b) for a, b in (("7", "2"), ("2", "7")))
    assert abs(ahead["completeness_gap"]) < 1e-4
    flipped = {row["feature"]: -row["contribution"] for row in back["contributions"]}
    assert {row["feature"]: row["contribution"] for row in ahead["contributions"]} == flipped


def test_an_item_that_was_taken_and_one_twice(capsys, tiny_workspace):
    from recsys_core.models.workspace import open_model

    model = open_model(tiny_workspace)
    user = model.user_index("5")
    taken = str(model.dataset.items["item_id"].iloc[model.split_dataset.histories.seen(user, "test")[0]])
    found = run(capsys, "contrast", "--workspace", tiny_workspace, *USER, "--background", 4, "--item", taken)
    assert (found["rank"], found["needed"], found["rank_against"]) == (None, None, 10)
    same = run(capsys, "contrast", "--workspace", tiny_workspace, *USER, "--item", taken, "--against", taken)
    assert {row["contribution"] for row in same["contributions"]} == {0.0}


def test_what_the_list_has_in_common(capsys, tiny_workspace):
    asked = ("contrast", "--workspace", tiny_workspace, *USER, "--common", "--k", 5, "--others", 6)
    found = run(capsys, *asked)["common"]
    assert (found["n_listed"], found["n_sampled"]) == (5, 6)
    assert total(found["contributions"]) == pytest.approx(found["mean_score"] - found["mean_score_of_others"], abs=1e-4)
    assert all(row["low"] <= row["contribution"] <= row["high"] for row in found["contributions"])
    assert main([*map(str, asked)]) == 0
    assert "mean_score_of_others:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--item", "no-such-item", "--against", "1"], ["no-such-item"]),
        (["--item", "1", "--against", "no-such-item"], ["no-such-item"]),
        ([], ["--item", "--common"]),
        (["--common", "--k", "500"], ["is left to compare"]),
        (["--common", "--others", "1"], ["others must be at least 2"]),
        (["--item", "1", "--k", "0"], ["k must"]),
        (["--item", "1", "--units", "points"], ["units", "logit"]),
        (["--item", "1", "--history", "many"], ["history", "each"]),
        (["--item", "1", "--background", "0"], ["background", "at least 1"]),
    ],
    ids=" ".join,
)
def test_bad_input_gets_one_clear_line(capsys, tiny_workspace, args, words):
    assert main(["contrast", "--workspace", str(tiny_workspace), "--user", "3", *args, "--json"]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    line = streams.err.strip().splitlines()[-1]
    assert all(word in line for word in words)
