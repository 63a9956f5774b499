"""Sketch: a variant's shape without its training, so that its size is known at once."""

from __future__ import annotations

import torch

from recsys_core.compress.latency import count_macs
from recsys_core.compress.prune import LEAST_UNITS, cut_units, prune_unstructured, units_left
from recsys_core.compress.storage import size_bytes, text_bytes
from recsys_core.compress.variants import store_at
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.variant import Compression


def sketch(dense: Scorer, compression: Compression) -> Scorer:
    """A scorer of the variant's shape and width of bits whose units are the first ones, not the best ones.

    Its costs are the variant's; its scores mean nothing.
    """
    if compression.is_dense:
        return dense
    ranker = dense.ranker
    if compression.distill:
        width = min(compression.distill, ranker.shape.first)
        ranker = _first_units(ranker, width, max(LEAST_UNITS, width // 2))
    if compression.sparsity and compression.pruning == "structured":
        shape = ranker.shape
        ranker = _first_units(ranker, *(units_left(n, compression.sparsity) for n in (shape.first, shape.second)))
    elif compression.sparsity:
        ranker = prune_unstructured(ranker, compression.sparsity)
    return store_at(ranker, dense.features, compression, model=dense.variant.model)


def _first_units(ranker: Ranker, first: int, second: int) -> Ranker:
    second = min(second, ranker.shape.second)
    return cut_units(ranker, torch.arange(first), torch.arange(second)).ranker


def stored_cost(scorer: Scorer, encoder_bytes: int) -> dict[str, int]:
    """Bytes on disk, parameters and multiply-adds a pair, under the names of `Measurement`."""
    return {
        "size_bytes": size_bytes(scorer),
        "text_bytes": text_bytes(scorer),
        "encoder_bytes": encoder_bytes,
        "n_parameters": sum(p.numel() for p in scorer.ranker.parameters()),
        "macs": count_macs(scorer.ranker),
    }
