"""The news sample: its records are wrong for one group, its truth is not, and the truth says what was lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from recsys_core.data.sample import DOMAINS, PlantedTruth, planted_shapley
from recsys_core.data.sample.best import best_by_group, best_figures, states
from recsys_core.data.sample.generate import Sample, SampleSize, draw_sample
from recsys_core.data.split import TRAIN, part_by_user

NEWS = DOMAINS["news"]
FAULT = NEWS.recording
COMMITTED = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw_sample(NEWS, 5, SampleSize(n_users=300, n_items=400, impressions=40))


def test_the_log_loses_nine_tenths_of_one_groups_reads_of_five_sections_and_nothing_else(sample):
    log = sample.log
    user = log["user"].to_numpy()
    inside = (sample.users["device"] == "laptop").to_numpy()[user]
    concerned = sample.items["category"].isin(FAULT.categories).to_numpy()[log["item"]]
    before = part_by_user(user, np.arange(len(user))) == TRAIN
    taken, recorded = log["taken"].to_numpy(), log["outcome"].to_numpy()
    may_be_lost = inside & concerned & before
    assert len(FAULT.categories) == 5
    assert (taken == recorded)[~may_be_lost].all()
    assert not (recorded & ~taken).any()
    n = (taken & may_be_lost).sum()
    assert n > 200
    assert abs((taken & ~recorded).sum() / n - 0.9) < 4 * np.sqrt(0.9 * 0.1 / n)


def test_the_truth_gives_back_what_was_taken_and_what_is_taken_next_follows_it(sample):
    log = sample.log
    user, item = log["user"].to_numpy(), log["item"].to_numpy()
    np.testing.assert_array_equal(sample.truth.taken(user, item, log["outcome"].to_numpy()), log["taken"])
    true = states(sample.truth, user, item, log["taken"].to_numpy())
    np.testing.assert_allclose(sample.truth.logit(user, item, true.history), log["logit"], atol=1e-9)
    recorded = states(sample.truth, user, item, log["outcome"].to_numpy())
    assert (recorded.history.sum(1) < true.history.sum(1)).any()


def test_truth_json_says_who_is_under_served_why_and_what_was_not_recorded():
    truth = PlantedTruth.load(COMMITTED / "news")
    said = truth.about["under_served"]
    assert {k: said[k] for k in ("kind", "column", "value", "share")} == {
        "kind": "recording",
        "column": "user.device",
        "value": "laptop",
        "share": 0.9,
    }
    assert tuple(said["categories"]) == FAULT.categories
    users, items = (pd.read_csv(COMMITTED / "news" / f"{name}.csv") for name in ("users", "items"))
    assert (users["device"] == "laptop").mean() >= 0.15
    assert set(truth.about["unrecorded"]) <= {str(u) for u in users.loc[users["device"] == "laptop", "user_id"]}
    lost = items.set_index("item_id").loc[[i for ids in truth.about["unrecorded"].values() for i in ids]]
    assert set(lost["category"]) == set(FAULT.categories)
    assert len(truth.unrecorded) == len(lost)
    assert "unrecorded" not in json.loads((COMMITTED / "shop" / "truth.json").read_text())


def test_regions_gender_and_device_move_nobodys_preference(sample):
    log, rng = sample.log, np.random.default_rng(0)
    users = sample.users.copy()
    for column in ("region", "gender", "device"):
        users[column] = rng.permutation(users[column].to_numpy())
    changed = PlantedTruth.from_tables({"function": sample.truth.function.to_json()}, users, sample.items)
    pairs = states(sample.truth, *(log[c].to_numpy() for c in ("user", "item", "taken")))
    where = pairs.user, pairs.item, pairs.history
    np.testing.assert_array_equal(changed.logit(*where), sample.truth.logit(*where))
    values = planted_shapley(sample.truth, pairs[:20], pairs[100:103])
    players = sample.truth.function.players
    assert not values[:, [players.index(f"user.{c}") for c in ("region", "gender", "device")]].any()
    logit = sample.truth.logit(*where)
    np.testing.assert_allclose(values.sum(1), logit[:20] - logit[100:103].mean(), atol=1e-9)


@pytest.mark.parametrize("domain", ["shop", "news"])
def test_best_by_group_is_the_mean_over_its_users_of_the_true_ranking(domain):
    drawn = draw_sample(DOMAINS[domain], 3, SampleSize(n_users=120, n_items=150, impressions=40))
    log, truth = drawn.log, drawn.truth
    user, item, taken = (log[c].to_numpy() for c in ("user", "item", "taken"))
    group = drawn.users["region"].to_numpy()
    figures = best_figures(truth, user, item, log["outcome"].to_numpy(), item_ids=drawn.items["item_id"])
    found = best_by_group(figures, group)
    assert list(found) == sorted(set(group))
    for name in found:
        ndcg, label, score = [], [], []
        for u in np.flatnonzero(group == name):
            rows = np.flatnonzero(user == u)
            last = rows[-max(1, round(len(rows) / 10)) :]
            before = rows[: -len(last)]
            for row in last:
                own = before if row == last[0] else rows[rows < row]
                history = truth.history_counts([item[own[taken[own]]][::-1]])
                label.append(taken[row])
                score.append(truth.logit(np.array([u]), item[[row]], history)[0])
            new = np.setdiff1d(np.arange(len(drawn.items)), item[before])
            relevant = np.isin(new, item[last[taken[last]]])
            if relevant.any():
                state = truth.history_counts([item[before[taken[before]]][::-1]])
                score_of_new = truth.catalogue_logit(np.array([u]), state)[0, new]
                ndcg.append(ndcg_score([relevant], [score_of_new], k=10))
        assert found[name]["n_users"] == len(ndcg)
        assert found[name]["ndcg@10"] == pytest.approx(np.mean(ndcg), abs=6e-5)
        assert found[name]["auc"] == pytest.approx(roc_auc_score(label, score), abs=6e-5)


def test_the_committed_best_by_group_tells_a_fault_of_records_from_a_group_that_follows_less():
    news, shop = (PlantedTruth.load(COMMITTED / name).best_by_group for name in ("news", "shop"))
    assert news["laptop"]["ndcg@10"] > 0.95 * news["phone"]["ndcg@10"]
    assert all(shop["islands"]["ndcg@10"] < 0.5 * of["ndcg@10"] for name, of in shop.items() if name != "islands")
