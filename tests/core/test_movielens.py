"""MovieLens-100K from its original files to an explained, compressed, audited recommendation, trained once."""

from __future__ import annotations

import contextlib
import io
import json

import pytest

from recsys_core.__main__ import main


def run(*args) -> dict:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([*map(str, args), "--json"]) == 0
    return json.loads(out.getvalue())


pytestmark = pytest.mark.timeout(900)  # training is part of the first test


def test_the_ranker_beats_popularity(movielens):
    _, found = movielens
    assert (found["task"], found["split"]) == ("implicit", "time")
    assert found["ndcg@10"] > 1.1 * found["baselines"]["popularity"]["ndcg@10"]
    assert found["auc"] > 0.8
    assert found["intervals"]["model"]["ndcg@10"][0] < found["ndcg@10"] < found["intervals"]["model"]["ndcg@10"][1]


def test_ease_reads_what_the_ranker_reads(movielens):
    _, found = movielens
    assert 0.150 < found["baselines"]["ease"]["ndcg@10"] < 0.158  # on training rows alone it is .14
    assert found["baselines"]["popularity"]["ndcg@10"] == pytest.approx(0.082, abs=2e-3)


def test_lists_are_explained_to_the_digit(movielens):
    workspace, _ = movielens
    for user in ("1", "405"):
        items = run("recommend", "--workspace", workspace, "--user", user)["items"]
        found = {}
        for method in ("shapley", "shap"):
            args = ("--workspace", workspace, "--user", user, "--item", items[0]["item_id"])
            e = run("explain", *args, "--method", method, "--background", 4)
            assert e["score"] == pytest.approx(items[0]["score"], abs=1e-4)
            assert abs(e["completeness_gap"]) < 1e-4
            found[method] = {c["feature"]: c["contribution"] for c in e["contributions"]}
        assert found["shapley"] == pytest.approx(found["shap"], abs=1e-5)


def test_groups_add_up_and_have_intervals(movielens):
    workspace, _ = movielens
    found = run("fairness", "--workspace", workspace, "--by", "gender")
    groups = {g["group"]: g for g in found["groups"]}
    assert sum(g["n"] for g in groups.values()) == found["overall"]["n"]
    mean = sum(g["n"] * g["ndcg@10"] for g in groups.values()) / found["overall"]["n"]
    assert mean == pytest.approx(found["overall"]["ndcg@10"], abs=1e-9)
    assert all(g["ndcg@10_low"] <= g["ndcg@10"] <= g["ndcg@10_high"] for g in groups.values())
    gap = next(g for g in found["gaps"] if g["metric"] == "ndcg@10")
    assert gap["difference"] == pytest.approx(
        groups[gap["best_group"]]["ndcg@10"] - groups[gap["worst_group"]]["ndcg@10"], abs=1e-9
    )


def test_compression_is_smaller_and_consistent(movielens):
    workspace, _ = movielens
    half = run("compress", "--workspace", workspace, "--sparsity", 0.5, "--bits", 8)
    hard = run("compress", "--workspace", workspace, "--sparsity", 0.9, "--bits", 4)
    assert hard["variant"]["size_bytes"] < half["variant"]["size_bytes"] < half["dense"]["size_bytes"]
    assert half["dense"]["auc"] == hard["dense"]["auc"]
    assert 0 < half["top_10_overlap"] <= 1
