"""Objectives: what a ranker is fitted to; here the shared part and labelled pairs.

`recsys_core.models.sequence_objective` holds what is fitted to sequences of taken items.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import Features
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import EMPTY, Ranker, concatenate, encoded_tensors
from recsys_core.models.scorer import Pairs
from recsys_core.models.treatment import BatchLosses, drawn_again

Batch = TypeVar("Batch")
Past = tuple[Tensor, Tensor, Tensor]  # keys and values (b, L, a) of histories, and the additive mask (b, 1, L)
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


class Objective(ABC, Generic[Batch]):
    """Shared by the tasks: embeds users, items and histories of a batch in training mode.

    ``start_logit`` is the constant that suits the training rows best: the head's bias before training.
    Dropout and hidden ids draw from ``noise``, which a task makes anew for each batch from the run's
    own stream: what another thread draws meanwhile changes nothing. Only items that a batch holds are embedded.
    ``draw`` says how often an epoch holds each row (labels) or each user's moments (``implicit``), relative to one
    another; every one once where it is None.
    """

    start_logit: float
    draw: np.ndarray | None = None

    def __init__(self, ranker: Ranker, features: Features, ids: IdRegulation) -> None:
        self.ranker, self.features, self.ids = ranker, features, ids
        self.encoded = encoded_tensors(features)

    @abstractmethod
    def batches(self, size: int, random: np.random.Generator) -> Sequence[Batch]:
        """The batches of one epoch, each of about ``size``."""

    @abstractmethod
    def loss(self, batch: Batch, random: np.random.Generator) -> Tensor:
        """Mean loss of a batch, penalty on ids included."""

    @abstractmethod
    def losses(self, batch: Batch, random: np.random.Generator) -> BatchLosses:
        """The same one by one, for a training that treats groups of users otherwise."""

    def users(self, users: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings ``(b, n_user)`` with dropout, and the penalty on their ids."""
        return self._inputs("user", users, noise)

    def items(self, items: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings ``(*items, n_item)`` with dropout, and the penalty on their ids."""
        return self._inputs("item", items, noise)

    def histories(self, histories: np.ndarray, noise: torch.Generator) -> Past:
        """Keys, values ``(b, L, a)`` and additive mask of histories ``(b, L)``, -1 padded."""
        embedded, rows, absent = self.embedded_histories(histories, noise)
        attention = self.ranker.adapter.attention
        return F.embedding(rows, attention.key(embedded)), F.embedding(rows, attention.value(embedded)), absent

    def embedded_histories(self, histories: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """The different items of histories ``(b, L)``, -1 padded, embedded ``(m, n_item)``; where they stand; mask."""
        used = max(1, int((histories >= 0).sum(1).max(initial=0)))
        histories = histories[:, :used]
        items, place = distinct(np.maximum(histories, 0), self.features.n_items)
        embedded, _ = self.items(items, noise)
        absent = torch.where(torch.from_numpy(np.ascontiguousarray(histories)) < 0, EMPTY, 0.0).unsqueeze(1)
        return embedded, torch.from_numpy(place), absent

    def _inputs(self, side: str, rows: np.ndarray, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """Embeddings of one side with dropout, and the mean squared length of the ids that were looked up."""
        looked_up = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64))
        parts, penalty = [], torch.zeros(())
        for group in self.features.side(side):
            encoded = self.encoded[group.key][looked_up]
            if group.kind == "id":
                encoded = self._hide(encoded, noise)
                part = self.ranker.adapter.embed(group, encoded)
                penalty = _mean_square(part, encoded > 0)
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


def distinct(items: np.ndarray, n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """The different ones of ``items``, ascending, and for each entry its place among them; quicker than sorting.

    >>> [found.tolist() for found in distinct(np.array([[7, 2], [2, 4]]), 9)]
    [[2, 4, 7], [[2, 0], [0, 1]]]
    """
    there = np.zeros(n_items, dtype=bool)
    there[items] = True
    found = np.flatnonzero(there)
    place = np.empty(n_items, dtype=np.int64)
    place[found] = np.arange(len(found))
    return found, place[items]


def batch_noise(random: np.random.Generator) -> torch.Generator:
    """A batch's generator for dropout and hidden ids, seeded from the run's stream."""
    return torch.Generator().manual_seed(int(random.integers(2**63)))


def _offsets(term: ItemItemTerm | None, pairs: Pairs) -> Tensor | None:
    """What the term adds to each pair ``(n,)``; None where there is no term."""
    if term is None:
        return None
    if pairs.known is None:
        raise ValueError("the item-item term needs the pairs' known positives")
    return torch.from_numpy(term.pairs(pairs.items, pairs.known))


class LabelledObjective(Objective[np.ndarray]):
    """Tasks ``like`` (binary cross-entropy) and ``rating`` (squared error on the scale of 0 to 1).

    ``term`` adds to each logit what is known of the pair's user, as a constant: the network learns what is left.
    """

    def __init__(
        self,
        ranker: Ranker,
        features: Features,
        ids: IdRegulation,
        labelled: tuple[Pairs, np.ndarray],
        *,
        squared: bool,
        term: ItemItemTerm | None = None,
    ) -> None:
        super().__init__(ranker, features, ids)
        pairs, target = labelled
        self.pairs, self.target, self.squared = pairs, torch.from_numpy(target.astype(np.float32)), squared
        self.offset = _offsets(term, pairs)
        self.lengths = (pairs.histories >= 0).sum(1)
        mean = float(np.clip(target.mean(), 1e-3, 1 - 1e-3))
        self.start_logit = float(np.log(mean / (1 - mean)))

    def batches(self, size: int, random: np.random.Generator) -> Sequence[np.ndarray]:
        """All rows once, in random batches of like history length: little padding, three times as fast."""
        order, batches = random.permutation(len(self.target)), []
        if self.draw is not None:
            order = random.permutation(drawn_again(self.draw, random))
        for start in range(0, len(order), size * SORTED_BATCHES):
            some = order[start : start + size * SORTED_BATCHES]
            some = some[np.argsort(self.lengths[some], kind="stable")]
            batches += [some[i : i + size] for i in range(0, len(some), size)]
        return [batches[i] for i in random.permutation(len(batches))]

    def loss(self, batch: np.ndarray, random: np.random.Generator) -> Tensor:
        logits, _, penalty = self._logits(batch, random)
        return self._error(logits, batch, "mean") + penalty

    def losses(self, batch: np.ndarray, random: np.random.Generator) -> BatchLosses:
        logits, representation, penalty = self._logits(batch, random)
        each = self._error(logits, batch, "none")
        return BatchLosses(each, self.pairs.users[batch], batch, representation, penalty)

    def _error(self, logits: Tensor, rows: np.ndarray, reduction: str) -> Tensor:
        target = self.target[torch.from_numpy(rows)]
        if self.squared:
            return F.mse_loss(torch.sigmoid(logits), target, reduction=reduction)
        return F.binary_cross_entropy_with_logits(logits, target, reduction=reduction)

    def _logits(self, rows: np.ndarray, random: np.random.Generator) -> tuple[Tensor, Callable[[], Tensor], Tensor]:
        """Logits ``(b,)``, what makes the users' representation, and the penalty on ids."""
        pairs, noise = self.pairs[rows], batch_noise(random)
        users, of_user = self.users(pairs.users, noise)
        past = self.histories(pairs.histories, noise)
        items, of_item = self.items(pairs.items[:, None], noise)
        part, query = self.ranker.item_parts(items)
        pooled = self.ranker.pooled(query, past, noise=noise)
        logits = self.ranker.grid(users, part, pooled, noise=noise).squeeze(1)
        if self.offset is not None:
            logits = logits + self.offset[torch.from_numpy(rows)]
        return logits, lambda: self.ranker.representation(users, pooled), self.ids.penalty * (of_user + of_item)
