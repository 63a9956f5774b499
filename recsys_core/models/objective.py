"""Objectives: what a ranker is fitted to, one labelled pair at a time or one user's sequence at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import Features
from recsys_core.data.known import Known, PositiveRows
from recsys_core.metrics import sorted_once
from recsys_core.models.ranker import EMPTY, Ranker, concatenate, encoded_tensors
from recsys_core.models.scorer import Pairs

SORTED_BATCHES = 16  # rows are sorted by history length within so many batches at a time


@dataclass(frozen=True, slots=True)
class IdRegulation:
    """Keeps ids from swallowing what attributes explain.

    ``dropout``: share of rows in which an id is hidden, so that unseen users and items work.
    ``penalty``: weight of the mean squared length of the looked-up id embeddings in the loss. Each row that
    looks up its own id counts once: no padding, and no hidden id, whose shared embedding would bear the sum.
    """

    dropout: float = 0.1
    penalty: float = 1e-2


class Objective(ABC):
    """Shared by the tasks: embeds users, items and histories of a batch in training mode.

    ``start_logit`` is the constant that suits the training rows best: the head's bias before training.
    Dropout and hidden ids draw from ``noise``, which a task makes anew for each batch from the run's
    own stream: what another thread draws meanwhile changes nothing.
    """

    start_logit: float

    def __init__(self, ranker: Ranker, features: Features, ids: IdRegulation) -> None:
        self.ranker, self.features, self.ids = ranker, features, ids
        self.encoded = encoded_tensors(features)
        self.all_items = np.arange(features.n_items)

    @abstractmethod
    def batches(self, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
        """Rows of one pass over the training data, ``size`` at a time."""

    @abstractmethod
    def n_batches(self, size: int) -> int:
        """Number of batches of one pass."""

    @abstractmethod
    def loss(self, rows: np.ndarray, random: np.random.Generator) -> Tensor:
        """Mean loss of a batch, penalty on ids included."""

    def users(self, users: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings ``(b, n_user)`` with dropout, and the penalty on their ids."""
        return self._inputs("user", users, noise)

    def logits(
        self, users: Tensor, items: np.ndarray, past: tuple[Tensor, Tensor, Tensor], noise: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Logits ``(b, n)`` of items ``(n,)`` or ``(b, n)`` for each user, and the penalty on their ids.

        Items below 0 are padding: their logits mean nothing, and the penalty passes them over.
        """
        embedded, penalty = self._inputs("item", items, noise)
        return self.ranker.grid(users, embedded, past, noise=noise), penalty

    def histories(self, histories: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Keys, values ``(b, L, a)`` and additive mask of histories ``(b, L)``."""
        used = max(1, int((histories >= 0).sum(1).max(initial=0)))
        rows = torch.from_numpy(np.ascontiguousarray(histories[:, :used], dtype=np.int64))
        items, _ = self._inputs("item", self.all_items, noise)
        attention = self.ranker.adapter.attention
        absent = torch.where(rows < 0, EMPTY, 0.0).unsqueeze(1)
        rows = rows.clamp(min=0)
        return F.embedding(rows, attention.key(items)), F.embedding(rows, attention.value(items)), absent

    def _inputs(self, side: str, rows: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings of one side with dropout, and the mean squared length of the ids that were looked up."""
        asked = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64))
        real, looked_up = asked >= 0, asked.clamp(min=0)
        parts, penalty = [], torch.zeros(())
        for group in self.features.side(side):
            encoded = self.encoded[group.key][looked_up]
            if group.kind == "id":
                encoded = self._hide(encoded, noise)
                part = self.ranker.adapter.embed(group, encoded)
                penalty = _mean_square(part, real & (encoded > 0))
            else:
                part = self.ranker.adapter.embed(group, encoded)
            parts.append(part)
        return self.ranker.input_dropout(concatenate(parts, looked_up), noise), penalty

    def _hide(self, ids: Tensor, noise: torch.Generator) -> Tensor:
        """Ids with a random share replaced by 0, the code of an unknown one."""
        if not self.ids.dropout:
            return ids
        return ids.masked_fill(torch.rand(ids.shape, generator=noise) < self.ids.dropout, 0)


def _mean_square(embedded: Tensor, counted: Tensor) -> Tensor:
    """Mean squared length of the embeddings ``(..., width)`` that count; 0 where none does."""
    return (embedded.square().sum(-1) * counted).sum() / counted.sum().clamp(min=1)


def _noise(random: np.random.Generator) -> torch.Generator:
    """A batch's generator for dropout and hidden ids, seeded from the run's stream."""
    return torch.Generator().manual_seed(int(random.integers(2**63)))


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
        pairs, target, noise = self.pairs[rows], self.target[torch.from_numpy(rows)], _noise(random)
        users, of_user = self.users(pairs.users, noise)
        logits, of_item = self.logits(users, pairs.items[:, None], self.histories(pairs.histories, noise), noise)
        logits = logits.squeeze(1)
        if self.squared:
            error = F.mse_loss(torch.sigmoid(logits), target)
        else:
            error = F.binary_cross_entropy_with_logits(logits, target)
        return error + self.ids.penalty * (of_user + of_item)


class SequenceObjective(Objective):
    """Task ``implicit``: at a random moment of a user's sequence, tell what is taken later from what is not.

    For each user of a batch a moment is drawn at which an item is taken for the first time; the
    history before it is the input, each item once as at evaluation, up to ``targets`` items
    taken for the first time from then on are the positives, each set by softmax cross-entropy against
    ``negatives`` uniform items that all users of the batch share and that the user never took
    (sampled softmax, Jean et al. 2015). One pass draws one moment a user.

    ``taken`` is every user's sequence: `SplitDataset.sequences`.
    """

    def __init__(
        self, ranker: Ranker, features: Features, ids: IdRegulation, taken: csr_array, *, negatives: int, targets: int
    ) -> None:
        super().__init__(ranker, features, ids)
        lengths, self.items = np.diff(taken.indptr), taken.indices.astype(np.int64)
        owner = np.repeat(np.arange(features.n_users), lengths)
        pairs = owner * features.n_items + self.items
        self.positives = sorted_once(pairs)
        self.first = np.flatnonzero(~pd.Series(pairs).duplicated().to_numpy())  # rows that are no repetition
        self.first_of = np.searchsorted(owner[self.first], np.arange(features.n_users + 1))
        self.active = np.flatnonzero(lengths > 0)
        self.n_negatives, self.n_targets = min(negatives, features.n_items), targets
        self.start_logit = 0.0
        shape, at = (features.n_users, features.n_items, len(self.items)), np.arange(len(self.items))
        self.rows = PositiveRows.build(owner, self.items, at, shape=shape, length=ranker.shape.history)

    def batches(self, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
        order = random.permutation(self.active)
        return (order[i : i + size] for i in range(0, len(order), size))

    def n_batches(self, size: int) -> int:
        return -(-len(self.active) // size)

    def loss(self, rows: np.ndarray, random: np.random.Generator) -> Tensor:
        history, targets = self._moments(rows, random)
        drawn, noise = random.choice(self.features.n_items, self.n_negatives, replace=False), _noise(random)
        users, of_user = self.users(rows, noise)
        past = self.histories(history, noise)
        negative, _ = self.logits(users, drawn, past, noise)
        negative = negative.masked_fill(torch.from_numpy(self._took(rows, drawn)), -1e9)
        positive, of_item = self.logits(users, targets, past, noise)
        against = torch.logsumexp(negative, 1, keepdim=True)
        error = F.softplus(against - positive)  # -log softmax of one positive among the negatives
        real = torch.from_numpy(targets >= 0)
        error = (error * real).sum(1) / real.sum(1)
        return error.mean() + self.ids.penalty * (of_user + of_item)

    def _moments(self, users: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """History (b, L) before a random moment, newest first, and targets (b, T) after it, -1 padded."""
        start, end = self.first_of[users], self.first_of[users + 1]
        moment = start + np.floor(random.random(len(users)) * (end - start)).astype(np.int64)
        history = Known(self.rows, users, self.first[moment], np.full(len(users), -1)).newest()
        left = end - moment
        ahead = np.floor(random.random((len(users), self.n_targets)) * left[:, None]).astype(np.int64)
        few = left <= self.n_targets  # take each of them once rather than some of them twice
        ahead[few] = np.arange(self.n_targets)
        inside = ahead < left[:, None]
        later = self.first[np.minimum(moment[:, None] + ahead, len(self.first) - 1)]
        return history, np.where(inside, self.items[later], -1)

    def _took(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        wanted = users[:, None] * self.features.n_items + items[None]
        at = np.minimum(np.searchsorted(self.positives, wanted), len(self.positives) - 1)
        return self.positives[at] == wanted
