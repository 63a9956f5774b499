"""Large test parts: a model and its baselines are evaluated on one stated sample, which all else repeats."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_core.models.evaluation import evaluate
from recsys_core.models.split_dataset import LEAST_EVALUATED
from recsys_core.models.stored_evaluation import load_evaluation, save_evaluation
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import EVERYBODY, STORED, UserLimit, evaluate_users
from recsys_core.models.workspace import open_model
from recsys_core.results import TrainingReport, UserSample

N = 40


@pytest.fixture(scope="module")
def folder(grouped_workspace, tmp_path_factory) -> Path:
    return Path(shutil.copytree(grouped_workspace, tmp_path_factory.mktemp("evaluated") / "w"))


@pytest.fixture(scope="module")
def sampled(folder) -> TrainedModel:
    """The model as training leaves it where its test part is large: figures and lists of a sample."""
    model = open_model(folder)
    split_dataset, everyone = model.split_dataset, model.split_dataset.test_users
    some = split_dataset.draw_users(everyone, N)
    sample = UserSample(N, len(everyone), split_dataset.split.seed)
    found = replace(evaluate(model.dense, split_dataset, users=some), sample=sample)
    save_evaluation(model.path, found, fingerprint=model.fingerprint)
    model.training = replace(model.training, model=replace(model.training.model, n_users=N), sample=sample)
    return model


def test_only_more_scores_than_wanted_are_cut(sampled):
    split_dataset = sampled.split_dataset
    assert split_dataset.evaluated_users() is None
    assert split_dataset.evaluated_users(scores=1) is None  # never below the least, and there are fewer here
    assert len(split_dataset.test_users) < LEAST_EVALUATED


def test_the_sample_is_stored_and_read_back(sampled):
    found = load_evaluation(sampled.path, fingerprint=sampled.fingerprint)
    assert found.sample == sampled.training.sample
    again = TrainingReport.from_json(sampled.training.to_json())
    assert again.sample == sampled.training.sample
    assert again.n_test_users == len(sampled.split_dataset.test_users)


def test_what_is_stored_is_the_default_and_all_is_all(sampled):
    n_all = len(sampled.split_dataset.test_users)
    stored = evaluate_users(sampled, sampled.dense, limit=STORED)
    assert stored.sample == UserSample(N, n_all, sampled.split_dataset.split.seed)
    assert np.array_equal(stored.ranking.user_index, sampled.evaluation().ranking.user_index)
    whole = evaluate_users(sampled, sampled.dense, limit=EVERYBODY)
    assert whole.sample == UserSample(n_all, n_all)
    rows = np.isin(whole.ranking.user_index, stored.ranking.user_index)
    assert np.array_equal(whole.ranking[np.flatnonzero(rows)].top, stored.ranking.top)


def test_more_than_is_stored_is_worked_out_and_fewer_are_read(sampled):
    more = evaluate_users(sampled, sampled.dense, limit=UserLimit(most=N + 20))
    assert len(more.ranking.user_index) == N + 20
    fewer = evaluate_users(sampled, sampled.dense, limit=UserLimit(most=N - 20))
    assert np.isin(fewer.ranking.user_index, sampled.evaluation().ranking.user_index).all()
