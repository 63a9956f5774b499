"""The sample data: what was planted is what was drawn, and nothing else matters."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from recsys_core.data.sample import DOMAINS, PlantedTruth, make_sample
from recsys_core.data.sample.best import best_figures, states
from recsys_core.data.sample.effects import Levels
from recsys_core.data.sample.generate import Sample, SampleSize, draw_sample
from recsys_core.data.sample.truth import PlantedPairs, recent_counts
from recsys_core.data.sample.write import write_sample
from recsys_core.data.schema import KINDS, OUTCOMES
from recsys_core.errors import DataError, SettingError
from recsys_core.metrics import roc_auc

SHOP, NEWS = DOMAINS["shop"], DOMAINS["news"]
SMALL = SampleSize(n_users=300, n_items=400, impressions=40)
COMMITTED = Path(__file__).resolve().parents[2] / "sample_data"
PLAYERS = (
    *(f"user.{c}" for c in ("age", "gender", "income", "region", "device", "interest")),
    *(f"item.{c}" for c in ("category", "price", "brand", "rating", "colour", "title")),
    "history",
)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw_sample(SHOP, 5, SMALL)


@pytest.fixture(scope="module")
def logged(sample: Sample) -> PlantedPairs:
    log = sample.log
    return states(sample.truth, *(log[c].to_numpy() for c in ("user", "item")), log["outcome"].to_numpy(bool))


@pytest.fixture(scope="module", params=list(DOMAINS))
def full(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("sample") / request.param
    return out, make_sample(request.param, 0, out)


@pytest.fixture(scope="module")
def news() -> Sample:
    return draw_sample(NEWS, 5, SMALL)


# the folder


def test_full_size_and_best_figures_lie_where_the_design_wants_them(full):
    out, told = full
    assert (told["n_users"], told["n_items"]) == (2000, 1000)
    assert 75 <= told["n_interactions"] / told["n_users"] <= 85
    assert 0.80 <= told["best_auc"] <= 0.93
    about = json.loads((out / "truth.json").read_text())
    assert told["best_ndcg@10"] == about["best_ndcg@10"] >= 0.15
    assert about["popularity_ndcg@10"] < about["best_ndcg@10"] / 3
    assert 0.05 <= about["suitable_share"] <= 0.065
    assert sum(f.stat().st_size for f in out.iterdir()) < 3_000_000


def test_committed_sample_is_what_seed_0_writes(full):
    out, _ = full
    committed = COMMITTED / out.name
    for name in ("users.csv", "items.csv", "mapping.json", "truth.json", "README.md"):
        assert (committed / name).read_text() == (out / name).read_text(), name
    packed = "interactions.csv.gz"
    assert gzip.decompress((committed / packed).read_bytes()) == gzip.decompress((out / packed).read_bytes())


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=list(DOMAINS))
def test_same_seed_same_bytes_and_another_seed_differs(domain, tmp_path):
    size = SampleSize(n_users=60, n_items=200, impressions=40)
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(domain, seed, draw_sample(domain, seed, size), tmp_path / name)
    files = sorted(f.name for f in (tmp_path / "a").iterdir())
    assert files == ["README.md", "interactions.csv.gz", "items.csv", "mapping.json", "truth.json", "users.csv"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    for name in ("users.csv", "items.csv", "interactions.csv.gz"):
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()


def test_unknown_domain_negative_seed_and_foreign_folder_are_refused(tmp_path, sample):
    with pytest.raises(SettingError, match="domain must be one of shop, news"):
        make_sample("shoe", 0, tmp_path / "x")
    with pytest.raises(SettingError, match="seed must be at least 0"):
        make_sample("shop", -1, tmp_path / "x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    with pytest.raises(SettingError, match="exists already"):
        write_sample(SHOP, 5, sample, tmp_path / "mine")
    assert [f.name for f in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=list(DOMAINS))
def test_mapping_names_every_column_and_the_tables_refer_to_each_other(domain):
    folder = COMMITTED / domain.name
    mapping = json.loads((folder / "mapping.json").read_text())
    users, items = (pd.read_csv(folder / f) for f in ("users.csv", "items.csv"))
    log = pd.read_csv(folder / "interactions.csv.gz")
    assert {"user_id", "name", *mapping["users"]["columns"]} == set(users)
    assert {"item_id", *mapping["items"]["columns"]} == set(items)
    assert {mapping["interactions"][c] for c in ("user", "item", "time", "value", "propensity")} == set(log)
    assert mapping["interactions"]["outcome"] in OUTCOMES
    columns = mapping["users"]["columns"] | mapping["items"]["columns"]
    assert all(c["kind"] in KINDS for c in columns.values())
    features = [f"user.{c}" for c, v in mapping["users"]["columns"].items() if v["kind"] != "ignored"]
    assert set(features) | {f"item.{c}" for c in mapping["items"]["columns"]} | {"history"} == set(domain.players)
    assert set(log["user_id"]) == set(users["user_id"])
    assert set(log["item_id"]) <= set(items["item_id"])
    assert set(log["outcome"]) == {0, 1}
    for second in ("time", "item_id"):
        assert not log.duplicated(["user_id", second]).any()
    for table in (users, items, log):
        assert not table.isna().any(axis=None)


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=list(DOMAINS))
def test_titles_and_names_are_distinct_and_each_title_holds_one_planted_word(domain):
    users, items = (pd.read_csv(COMMITTED / domain.name / f) for f in ("users.csv", "items.csv"))
    assert len(items) == 1000
    assert items["title"].is_unique
    assert users["name"].is_unique
    words = domain.levels["item.title"]
    assert 10 <= len(words) <= 14
    assert all(sum(w in words for w in re.findall(r"[\w'-]+", t.lower())) == 1 for t in items["title"])


# what was drawn is what was planted


def test_tables_alone_give_back_the_logit_of_every_impression(sample, logged):
    rows = logged.user, logged.item, logged.history
    np.testing.assert_allclose(sample.truth.logit(*rows), sample.log["logit"], atol=1e-9)
    truth = PlantedTruth.load(COMMITTED / "shop")
    assert truth.about["seed"] == 0
    assert truth.function.players == PLAYERS


def test_outcomes_come_as_often_as_the_planted_probability_says(full):
    out, _ = full
    truth = PlantedTruth.load(out)
    log = pd.read_csv(out / "interactions.csv.gz")
    user, item = log["user_id"].to_numpy() - 1, log["item_id"].to_numpy() - 1
    taken = truth.taken(user, item, log["outcome"].to_numpy())
    pairs = states(truth, user, item, taken)
    probability = truth.probabilities(pairs.user, pairs.item, pairs.history)
    bins = np.digitize(probability, np.quantile(probability, np.arange(0.05, 1, 0.05)))
    n = np.bincount(bins)
    gap = (np.bincount(bins, taken) - np.bincount(bins, probability)) / n
    noise = np.sqrt(np.bincount(bins, probability * (1 - probability))) / n
    assert np.abs(gap / noise).max() < 4


def test_propensity_is_the_softmax_over_items_not_shown_yet(sample, logged):
    for user in (0, 17, 123):
        rows = np.flatnonzero(logged.user == user)
        weight = np.exp(SHOP.policy * sample.truth.catalogue_logit(logged.user[rows], logged.history[rows]))
        for step, row in enumerate(rows):
            weight[step, logged.item[rows[:step]]] = 0
            expected = weight[step, logged.item[row]] / weight[step].sum()
            assert sample.log["propensity"][row] == pytest.approx(expected)


def test_history_is_the_last_twenty_items_taken_strictly_earlier(sample, logged):
    taken = sample.log["outcome"].to_numpy(bool)
    rng = np.random.default_rng(0)
    for row in rng.choice(len(logged), 200, replace=False):
        earlier = [logged.item[r] for r in range(row) if logged.user[r] == logged.user[row] and taken[r]]
        expected = sample.truth.history_counts([earlier[::-1]])[0]
        np.testing.assert_array_equal(logged.history[row], expected)


def test_recent_counts_by_hand():
    user, category = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 1, 0, 1, 0])
    taken = np.array([True, True, False, True, True, False])
    counts = recent_counts(user, category, taken, n_categories=2, length=1)
    assert counts.tolist() == [[0, 0], [1, 0], [0, 1], [0, 1], [0, 0], [0, 1]]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_columns_without_effect_never_change_a_logit(sample, logged, seed):
    about = {"function": sample.truth.function.to_json()}
    rng = np.random.default_rng(seed)
    users, items = sample.users.copy(), sample.items.copy()
    for table, column in ((users, "gender"), (users, "device"), (users, "name"), (items, "colour")):
        table[column] = rng.permutation(table[column].to_numpy())
    changed = PlantedTruth.from_tables(about, users, items)
    rows = logged.user, logged.item, logged.history
    np.testing.assert_array_equal(changed.logit(*rows), sample.truth.logit(*rows))


def test_planted_columns_do_change_a_logit(sample, logged):
    about = {"function": sample.truth.function.to_json()}
    rows = logged.user, logged.item, logged.history
    for player in sample.truth.function.planted:
        side, _, column = player.partition(".")
        if side == "history":
            continue
        tables = {"user": sample.users.copy(), "item": sample.items.copy()}
        tables[side][column] = tables[side][column].to_numpy()[::-1]
        changed = PlantedTruth.from_tables(about, tables["user"], tables["item"])
        assert np.abs(changed.logit(*rows) - sample.truth.logit(*rows)).max() > 0.1, player


def test_people_are_shared_and_sensitive_attributes_are_not_hidden_in_others(sample, news):
    other = news.users
    pd.testing.assert_frame_equal(sample.users.drop(columns="interest"), other.drop(columns="interest"))
    users = pd.read_csv(COMMITTED / "shop" / "users.csv")
    assert users.groupby("gender")["income"].mean().loc[["woman", "man"]].pct_change().abs().max() < 0.06


def test_unknown_brand_is_named(sample):
    items = sample.items.assign(brand="Acme")
    with pytest.raises(DataError, match=r"item\.brand holds 'Acme'"):
        PlantedTruth.from_tables({"function": sample.truth.function.to_json()}, sample.users, items)


# the best possible


def test_best_figures_are_those_of_the_planted_probability_on_the_last_tenths(sample, logged):
    taken, user = sample.log["outcome"].to_numpy(bool), sample.log["user"].to_numpy()
    found = best_figures(sample.truth, user, sample.log["item"].to_numpy(), taken, item_ids=sample.items["item_id"])
    last = [np.flatnonzero(user == u)[-max(1, round((user == u).sum() / 10)) :] for u in range(len(sample.users))]
    probability = sample.truth.probabilities(logged.user, logged.item, logged.history)
    test = np.concatenate(last)
    assert found["best_auc"] == pytest.approx(roc_auc_score(taken[test], probability[test]))
    for u in range(0, len(sample.users), 10):
        new = np.setdiff1d(
            np.arange(len(sample.items)), logged.item[(user == u) & ~np.isin(np.arange(len(user)), test)]
        )
        relevant = np.isin(new, logged.item[last[u]][taken[last[u]]])
        if relevant.any():
            state = logged.history[last[u][0]][None]
            score = sample.truth.catalogue_logit(np.array([u]), state)[0, new]
            assert found["best_ndcg@10_by_user"][u] == pytest.approx(ndcg_score([relevant], [score], k=10), abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_under_served_region_is_served_worse_with_any_seed(seed):
    drawn = draw_sample(SHOP, seed, replace(SMALL, n_users=600))
    log, slow = drawn.log, (drawn.users["region"] == "islands").to_numpy()
    taken = log["outcome"].to_numpy(bool)
    pairs = states(drawn.truth, log["user"].to_numpy(), log["item"].to_numpy(), taken)
    logit = log["logit"].to_numpy()
    inside = slow[pairs.user]
    assert roc_auc(taken[inside], logit[inside]) < roc_auc(taken[~inside], logit[~inside]) - 0.1


# a domain is data


def test_another_domain_is_only_other_data(news, tmp_path):
    about = write_sample(NEWS, 5, news, tmp_path / "news")
    assert about["columns_without_effect"] == ["user.gender", "user.region", "item.layout"]
    assert about["function"]["formula"] == "logit = steepness * (sum of effects) - threshold"
    items = pd.read_csv(tmp_path / "news" / "items.csv")
    assert {"length", "publisher", "freshness", "layout"} < set(items)
    assert items["title"].str.match(r"[A-Z][a-z]+: ").all()


def test_a_domain_whose_numbers_miss_a_level_is_refused():
    with pytest.raises(ValueError, match="must name"):
        replace(SHOP, effects=(Levels("item.brand", {"Acme": 1.0}, "brand"),))
    with pytest.raises(ValueError, match="titles"):
        draw_sample(NEWS, 0, SampleSize(n_users=30, n_items=5000))
