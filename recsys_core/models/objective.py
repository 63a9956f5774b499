"""Objectives: what a ranker is fitted to, one labelled pair at a time or one user's sequence at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import Features, Group
from recsys_core.metrics import Csr
from recsys_core.models.ranker import EMPTY, Ranker, encoded_tensors
from recsys_core.models.scorer import Pairs

SORTED_BATCHES = 16  # rows are sorted by history length within so many batches at a time


@dataclass(frozen=True, slots=True)
class IdRegulation:
    """Keeps ids from swallowing what attributes explain.

    ``dropout``: share of rows in which an id is hidden, so that unseen users and items work.
    ``penalty``: weight of the mean squared length of the looked-up id embeddings in the loss.
    """

    dropout: float = 0.1
    penalty: float = 1e-2


class Objective:
    """Shared by the tasks: embeds users, items and histories of a batch in training mode."""

    def __init__(self, ranker: Ranker, features: Features, ids: IdRegulation) -> None:
        self.ranker, self.features, self.ids = ranker, features, ids
        self.encoded = encoded_tensors(features)
        self.all_items = torch.arange(features.n_items)

    def users(self, users: np.ndarray) -> tuple[Tensor, Tensor]:
        """Embeddings ``(b, n_user)`` with dropout, and the penalty on their ids."""
        embedded, penalty = self._inputs("user", torch.from_numpy(users))
        return self.ranker.input_dropout(embedded), penalty

    def logits(self, users: Tensor, items: np.ndarray, past: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Logits ``(b, n)`` of items ``(n,)`` or ``(b, n)`` for each user, and the penalty on their ids."""
        embedded, penalty = self._inputs("item", torch.from_numpy(np.ascontiguousarray(items, dtype=np.int64)))
        return self.ranker.grid(users, self.ranker.input_dropout(embedded), *past), penalty

    def histories(self, histories: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values ``(b, L, a)`` and additive mask of histories ``(b, L)``."""
        used = max(1, int((histories >= 0).sum(1).max(initial=0)))
        rows = torch.from_numpy(np.ascontiguousarray(histories[:, :used], dtype=np.int64))
        items, _ = self._inputs("item", self.all_items)
        items = self.ranker.input_dropout(items)
        attention = self.ranker.adapter.attention
        absent = torch.where(rows < 0, EMPTY, 0.0).unsqueeze(1)
        rows = rows.clamp(min=0)
        return F.embedding(rows, attention.key(items)), F.embedding(rows, attention.value(items)), absent

    def _inputs(self, side: str, rows: Tensor) -> tuple[Tensor, Tensor]:
        parts, penalty = [], torch.zeros(())
        for group in self.features.side(side):
            part = self.ranker.adapter.embed(group, self._encoded(group, rows))
            if group.kind == "id":
                penalty = part.square().sum(-1).mean()
            parts.append(part)
        return torch.cat(parts, -1), penalty

    def _encoded(self, group: Group, rows: Tensor) -> Tensor:
        encoded = self.encoded[group.key][rows]
        if group.kind == "id" and self.ids.dropout:
            encoded = encoded.masked_fill(torch.rand(encoded.shape) < self.ids.dropout, 0)
        return encoded


class LabelledObjective(Objective):
    """Tasks ``like`` (binary cross-entropy) and ``rating`` (squared error on the scale of 0 to 1)."""

    def __init__(
        self, ranker: Ranker, features: Features, ids: IdRegulation, pairs: Pairs, target: np.ndarray, *, squared: bool
    ) -> None:
        super().__init__(ranker, features, ids)
        self.pairs, self.target, self.squared = pairs, torch.from_numpy(target.astype(np.float32)), squared
        self.lengths = (pairs.histories >= 0).sum(1)
        mean = float(np.clip(target.mean(), 1e-3, 1 - 1e-3))
        self.start_logit = float(np.log(mean / (1 - mean)))

    def batches(self, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
        """All rows once, in random batches of like history length: little padding, three times as fast."""
        order, batches = random.permutation(len(self.target)), []
        for start in range(0, len(order), size * SORTED_BATCHES):
            some = order[start : start + size * SORTED_BATCHES]
            some = some[np.argsort(self.lengths[some], kind="stable")]
            batches += [some[i : i + size] for i in range(0, len(some), size)]
        return (batches[i] for i in random.permutation(len(batches)))

    def n_batches(self, size: int) -> int:
        return -(-len(self.target) // size)

    def loss(self, rows: np.ndarray, random: np.random.Generator) -> Tensor:
        pairs, target = self.pairs[rows], self.target[torch.from_numpy(rows)]
        users, of_user = self.users(pairs.users)
        logits, of_item = self.logits(users, pairs.items[:, None], self.histories(pairs.histories))
        logits = logits.squeeze(1)
        if self.squared:
            error = F.mse_loss(torch.sigmoid(logits), target)
        else:
            error = F.binary_cross_entropy_with_logits(logits, target)
        return error + self.ids.penalty * (of_user + of_item)


class SequenceObjective(Objective):
    """Task ``implicit``: at a random moment of a user's sequence, tell what is taken later from what is not.

    For each user of a batch a moment is drawn; the history before it is the input, up to
    ``targets`` later items are the positives, each set by softmax cross-entropy against
    ``negatives`` uniform items that all users of the batch share and that the user never took
    (sampled softmax, Jean et al. 2015). One pass draws one moment a user.
    """

    def __init__(
        self, ranker: Ranker, features: Features, ids: IdRegulation, sequences: Csr, *, negatives: int, targets: int
    ) -> None:
        super().__init__(ranker, features, ids)
        self.indptr, self.items = sequences
        self.active = np.flatnonzero(np.diff(self.indptr) > 0)
        self.n_negatives, self.n_targets = min(negatives, features.n_items), targets
        self.length = ranker.shape.history
        self.start_logit = 0.0
        owner = np.repeat(np.arange(features.n_users), np.diff(self.indptr))
        self.taken = np.unique(owner * features.n_items + self.items)

    def batches(self, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
        order = random.permutation(self.active)
        return (order[i : i + size] for i in range(0, len(order), size))

    def n_batches(self, size: int) -> int:
        return -(-len(self.active) // size)

    def loss(self, rows: np.ndarray, random: np.random.Generator) -> Tensor:
        history, targets = self._moments(rows, random)
        drawn = random.choice(self.features.n_items, self.n_negatives, replace=False)
        users, of_user = self.users(rows)
        past = self.histories(history)
        negative, _ = self.logits(users, drawn, past)
        negative = negative.masked_fill(torch.from_numpy(self._took(rows, drawn)), -1e9)
        positive, of_item = self.logits(users, np.maximum(targets, 0), past)
        against = torch.logsumexp(negative, 1, keepdim=True)
        error = F.softplus(against - positive)  # -log softmax of one positive among the negatives
        real = torch.from_numpy(targets >= 0)
        error = (error * real).sum(1) / real.sum(1)
        return error.mean() + self.ids.penalty * (of_user + of_item)

    def _moments(self, users: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """History (b, L) before a random moment, newest first, and targets (b, T) after it, -1 padded."""
        start, end = self.indptr[users], self.indptr[users + 1]
        moment = start + np.floor(random.random(len(users)) * (end - start)).astype(np.int64)
        back = moment[:, None] - 1 - np.arange(self.length)
        history = np.where(back >= start[:, None], self.items[np.maximum(back, 0)], -1)
        left = end - moment
        ahead = np.floor(random.random((len(users), self.n_targets)) * left[:, None]).astype(np.int64)
        few = left <= self.n_targets  # take each of them once rather than some of them twice
        ahead[few] = np.arange(self.n_targets)
        inside = ahead < left[:, None]
        targets = np.where(inside, self.items[np.minimum(moment[:, None] + ahead, len(self.items) - 1)], -1)
        return history, targets

    def _took(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        wanted = users[:, None] * self.features.n_items + items[None]
        at = np.minimum(np.searchsorted(self.taken, wanted), len(self.taken) - 1)
        return self.taken[at] == wanted
