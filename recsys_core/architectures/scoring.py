"""DesignScorer: a trained design as what `recsys_core.models.evaluation.evaluate` evaluates."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import Features
from recsys_core.data.known import Known
from recsys_core.models.ranker import EMPTY, Ranker, concatenate, encoded_tensors

FLOATS = 4_000_000  # of the widest tensor at once
PAIRS = 4096


class DesignScorer:
    """Logits of a network in evaluation mode; users and items are embedded once."""

    @torch.inference_mode()
    def __init__(self, network: Ranker, features: Features) -> None:
        self.network, self.features = network.eval(), features
        encoded = encoded_tensors(features)

        def side(name: str) -> Tensor:
            parts = [network.adapter.embed(g, encoded[g.key]) for g in features.side(name)]
            return concatenate(parts, torch.arange(features.n_rows(name)))

        self.users, items = side("user"), side("item")
        self.part, self.query = network.item_parts(items)
        attention = network.adapter.attention
        self.keys, self.values = attention.key(items), attention.value(items)
        self.width = max(64, network.n_user + network.n_item)

    @torch.inference_mode()
    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        """Logits of all items ``(n, n_items)``."""
        n_items = self.features.n_items
        step = max(1, FLOATS // (n_items * self.width))
        out = np.empty((len(users), n_items), dtype=np.float32)
        for start in range(0, len(users), step):
            rows = slice(start, start + step)
            pooled = self.network.pooled(self.query, self._past(histories[rows]))
            out[rows] = self.network.grid(self._users(users[rows]), self.part, pooled).numpy()
        return out

    @torch.inference_mode()
    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        """Logits of pairs ``(n,)``."""
        out = np.empty(len(users), dtype=np.float32)
        for start in range(0, len(users), PAIRS):
            rows = slice(start, start + PAIRS)
            wanted = torch.from_numpy(items[rows].astype(np.int64)).unsqueeze(1)
            pooled = self.network.pooled(self.query[wanted], self._past(histories[rows]))
            out[rows] = self.network.grid(self._users(users[rows]), self.part[wanted], pooled).squeeze(1).numpy()
        return out

    def _users(self, users: np.ndarray) -> Tensor:
        return self.users[torch.from_numpy(users.astype(np.int64))]

    def _past(self, histories: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        histories = histories[:, : self.network.shape.history]
        used = max(1, int((histories >= 0).sum(1).max(initial=0)))
        rows = torch.from_numpy(np.maximum(histories[:, :used], 0).astype(np.int64))
        absent = torch.where(torch.from_numpy(np.ascontiguousarray(histories[:, :used])) < 0, EMPTY, 0.0).unsqueeze(1)
        return F.embedding(rows, self.keys), F.embedding(rows, self.values), absent
