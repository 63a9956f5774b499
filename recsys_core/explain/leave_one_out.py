"""Leave one out: what a score loses when one item leaves the history."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.coalitions import distinct_items
from recsys_core.explain.term_game import given
from recsys_core.models.scorer import Pairs, Scorer


def leave_one_out_effects(scorer: Scorer, pair: Pairs) -> dict[int, float]:
    """Logit with the whole history less the logit without one item, by ``item_index``, newest first.

    Positive: the item speaks for the score. One network row an item, so it is instant. Unlike
    Shapley values the effects do not sum to anything: of two alike items each can be spared.
    Under an item-item term the known positives that attention does not read come behind: what an
    item adds to the term is exactly what the term loses without it.
    """
    if len(pair) != 1:
        raise ValueError(f"leave_one_out_effects takes one pair, got {len(pair)}")
    history = np.asarray(pair.histories[0])
    items = distinct_items(history)
    # the whole history stays in the batch: a scorer cuts its columns to the longest history, and holes shorten one
    left_out = np.stack([history, *(np.where(history == item, -1, history) for item in items)])
    n = len(left_out)
    scores = scorer.with_term(None).score_pairs(np.repeat(pair.users, n), np.repeat(pair.items, n), left_out)
    effects = {item: float(scores[0] - score) for item, score in zip(items, scores[1:], strict=True)}
    if scorer.term is None:
        return effects
    known = given(pair).csr().indices.tolist()
    shares = scorer.term.shares(pair.items, given(pair))
    adds = dict(zip(shares.indices.tolist(), shares.data.tolist(), strict=True))
    every = dict.fromkeys([*items, *known])
    return {item: effects.get(item, 0.0) + adds.get(item, 0.0) for item in every}
