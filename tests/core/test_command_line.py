"""The command line's contract: keys, exit status, one clear line for bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.__main__ import main
from recsys_core.explain.methods import METHODS
from recsys_core.results.method_comparison import OF_HISTORY

PAIR = ("--user", "3", "--item", "1")
VARIANTS = (
    [],
    ["--bits", "8"],
    ["--sparsity", "0.5", "--bits", "8"],
    ["--sparsity", "0.7", "--pruning", "unstructured"],
)


def run(capsys, *args) -> dict:
    status = main([*map(str, args), "--json"])
    out = capsys.readouterr().out
    assert status == 0
    return json.loads(out)


def refused(capsys, *args) -> str:
    status = main([*map(str, args), "--json"])
    streams = capsys.readouterr()
    assert status == 2
    assert streams.out == ""
    return streams.err.strip().splitlines()[-1]


def test_sample_import_train(capsys, tmp_path):
    made = run(capsys, "sample", "--domain", "shop", "--seed", 3, "--out", tmp_path / "tables")
    assert {"n_users", "n_items", "n_interactions", "best_auc", "best_ndcg@10"} <= set(made)
    found = run(capsys, "import", "--format", "tables", tmp_path / "tables", "--out", tmp_path / "dataset")
    assert found["n_interactions"] == made["n_interactions"]
    assert found["warnings"] == []
    again = run(capsys, "import", "--format", "tables", tmp_path / "tables", "--out", tmp_path / "dataset")
    assert again["fingerprint"] == found["fingerprint"]


def test_evaluate_repeats_what_training_found(capsys, tiny_workspace):
    stored = json.loads((tiny_workspace / "models" / "first" / "metrics.json").read_text())
    found = run(capsys, "evaluate", "--workspace", tiny_workspace)
    keys = {"task", "split", "auc", "logloss", "ndcg@10", "recall@10", "seconds", "n_parameters", "baselines"}
    assert keys <= set(found)
    assert found["auc"] == pytest.approx(stored["auc"], abs=1e-9)
    assert set(found["baselines"]) == {"popularity", "ease", "item_knn"}


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_a_variant_is_one_everywhere(capsys, tiny_workspace, variant):
    args = ("--workspace", tiny_workspace, "--user", "3")
    items = run(capsys, "recommend", *args, "--k", 6, *variant)["items"]
    assert [i["rank"] for i in items] == list(range(1, 7))
    for item in (items[0], items[-1]):
        e = run(capsys, "explain", *args, "--item", item["item_id"], "--method", "shapley", *variant)
        assert e["score"] == pytest.approx(item["score"], abs=1e-4)
        total = e["base_value"] + sum(c["contribution"] for c in e["contributions"])
        assert total == pytest.approx(e["score"], abs=1e-3)
        assert e["completeness_gap"] == pytest.approx(total - e["score"], abs=1e-9)


def test_a_reason_holds_the_item_item_terms_split(capsys, tiny_workspace, term_workspace):
    args = ("explain", "--user", "3", "--item", "7", "--workspace")
    assert run(capsys, *args, tiny_workspace)["item_item"] is None
    for method, history in (("shapley", "one"), ("shapley", "each"), ("ig", "one"), ("occlusion", "each")):
        e = run(capsys, *args, term_workspace, "--method", method, "--history", history)
        split = e["item_item"]
        assert sum(row["contribution"] for row in split["items"]) == pytest.approx(split["total"], abs=1e-9)
        assert set(split["items"][0]) == {"item_id", "title", "contribution"}
        if method != "occlusion":
            assert abs(e["completeness_gap"]) < 2e-3
    assert main([*map(str, args), str(term_workspace)]) == 0
    assert "item_item:" in capsys.readouterr().out


def test_words_share_out_what_the_title_adds(capsys, tiny_workspace):
    args = ("explain", "--workspace", tiny_workspace, "--user", "3", "--item", "7", "--background", 4, "--words")
    e = run(capsys, *args, "item.title", "--units", "probability")
    title = next(c["contribution"] for c in e["contributions"] if c["feature"] == "item.title")
    assert sum(word["contribution"] for word in e["words"]["words"]) == pytest.approx(title, abs=1e-9)
    assert {"word", "start", "end", "contribution", "standard_error", "lime"} == set(e["words"]["words"][0])
    assert {"lime_fit", "exact", "total", "completeness_gap", "units"} <= set(e["words"])
    assert run(capsys, *args, "--method", "lime", "--units", "probability")["words"]["total"] == title
    assert "user.age is no text" in refused(capsys, *args, "user.age")


def test_every_method_explains_the_listed_score(capsys, tiny_workspace):
    args = ("--workspace", tiny_workspace, "--user", "5", "--background", 8)
    item = run(capsys, "recommend", "--workspace", tiny_workspace, "--user", "5")["items"][0]
    without = None
    for method in METHODS:
        e = run(capsys, "explain", *args, "--item", item["item_id"], "--method", method)
        assert e["score"] == pytest.approx(item["score"], abs=1e-4)
        assert e["fit"] is not None or method != "lime"
        assert e["background"] == 8
        without = without or [c["probability_without"] for c in e["contributions"]]
        assert [c["probability_without"] for c in e["contributions"]] == pytest.approx(without)


def test_explainers_are_compared_between_random_order_and_search(capsys, tiny_workspace):
    args = ("compare-explainers", "--workspace", tiny_workspace, "--n-users", 2, "--background", 2, "--by", "gender")
    found = run(capsys, *args)
    assert [row["method"] for row in found["methods"]] == ["random", *METHODS, *OF_HISTORY, "search"]
    keys = {"deletion", "insertion", "pos@20", "neg@20", "randomisation", "stability", "sparsity", "truth", "seconds"}
    assert all({key + end for key in keys for end in ("", "_low", "_high")} <= set(row) for row in found["methods"])
    assert found["n_users"] == 2
    assert [row["suppressed"] for row in found["groups"]] == [True] * len(found["groups"])


def test_reasons_are_raw_in_json_and_in_words_for_a_person(capsys, tiny_workspace):
    args = ("explain", "--workspace", tiny_workspace, "--user", "5", "--item", "7", "--background", "2")
    found = {c["feature"]: c for c in run(capsys, *args)["contributions"]}
    assert (type(found["history"]["value"]), found["history"]["unit"]) == (int, "items")
    assert (type(found["item.price"]["value"]), found["item.price"]["unit"]) == (float, "€")
    assert main([*map(str, args)]) == 0
    said = capsys.readouterr().out
    assert f"value={found['history']['value']} items" in said
    assert f"value={found['item.price']['value']:g} €" in said


@pytest.mark.parametrize(("kind", "place"), [("remove-history", 9), ("change-attributes", 14)])
def test_counterfactual_says_what_what_if_says(capsys, tiny_workspace, kind, place):
    """Its answers asked again with the edits spelled out."""
    keys, n_found = ("found", "changes", "rank_before", "rank_after", "replaced_by", "verified", "exact"), 0
    for user in ("3", "5", "9"):
        args = ("--workspace", tiny_workspace, "--user", user)
        item = run(capsys, "recommend", *args, "--k", 20)["items"][place]
        pair = (*args, "--item", item["item_id"])
        found = run(capsys, "counterfactual", *pair, "--kind", kind)
        assert {*keys, "n_scored", "seconds"} <= set(found)
        assert found["rank_before"] == item["rank"]
        assert found["found"] == bool(found["changes"]) == (found["note"] is None)
        removed = [("--take-off", c["item_id"]) for c in found["changes"] if "item_id" in c]
        changed = [("--set", f"{c['column']}={c['to']}") for c in found["changes"] if "column" in c]
        after = run(capsys, "what-if", *pair, *(word for words in (*removed, *changed) for word in words))["after"]
        n_found += found["found"]
        if found["found"]:
            assert (after["rank"], found["verified"]) == (found["rank_after"], True)
            assert (after["rank"] > 10) == (kind == "remove-history")
    assert n_found


def test_explain_batch_says_what_it_wrote(capsys, tiny_workspace, tmp_path):
    (tmp_path / "users.txt").write_text("3\n5\n3\n")
    words = ("explain-batch", "--workspace", tiny_workspace, "--users", tmp_path / "users.txt", "--k", 2)
    found = run(capsys, *words, "--out", tmp_path / "lists", "--background", 1, "--processes", 1)
    assert found | {"n_rows": 4, "n_users": 2, "n_partitions": 1, "n_skipped": 0, "n_repeated": 1} == found
    assert found["rows_per_second"] == pytest.approx(4 / found["seconds"])
    assert "k 2, not 3" in refused(capsys, *words[:-1], 3, "--out", tmp_path / "lists", "--background", 1)


def test_cost_of_explaining_has_a_row_a_model(capsys, tiny_workspace, tmp_path):
    workspace = shutil.copytree(tiny_workspace, tmp_path / "tiny")
    found = run(
        capsys,
        "cost-of-explaining",
        "--workspace",
        workspace,
        *["--examples", "60", "--explained", "2", "--users", "9"],
    )
    rows = {row["name"]: row for row in found["models"]}
    assert set(rows) == {"ranker", "surrogate", "logistic_regression", "ebm", "ease"}
    keys = {"ndcg@10", "auc", "logloss", "low", "high", "seconds_a_reason", "faithfulness"}
    assert all(keys <= set(row) for row in rows.values())
    assert (workspace / "models" / "first" / "cost_of_explaining.json").is_file()


def test_fairness_of_too_few_users_says_so_and_gives_everyones_figures(capsys, tiny_workspace):
    found = run(capsys, "fairness", "--workspace", tiny_workspace, "--by", "gender")
    assert ["user.gender" in note["text"] for note in found["notes"]] == [True]
    assert all(row["suppressed"] for row in found["groups"])
    assert found["overall"]["ndcg@10"] == run(capsys, "evaluate", "--workspace", tiny_workspace)["ndcg@10"]


def test_fairness_by_edges_values_and_the_least_size(capsys, tiny_workspace):
    args = ("fairness", "--workspace", tiny_workspace, "--least", 3, "--by")
    found = run(capsys, *args, "age=30/50,region=north")
    assert (found["by"], found["least_size"]) == (["user.age=30/50", "user.region=north"], 3)
    assert all(row["suppressed"] == (row["n"] < 3) for row in found["groups"])
    assert {row["group"].partition(" × ")[2] for row in found["groups"]} <= {"north", "(other values)", "(missing)"}
    items = run(capsys, *args, "item.popularity")
    assert [row["group"] for row in items["groups"]] == ["head", "middle", "tail"]
    for by, word in (("age=50/30", "edges"), ("region=moon", "moon"), ("item.age=x", "edges")):
        assert word in refused(capsys, *args, by)


def test_fairness_of_lists_of_another_length(capsys, tiny_workspace):
    args = ("fairness", "--workspace", tiny_workspace, "--by", "gender", "--least", 3, "--k")
    ten = run(capsys, *args[:-1])
    assert run(capsys, *args, 10)["overall"] == ten["overall"]
    for k in (3, 15):
        found = run(capsys, *args, k)
        assert {f"ndcg@{k}", f"recall@{k}", f"worst_group_ndcg@{k}"} <= set(found["overall"])
        assert "ndcg@10" not in found["overall"]
        assert found["overall"]["auc"] == ten["overall"]["auc"]
    assert found["overall"]["recall@15"] >= ten["overall"]["recall@10"]
    assert "between 1 and 100" in refused(capsys, *args, 0)


def test_fairness_has_figures_of_groups_and_of_all_of_them(capsys, tiny_workspace):
    found = run(capsys, "fairness", "--workspace", tiny_workspace, "--by", "gender", "--least", 3)
    about = {"group", "kind", "missing", "n", "suppressed"}
    of_groups = {name for name in found["groups"][0] if not name.endswith(("_low", "_high"))} - about
    assert len(of_groups) >= 18  # some measures need categories or outcomes that a tiny sample may lack
    together = {figure["metric"]: figure for figure in found["together"]}
    assert {"demographic_parity_difference", "value_unfairness", "worst_group_ndcg@10"} <= together.keys()
    assert not together.keys() & of_groups
    for metric, figure in together.items():
        assert found["overall"][metric] == figure["value"]
        assert {"low", "high", "p_value", "p_corrected", "within_noise", "good"} <= figure.keys()


def test_fairness_within_strata(capsys, tiny_workspace):
    args = ("fairness", "--workspace", tiny_workspace, "--least", 2, "--within")
    found = run(capsys, *args, "activity", "--by", "gender")["within"]
    assert {"within", "metric", "raw", "adjusted", "strata", "verdict", "worst_group", "best_group"} <= set(found)
    assert (found["within"], found["metric"], len(found["strata"])) == ("training.activity", "ndcg@10", 5)
    assert "--by" in refused(capsys, *args, "activity")
    assert "of items" in refused(capsys, *args, "item.category", "--by", "gender")


def test_subgroups_says_what_was_searched_and_refuses_what_cannot_be(capsys, tiny_workspace):
    args = ("subgroups", "--workspace", tiny_workspace)
    found = run(capsys, *args, "--columns", "gender,age=40", "--least", 5)
    assert (found["metric"], found["columns"], found["least_size"]) == ("ndcg@10", ["user.gender", "user.age=40"], 5)
    assert found["n_searched"] == found["n_candidates"] > 0
    keys = {"group", "conditions", "n", "value", "rest", "difference", "low", "high", "p_corrected", "within_noise"}
    assert all(keys <= set(row) for row in found["subgroups"])
    assert "auc" in refused(capsys, *args, "--metric", "auc")
    assert "column of users" in refused(capsys, *args, "--columns", "item.category").replace("columns", "column")


def test_fairness_without_a_column_scans_them_all(capsys, tiny_workspace):
    found = run(capsys, "fairness", "--workspace", tiny_workspace)
    columns = [report["by"][0] for report in found["reports"]]
    assert {"user.gender", "user.region", "training.activity", "training.popular_taste"} <= set(columns)
    assert len(found["gaps"]) == sum(len(report["gaps"]) for report in found["reports"])
    assert found["n_tested"] == len([gap for gap in found["gaps"] if gap["p_value"] is not None])
    assert all(gap["p_value"] <= gap["p_corrected"] <= 1 for gap in found["gaps"])


def test_mend_says_what_it_did_and_at_what_price(capsys, tiny_workspace, tmp_path):
    folder = Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))
    args = ("mend", "--workspace", folder, "--by", "gender", "--method")
    found = run(capsys, *args, "project", "--name", "projected")
    assert {"id", "mendings", "before", "after", "price", "drift", "seconds", "notes"} == set(found)
    assert {"ndcg@10", "low", "high", "relative", "before", "after", "n_users"} == set(found["price"])
    assert {"groups", "gaps", "overall"} <= set(found["before"])
    assert (
        run(capsys, "evaluate", "--workspace", folder, "--model", found["id"])["n_users"] == found["price"]["n_users"]
    )
    same = run(capsys, *args, "reweigh,adversarial", "--strength", 0)
    assert (same["id"], same["price"]["ndcg@10"], same["drift"]["reasons_kept"]) == ("first", 0, 1)
    assert [m["id"] for m in run(capsys, "models", "--workspace", folder)["models"]] == ["first", "projected"]


def test_compress_measures_beside_dense(capsys, tiny_workspace):
    args = ("--workspace", tiny_workspace)
    none = run(capsys, "compress", *args)
    half = run(capsys, "compress", *args, "--sparsity", 0.5, "--bits", 8)
    assert none["top_10_overlap"] == 1
    assert none["variant"]["auc"] == none["dense"]["auc"] == half["dense"]["auc"]
    assert half["variant"]["size_bytes"] < half["dense"]["size_bytes"]
    assert {"explanation_drift", "measured_at"} <= set(half)
    same = run(capsys, "evaluate", *args, "--sparsity", 0.5, "--bits", 8)
    assert same["auc"] == pytest.approx(half["variant"]["auc"], abs=1e-6)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["recommend", "--user", "no-such-user"], ["no-such-user"]),
        (["explain", "--user", "3", "--item", "no-such-item"], ["no-such-item"]),
        (["explain", "--user", "3", "--item", "1", "--method", "guess"], ["method", "shapley"]),
        (["explain", "--user", "3", "--item", "1", "--method", "ig", "--history", "each"], ["history"]),
        (["explain", "--user", "3", "--item", "1", "--method", "ig", "--bits", "4"], ["gradients", "4"]),
        (["evaluate", "--sparsity", "1.5"], ["sparsity must lie between 0 and 0.95, got 1.5"]),
        (["evaluate", "--strength", "0.5"], [": strength is used with rerank only"]),
        (["measure", "--seconds", "nan"], ["seconds must be at least 0"]),
        (["measure", "--seconds", "-1"], ["seconds must be at least 0"]),
        (["evaluate", "--bits", "3"], ["bits"]),
        (["recommend", "--user", "3", "--k", "0"], ["k must"]),
        (["fairness", "--by", "shoe_size"], ["shoe_size"]),
        (["counterfactual", *PAIR, "--kind", "guess"], ["kind", "remove-history"]),
        (["counterfactual", *PAIR, "--k", "0"], ["k must"]),
        (["counterfactual", *PAIR, "--may-change", "user.age"], ["change-attributes"]),
        (
            ["counterfactual", *PAIR, "--kind", "change-attributes", "--may-change", "user.shoe"],
            ["user column 'shoe' is unknown"],
        ),
        (["compare-explainers", "--by", "shoe_size"], ["shoe_size"]),
        (["compare-explainers", "--n-users", "0"], ["n_users must be at least 1"]),
    ],
)
def test_bad_settings_get_one_clear_line(capsys, tiny_workspace, args, words):
    line = refused(capsys, args[0], "--workspace", tiny_workspace, *args[1:])
    assert all(word in line for word in words)


def test_missing_folders_are_named(capsys, tmp_path):
    assert "nowhere" in refused(capsys, "recommend", "--workspace", tmp_path / "nowhere", "--user", "1")
    assert "nothing" in refused(capsys, "train", "--data", tmp_path / "nothing", "--out", tmp_path / "w")
    assert "gone" in refused(capsys, "import", "--format", "tables", tmp_path / "gone", "--out", tmp_path / "d")


def test_json_alone_on_standard_output(capsys, tiny_workspace):
    args = ["recommend", "--workspace", str(tiny_workspace), "--json", "--user"]
    words = [sys.executable, "-m", "recsys_core", *args, "2"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)["items"]) == 10
    assert main([*args, "nobody"]) == 2
    wrong = capsys.readouterr()
    assert wrong.out == ""
    assert "Traceback" not in wrong.err
    assert "nobody" in wrong.err


def test_segments_are_saved_compared_and_removed(capsys, tiny_workspace, tmp_path):
    workspace = shutil.copytree(tiny_workspace, tmp_path / "w")
    users = pd.read_parquet(workspace / "dataset" / "users.parquet")
    args = ("segments", "--workspace", workspace)
    assert run(capsys, *args) == {"segments": [], "n_all_users": 60}
    saved = run(capsys, *args, "--save", "grown ups", "--where", "age:30..99;region:north|south")["segments"]
    fit = users["age"].between(30, 99) & users["region"].isin(["north", "south"])
    assert saved == [
        {
            "name": "grown ups",
            "conditions": {"age": [30.0, 99.0], "region": ["north", "south"]},
            "n_users": int(fit.sum()),
            "reason": None,
        }
    ]
    assert run(capsys, *args, "--save", "two", "--user", "3", "--user", "7")["segments"][1]["n_users"] == 2
    found = run(capsys, "fairness", "--workspace", workspace, "--by", "segment:grown ups")
    assert [group["group"] for group in found["groups"]] == ["grown ups", "(others)"]
    assert found["by"] == ["segment:grown ups"]
    crossed = run(capsys, "fairness", "--workspace", workspace, "--by", "segment:two,gender")
    assert "two × woman" in {group["group"] for group in crossed["groups"]}
    assert "no segment 'gone'" in refused(capsys, "fairness", "--workspace", workspace, "--by", "segment:gone")
    for wrong, said in (
        (("--save", "x", "--where", "height:1..2"), "no column 'height'"),
        (("--save", "x", "--where", "age:9..1"), "holds no conditions"),
        (("--save", "x", "--where", "age:1..9;;"), "holds no conditions"),
        (("--save", "x", "--user", "nobody"), "1 of its users is not in"),
        (("--save", "x"), "needs conditions or users"),
        (("--save", " ", "--user", "3"), "no name for a segment"),
        (("--where", "age:1..9"), "say --save NAME"),
        (("--remove", "gone"), "no segment 'gone'"),
    ):
        assert said in refused(capsys, *args, *wrong), wrong
    assert [s["name"] for s in run(capsys, *args, "--remove", "grown ups")["segments"]] == ["two"]
    (workspace / "segments.json").write_text("{")
    assert "segments.json cannot be used" in refused(capsys, *args)
    assert "segments.json cannot be used" in refused(
        capsys, "fairness", "--workspace", workspace, "--by", "segment:two"
    )
    assert run(capsys, "fairness", "--workspace", workspace, "--by", "gender")["groups"]
