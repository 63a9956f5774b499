"""Leakage against scikit-learn and planted attributes; flips against edited rows; what cannot be asked."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explain_model import random_scorer, tiny_dataset, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from recsys_core.__main__ import main
from recsys_core.compare.attribute_flips import FlipSettings, _flipped_users, attribute_flips
from recsys_core.errors import RecLensError, SettingError
from recsys_core.explain.shapley import exact_contributions
from recsys_core.fairness.columns import find_column, without_parts
from recsys_core.fairness.leakage import ProbeSettings, leakage, reads
from recsys_core.fairness.probe import probe, weighted_auc, whitened
from recsys_core.metrics import list_overlap, logistic, top_k
from recsys_core.models.edited_rows import with_encoded_rows
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.workspace import open_model

N_ITEMS = 12
FEW = ProbeSettings(n_shuffles=20, least_size=8, n_bootstrap=50)


def split_of(n_users: int = 40) -> SplitDataset:
    dataset, random = tiny_dataset(n_users, N_ITEMS), np.random.default_rng(1)
    taken = np.concatenate([random.permutation(N_ITEMS)[:8] for _ in range(n_users)])
    rows = {"user_index": np.repeat(np.arange(n_users), 8), "item_index": taken, "time": np.arange(len(taken))}
    frame = pd.DataFrame(rows).astype({"user_index": np.int32, "item_index": np.int32})
    frame["value"] = np.float32(1)
    return SplitDataset.build(replace(dataset, interactions=frame), task="implicit", kind="time", seed=0, length=8)


SPLIT = split_of()
FEATURES = tiny_features(SPLIT.dataset).without({"user_id", "item_id", "item.title"})
SCORER = random_scorer(FEATURES)


def with_cells(column: str, cells: list) -> SplitDataset:
    return replace(SPLIT, dataset=replace(SPLIT.dataset, users=SPLIT.dataset.users.assign(**{column: cells})))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=12))
def test_weighted_auc_is_scikit_learns(rows):
    score, label, weight = (np.array(x) for x in zip(*rows, strict=True))
    found = weighted_auc(score.astype(float), label.astype(bool), weight[None].astype(float))[0]
    if len(np.unique(label[weight > 0])) < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(label, score, sample_weight=weight), abs=1e-9)


def test_a_probe_is_scored_as_scikit_learn_scores_and_finds_what_is_planted():
    random = np.random.default_rng(0)
    code = np.repeat([0, 1, 2], 60)
    inputs = random.normal(size=(180, 6)) * [1, 1, 1, 1, 1, 1e-3]
    inputs[:, 5] += 2e-3 * code  # a small direction tells the class
    found = probe(whitened(inputs), code, seed=0)
    expected = roc_auc_score(code, found.chance, multi_class="ovr", average="macro")
    assert found.auc()[0] == pytest.approx(expected, abs=1e-9)
    assert expected > 0.8
    two = probe(whitened(inputs[:120]), code[:120], seed=0)
    assert two.auc()[0] == pytest.approx(roc_auc_score(code[:120], two.chance[:, 1]), abs=1e-9)
    by_lot = probe(whitened(random.normal(size=(180, 6))), code, seed=0)
    assert abs(by_lot.auc()[0] - 0.5) < 0.12


def test_a_column_that_is_read_leaks_whole_and_an_unrelated_one_does_not():
    read = leakage(SCORER, SPLIT, by=("city",), settings=FEW)
    assert read.is_read
    assert read.auc.value > 0.95
    assert read.p_value == pytest.approx(1 / 21)
    by_lot = with_cells("city", np.random.default_rng(5).permutation(["Ulm", "Kiel"] * 20).tolist())
    without = random_scorer(FEATURES.without({"user.city"}))
    blind = leakage(without, by_lot, by=("city",), settings=FEW)
    assert not blind.is_read
    assert blind.p_value > 0.05
    assert blind.auc.low <= blind.auc.value <= blind.auc.high
    assert blind.majority == 0.5


def test_missing_and_small_groups_are_left_out_of_a_probe():
    cells = [None] * 4 + ["alone"] + ["Ulm"] * 17 + ["Kiel"] * 18
    found = leakage(SCORER, with_cells("city", cells), by=("city",), settings=FEW)
    assert (found.n_missing, found.n_small, found.n_users) == (4, 1, 35)
    assert [g.label for g in found.groups] == ["Kiel", "Ulm"]
    for cells in ([None] * 40, ["Ulm"] * 40, ["Ulm"] * 39 + ["Kiel"]):
        with pytest.raises(RecLensError, match="fewer than two groups"):
            leakage(SCORER, with_cells("city", cells), by=("city",), settings=FEW)
    with pytest.raises(SettingError):
        leakage(SCORER, SPLIT, by=("brand",), settings=FEW)


def flipped_by_what_if(column: str, settings: FlipSettings) -> tuple[np.ndarray, Scorer]:
    """The flipped users, and the scorer over their rows edited as What-if edits them."""
    _, users, donors, _ = _flipped_users(SPLIT, column, SCORER, settings)
    table = SPLIT.dataset.users
    assert (table[column].to_numpy()[users] != table[column].to_numpy()[donors]).all()
    frame = pd.DataFrame({"user_id": table["user_id"].to_numpy()[users], column: table[column].to_numpy()[donors]})
    return users, SCORER.with_features(with_encoded_rows(FEATURES, "user", frame, lambda texts: np.zeros(0)))


@pytest.mark.parametrize("column", ["city", "age", "income"])
def test_flips_are_the_changes_that_edited_rows_make(column):
    how = FlipSettings(tolerance=0.02, background=2)
    found = attribute_flips(SCORER, SPLIT, column=column, settings=how)
    users, edited = flipped_by_what_if(column, how)
    task = SPLIT.ranking_of(users)
    before, after = (s.score_catalogue(task.users, task.histories, task.known) for s in (SCORER, edited))
    moved = np.abs(logistic(after) - logistic(before))
    tops = [top_k(scores, 10, excluded=task.seen, tie_order=task.tie_order) for scores in (before, after)]
    overlap = list_overlap(*tops)
    pairs, background = Pairs(task.users, tops[0][:, 0], task.histories), SPLIT.background(2, seed=0)
    strongest = [
        np.argsort(-np.abs(exact_contributions(s, pairs, background)[0]), axis=1)[:, :3] for s in (SCORER, edited)
    ]
    changed = [set(a) != set(b) for a, b in zip(*strongest, strict=True)]
    expected = ((moved > 0.02).mean(), moved.mean(), (overlap < 1).mean(), overlap.mean(), np.mean(changed))
    said = (found.scores, found.mean_change, found.lists, found.overlap, found.explanations)
    np.testing.assert_allclose([share.value for share in said], expected, atol=1e-6)
    assert found.is_read
    assert found.scores.value > 0
    assert found.n_users == len(users)


def test_nothing_changes_exactly_where_the_column_is_not_read():
    blind = random_scorer(FEATURES.without({"user.city"}))
    found = attribute_flips(blind, SPLIT, column="city")
    assert not found.is_read
    assert (found.scores.value, found.lists.value, found.explanations.value, found.overlap.value) == (0, 0, 0, 1)


def test_a_sign_in_a_columns_own_name_is_no_edge():
    """The column ``x=y`` is read like the column ``city`` that it is, by flips and by the probe."""
    data = SPLIT.dataset
    columns = tuple(replace(c, name="x=y") if c.name == "city" else c for c in data.schema.users)
    named = replace(data, schema=replace(data.schema, users=columns), users=data.users.rename(columns={"city": "x=y"}))
    scorer = random_scorer(tiny_features(named).without({"user_id", "item_id", "item.title"}))
    found = attribute_flips(scorer, replace(SPLIT, dataset=named), column="x=y")
    assert (found.is_read, found.scores.value > 0) == (True, True)
    assert find_column(named, "x=y").whole == "user.x=y"
    assert find_column(named, "user.x=y=" + str(named.users["x=y"].iloc[0])).whole == "user.x=y"
    assert reads(scorer, ("user.x=y",))
    assert without_parts("user.x=y") == ("user.x=y", "")
    assert without_parts("user.x=y=Ulm") == ("user.x=y", "Ulm")


def test_what_cannot_be_flipped_is_said():
    def said(split: SplitDataset = SPLIT, column: str = "city") -> str:
        with pytest.raises(RecLensError) as raised:
            attribute_flips(SCORER, split, column=column)
        return raised.value.key

    assert said(column="activity") == "flips.made"
    assert said(column="brand") == "setting.choice"
    assert said(with_cells("city", ["Ulm"] * 40)) == "flips.one_value"
    assert said(with_cells("city", [None] * 40)) == "flips.one_value"
    assert said(column="nowhere") == "column.unknown"
    with pytest.raises(SettingError, match="tolerance"):
        FlipSettings(tolerance=2)
    two_values = attribute_flips(SCORER, with_cells("city", [None] * 3 + ["Ulm"] * 36 + ["Kiel"]), column="city")
    assert two_values.n_all_users == 37


def test_the_command_answers_both_or_says_why_not(capsys, tiny_workspace):
    def run(by: str) -> dict:
        asked = ("attribute-audit", "--workspace", tiny_workspace, "--by", by, "--shuffles", 2, "--background", 1)
        assert main([*map(str, asked), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    found = run("gender")
    assert {"scores", "lists", "explanations", "overlap", "tolerance", "is_read"} <= set(found["flips"])
    assert {"auc", "accuracy", "majority", "chance", "p_value"} <= set(found["leakage"])
    n_taken = np.diff(open_model(tiny_workspace).split_dataset.sequences().indptr)
    made = run(f"activity={np.median(n_taken)}")
    assert made["flips"] is None
    assert "cannot be set" in made["reasons"]["flips"]
    assert main(["attribute-audit", "--workspace", str(tiny_workspace), "--by", "category"]) == 2
