"""The quantiser: what ONNX Runtime unpacks, how far a weight may move, and packing what was unpacked."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from explain_model import random_scorer, tiny_dataset, tiny_features
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import TensorProto, helper, numpy_helper

from recsys_core.compress.quantize import (
    BLOCK,
    PackedMatrix,
    matrices,
    pack_matrix,
    quantise_ranker,
    to_half_precision,
    vectors,
)

FLOATS = st.floats(-100, 100, width=32)
MATRICES = st.tuples(st.integers(1, 4), st.integers(1, 70)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=FLOATS)
)
BITS = st.sampled_from([8, 4])


def unpacked_by_ort(packed: PackedMatrix) -> np.ndarray:
    """The matrix that ``MatMulNBits`` multiplies with: an identity goes in, its transpose comes out."""
    names = ("codes", "scales")
    weights = [numpy_helper.from_array(a, n) for n, a in zip(names, (packed.codes, packed.scales), strict=True)]
    layout = {"K": packed.n_columns, "N": len(packed.codes), "bits": packed.bits, "block_size": BLOCK}
    node = helper.make_node("MatMulNBits", ["x", *names], ["y"], domain="com.microsoft", accuracy_level=1, **layout)
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", None]) for n in "xy")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(helper.make_graph([node], "one", [x], [y], weights), opset_imports=opsets, ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.eye(packed.n_columns, dtype=np.float32)})[0].T


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("shape", [(1, 64), (5, 32), (7, 96), (3, 16), (4, 45)])
def test_onnx_runtime_unpacks_the_same_matrix(bits, shape):
    packed = pack_matrix(np.random.default_rng(0).normal(size=shape), bits)
    np.testing.assert_allclose(unpacked_by_ort(packed), packed.unpack(), atol=1e-6)


def test_four_bits_by_hand():
    """Scale 8 / -8 = -1: 8 is code -8, 1 is code -1; stored with 8 added, first value in the low half of a byte."""
    packed = pack_matrix(np.array([[8.0, 1.0, -7.0, 0.0]]), 4)
    assert packed.scales.tolist() == [[-1.0]]
    assert packed.codes[0, 0, :3].tolist() == [0 | 7 << 4, 15 | 8 << 4, 8 | 8 << 4]
    assert packed.unpack().tolist() == [[8.0, 1.0, -7.0, 0.0]]


@settings(deadline=None)
@given(MATRICES, BITS)
def test_no_value_moves_by_more_than_a_scale(weights, bits):
    packed = pack_matrix(weights, bits)
    scale = np.repeat(np.abs(packed.scales), BLOCK, axis=1)[:, : weights.shape[1]]
    moved = np.abs(packed.unpack() - weights)
    assert (moved <= scale * 1.001 + 1e-30).all()
    inside = np.abs(weights) <= scale * (2 ** (bits - 1) - 1)  # the opposite end has one code less
    assert (moved <= scale * 0.501 + 1e-30)[inside].all()


@settings(deadline=None)
@given(MATRICES, BITS)
def test_packing_what_was_unpacked_changes_nothing(weights, bits):
    once = pack_matrix(weights, bits)
    twice = pack_matrix(once.unpack(), bits)
    np.testing.assert_array_equal(twice.unpack(), once.unpack())


@settings(deadline=None)
@given(MATRICES, BITS)
def test_zeros_stay_zero_and_the_largest_value_is_kept(weights, bits):
    unpacked = pack_matrix(weights, bits).unpack()
    assert (unpacked[weights == 0] == 0).all()
    smallest = 1e-42  # a scale below the smallest normal number has lost digits
    np.testing.assert_allclose(np.abs(unpacked).max(), np.abs(weights).max(), rtol=1e-6, atol=smallest)


def test_more_bits_are_closer():
    weights = np.random.default_rng(1).normal(size=(64, 128)).astype(np.float32)
    errors = [np.square(pack_matrix(weights, bits).unpack() - weights).mean() for bits in (8, 4)]
    half = np.square(weights.astype(np.float16).astype(np.float32) - weights).mean()
    assert half < errors[0] < errors[1] / 100


def test_a_ranker_holds_exactly_what_its_packed_matrices_say():
    ranker = random_scorer(tiny_features(tiny_dataset())).ranker
    before = {name: x.clone() for name, x in ranker.state_dict().items()}
    quantised = quantise_ranker(ranker, 4)
    for name, matrix in matrices(quantised.ranker).items():
        np.testing.assert_array_equal(matrix.detach().numpy(), quantised.packed[name].unpack())
    for name, vector in vectors(quantised.ranker).items():
        assert torch.equal(vector, before[name])
    assert all(torch.equal(x, before[name]) for name, x in ranker.state_dict().items())


def test_the_matrices_and_vectors_are_all_parameters():
    ranker = random_scorer(tiny_features(tiny_dataset())).ranker
    counted = sum(x.numel() for x in (matrices(ranker) | vectors(ranker)).values())
    assert counted == sum(p.numel() for p in ranker.parameters())


def test_halving_rounds_every_parameter():
    ranker = random_scorer(tiny_features(tiny_dataset())).ranker
    for before, after in zip(ranker.parameters(), to_half_precision(ranker).parameters(), strict=True):
        assert torch.equal(after, before.half().float())
        assert after.dtype == torch.float32
