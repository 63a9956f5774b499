"""What a score is compared with: training examples of everyone or of a segment, or one other item for the same user."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.data.segments import Segment, SegmentStore
from recsys_core.errors import RecLensError, SettingError
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice, make_background, users_of_segments
from recsys_core.explain.explain import explain
from recsys_core.models.workspace import open_model
from recsys_core.recommend import user_pairs


@pytest.fixture(scope="module")
def folder(term_workspace, tmp_path_factory):
    """A workspace with a term and three segments: of some, of one user, and of nobody who has training examples."""
    copied = shutil.copytree(term_workspace, tmp_path_factory.mktemp("backgrounds") / "tiny")
    store, model = SegmentStore(copied), open_model(copied, "")
    users = model.dataset.users["user_id"].astype(str).tolist()
    store.save(Segment("some", users=tuple(users[:20])))
    store.save(Segment("one", users=(users[4],)))
    store.save(Segment("nobody", {"age": (200.0, 300.0)}))
    return copied


@pytest.fixture(scope="module")
def model(folder):
    return open_model(folder, "")


def pair_of(model, user: int = 3, item: int = 7):
    return user_pairs(model.split_dataset, user, np.array([item]))


@given(st.one_of(st.text(min_size=1, max_size=12), st.just("a:b")), st.sampled_from(["segment", "item"]))
def test_a_choice_is_read_as_it_is_written(name, kind):
    choice = BackgroundChoice(kind, name)
    assert BackgroundChoice.parse(choice.key) == choice
    assert BackgroundChoice.parse("average") == AVERAGE == BackgroundChoice.parse("")


@pytest.mark.parametrize("text", ["everyone", "segment", "segment:", "item:", "items:3", "average:2", ":"])
def test_what_is_no_choice_is_refused(text):
    with pytest.raises(SettingError, match="write average, segment:NAME or item:ID"):
        BackgroundChoice.parse(text)


def test_the_average_case_is_what_it_always_was(model):
    split = model.split_dataset
    found, before = make_background(AVERAGE, split, pair_of(model), n=9, seed=3), split.background(9, seed=3)
    assert (found.users == before.users).all()
    assert (found.items == before.items).all()


def test_a_segments_background_holds_training_examples_of_its_users_alone(model, folder):
    split = model.split_dataset
    users_of = users_of_segments(folder, split)
    for name, n in (("some", 8), ("one", 1000)):
        choice, how = BackgroundChoice("segment", name), {"n": n, "seed": 0, "users_of": users_of}
        rows = make_background(choice, split, pair_of(model), **how)
        assert set(rows.users) <= set(users_of(name))
        assert len(rows) == min(n, np.isin(split.histories.user[split.split.train], users_of(name)).sum())
        again = make_background(
            BackgroundChoice("segment", name), split, pair_of(model), n=n, seed=0, users_of=users_of
        )
        assert (rows.items == again.items).all()


def test_segments_that_cannot_be_a_background_are_refused_in_words(model, folder):
    split, pair = model.split_dataset, pair_of(model)
    users_of = users_of_segments(folder, split)
    for name, words in (("nobody", "no training example"), ("gone", "no segment 'gone'")):
        with pytest.raises(RecLensError, match=words):
            make_background(BackgroundChoice("segment", name), split, pair, n=8, seed=0, users_of=users_of)
    with pytest.raises(SettingError, match="no segments here"):
        make_background(BackgroundChoice("segment", "some"), split, pair, n=8, seed=0)
    with pytest.raises(SettingError, match="at least 1"):
        make_background(AVERAGE, split, pair, n=0, seed=0)


@pytest.mark.parametrize("units", ["logit", "probability"])
@pytest.mark.parametrize("with_term", [False, True])
def test_one_other_item_leaves_the_items_reasons_and_the_terms_part_in_the_base(model, units, with_term):
    split, pair = model.split_dataset, pair_of(model)
    scorer = model.dense if with_term else model.dense.with_term(None)
    rows = make_background(
        BackgroundChoice("item", str(model.dataset.items["item_id"].iloc[9])), split, pair, n=32, seed=0
    )
    assert (len(rows), rows.users[0], rows.items[0]) == (1, 3, 9)
    found = explain(scorer, model.dataset, pair, rows, units=units, compared_with="item:9")
    by_side = {
        side: [c.contribution for c in found.contributions if c.player.side == side]
        for side in ("user", "history", "item")
    }
    assert by_side["user"] == [0.0] * len(by_side["user"])
    assert by_side["history"] == [0.0]
    assert abs(found.completeness_gap) < 1e-5
    network = model.dense.with_term(None)
    other, own = (float(network.score_pairs(p.users, p.items, p.histories)[0]) for p in (rows, pair))
    base = other if not with_term else other + float(scorer.term.pairs(pair.items, pair.known)[0])
    if units == "logit":
        assert found.base_value == pytest.approx(base, abs=1e-5)
        assert sum(by_side["item"]) == pytest.approx(own - other, abs=1e-5)
    else:
        assert found.base_value == pytest.approx(1 / (1 + np.exp(-base)), abs=1e-6)


def test_the_item_itself_and_an_unknown_one_are_refused(model):
    split, pair = model.split_dataset, pair_of(model)
    own = str(model.dataset.items["item_id"].iloc[7])
    for name, words in ((own, "is the one that is explained"), ("no-such", "no-such")):
        with pytest.raises(RecLensError, match=words):
            make_background(BackgroundChoice("item", name), split, pair, n=8, seed=0)


def test_the_command_line_takes_units_background_and_trust(capsys, folder, model):
    from recsys_core.__main__ import main

    user, item = (str(model.dataset.users["user_id"].iloc[3]), str(model.dataset.items["item_id"].iloc[7]))
    other = str(model.dataset.items["item_id"].iloc[9])
    base = ["explain", "--workspace", str(folder), "--user", user, "--item", item, "--background", "4", "--json"]

    def run(*more: str) -> dict:
        assert main([*base, *more]) == 0
        return json.loads(capsys.readouterr().out)

    plain = run()
    assert (plain["units"], plain["compared_with"]) == ("logit", "average")
    points = run("--units", "probability", "--compared-with", "segment:some")
    assert (points["units"], points["compared_with"]) == ("probability", "segment:some")
    assert points["logit"] == plain["score"]
    assert points["score"] == points["probability"] == plain["probability"]
    total = points["base_value"] + sum(c["contribution"] for c in points["contributions"])
    assert total == pytest.approx(points["score"], abs=1e-5)
    trust = run("--compared-with", f"item:{other}", "--trust")["trust"]
    assert {"completeness_gap", "standard_error", "fit", "agreement", "removal", "stability", "share_kept"} <= set(
        trust
    )
    for bad in (["--compared-with", "segment:gone"], ["--compared-with", f"item:{item}"], ["--units", "points"]):
        assert main([*base, *bad]) == 2
        err = capsys.readouterr().err.strip()
        assert err.count("\n") == 0
        assert "Traceback" not in err
