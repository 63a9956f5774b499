"""What the body reads: the embeddings and the pooled history of pairs, as one row each."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recsys_core.models.scorer import Pairs, Scorer

CHUNK = 512


def body_inputs(scorer: Scorer, pairs: Pairs, items: np.ndarray | None = None) -> Tensor:
    """Concatenated embeddings and pooled history: an ordinary tensor ``(b * m, n_inputs)``.

    ``items`` ``(b, m)`` are scored with the users and histories of the ``b`` pairs; the pairs' own
    items (m = 1) if None.
    """
    items = pairs.items[:, None] if items is None else items
    attention, parts = scorer.ranker.adapter.attention, []
    users = scorer.embeddings("user", torch.from_numpy(np.asarray(pairs.users, dtype=np.int64)))
    distinct, place = np.unique(items, return_inverse=True)
    embedded = scorer.embeddings("item", torch.from_numpy(distinct.astype(np.int64)))
    places = torch.from_numpy(place.reshape(items.shape))
    with torch.no_grad():
        for start in range(0, len(pairs), CHUNK):
            rows = slice(start, start + CHUNK)
            past, wanted = scorer.history_vectors(pairs.histories[rows]), torch.from_numpy(items[rows].astype(np.int64))
            pooled = attention(scorer.item_query[wanted], past.keys, past.values, past.absent)
            of_user = users[rows].unsqueeze(1).expand(-1, items.shape[1], -1)
            parts.append(torch.cat([of_user, embedded[places[rows]], pooled], -1).flatten(0, 1))
    with torch.inference_mode(False):  # gradients do not flow through tensors made in inference mode
        return torch.cat(parts) if parts else torch.zeros(0, scorer.ranker.layers()[0].linear.in_features)
