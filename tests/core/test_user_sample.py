"""A variant on some of the test users: how many is said, all equals all, and dense is looked at on the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.__main__ import main
from recsys_core.compress.variants import VariantCache
from recsys_core.errors import SettingError
from recsys_core.fairness import audit, dense_scan, scan
from recsys_core.fairness.stored_scan import FILE
from recsys_core.models.evaluation import evaluate
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import LEAST_USERS, UserLimit, evaluate_users, of_users, quick_users
from recsys_core.models.workspace import open_model
from recsys_core.results import Evaluation, UserSample
from recsys_core.variant import Compression

HALF = Compression(sparsity=0.5, pruning="unstructured")
N = 60
FEW = UserLimit(most=N)


@pytest.fixture(scope="module")
def folder(grouped_workspace, tmp_path_factory) -> Path:
    return Path(shutil.copytree(grouped_workspace, tmp_path_factory.mktemp("sample") / "w"))


@pytest.fixture(scope="module")
def model(folder) -> TrainedModel:
    return open_model(folder)


@pytest.fixture(scope="module")
def whole(model) -> Evaluation:
    return evaluate(VariantCache(model).scorer(HALF), model.split_dataset)


def test_a_sample_is_a_part_of_all_and_says_its_size(model, whole):
    found = evaluate_users(model, VariantCache(model).scorer(HALF), limit=FEW)
    n_all = len(whole.ranking.user_index)
    assert n_all > N
    assert found.sample == UserSample(N, n_all, model.split_dataset.split.seed)
    assert len(found.ranking.user_index) == N
    rows = np.searchsorted(whole.ranking.user_index, found.ranking.user_index)
    assert np.array_equal(whole.ranking.user_index[rows], found.ranking.user_index)
    assert np.array_equal(whole.ranking[rows].top, found.ranking.top)
    assert np.array_equal(whole.ranking[rows].ndcg, found.ranking.ndcg)
    theirs = np.isin(whole.pairs.user_index, found.ranking.user_index)
    np.testing.assert_allclose(whole.pairs[theirs].score, found.pairs.score, atol=1e-5)
    dense = of_users(model, found.ranking.user_index)
    assert np.array_equal(dense.ranking.user_index, found.ranking.user_index)
    assert np.array_equal(dense.pairs.user_index, found.pairs.user_index)
    assert dense.sample == found.sample
    again = evaluate_users(model, VariantCache(model).scorer(HALF), limit=FEW)
    assert np.array_equal(again.ranking.user_index, found.ranking.user_index)


@pytest.mark.parametrize("limit", [UserLimit(everyone=True), UserLimit(), UserLimit(most=10_000)])
def test_all_is_all(model, whole, limit):
    found = evaluate_users(model, VariantCache(model).scorer(HALF), limit=limit)
    n_all = len(whole.ranking.user_index)
    assert found.sample == UserSample(n_all, n_all, None)
    assert np.array_equal(found.ranking.top, whole.ranking.top)
    assert np.array_equal(found.pairs.score, whole.pairs.score)
    assert (found.auc, found.logloss) == (whole.auc, whole.logloss)


def test_the_dense_model_on_a_sample_has_the_figures_of_its_part(model):
    few = evaluate_users(model, model.dense, limit=FEW)
    again = evaluate(model.dense, model.split_dataset, users=few.ranking.user_index)
    assert few.auc == pytest.approx(again.auc, abs=1e-9)
    assert few.logloss == pytest.approx(again.logloss, abs=1e-6)
    assert few.ndcg == pytest.approx(again.ndcg, abs=1e-9)


def test_the_report_carries_the_sample(model):
    found = evaluate_users(model, model.dense, limit=FEW)
    report = audit(model.dataset, found, by=("user.gender",), train=model.split_dataset.sequences())
    assert report.sample == found.sample
    assert report.overall.n == N


def printed(capsys, *args: str) -> dict:
    capsys.readouterr()
    assert main([*args, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_says_its_sample(folder, model, capsys):
    ask = ("fairness", "--workspace", str(folder), "--by", "gender", "--sparsity", "0.5", "--pruning", "unstructured")
    few, everyone = printed(capsys, *ask, "--users", "60"), printed(capsys, *ask, "--users", "all")
    n_all = len(model.evaluation().ranking.user_index)
    assert [few[key] for key in ("n_users", "n_all_users", "users_seed")] == [60, n_all, model.split_dataset.split.seed]
    assert [everyone[key] for key in ("n_users", "n_all_users", "users_seed")] == [n_all, n_all, None]
    assert sum(group["n"] for group in few["groups"]) == 60
    for wrong in ("0", "-3", "some", "1.5", "²"):
        assert main([*ask, "--users", wrong]) == 2
        assert "users must be 'all'" in capsys.readouterr().err


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=6) | st.integers(-9, 10**9).map(str))
def test_a_limit_is_all_a_number_or_nothing(text):
    is_number = text.isascii() and text.isdecimal() and int(text) > 0
    if is_number:
        assert UserLimit.from_text(text) == UserLimit(most=int(text))
    elif text:
        with pytest.raises(SettingError, match="users must be"):
            UserLimit.from_text(text)
    else:
        assert UserLimit.from_text(text) == UserLimit()


def test_larger_catalogues_mean_fewer_users_and_never_too_few(model):
    dense = model.dense
    most = quick_users(dense)
    assert most > LEAST_USERS
    dense_like = type("Large", (), {"ranker": dense.ranker, "n_items": dense.n_items * 10})()
    assert quick_users(dense_like) <= most // 10 + most // 20
    dense_like.n_items = 10**9
    assert quick_users(dense_like) == LEAST_USERS


def test_the_stored_scan_is_the_scan(model, folder):
    (model.path / FILE).unlink(missing_ok=True)
    fresh = scan(model.dataset, model.evaluation(), train=model.split_dataset.sequences(), variant=model.variant)
    first, second = dense_scan(model), dense_scan(open_model(folder))
    for found in (first, second):
        assert (found.n_tested, found.side, list(found.reports)) == (fresh.n_tested, fresh.side, list(fresh.reports))
        assert [column for column, _ in found.gaps] == [column for column, _ in fresh.gaps]
        for (_, one), (_, other) in zip(found.gaps, fresh.gaps, strict=True):
            for name in ("metric", "worst_group", "best_group", "low", "high", "p_value", "p_corrected", "ratio"):
                assert getattr(one, name) == getattr(other, name)
        for column, report in found.reports.items():
            expected = fresh.reports[column]
            assert [row.values for row in report.groups] == [row.values for row in expected.groups]
            assert [row.group for row in report.groups] == [row.group for row in expected.groups]
            assert (report.notes, [out.reason for out in report.left_out], report.sample) == (
                expected.notes,
                [out.reason for out in expected.left_out],
                expected.sample,
            )
    assert second.gaps[0][1] in second.reports[second.gaps[0][0]].gaps


@pytest.mark.parametrize("content", ["", "{", '{"format": "reclens-scan-1"}', "[]"])
def test_a_damaged_scan_is_worked_out_anew(model, content):
    before = dense_scan(model)
    (model.path / FILE).write_text(content)
    assert [gap.difference for _, gap in dense_scan(model).gaps] == [gap.difference for _, gap in before.gaps]
    assert len((model.path / FILE).read_text()) > 1000
