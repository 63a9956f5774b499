"""Task ``implicit``: at moments of users' sequences, tell what is taken next from what is never taken.

The work follows the positives, not users times catalogue: every positive is a target once a pass, moments with
few targets meet few negatives, and only the items of a batch are embedded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.features import Features
from recsys_core.data.known import Known, KnownItems, PositiveRows, Positives
from recsys_core.metrics import sorted_once
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.moment_logits import candidate_logits
from recsys_core.models.objective import IdRegulation, Objective, batch_noise, distinct
from recsys_core.models.ranker import Ranker
from recsys_core.models.treatment import BatchLosses, drawn_again

TAKEN = -1e9  # logit of a negative that the user took: no part of the softmax
MOST_PASSES = 3  # of an epoch
NEAR = 8  # history lengths that share a batch differ by less


@dataclass(frozen=True, slots=True)
class SequenceSampling:
    """What a pass over the sequences scores.

    Attributes
    ----------
    targets
        Most items that are told apart at one moment.
    negatives, a_target, fewest
        Negatives of a batch, shared by its moments: ``a_target`` for each target of its longest block, at least
        ``fewest`` and at most ``negatives``. So a reader with three ratings does not pay for a hundred candidates.
    least, most
        Targets of an epoch: as many whole passes as reach ``least``, three at most, and no more than about ``most``
        (then the users are a random share of all, drawn anew each epoch).
    """

    targets: int = 16
    negatives: int = 200
    a_target: int = 12
    fewest: int = 16
    least: int = 50_000
    most: int = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A batch: blocks ``[begin, end)`` of consecutive first takings, and how many negatives they share."""

    begin: np.ndarray
    end: np.ndarray
    n_negatives: int


class SequenceObjective(Objective[Moments]):
    """Softmax cross-entropy of each target against sampled negatives (Jean et al. 2015).

    Each user's sequence of first takings is cut into blocks at a random place. What was taken before a block is
    the input, each item once as at evaluation; each item of the block is set against uniform items that the
    user never took. Where sequences have no order (``ordered`` False, the ``random`` split), all that the user took
    but the block is the input: as much as is known at evaluation. ``term`` adds what all of the moment's known
    positives say of an item to its logit, as a constant: the network learns what the term does not know. All
    moments of a batch count alike.

    ``positives`` are the rows with a positive in training (`recsys_core.data.history.Histories.pools`).
    """

    def __init__(
        self,
        ranker: Ranker,
        features: Features,
        ids: IdRegulation,
        positives: PositiveRows,
        sampling: SequenceSampling,
        *,
        ordered: bool = True,
        term: ItemItemTerm | None = None,
    ) -> None:
        super().__init__(ranker, features, ids)
        self.rows, self.sampling, self.ordered, self.term = positives, sampling, ordered, term
        owner = np.repeat(np.arange(features.n_users), np.diff(positives.start))
        self.taken = sorted_once(owner * features.n_items + positives.item)
        again = positives.following[positives.following < len(owner)]
        is_first = np.ones(len(owner), dtype=bool)
        is_first[again] = False
        self.first = np.flatnonzero(is_first)
        self.user = owner[self.first]
        self.start = np.searchsorted(self.user, np.arange(features.n_users + 1))
        self.start_logit = 0.0

    def batches(self, size: int, random: np.random.Generator) -> Sequence[Moments]:
        """Moments of an epoch, in batches of ``size`` candidates at most, or of one moment."""
        found: list[Moments] = []
        n_targets = len(self.first)
        if not n_targets:
            return found
        share = min(1.0, self.sampling.most / n_targets)
        for _ in range(min(MOST_PASSES, -(-self.sampling.least // n_targets))):
            begin, end = target_blocks(self.start, self.sampling.targets, random)
            if share < 1:
                kept = (random.random(len(self.start) - 1) < share)[self.user[begin]]
                begin, end = begin[kept], end[kept]
            if self.draw is not None:
                again = drawn_again(self.draw[self.user[begin]], random)
                begin, end = begin[again], end[again]
            found += self._batches(begin, end, size, random)
        return [found[i] for i in random.permutation(len(found))]

    def _batches(self, begin: np.ndarray, end: np.ndarray, size: int, random: np.random.Generator) -> list[Moments]:
        """Blocks of like size and like history side by side: little padding."""
        since = self.start[self.user[begin]]
        n_known = begin - since if self.ordered else self.start[self.user[begin] + 1] - since - (end - begin)
        width = np.minimum(n_known, self.ranker.shape.history)
        order = random.permutation(len(begin))
        order = order[np.lexsort((width[order] // NEAR, (end - begin)[order]))[::-1]]
        found, at, sampling = [], 0, self.sampling
        while at < len(order):
            longest = int(end[order[at]] - begin[order[at]])
            wanted = int(np.clip(sampling.a_target * longest, sampling.fewest, sampling.negatives))
            n_negatives = min(wanted, self.features.n_items)
            some = order[at : at + max(1, size // (longest + n_negatives))]
            found.append(Moments(begin[some], end[some], n_negatives))
            at += len(some)
        return found

    def loss(self, batch: Moments, random: np.random.Generator) -> Tensor:
        found = self.losses(batch, random)
        return found.each.mean() + found.penalty

    def losses(self, batch: Moments, random: np.random.Generator) -> BatchLosses:
        """Each moment's own is the mean over its targets."""
        users, targets, n_items = self.user[batch.begin], self.targets(batch), self.features.n_items
        drawn, noise = random.choice(n_items, batch.n_negatives, replace=False), batch_noise(random)
        own = np.where(targets < 0, drawn[0], targets)
        (positive, negative), representation, penalty = self._logits(batch, own, drawn, noise)
        negative = negative.masked_fill(torch.from_numpy(self._took(users, drawn)), TAKEN)
        error = F.softplus(torch.logsumexp(negative, 1, keepdim=True) - positive)  # -log softmax of one positive
        real = torch.from_numpy(targets >= 0)
        each = (error * real).sum(1) / real.sum(1)
        return BatchLosses(each, users, None, representation, self.ids.penalty * penalty)

    def _logits(
        self, batch: Moments, own: np.ndarray, shared: np.ndarray, noise: torch.Generator
    ) -> tuple[list[Tensor], Callable[[], Tensor], Tensor]:
        """Logits of each moment's own items ``(b, T)`` and of those that all share ``(b, N)``, and the penalty.

        Between them what makes the users' representation.
        """
        known, history = self.known(batch)
        users, of_user = self.users(self.user[batch.begin], noise)
        past = self.embedded_histories(history[:, : self.ranker.shape.history], noise)
        items, place = distinct(np.append(own, shared), self.features.n_items)
        embedded, of_item = self.items(items, noise)
        part, query = self.ranker.item_parts(embedded)
        of_own, of_shared = torch.from_numpy(place).split([own.size, len(shared)])
        each = F.embedding(of_own.view(own.shape), torch.cat([part, query], -1))
        each_part, each_query = each.split([part.shape[-1], query.shape[-1]], -1)
        kinds = [(each_part, each_query), (part[of_shared], query[of_shared])]
        logits, pooled = candidate_logits(self.ranker, users, past, kinds, noise=noise)
        if self.term is not None:
            said = self.term.of_candidates(own, shared, known)
            logits = [of_network + torch.from_numpy(x) for of_network, x in zip(logits, said, strict=True)]
        return logits, lambda: self.ranker.representation(users, torch.cat(pooled, 1)), of_user + of_item

    def known(self, batch: Moments) -> tuple[Positives, np.ndarray]:
        """All that is known at each moment, and the history ``(b, L)`` that attention reads of it, -1 padded."""
        users = self.user[batch.begin]
        if not self.ordered:
            return self._others(batch, users)
        known = Known(self.rows, users, self.first[batch.begin], np.full(len(users), -1))
        return known, known.newest()

    def _others(self, batch: Moments, users: np.ndarray) -> tuple[KnownItems, np.ndarray]:
        """The user's items around each block, beginning behind it: other blocks see other ones of a long sequence."""
        start, n_taken = self.start[users], self.start[users + 1] - self.start[users]
        n_known = n_taken - (batch.end - batch.begin)
        place = np.arange(max(1, int(n_known.max(initial=0))))
        at = start[:, None] + ((batch.end - start)[:, None] + place) % n_taken[:, None]
        inside = place < n_known[:, None]
        items = np.where(inside, self.rows.item[self.first[at]], -1)
        pointer = np.concatenate([[0], np.cumsum(n_known)])
        shape = (len(users), self.features.n_items)
        table = csr_array((np.ones(pointer[-1], dtype=bool), items[inside], pointer), shape=shape)
        return KnownItems(table), items

    def targets(self, batch: Moments) -> np.ndarray:
        """Items ``(b, T)`` of each block, oldest first, -1 padded."""
        ahead = np.arange(int((batch.end - batch.begin).max(initial=0)))
        at = batch.begin[:, None] + ahead
        inside = at < batch.end[:, None]
        return np.where(inside, self.rows.item[self.first[np.where(inside, at, 0)]], -1)

    def _took(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        wanted = users[:, None] * self.features.n_items + items[None]
        at = np.minimum(np.searchsorted(self.taken, wanted), len(self.taken) - 1)
        return self.taken[at] == wanted


def target_blocks(start: np.ndarray, most: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cuts every sequence into blocks of consecutive places, all of one size but the first and the last.

    ``start`` ``(n + 1,)``: where the sequences begin. A block holds half of its sequence at most (so that a short
    one is also told from a history), and ``most`` places; the first ends at a random place. Returns where the blocks
    begin and end: together they hold each place once.

    >>> target_blocks(np.array([0, 3]), 16, np.random.default_rng(0))
    (array([0, 1]), array([1, 3]))
    """
    length = np.diff(start)
    size = np.minimum(most, -(-length // 2))
    ahead = np.floor(random.random(len(length)) * size).astype(np.int64)  # by which the first block is cut short
    n_blocks = np.where(length > 0, -(-(length + ahead) // np.maximum(size, 1)), 0)
    owner = np.repeat(np.arange(len(length)), n_blocks)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_blocks) - n_blocks, n_blocks)
    begin = number * size[owner] - ahead[owner]
    end = np.minimum(begin + size[owner], length[owner])
    return start[owner] + np.maximum(begin, 0), start[owner] + end
