"""Cost: what a variant takes on disk and in multiply-adds, known from its shape and weights without running it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from torch import nn

from recsys_core.compress.storage import size_bytes, term_bytes, text_bytes
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Pairs, Scorer


def stored_cost(scorer: Scorer, encoder_bytes: int, pairs: Pairs | None = None) -> dict[str, int]:
    """Bytes on disk, parameters and multiply-adds a pair, under the names of `Cost`.

    Parameters
    ----------
    pairs
        Whose known positives say how many entries of the item-item term a score sums (`count_sums`); None for a
        model without one.
    """
    return {
        "size_bytes": size_bytes(scorer),
        "text_bytes": text_bytes(scorer),
        "term_bytes": term_bytes(scorer),
        "encoder_bytes": encoder_bytes,
        "n_parameters": scorer.n_parameters,
        "macs": count_macs(scorer.ranker) + count_sums(scorer, pairs),
        "neighbours": scorer.term.widest if scorer.term else 0,
    }


def count_sums(scorer: Scorer, pairs: Pairs | None) -> int:
    """Multiply-adds of the item-item term a pair: its entries that are summed up, and the product with its strength.

    Entries between a known positive and the pair's item, in the mean over the pairs, rounded; those that are zero
    count, too. 0 for a model without the term. Raises ``ValueError`` where there is one and no known positives are
    given.
    """
    if scorer.term is None:
        return 0
    if pairs is None or pairs.known is None:
        raise ValueError("what an item-item term costs depends on the items that are known to be taken")
    entries = scorer.term.by_item[pairs.items]
    places = csr_array((np.ones(entries.nnz), entries.indices, entries.indptr), shape=entries.shape)
    return round(pairs.known.csr().multiply(places).nnz / max(1, len(pairs))) + 1


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
