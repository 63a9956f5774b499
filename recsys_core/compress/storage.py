"""Storage: the arrays that a variant has to keep on disk, packed as they would be shipped."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save as save_tensors

from recsys_core.compress.levers import leaves_zeros
from recsys_core.compress.quantize import BLOCK, matrices, pack_matrix, text_vectors, vectors
from recsys_core.models.scorer import Scorer
from recsys_core.variant import Compression

Arrays = dict[str, np.ndarray]
TERM = "item_item"  # what the names of the term's arrays begin with


def size_bytes(scorer: Scorer) -> int:
    """Bytes of a variant as one safetensors file: network, embedding tables, cached text vectors, item-item term."""
    return len(save_tensors(stored_arrays(scorer)))


def text_bytes(scorer: Scorer) -> int:
    """Bytes of the cached text vectors alone, as `stored_arrays` keeps them: they grow with the catalogue."""
    texts = scorer.cached or text_vectors(scorer.ranker, scorer.features)
    parts = (_stored_matrix(x.numpy(), scorer.compression) for x in texts.values())
    return sum(array.nbytes for stored in parts for array in stored.values())


def term_bytes(scorer: Scorer) -> int:
    """Bytes of the item-item term alone, as `stored_arrays` keeps it; 0 without one."""
    return sum(array.nbytes for array in _stored_term(scorer).values())


def stored_arrays(scorer: Scorer) -> Arrays:
    """Everything a variant needs to score, each array as it is kept.

    At 32 and 16 bits a matrix is one array of that width; at 8 and 4 bits it is its codes,
    padding left out, and its scales. Where single weights were pruned, a matrix is one bit a
    weight (``.kept``) and the weights that are left (``.values``), if that is smaller. Biases
    and other vectors have 32 bits, at 16 bits 16. The encoder and its wide vectors are not
    among them: of a text its projection is kept. The item-item term is its strength, the entries
    of its columns and whose they are (`recsys_core.models.item_item.ItemItemTerm.arrays`).
    """
    compression, ranker = scorer.compression, scorer.ranker
    texts = scorer.cached or text_vectors(ranker, scorer.features)
    kind = np.float16 if compression.bits == 16 else np.float32
    arrays = {name: x.numpy().astype(kind) for name, x in vectors(ranker).items()}
    for name, matrix in (matrices(ranker) | {f"texts.{key}": x for key, x in texts.items()}).items():
        for part, array in _stored_matrix(matrix.detach().numpy(), compression).items():
            arrays[name + part] = np.ascontiguousarray(array)
    return arrays | _stored_term(scorer)


def _stored_term(scorer: Scorer) -> Arrays:
    if scorer.term is None:
        return {}
    parts = {"strength": np.array([scorer.term.alpha]), **scorer.term.arrays()}
    return {f"{TERM}.{name}": array for name, array in parts.items()}


def _stored_matrix(matrix: np.ndarray, compression: Compression) -> Arrays:
    """The parts of one matrix, by the ending of their names."""
    if not compression.is_quantised:
        values = matrix.astype(np.float16 if compression.bits == 16 else np.float32)
        return _smaller({"": values}, values, compression)
    packed = pack_matrix(matrix, compression.bits)  # the very codes the scorer runs on: packing is idempotent
    codes = packed.integers().reshape(len(matrix), packed.scales.shape[1] * BLOCK)[:, : packed.n_columns]
    return {".scales": packed.scales} | _smaller({".codes": _join_nibbles(codes, compression.bits)}, codes, compression)


def _smaller(plain: Arrays, values: np.ndarray, compression: Compression) -> Arrays:
    """``plain``, or a mask and the values that are not zero where that takes fewer bytes."""
    if not leaves_zeros(compression):
        return plain
    kept = values != 0
    sparse = {".kept": np.packbits(kept), ".values": _join_nibbles(values[kept][None], compression.bits)}
    return min(plain, sparse, key=lambda arrays: sum(a.nbytes for a in arrays.values()))


def _join_nibbles(values: np.ndarray, bits: int) -> np.ndarray:
    """Signed codes ``(n, m)`` as bytes, two 4-bit ones in each; other widths as they are."""
    if bits == 8:
        return values.astype(np.int8)
    if bits != 4:
        return values
    halves = np.pad(values + 8, ((0, 0), (0, values.shape[1] % 2))).astype(np.uint8)
    return halves[:, 0::2] | (halves[:, 1::2] << 4)
