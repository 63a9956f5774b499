"""Weight-only quantisation: one symmetric block quantiser for matrices, embedding tables and cached item vectors.

Activations stay in single precision, so a pair's score never depends on the batch it is in.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys_core.data.features import Features
from recsys_core.models.ranker import Ranker

BLOCK = 32


@dataclass(frozen=True, slots=True, eq=False)
class PackedMatrix:
    """A matrix in 8 or 4 bits a value, in blocks of 32 along its columns.

    The layout is that of ONNX Runtime's ``MatMulNBits``: ``value = (code - 2^(bits-1)) * scale``.

    Attributes
    ----------
    codes
        uint8 ``(n_rows, n_blocks, 4 * bits)``; of two 4-bit codes in a byte the first is the low half.
        A last block that is not full is padded with zeros.
    scales
        float32 ``(n_rows, n_blocks)``.
    n_columns
        Columns of the matrix, without padding.
    bits
        8 or 4.
    """

    codes: np.ndarray
    scales: np.ndarray
    n_columns: int
    bits: int

    def __post_init__(self) -> None:
        n_blocks = -(-self.n_columns // BLOCK)
        if self.codes.shape != (*self.scales.shape, BLOCK * self.bits // 8) or self.scales.shape[1] != n_blocks:
            raise ValueError(f"codes {self.codes.shape} and scales {self.scales.shape} do not fit {self.n_columns}")

    def unpack(self) -> np.ndarray:
        """The float32 matrix ``(n_rows, n_columns)`` that the codes stand for."""
        blocks = (self.integers() * self.scales[..., None]).astype(np.float32)
        return blocks.reshape(len(blocks), blocks.shape[1] * BLOCK)[:, : self.n_columns]

    def integers(self) -> np.ndarray:
        """Signed codes, int16 ``(n_rows, n_blocks, 32)``."""
        codes = self.codes
        if self.bits == 4:
            codes = np.stack([codes & 15, codes >> 4], -1).reshape(*self.scales.shape, BLOCK)
        return codes.astype(np.int16) - (1 << (self.bits - 1))


def pack_matrix(weights: np.ndarray, bits: int) -> PackedMatrix:
    """Quantise a matrix ``(n_rows, n_columns)``, symmetric around zero, one scale a block of 32 columns.

    The scale puts the block's largest value in size, with its sign, on the lowest code
    (-128 or -8), as ONNX Runtime's own 4-bit quantiser does: all codes are in use, zero stays
    zero, and because that division is by a power of two, packing what was unpacked gives the
    same codes and scales. No value moves by more than one scale; only values within half a
    scale of the opposite end move by more than half of it. (Of a block whose largest value is
    below 1e-36 the scale is no normal number: it has lost digits, or is 0.)

    >>> pack_matrix(np.array([[-8.0, 0.0, 3.0, 7.0]]), 4).unpack().tolist()
    [[-8.0, 0.0, 3.0, 7.0]]
    """
    weights = np.atleast_2d(np.asarray(weights, dtype=np.float32))
    n_rows, n_columns = weights.shape
    padded = np.pad(weights, ((0, 0), (0, -n_columns % BLOCK))).reshape(n_rows, -(-n_columns // BLOCK), BLOCK)
    half = 1 << (bits - 1)
    largest = np.take_along_axis(padded, np.abs(padded).argmax(-1, keepdims=True), -1)
    scales = largest / np.float32(-half)
    divisor = np.where(scales == 0, np.float32(1), scales)
    codes: np.ndarray = (np.clip(np.rint(padded / divisor), -half, half - 1) + half).astype(np.uint8)
    if bits == 4:
        codes = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return PackedMatrix(codes, scales[..., 0], n_columns, bits)


@dataclass(frozen=True, slots=True, eq=False)
class QuantisedRanker:
    """A ranker whose weights are exactly what ``packed`` unpacks to.

    ``packed`` has one entry for each matrix of ``matrices(ranker)``, by its name.
    """

    ranker: Ranker
    packed: Mapping[str, PackedMatrix | FullMatrix]
    bits: int


def matrices(ranker: Ranker) -> dict[str, Tensor]:
    """Views of every weight matrix by name, each laid out so that a block is 32 values of one row.

    Embedding tables have one row a code. The projections of numbers, sets and texts are
    tables too (one row a knot, value or encoder column), so their blocks lie within an
    embedding whatever the number of knots. The first matrix of the body is three, because the
    runtime multiplies its history part alone.
    """
    attention = ranker.adapter.attention
    of_user, of_item, of_history = ranker.split_first()
    lookup = {name: isinstance(table, torch.nn.Embedding) for name, table in ranker.adapter.tables.items()}
    tables = {
        f"adapter.{name}": table.weight if lookup[name] else table.weight.T
        for name, table in ranker.adapter.tables.items()
    }
    return {
        **tables,
        "attention.query": attention.query.weight,
        "attention.key": attention.key.weight,
        "attention.value": attention.value.weight,
        "first.user": of_user,
        "first.item": of_item,
        "first.history": of_history,
        **{layer.name: layer.linear.weight for layer in ranker.layers()[1:]},
    }


def quantise_ranker(ranker: Ranker, bits: int) -> QuantisedRanker:
    """Pack every matrix to 8 or 4 bits; biases and other vectors stay fp32. ``ranker`` is not changed."""
    quantised, packed = copy.deepcopy(ranker), {}
    with torch.no_grad():
        for name, matrix in matrices(quantised).items():
            packed[name] = pack_matrix(matrix.numpy(), bits)
            matrix.copy_(torch.from_numpy(packed[name].unpack()))
    return QuantisedRanker(quantised.eval(), packed, bits)


@dataclass(frozen=True, slots=True, eq=False)
class FullMatrix:
    """A matrix of full precision where a packed one is expected."""

    weights: np.ndarray

    def unpack(self) -> np.ndarray:
        return self.weights


def unquantised(ranker: Ranker) -> QuantisedRanker:
    """A ranker as it is, nothing rounded, for the runtime of quantised ones: what the runtime alone changes."""
    full = {name: FullMatrix(matrix.detach().numpy()) for name, matrix in matrices(ranker).items()}
    return QuantisedRanker(ranker, full, 32)


def to_half_precision(ranker: Ranker) -> Ranker:
    """Round every parameter to half precision; the result computes in single precision."""
    halved = copy.deepcopy(ranker)
    with torch.no_grad():
        for parameter in halved.parameters():
            parameter.copy_(parameter.half().float())
    return halved.eval()


def vectors(ranker: Ranker) -> dict[str, Tensor]:
    """Everything that is not a matrix (biases, recency, the empty slot), by name."""
    return {name: p.detach() for name, p in ranker.named_parameters() if p.ndim <= 1}


def text_vectors(ranker: Ranker, features: Features) -> dict[str, Tensor]:
    """Projected texts ``(n, width)`` by group: what is stored instead of the encoder's wide vectors."""
    texts = [group for group in features.groups if group.kind == "text"]
    with torch.no_grad():
        return {g.key: ranker.adapter.embed(g, torch.from_numpy(features.tables[g.key])) for g in texts}
