"""Lists and pair scores that are stored at training: the same as worked out anew, and never another model's."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys_core.errors import Phrase
from recsys_core.models.evaluation import evaluate
from recsys_core.models.stored_evaluation import FILE, load_evaluation, save_evaluation
from recsys_core.models.workspace import open_model
from recsys_core.results import Evaluation, PairResult, RankingResult


@pytest.fixture
def folder(tiny_workspace, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_workspace, tmp_path / "w"))


def stored_file(workspace: Path) -> Path:
    return workspace / "models" / "first" / FILE


def assert_same(a: Evaluation, b: Evaluation) -> None:
    """Bit for bit, types included."""
    arrays = [
        (getattr(a.ranking, name), getattr(b.ranking, name))
        for name in ("user_index", "top", "ndcg", "recall", "n_distinct", "n_tied_out")
    ]
    arrays += [(getattr(a.pairs, n), getattr(b.pairs, n)) for n in ("user_index", "item_index", "label", "score")]
    arrays += [(getattr(a.ranking.held_out, n), getattr(b.ranking.held_out, n)) for n in ("indices", "indptr", "data")]
    for one, other in arrays:
        assert (one is None) == (other is None)
        if one is not None:
            assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    assert a.ranking.held_out.shape == b.ranking.held_out.shape
    assert (a.ranking.k, a.pairs.negatives, a.logloss, a.rmse) == (b.ranking.k, b.pairs.negatives, b.logloss, b.rmse)
    assert a.auc == b.auc or (np.isnan(a.auc) and np.isnan(b.auc))


def test_what_training_stored_equals_what_is_worked_out(folder):
    model = open_model(folder)
    stored = model.evaluation()
    assert stored.anew is None
    assert_same(stored, evaluate(model.dense, model.split_dataset))
    assert model.training.model["ndcg@10"] == stored.ndcg
    assert model.evaluation() is stored


def broken(file: Path, how: str) -> None:
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "one bit":
        at = len(content) - 40
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif how == "cut off":
        file.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        file.write_bytes(b"")
    else:
        file.write_bytes(b"\xff" * 100)


@pytest.mark.parametrize("how", ["missing", "one bit", "cut off", "empty", "nonsense"])
def test_a_file_that_cannot_be_trusted_is_worked_out_anew_and_said(folder, how, caplog):
    before = open_model(folder).evaluation()
    broken(stored_file(folder), how)
    with caplog.at_level(logging.WARNING):
        found = open_model(folder).evaluation()
    assert_same(before, found)
    assert found.anew is not None
    assert str(found.anew) in caplog.text
    assert "tiny shop" in str(found.anew) or "first" in str(found.anew)
    assert open_model(folder).evaluation().anew is None  # it was stored again


def test_the_lists_of_another_model_are_not_taken(folder, grouped_workspace):
    shutil.copy(stored_file(grouped_workspace), stored_file(folder))
    model = open_model(folder)
    found = load_evaluation(model.path, fingerprint=model.fingerprint)
    assert isinstance(found, Phrase)
    assert found.key == "reason.other_model"
    assert_same(model.evaluation(), evaluate(model.dense, model.split_dataset))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_slower_not_broken(folder):
    stored_file(folder).unlink()
    stored_file(folder).parent.chmod(0o555)
    assert open_model(folder).evaluation().anew is not None
    stored_file(folder).parent.chmod(0o755)


def test_the_file_is_no_part_of_the_model(folder):
    fingerprint = open_model(folder).fingerprint
    stored_file(folder).unlink()
    assert open_model(folder).fingerprint == fingerprint


FLOATS = st.floats(width=32, allow_nan=True)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_evaluation_comes_back_as_it_was(tmp_path_factory, data):
    n, n_pairs, n_items = (data.draw(st.integers(*ends)) for ends in ((0, 5), (0, 6), (1, 9)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    held_out = csr_array(random.random((n, n_items)) < 0.5)
    n_distinct = random.integers(0, 2**40, n) if data.draw(st.booleans()) else None
    top = random.integers(-1, n_items, (n, 10))
    ranking = RankingResult(10, np.arange(n), top, random.random(n), random.random(n), held_out, n_distinct, n_distinct)
    score = np.array(data.draw(st.lists(FLOATS, min_size=n_pairs, max_size=n_pairs)), dtype=np.float32)
    user, item = random.integers(0, 2**31 + 5, n_pairs), random.integers(0, n_items, n_pairs)
    pairs = PairResult(user, item, random.random(n_pairs).astype(np.float32), score, "sampled")
    loss = data.draw(st.one_of(st.none(), st.floats(allow_nan=False)))
    evaluation = Evaluation(ranking, pairs, data.draw(st.floats(0, 1) | st.just(np.nan)), loss)
    where = tmp_path_factory.mktemp("any")
    save_evaluation(where, evaluation, fingerprint="one")
    found = load_evaluation(where, fingerprint="one")
    assert isinstance(found, Evaluation)
    assert_same(found, evaluation)
    assert isinstance(load_evaluation(where, fingerprint="other"), Phrase)
