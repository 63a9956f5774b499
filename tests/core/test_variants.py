"""Variants of a trained workspace: one score everywhere, nothing else changed, students kept and checked."""

from __future__ import annotations

import copy
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from recsys_core.compress.distillation import DistillationSettings
from recsys_core.compress.storage import size_bytes
from recsys_core.compress.variants import VariantCache
from recsys_core.errors import SettingError, WorkspaceError
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.variant import DENSE, Compression

HALF = Compression(sparsity=0.5)
KINDS = (
    HALF,
    Compression(sparsity=0.7, pruning="unstructured"),
    Compression(bits=16),
    Compression(bits=8),
    Compression(bits=4),
    Compression(sparsity=0.5, bits=8),
    Compression(distill=16),
    Compression(sparsity=0.5, bits=4, distill=16),
)


@pytest.fixture(scope="module")
def folder(tiny_workspace: Path, tmp_path_factory) -> Path:
    """A copy of the workspace that these tests may write to."""
    copied = tmp_path_factory.mktemp("variants") / "w"
    shutil.copytree(tiny_workspace, copied)
    return copied


@pytest.fixture(scope="module")
def workspace(folder: Path) -> TrainedModel:
    return open_model(folder)


@pytest.fixture(scope="module")
def shelf(workspace: TrainedModel) -> VariantCache:
    return make_shelf(workspace)


@pytest.fixture(scope="module")
def pairs(workspace: TrainedModel) -> Pairs:
    return workspace.split_dataset.labelled("test").pairs[:40]


def make_shelf(workspace: TrainedModel, most: int = 12) -> VariantCache:
    """With few enough examples for a test."""
    return VariantCache(workspace, most, settings=DistillationSettings(n_histories=200, n_sample=1000))


def scores(scorer: Scorer, pairs: Pairs) -> np.ndarray:
    return scorer.score_pairs(pairs.users, pairs.items, pairs.histories)


@pytest.mark.parametrize("variant", KINDS, ids=lambda v: v.key)
def test_a_pair_has_one_score_alone_in_a_batch_and_in_the_catalogue(shelf, pairs, variant):
    scorer = shelf.scorer(variant)
    batch = scores(scorer, pairs)
    lists = scorer.score_catalogue(pairs.users, pairs.histories)
    np.testing.assert_allclose(lists[np.arange(len(pairs)), pairs.items], batch, atol=1e-5)
    for i in range(10):
        np.testing.assert_allclose(scores(scorer, pairs[i : i + 1]), batch[i : i + 1], atol=1e-5)


@pytest.mark.parametrize("variant", KINDS, ids=lambda v: v.key)
def test_group_parts_add_up_to_the_score(shelf, pairs, variant):
    """The path that explanations take."""
    scorer = shelf.scorer(variant)
    first, query = scorer.group_parts(pairs.users, pairs.items)
    past = scorer.history_vectors(pairs.histories)
    query = (query.sum(1) + scorer.query_bias).unsqueeze(1)
    part = scorer.runtime.history_part(query, past.keys, past.values, past.absent).squeeze(1)
    whole = scorer.runtime.tail(first.sum(1) + scorer.first_bias + part)
    np.testing.assert_allclose(whole.numpy(), scores(scorer, pairs), atol=2e-5)


def test_nothing_set_is_the_dense_scorer_itself(workspace, shelf):
    assert shelf.scorer(DENSE) is workspace.dense
    assert shelf.scorer(Compression(sparsity=0, bits=32)) is workspace.dense


def test_building_variants_does_not_change_the_dense_model(workspace, pairs):
    before, expected = copy.deepcopy(workspace.ranker.state_dict()), scores(workspace.dense, pairs)
    state = torch.get_rng_state()
    shelf = make_shelf(workspace)
    for variant in KINDS:
        shelf.scorer(variant)
        shelf.untrained(variant)
    assert all(torch.equal(x, before[name]) for name, x in workspace.ranker.state_dict().items())
    assert np.array_equal(scores(workspace.dense, pairs), expected)
    assert torch.equal(torch.get_rng_state(), state)


def test_shapes_and_settings_are_what_was_asked_for(workspace, shelf):
    dense = workspace.ranker.shape
    half, narrow = shelf.scorer(HALF).ranker.shape, shelf.scorer(Compression(distill=16)).ranker.shape
    assert (half.first, half.second) == (dense.first // 2, dense.second // 2)
    assert (narrow.first, narrow.second) == (16, 8)
    both = shelf.scorer(Compression(sparsity=0.5, bits=4, distill=16))
    assert (both.ranker.shape.first, both.ranker.shape.second) == (8, 4)
    assert both.compression == Compression(sparsity=0.5, bits=4, distill=16)


def test_closer_bits_are_closer_scores(workspace, shelf, pairs):
    dense = scores(workspace.dense, pairs)
    errors = [np.abs(scores(shelf.scorer(Compression(bits=b)), pairs) - dense).mean() for b in (16, 8, 4)]
    assert errors[0] < errors[1] < errors[2] < 0.2


def test_training_brings_scores_back(workspace, shelf, pairs):
    dense, variant = scores(workspace.dense, pairs), Compression(sparsity=0.8)
    before, after = scores(shelf.untrained(variant), pairs), scores(shelf.scorer(variant), pairs)
    assert np.abs(after - dense).mean() < np.abs(before - dense).mean()


def test_building_twice_gives_identical_scores(workspace, shelf, pairs, tmp_path):
    """Once from the student on disk, once trained anew in a folder without any."""
    from_disk = make_shelf(open_model(workspace.path.parents[1]))
    shutil.copytree(workspace.path.parents[1], tmp_path / "w", ignore=shutil.ignore_patterns("students"))
    anew = make_shelf(open_model(tmp_path / "w"))
    for variant in KINDS:
        expected = scores(shelf.scorer(variant), pairs)
        assert np.array_equal(scores(from_disk.scorer(variant), pairs), expected)
        assert np.array_equal(scores(anew.scorer(variant), pairs), expected)


def test_one_student_serves_every_width_of_bits(workspace, shelf):
    for bits in (32, 16, 8, 4):
        shelf.scorer(Compression(sparsity=0.5, bits=bits))
    files = {file.name for file in (workspace.path / "students").iterdir()}
    assert [name for name in files if "distill" not in name and "50" in name] == [f"{HALF.key}.safetensors"]


def test_a_student_of_another_model_is_built_again(workspace, shelf, pairs, tmp_path):
    shelf.scorer(HALF)
    shutil.copytree(workspace.path.parents[1], tmp_path / "w")
    sums = tmp_path / "w" / "models" / "first" / "checksums.json"
    sums.write_text(sums.read_text() + "\n")  # the fingerprint changes, the model is the same
    file = tmp_path / "w" / "models" / "first" / "students" / f"{HALF.key}.safetensors"
    before = file.read_bytes()
    other = make_shelf(open_model(tmp_path / "w"))
    assert np.array_equal(scores(other.scorer(HALF), pairs), scores(shelf.scorer(HALF), pairs))
    assert file.read_bytes() != before


@pytest.mark.parametrize("where", [0, 40, 0.2, 0.5, 0.999])
def test_a_flipped_byte_is_refused(workspace, shelf, tmp_path, where):
    shelf.scorer(HALF)
    shutil.copytree(workspace.path.parents[1], tmp_path / "w")
    file = tmp_path / "w" / "models" / "first" / "students" / f"{HALF.key}.safetensors"
    data = bytearray(file.read_bytes())
    data[where if isinstance(where, int) else int(where * len(data))] ^= 1
    file.write_bytes(data)
    with pytest.raises(WorkspaceError) as caught:
        make_shelf(open_model(tmp_path / "w")).scorer(Compression(sparsity=0.5, bits=8))
    assert caught.value.key == "workspace.damaged"
    assert file.name in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\0" * 7, b"not a tensor file, but long enough to have a header"])
def test_a_file_that_is_no_student_is_refused(workspace, shelf, tmp_path, content):
    shelf.scorer(HALF)
    shutil.copytree(workspace.path.parents[1], tmp_path / "w")
    (tmp_path / "w" / "models" / "first" / "students" / f"{HALF.key}.safetensors").write_bytes(content)
    with pytest.raises(WorkspaceError, match=HALF.key):
        make_shelf(open_model(tmp_path / "w")).scorer(HALF)


def test_a_student_wider_than_the_dense_model_is_refused(shelf):
    with pytest.raises(SettingError, match="between 4 and 128"):
        shelf.scorer(Compression(distill=129))
    with pytest.raises(SettingError):
        shelf.untrained(Compression(distill=4096))


def test_it_works_where_gradients_are_off(workspace, shelf, pairs, tmp_path):
    shutil.copytree(workspace.path.parents[1], tmp_path / "w", ignore=shutil.ignore_patterns("students"))
    with torch.inference_mode():
        found = make_shelf(open_model(tmp_path / "w")).scorer(HALF)
    assert np.array_equal(scores(found, pairs), scores(shelf.scorer(HALF), pairs))


def test_a_bounded_number_stays_in_memory(workspace):
    shelf = make_shelf(workspace, most=2)
    first = shelf.scorer(Compression(bits=16))
    shelf.scorer(Compression(bits=8))
    assert shelf.scorer(Compression(bits=16)) is first  # used again, so the 8-bit one is the oldest
    shelf.scorer(Compression(bits=4))
    assert shelf.scorer(Compression(bits=16)) is first
    assert len(shelf) == 2


def test_threads_get_the_same_object(workspace):
    shelf = make_shelf(workspace)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shelf.scorer, [HALF, Compression(bits=8)] * 8))
    assert {id(s) for s in found} == {id(shelf.scorer(HALF)), id(shelf.scorer(Compression(bits=8)))}


def test_size_falls_with_bits_and_with_sparsity(workspace, shelf):
    by_bits = [size_bytes(shelf.scorer(Compression(bits=b))) for b in (32, 16, 8, 4)]
    assert by_bits == sorted(by_bits, reverse=True)
    assert by_bits[0] == size_bytes(workspace.dense)
    for pruning in ("structured", "unstructured"):
        for bits in (32, 8, 4):
            levels = [size_bytes(shelf.scorer(Compression(s, bits, pruning))) for s in (0.0, 0.3, 0.6, 0.9)]
            assert levels == sorted(levels, reverse=True)
            assert len(set(levels)) == 4 or pruning == "unstructured"
