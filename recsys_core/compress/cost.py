"""Cost: what a variant takes on disk and in multiply-adds, known from its shape and weights without running it."""

from __future__ import annotations

from torch import nn

from recsys_core.compress.storage import size_bytes, text_bytes
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer


def stored_cost(scorer: Scorer, encoder_bytes: int) -> dict[str, int]:
    """Bytes on disk, parameters and multiply-adds a pair, under the names of `Measurement`."""
    return {
        "size_bytes": size_bytes(scorer),
        "text_bytes": text_bytes(scorer),
        "encoder_bytes": encoder_bytes,
        "n_parameters": sum(p.numel() for p in scorer.ranker.parameters()),
        "macs": count_macs(scorer.ranker),
    }


def count_macs(ranker: Ranker) -> int:
    """Multiply-adds to score one pair as the scorer does it, with a history of full length.

    The user's part of the first layer, attention over the history and the empty slot, the
    rest of the body and the head. What is computed once for each item and looked up (its part
    of the first layer, query, key and value) does not count. Weights set to zero do: the
    product is carried out all the same.
    """
    shape = ranker.shape
    tables = zip(ranker.groups, ranker.adapter.tables.values(), strict=True)
    projections = sum(t.weight.numel() for g, t in tables if g.side == "user" and isinstance(t, nn.Linear))
    attention = (shape.history + 1) * 3 * shape.attention + shape.attention
    sums, *rest = (layer.linear for layer in ranker.layers())
    body = (ranker.n_user + 2 * shape.attention) * sums.out_features + sum(x.weight.numel() for x in rest)
    return projections + attention + body
