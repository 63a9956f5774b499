"""Unstructured pruning: the smallest single weights are set to zero; the network keeps its shape and its speed."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from recsys_core.compress.distillation import Reduced
from recsys_core.compress.lever import Lever, Sample
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression


class Unstructured(Lever):
    """The share ``sparsity`` of the weights goes, the smallest first."""

    name = "unstructured"
    leaves_zeros = True

    def is_set(self, compression: Compression) -> bool:
        return compression.sparsity > 0 and compression.pruning == "unstructured"

    def apply(self, ranker: Ranker, compression: Compression, sample: Sample) -> Reduced:
        return Reduced(prune_unstructured(ranker, compression.sparsity))


def prune_unstructured(ranker: Ranker, sparsity: float) -> Ranker:
    """Set the smallest weights to zero, by one global threshold; ``ranker`` is not changed.

    The matrices are ``prunable(ranker)``. A global threshold keeps more of lists and reasons
    than one threshold a layer (top ten kept 0.91 against 0.88 at half the weights in the same
    pilot), because layers differ in how many of their weights matter.
    """
    pruned = copy.deepcopy(ranker)
    weights = prunable(pruned)
    with torch.no_grad():
        flat = torch.cat([w.flatten() for w in weights])
        flat[flat.abs().argsort(stable=True)[: round(len(flat) * sparsity)]] = 0
        for weight, part in zip(weights, flat.split([w.numel() for w in weights]), strict=True):
            weight.copy_(part.view_as(weight))
    return pruned.eval()


def prunable(ranker: Ranker) -> list[Tensor]:
    """Weight matrices of the adapter's projections, the attention, the body and the head; no look-up table."""
    tables = [t.weight for t in ranker.adapter.tables.values() if isinstance(t, nn.Linear)]
    attention = ranker.adapter.attention
    of_attention = [layer.weight for layer in (attention.query, attention.key, attention.value)]
    return [*tables, *of_attention, *(layer.linear.weight for layer in ranker.layers())]


LEVER = Unstructured()
