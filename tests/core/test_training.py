"""Training, evaluation and baselines on small data whose answer is known."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import make_features
from recsys_core.data.schema import Column, Schema
from recsys_core.errors import Phrase, SettingError, WorkspaceError
from recsys_core.models.baselines import Popularity
from recsys_core.models.calibration import platt_scaling
from recsys_core.models.evaluation import evaluate, rank_users
from recsys_core.models.fit import FitRequest, default_task, fit_workspace
from recsys_core.models.model_selection import choose
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, train_ranker
from recsys_core.models.training_defaults import default_settings, history_length
from recsys_core.models.training_log import read_log
from recsys_core.models.workspace import open_model
from recsys_core.recommend import recommend, score_user, user_pairs
from recsys_core.variant import DENSE


def two_tastes(n_users: int = 80, n_items: int = 40, outcome: str = "click", seed: int = 0) -> Dataset:
    """Even users like even items, odd users odd ones; the columns say which is which."""
    random = np.random.default_rng(seed)
    user = np.repeat(np.arange(n_users), 24)
    item = np.concatenate([random.choice(n_items, 24, replace=False) for _ in range(n_users)])
    likes = (user % 2 == item % 2) ^ (random.random(len(user)) < 0.05)
    value = {"click": likes.astype(float), "rating": np.where(likes, 5.0, 1.0)}.get(outcome, np.ones(len(user)))
    keep = likes if outcome == "taken" else np.ones(len(user), bool)
    log = pd.DataFrame(
        {
            "user_index": user.astype(np.int32),
            "item_index": item.astype(np.int32),
            "value": value.astype(np.float32),
            "time": np.arange(len(user)),
        }
    )[keep].reset_index(drop=True)
    kind = np.array(["even", "odd"])
    return Dataset(
        "two tastes",
        Schema((Column("taste", "category"),), (Column("kind", "category"),), outcome),
        pd.DataFrame({"user_id": [f"u{i}" for i in range(n_users)], "taste": kind[np.arange(n_users) % 2]}),
        pd.DataFrame(
            {
                "item_id": [f"i{i}" for i in range(n_items)],
                "title": [f"Thing {i}" for i in range(n_items)],
                "kind": kind[np.arange(n_items) % 2],
            }
        ),
        log,
    )


@pytest.mark.parametrize(
    ("task", "n_rows", "epochs", "patience"),
    [
        ("like", 300, 42, 24),
        ("rating", 1_600, 35, 20),
        ("like", 8_000, 7, 4),
        ("like", 100_000, 7, 4),
        ("implicit", 900, 36, 18),
        ("implicit", 2_000, 24, 12),
        ("implicit", 80_000, 12, 6),
    ],
)
def test_few_rows_are_passed_more_often_so_that_a_training_is_enough_steps_to_tell_by(task, n_rows, epochs, patience):
    split = SimpleNamespace(task=task, split=SimpleNamespace(train=np.arange(n_rows)))
    settings = default_settings(split, seed=0)
    assert (settings.epochs, settings.patience) == (epochs, patience)
    assert default_settings(split, seed=0, epochs=3).epochs == 3


@pytest.mark.parametrize(("outcome", "task"), [("click", "like"), ("rating", "rating"), ("taken", "implicit")])
def test_each_task_learns_the_two_tastes(outcome, task):
    dataset = two_tastes(outcome=outcome)
    split_dataset = SplitDataset.build(dataset, task=task, kind="time", seed=0)
    chosen = choose(make_features(dataset), split_dataset, default_settings(split_dataset, seed=0))
    found = evaluate(chosen.scorer, split_dataset)
    assert found.auc > (0.75 if task == "implicit" else 0.85)  # untaken items of the right kind are negatives too
    tried = [option.name for option in chosen.choice.tried]
    assert tried == ["without ids", "item id only" if task == "implicit" else "with ids"]
    popular = evaluate(Popularity(), split_dataset, calibrated=False)
    assert found.ndcg > popular.ndcg


def test_training_is_deterministic_and_leaves_the_random_state_alone():
    import torch

    dataset = two_tastes(n_users=20)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    settings = default_settings(split_dataset, seed=0, epochs=2)
    runs = [choose(make_features(dataset), split_dataset, settings).trained for _ in range(2)]
    assert torch.rand(1) == expected
    for a, b in zip(runs[0].ranker.state_dict().values(), runs[1].ranker.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_changed_held_out_rows_change_no_weight():
    dataset = two_tastes(n_users=20)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    changed = dataset.interactions.copy()
    test = split_dataset.split.test
    changed.loc[test, "value"] = 1 - changed.loc[test, "value"]
    other = SplitDataset.build(replace(dataset, interactions=changed), task="like", kind="time", seed=0)
    settings = default_settings(split_dataset, seed=0, epochs=2)
    first, second = (choose(make_features(dataset), m, settings).trained.ranker for m in (split_dataset, other))
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_evaluation_agrees_with_sklearn_and_a_slow_ranking():
    dataset = two_tastes()
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    scorer = choose(make_features(dataset), split_dataset, default_settings(split_dataset, seed=0, epochs=2)).scorer
    found = evaluate(scorer, split_dataset)
    label, score = found.pairs.label, found.pairs.score.astype(float)
    assert found.auc == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert found.logloss == pytest.approx(sklearn_log_loss(label, 1 / (1 + np.exp(-score))), abs=1e-6)
    user = int(found.ranking.user_index[3])
    scores = scorer.score_catalogue(np.array([user]), split_dataset.histories.users(np.array([user])))[0]
    seen = set(split_dataset.histories.seen(user).tolist())
    expected = [i for i in np.lexsort((split_dataset.tie_order, -scores)) if i not in seen][:10]
    assert found.ranking.top[3].tolist() == expected


def test_platt_scaling_recovers_a_known_distortion():
    random = np.random.default_rng(0)
    logit = random.normal(size=40_000)
    label = (random.random(40_000) < 1 / (1 + np.exp(-(2 * logit - 1)))).astype(float)
    scale, shift = platt_scaling(label, logit.astype(np.float32))
    assert scale == pytest.approx(2, abs=0.1)
    assert shift == pytest.approx(-1, abs=0.1)
    assert platt_scaling(label, -logit)[0] > 0


def test_task_follows_the_data():
    assert default_task(two_tastes(outcome="click")) == "like"
    assert default_task(two_tastes(outcome="rating")) == "implicit"


def test_training_stops_when_validation_gains_nothing_at_falling_rates_either():
    dataset = two_tastes()
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    settings = TrainingSettings(epochs=20, patience=2, learning_rate=0.008, batch_size=256)
    seen: list[dict] = []

    def worse_and_worse(ranker) -> float:
        seen.append({name: p.clone() for name, p in ranker.state_dict().items()})
        return -float(len(seen))

    trained = train_ranker(make_features(dataset), split_dataset, settings, validate=worse_and_worse)
    assert [e.learning_rate for e in trained.log] == [0.008, 0.008, 0.008, 0.004, 0.002]
    assert (trained.best.epoch, trained.best.validation) == (1, -1.0)
    for name, kept in trained.ranker.state_dict().items():
        assert torch.equal(kept, seen[0][name]), "the best epoch's weights, not the last one's"


def test_a_history_without_an_order_is_longer(tmp_path):
    assert history_length("implicit", "time", 10**6) == 50
    timed = two_tastes(outcome="taken")
    untimed = replace(timed, schema=replace(timed.schema, has_time=False))
    fit_workspace(untimed, tmp_path / "w", FitRequest(epochs=1))
    assert open_model(tmp_path / "w").split_dataset.histories.length == history_length("implicit", "random", 10) == 150


def test_sampled_negatives_are_untaken_and_the_same_for_a_seed():
    split_dataset = SplitDataset.build(two_tastes(outcome="taken"), task="implicit", kind="time", seed=0)
    labelled = split_dataset.labelled("test")
    log = split_dataset.dataset.interactions
    taken = set(zip(log["user_index"], log["item_index"], strict=True))
    negative = labelled.label == 0
    drawn = list(zip(labelled.pairs.users[negative], labelled.pairs.items[negative], strict=True))
    assert not taken & set(drawn)
    assert drawn == list(
        zip(
            *(split_dataset.labelled("test").pairs.__getattribute__(n)[negative] for n in ("users", "items")),
            strict=True,
        )
    )


def test_half_of_the_background_of_implicit_is_untaken():
    """Its rows stand for "any other case"; the data hold taken items only."""
    split_dataset = SplitDataset.build(two_tastes(outcome="taken"), task="implicit", kind="time", seed=0)
    log = split_dataset.dataset.interactions
    taken = set(zip(log["user_index"], log["item_index"], strict=True))
    for n in (1, 9, 40):
        rows = split_dataset.background(n, seed=3)
        untaken = [pair not in taken for pair in zip(rows.users, rows.items, strict=True)]
        assert (len(rows), sum(untaken)) == (n, n // 2)
    clicks = SplitDataset.build(two_tastes(), task="like", kind="time", seed=0)
    shown = set(zip(*(clicks.dataset.interactions[f"{side}_index"] for side in ("user", "item")), strict=True))
    assert set(zip(*(getattr(clicks.background(40, seed=3), n) for n in ("users", "items")), strict=True)) <= shown


def test_workspace_round_trip(tiny_workspace):
    workspace = open_model(tiny_workspace)
    split_dataset = workspace.split_dataset
    found = evaluate(workspace.dense, split_dataset)
    assert found.auc == pytest.approx(workspace.training.model["auc"], abs=1e-9)
    assert found.ndcg == pytest.approx(workspace.training.model["ndcg@10"], abs=1e-9)
    assert workspace.training.best_possible["auc"] > 0.5
    assert len(read_log(tiny_workspace / "models" / "first" / "log")) == workspace.config["epochs"]
    assert list((tiny_workspace / "models" / "first" / "log" / "tensorboard").glob("events*"))


def test_popularity_is_the_popularity_that_the_sample_tells(tiny_workspace):
    workspace = open_model(tiny_workspace)
    told = json.loads((tiny_workspace.parents[1] / "tables" / "truth.json").read_text())
    assert workspace.training.baselines["popularity"]["ndcg@10"] == pytest.approx(told["popularity_ndcg@10"], abs=6e-5)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
@pytest.mark.parametrize(
    "file", ["models/first/model.safetensors", "models/first/texts.safetensors", "dataset/items.parquet"]
)
def test_damaged_workspace_names_the_file(tiny_workspace, tmp_path, file, damage):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_workspace, copy)
    path = copy / file
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    elif damage == "truncate":
        path.write_bytes(bytes(data[: len(data) // 2]))
    else:
        path.unlink()
    with pytest.raises(Exception, match=Path(file).name) as caught:
        open_model(copy)
    assert caught.type.__module__ == "recsys_core.errors"


def test_foreign_and_missing_workspaces(tmp_path):
    with pytest.raises(WorkspaceError, match="no workspace here"):
        open_model(tmp_path / "nowhere")
    (tmp_path / "workspace.json").write_text('{"format": "something else"}')
    with pytest.raises(WorkspaceError, match="not written by RecLens"):
        open_model(tmp_path)


def test_nothing_half_written_stays(tmp_path):
    def interrupt(stage: str | Phrase, share: float) -> None:
        if str(stage).startswith("training") and share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_workspace(two_tastes(n_users=20), tmp_path / "out", FitRequest(epochs=2), progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_ours_is_not_overwritten(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(SettingError, match="exists already"):
        fit_workspace(two_tastes(n_users=20), tmp_path, FitRequest(epochs=1))
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_recommendation_ranks_unseen_items(tiny_workspace):
    workspace = open_model(tiny_workspace)
    split_dataset = workspace.split_dataset
    found = recommend(workspace.dense, split_dataset, 4, k=7)
    standing = score_user(workspace.dense, split_dataset, 4)
    assert [i.rank for i in found.items] == list(range(1, len(found.items) + 1))
    assert [i.rank for i in found.items] == [standing.rank_of(i.item_index) for i in found.items]
    assert not {i.item_index for i in found.items} & set(split_dataset.histories.seen(4).tolist())
    scores = [i.score for i in found.items]
    assert scores == sorted(scores, reverse=True)
    pairs = user_pairs(split_dataset, 4, np.array([i.item_index for i in found.items]))
    np.testing.assert_allclose(
        workspace.dense.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known), scores, atol=1e-5
    )
    seen = int(split_dataset.histories.seen(4)[0])
    assert standing.rank_of(seen) is None


def test_ties_go_by_one_drawn_order_in_lists_and_ranks():
    dataset = two_tastes(n_users=20)
    split_dataset = SplitDataset.build(dataset, task="like", kind="time", seed=0)
    assert sorted(split_dataset.tie_order) == list(range(40))
    assert split_dataset.tie_order.tolist() != sorted(split_dataset.tie_order)

    class Equal:
        variant = DENSE

        def score_catalogue(self, users, *read):
            return np.zeros((len(users), 40), dtype=np.float32)

    standing = score_user(Equal(), split_dataset, 3)
    unseen = [i for i in np.argsort(split_dataset.tie_order).tolist() if not standing.seen[i]]
    assert [standing.rank_of(i) for i in unseen] == list(range(1, len(unseen) + 1))
    assert [i.item_index for i in recommend(Equal(), split_dataset, 3, k=5).items] == unseen[:5]
    ranking = rank_users(Equal().score_catalogue, split_dataset.ranking("test"))
    assert ranking.top[ranking.user_index == 3].tolist() == [unseen[:10]]
