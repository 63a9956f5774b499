"""Leave one out: what a score loses when one item leaves the history."""

from __future__ import annotations

import numpy as np

from recsys_core.models.scorer import Pairs, Scorer


def leave_one_out_effects(scorer: Scorer, pair: Pairs) -> dict[int, float]:
    """Logit with the whole history less the logit without one item, by ``item_index``, newest first.

    Positive: the item speaks for the score. One network row an item, so it is instant. Unlike
    Shapley values the effects do not sum to anything: of two alike items each can be spared.
    """
    if len(pair) != 1:
        raise ValueError(f"leave_one_out_effects takes one pair, got {len(pair)}")
    history = np.asarray(pair.histories[0])
    items = list(dict.fromkeys(int(i) for i in history if i >= 0))
    if not items:
        return {}
    # the whole history stays in the batch: a scorer cuts its columns to the longest history, and holes shorten one
    left_out = np.stack([history, *(np.where(history == item, -1, history) for item in items)])
    n = len(left_out)
    scores = scorer.score_pairs(np.repeat(pair.users, n), np.repeat(pair.items, n), left_out)
    return {item: float(scores[0] - score) for item, score in zip(items, scores[1:], strict=True)}
