"""Representation: what a ranker makes of a user before it looks at any item, as one vector.

The attribute probe (leakage), adversarial training and the linear projection all mean this vector, so that what one of
them takes away is what another no longer finds.
"""

from __future__ import annotations

import numpy as np
import torch

from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream

N_ITEMS = 64  # whose queries a history is pooled for
CHUNK = 256  # users at a time


@torch.inference_mode()
def user_representation(scorer: Scorer, users: np.ndarray, histories: np.ndarray, items: np.ndarray) -> np.ndarray:
    """What user features and history add to the first layer, before its ReLU: ``(n, first)`` float64.

    Of the ``histories`` ``(n, L)`` it is the mean over the queries of ``items`` (`query_items`), as an item's own query
    decides how a history is pooled. The layer's bias is in it, the same for everyone. The layers behind the ReLU read
    no more of a user than this and the history's differences between items.
    """
    parts = []
    for start in range(0, len(users), CHUNK):
        rows = slice(start, start + CHUNK)
        past = scorer.history_vectors(histories[rows])
        of_history = scorer.runtime.history_part(scorer.item_query[items], past.keys, past.values, past.absent)
        parts.append((scorer.user_base(users[rows]) + of_history.mean(1)).numpy().astype(float))
    return np.concatenate(parts) if parts else np.zeros((0, len(scorer.first_bias)))


def query_items(n_items: int, *, seed: int) -> np.ndarray:
    """The items whose queries histories are pooled for: at most 64, drawn once for a seed, ascending."""
    drawn = random_stream(seed, "query items").choice(n_items, min(N_ITEMS, n_items), replace=False)
    return np.sort(drawn)


def representation_of(scorer: Scorer, split_dataset: SplitDataset, users: np.ndarray) -> np.ndarray:
    """`user_representation` with the histories that the test part may know; the items are drawn by the split's seed."""
    items = query_items(scorer.n_items, seed=split_dataset.split.seed)
    known = split_dataset.histories.known(users, "test")
    return user_representation(scorer, users, known.newest(), items)
