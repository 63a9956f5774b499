"""The quantised runtime against PyTorch on the unpacked weights: any shape, any batch, the same scores."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features

from recsys_core.compress.onnx_runtime import OnnxRuntime, OnnxScorer
from recsys_core.compress.quantize import quantise_ranker
from recsys_core.models.ranker import EMPTY, RankerShape
from recsys_core.models.scorer import Scorer, TorchRuntime
from recsys_core.variant import Compression

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SHAPES = {
    "narrow": RankerShape(width=8, attention=8, first=24, second=12, history=8),  # blocks that are not full
    "wide": RankerShape(width=32, attention=32, first=64, second=32, history=8),
}
CASES = [("narrow", 8, False), ("narrow", 4, False), ("narrow", 8, True), ("wide", 8, False), ("wide", 4, True)]


@pytest.fixture(scope="module", params=CASES, ids=str)
def both(request) -> tuple[OnnxScorer, Scorer]:
    """A quantised variant's scorer, and PyTorch computing with the unpacked weights."""
    name, bits, unpacked = request.param
    quantised = quantise_ranker(random_scorer(FEATURES, shape=SHAPES[name]).ranker, bits)
    ours = OnnxScorer(quantised, FEATURES, variant=Compression(bits=bits), unpacked=unpacked)
    return ours, Scorer(quantised.ranker, FEATURES, variant=Compression(bits=bits))


def test_pairs_and_catalogue_equal_pytorch(both):
    pairs = random_pairs(DATASET, 60)
    scores = [s.score_pairs(pairs.users, pairs.items, pairs.histories) for s in both]
    np.testing.assert_allclose(*scores, atol=1e-5)
    lists = [s.score_catalogue(pairs.users, pairs.histories) for s in both]
    np.testing.assert_allclose(*lists, atol=1e-5)


def test_a_pair_alone_in_a_batch_and_in_the_catalogue_is_one_score(both):
    ours, _ = both
    pairs = random_pairs(DATASET, 30)
    batch = ours.score_pairs(pairs.users, pairs.items, pairs.histories)
    lists = ours.score_catalogue(pairs.users, pairs.histories)
    np.testing.assert_allclose(lists[np.arange(30), pairs.items], batch, atol=1e-5)
    for i in range(30):
        one = pairs[i : i + 1]
        alone = ours.score_pairs(one.users, one.items, one.histories)
        np.testing.assert_allclose(alone, batch[i : i + 1], atol=1e-5)
        some = ours.score_items(int(one.users[0]), one.items, one.histories[0])
        np.testing.assert_allclose(some, batch[i : i + 1], atol=1e-5)


def test_parts_and_tail_give_the_score_of_the_whole(both):
    """Explanations sum parts themselves and call the runtime; the score must be the list's."""
    ours, _ = both
    pairs = random_pairs(DATASET, 10)
    past = ours.history_vectors(pairs.histories)
    query = ours.item_query[torch.from_numpy(pairs.items)].unsqueeze(1)
    part = ours.runtime.history_part(query, past.keys, past.values, past.absent).squeeze(1)
    whole = ours.runtime.tail(part + ours.item_base[torch.from_numpy(pairs.items)] + ours.user_base(pairs.users))
    expected = ours.score_pairs(pairs.users, pairs.items, pairs.histories)
    np.testing.assert_allclose(whole.numpy(), expected, atol=1e-5)


LEADS = [
    ((), (), ()),
    ((), (3,), (3,)),
    ((3,), (3,), (3,)),
    ((1,), (3,), (1,)),
    ((2, 3), (3,), (2, 1)),
    ((2, 1), (2, 3), ()),
]


@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("n_masks", [1, 4])
def test_inputs_broadcast_as_in_pytorch(both, lead, n_masks):
    ours, reference = both
    a, random = ours.ranker.shape.attention, np.random.default_rng(0)
    shapes = ((*lead[0], 4, a), (*lead[1], 5, a), (*lead[1], 5, a))
    query, keys, values = (torch.from_numpy(random.normal(size=s).astype(np.float32)) for s in shapes)
    absent = torch.from_numpy(random.choice([0.0, EMPTY], (*lead[2], n_masks, 5)).astype(np.float32))
    inputs = (query, keys, values, absent)
    copies = [x.clone() for x in inputs]
    part = ours.runtime.history_part(*inputs)
    expected = TorchRuntime(reference.ranker).history_part(*inputs)
    assert part.shape == expected.shape
    torch.testing.assert_close(part, expected, atol=1e-5, rtol=0)
    assert all(torch.equal(x, y) for x, y in zip(inputs, copies, strict=True))


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3), (0,)], ids=str)
def test_the_tail_keeps_leading_axes(both, shape):
    ours, reference = both
    pre = torch.from_numpy(np.random.default_rng(1).normal(size=(*shape, ours.ranker.shape.first)).astype(np.float32))
    got, expected = ours.runtime.tail(pre), TorchRuntime(reference.ranker).tail(pre)
    assert got.shape == expected.shape == shape
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_an_empty_history_is_the_learned_empty_slot(both):
    ours, reference = both
    none, spaces = np.full((2, 1), -1), np.full((2, 8), -1)
    expected = reference.score_catalogue(np.arange(2), spaces)
    np.testing.assert_allclose(ours.score_catalogue(np.arange(2), none), expected, atol=1e-5)
    np.testing.assert_allclose(ours.score_catalogue(np.arange(2), spaces), expected, atol=1e-5)


def test_no_pair_gives_no_score(both):
    ours, _ = both
    nobody = np.zeros(0, dtype=np.int64)
    assert ours.score_pairs(nobody, nobody, np.zeros((0, 8), dtype=np.int64)).shape == (0,)


def test_large_batches_are_cut_and_put_together():
    quantised = quantise_ranker(random_scorer(FEATURES).ranker, 8)
    ours, pairs = OnnxScorer(quantised, FEATURES, variant=Compression(bits=8)), random_pairs(DATASET, 2500)
    reference = Scorer(quantised.ranker, FEATURES)
    np.testing.assert_allclose(
        ours.score_pairs(pairs.users, pairs.items, pairs.histories),
        reference.score_pairs(pairs.users, pairs.items, pairs.histories),
        atol=1e-5,
    )
    users, histories = pairs.users[:900], pairs.histories[:900]
    np.testing.assert_allclose(
        ours.score_catalogue(users, histories), reference.score_catalogue(users, histories), atol=1e-5
    )


def test_packed_and_unpacked_weights_give_the_same_scores():
    quantised = quantise_ranker(random_scorer(FEATURES).ranker, 4)
    pre = torch.randn(50, 24, generator=torch.Generator().manual_seed(0))
    packed, unpacked = (OnnxRuntime(quantised, unpacked=u).tail(pre) for u in (False, True))
    torch.testing.assert_close(packed, unpacked, atol=1e-5, rtol=0)


def test_onnx_runtime_keeps_no_device_id_and_tells_nobody(tmp_path):
    quiet = ("ORT_DISABLE_TELEMETRY", "GITHUB_ACTIONS", "TF_BUILD", "XDG_CACHE_HOME")  # it is silent by itself there
    there = {name: value for name, value in os.environ.items() if name not in quiet} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import recsys_core, onnxruntime"], env=there, check=True)
    assert not list(tmp_path.rglob("*")), "what ONNX Runtime writes before it sends"
