"""Models that are their own explanation: their reasons sum to their scores, and they are measured as the ranker is."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explain_model import tiny_dataset, tiny_features
from sklearn.linear_model import LogisticRegression

from recsys_core.data.features import Features, make_features
from recsys_core.errors import SettingError
from recsys_core.models.evaluation import evaluate
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.user_sample import UserLimit
from recsys_core.models.workspace import open_model
from recsys_core.results.dataclass_json import to_json
from recsys_core.self_explaining import CostSettings, cost_of_explaining, load_cost, save_cost
from recsys_core.self_explaining.boosting import fit_boosting
from recsys_core.self_explaining.design import Design
from recsys_core.self_explaining.examples import Examples, draw_examples
from recsys_core.self_explaining.linear import fit_logistic_regression, fit_surrogate
from recsys_core.self_explaining.stored_cost import FILE

N_USERS, N_ITEMS = 60, 25
FEW = CostSettings(examples=500, explained=12, rounds=20)


def split_of(task: str, *, columns: bool = True) -> tuple[SplitDataset, Features]:
    """Ratings of 1 to 5 (or clicks) that follow one genre, with times."""
    rng = np.random.default_rng(3)
    dataset = tiny_dataset(N_USERS, N_ITEMS, seed=1)
    users, items = (
        np.repeat(np.arange(N_USERS), 14),
        np.concatenate([rng.permutation(N_ITEMS)[:14] for _ in range(N_USERS)]),
    )
    likes = dataset.items["genres"].str.contains("Drama").to_numpy()[items]
    value = np.where(rng.random(len(items)) < np.where(likes, 0.85, 0.25), 5.0, 1.0)
    value[::7] = 4.0 if task == "rating" else value[::7]
    schema = replace(dataset.schema, outcome="rating", low=1.0, high=5.0)
    if not columns:
        schema = replace(schema, users=(), items=())
    log = {"user_index": users, "item_index": items, "value": value, "time": np.arange(len(users))}
    types = {"user_index": np.int32, "item_index": np.int32, "value": np.float32, "time": np.int64}
    dataset = replace(dataset, schema=schema, interactions=pd.DataFrame(log).astype(types))
    features = tiny_features(dataset) if columns else make_features(dataset)
    return SplitDataset.build(dataset, task=task, kind="time", seed=0, length=8), features


def design_of(split_dataset: SplitDataset, features: Features) -> Design:
    return Design.of(features, split_dataset.histories.pools[0].counts)


def test_columns_of_the_history_count_what_it_has_in_common_with_the_item():
    dataset = tiny_dataset(4, 12, seed=5)
    features = tiny_features(dataset)
    design = Design.of(features, np.arange(12))
    histories = np.array([[3, 5, 8, -1], [-1, -1, -1, -1]])
    found = design.history(histories, np.array([7, 7]))
    assert np.allclose(found[:, 0], [np.log(4), 0])
    brands = dataset.items["brand"].to_numpy()
    keys = [group.key for group in features.side("item") if group.kind != "id"]
    same = sum(brands[item] == brands[7] for item in (3, 5, 8))
    assert found[:, 1 + keys.index("item.brand")].tolist() == pytest.approx([np.log1p(same), 0])
    titles = features.tables["item.title"] / np.linalg.norm(features.tables["item.title"], axis=1, keepdims=True)
    assert found[0, 1 + keys.index("item.title")] == pytest.approx(titles[[3, 5, 8]].mean(0) @ titles[7], abs=1e-6)
    every = np.stack(list(design.catalogue_history(histories)), -1)
    for item in range(12):
        assert np.allclose(every[:, item], design.history(histories, np.array([item, item])), atol=1e-6)


@pytest.mark.parametrize("task", ["implicit", "like", "rating"])
@pytest.mark.parametrize("columns", [True, False])
def test_reasons_sum_to_the_score_which_is_one_in_lists_and_pairs(task, columns):
    split_dataset, features = split_of(task, columns=columns)
    design, examples = design_of(split_dataset, features), draw_examples(split_dataset, most=400, seed=1)
    assert len(examples) <= 400
    wanted = lambda pairs: 0.5 - design.rows(pairs) @ np.arange(design.rows(pairs).shape[1])  # noqa: E731
    models = [
        fit_logistic_regression(design, examples),
        fit_surrogate(design, examples, wanted(examples.pairs)),
        *([fit_boosting(features, design, examples, seed=0, rounds=30)] if columns == (task == "like") else []),
    ]
    task_of_all = split_dataset.ranking("test")
    known, histories = task_of_all.known, task_of_all.histories
    for model in models:
        every = model.score_catalogue(task_of_all.users, histories, known)
        items = np.arange(len(task_of_all)) % N_ITEMS
        pairs = Pairs(task_of_all.users, items, histories, known)
        scores = model.score_pairs(pairs.users, pairs.items, pairs.histories, known)
        assert np.allclose(scores, every[np.arange(len(items)), items], atol=1e-4)
        for at in (0, 7):
            base, contributions = model.explain(pairs[at : at + 1])
            assert base + contributions.sum() == pytest.approx(scores[at], abs=1e-4)
        found = evaluate(model, split_dataset)
        assert 0 <= found.ndcg <= 1
    repeated = models[1].score_pairs(pairs.users, pairs.items, pairs.histories, known)
    assert np.corrcoef(repeated, wanted(pairs))[0, 1] > 0.99, "a sum of columns is repeated by a sum of columns"


def test_logistic_regression_is_scikit_learns_and_tells_what_is_liked():
    split_dataset, features = split_of("like")
    design, examples = design_of(split_dataset, features), draw_examples(split_dataset, most=10_000, seed=0)
    model = fit_logistic_regression(design, examples)
    rows = design.rows(examples.pairs, own=examples.own)
    spread = np.where(rows.std(0) > 1e-6, rows.std(0), 1)
    other = LogisticRegression(max_iter=300).fit(rows / spread, examples.label.astype(int))
    pairs = examples.pairs
    assert np.allclose(
        model.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known),
        other.decision_function(design.rows(pairs) / spread),
        atol=1e-3,
    )
    assert evaluate(model, split_dataset).auc > 0.7


def test_popularity_does_not_count_the_example_itself():
    split_dataset, features = split_of("like")
    design, examples = design_of(split_dataset, features), draw_examples(split_dataset, most=10_000, seed=0)
    column = design.rows(examples.pairs, own=examples.own)[:, -1]
    counts = design.taken[examples.pairs.items]
    assert np.allclose(np.expm1(column), np.maximum(counts - (examples.label > 0.5), 0), atol=1e-3)
    assert (examples.own == (examples.label > 0.5)).all()


def test_one_outcome_leaves_models_out_and_says_so(tiny_workspace, monkeypatch):
    from recsys_core.self_explaining import cost

    def one_outcome(split_dataset: SplitDataset, *, most: int, seed: int) -> Examples:
        return replace(draw_examples(split_dataset, most=most, seed=seed), label=np.ones(most, np.float32))

    monkeypatch.setattr(cost, "draw_examples", one_outcome)
    found = cost_of_explaining(open_model(tiny_workspace), settings=CostSettings(50, 3, 1))
    assert [left.name for left in found.left_out] == ["logistic_regression", "ebm"]
    assert [model.name for model in found.models] == ["ranker", "surrogate", "ease"]


def test_cost_is_measured_on_the_rankers_own_users_and_pairs(tiny_workspace, tmp_path):
    workspace = Path(shutil.copytree(tiny_workspace, tmp_path / "tiny"))
    model = open_model(workspace)
    assert load_cost(model) is None
    stages = []
    found = cost_of_explaining(model, settings=FEW, seed=4, progress=lambda s, at: stages.append((str(s), at)))
    stored = model.training
    assert [m.name for m in found.models] == ["ranker", "surrogate", "logistic_regression", "ebm", "ease"]
    ranker, surrogate, ease = (found[name] for name in ("ranker", "surrogate", "ease"))
    assert (ranker.ndcg, ranker.auc) == pytest.approx((stored.model["ndcg@10"], stored.model["auc"]))
    assert (ranker.low, ranker.high) == pytest.approx(stored.model.intervals["ndcg@10"])
    assert ease.ndcg == pytest.approx(stored.baselines["ease"]["ndcg@10"])
    assert (ease.auc, ease.logloss) == (pytest.approx(stored.baselines["ease"]["auc"]), None)
    assert ease.ranker_ahead == pytest.approx(ranker.ndcg - ease.ndcg)
    assert ranker.ranker_ahead is None
    assert ranker.agreement == pytest.approx(1)
    for own in (ranker, *found.self_explaining):
        assert own.faithfulness == pytest.approx(1, abs=1e-5)
    assert surrogate.faithfulness < 1
    assert all(m.seconds_a_reason * m.n_reasons == pytest.approx(m.seconds_an_explanation) for m in found.models)
    assert (found.n_pairs, found.sample.n_users, found.n_logged) == (stored.model.n_pairs, stored.model.n_users, 500)
    assert [at for _, at in stages] == sorted(at for _, at in stages)
    assert "fitting EBM" in {stage for stage, _ in stages}
    save_cost(model, found)
    again = load_cost(model)
    assert to_json(again) == to_json(found)
    text = (model.path / FILE).read_text()
    for damaged in (text[:50], json.dumps(json.loads(text) | {"model": "other"}), json.dumps({"format": "x"}), "[]"):
        (model.path / FILE).write_text(damaged)
        assert load_cost(model) is None


def test_cost_of_few_users_is_a_stated_sample(tiny_workspace):
    model = open_model(tiny_workspace)
    found = cost_of_explaining(model, settings=FEW, limit=UserLimit(most=10))
    assert (found.sample.n_users, found.sample.seed) == (10, model.split_dataset.split.seed)
    assert 0 < found.n_pairs < model.training.model.n_pairs
    for wrong in ({"examples": 0}, {"explained": 0}, {"rounds": 0}):
        with pytest.raises(SettingError, match=next(iter(wrong))):
            CostSettings(**wrong)
