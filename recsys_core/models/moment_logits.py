"""Logits of moments against their candidates in training: own targets, and negatives that all moments share.

The same numbers as `Ranker.pooled` and `Ranker.grid` over both side by side, in less time: what is
shared is never copied to each moment, dropout of pooled histories is applied to what is pooled, and sums and masks are
written in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from recsys_core.models.ranker import HistoryAttention, Ranker

Histories = tuple[Tensor, Tensor, Tensor]  # as `Objective.embedded_histories` gives them
Candidates = Sequence[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Histories as attention reads them, the empty slot as their last item.

    Attributes
    ----------
    both
        Values, then keys ``(b, L + 1, 2a)``.
    bias
        ``(b, 1, L + 1)``: what is added to the attention logits.
    """

    both: Tensor
    bias: Tensor

    @classmethod
    def of(cls, ranker: Ranker, embedded: Tensor, rows: Tensor, absent: Tensor) -> Past:
        """Of histories ``rows`` (b, L) among the items ``embedded`` (m, n_item); ``absent`` is a mask (b, 1, L)."""
        attention = ranker.adapter.attention
        of_items = F.linear(embedded, torch.cat([attention.value.weight, attention.key.weight]))
        empty = torch.cat([attention.empty_value, torch.zeros_like(attention.empty_value)])
        rows = F.pad(rows, (0, 1), value=len(of_items))
        bias = absent + attention.recency[: absent.shape[-1]]
        bias = torch.cat([bias, attention.empty_logit.expand(*bias.shape[:-1], 1)], -1)
        return cls(F.embedding(rows, torch.cat([of_items, empty.unsqueeze(0)])), bias)


def candidate_logits(
    ranker: Ranker, users: Tensor, histories: Histories, candidates: Candidates, *, noise: torch.Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """`moment_logits`, and the same of a network that pools histories or scores pairs in another way."""
    if isinstance(ranker.adapter.attention, HistoryAttention):
        return moment_logits(ranker, users, Past.of(ranker, *histories), candidates, noise=noise)
    return side_by_side(ranker, users, histories, candidates, noise=noise)


def side_by_side(
    ranker: Ranker, users: Tensor, histories: Histories, candidates: Candidates, *, noise: torch.Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """Logits and pooled histories of each kind of candidates by `Ranker.pooled` and `Ranker.grid`."""
    embedded, rows, absent = histories
    attention = ranker.adapter.attention
    past = F.embedding(rows, attention.key(embedded)), F.embedding(rows, attention.value(embedded)), absent
    part, query = (torch.cat([x.expand(len(users), -1, -1) for x in of], 1) for of in zip(*candidates, strict=True))
    pooled = ranker.pooled(query, past, noise=noise)
    logits = ranker.grid(users, part, pooled, noise=noise)
    sizes = [query.shape[-2] for _, query in candidates]
    return list(logits.split(sizes, 1)), list(pooled.split(sizes, 1))


def moment_logits(
    ranker: Ranker, users: Tensor, past: Past, candidates: Candidates, *, noise: torch.Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """Logits ``(b, n)`` of each kind of candidates, and the histories pooled for them ``(b, n, 2a)``.

    ``users`` (b, n_user). A kind is what its items add to the first layer and their queries (`Ranker.item_parts`):
    ``(n, first)`` and ``(n, a)`` where all moments share them, or each with a leading ``b``. All candidates of a
    moment share its dropout.
    """
    of_user, _, of_history = ranker.split_first()
    base = F.linear(users, of_user, ranker.body.first.bias).unsqueeze(1)
    attention, first, second = _masks(ranker, len(users), noise)
    read, keys = past.both * attention, past.both[..., ranker.shape.attention :]
    pooled = [_pooled(ranker, query, keys, read, past.bias) for _, query in candidates]
    logits = []
    for (part, _), history in zip(candidates, pooled, strict=True):
        pre = F.linear(history, of_history).add_(part).add_(base)
        hidden = pre.mul_(first).relu_()  # a mask is never negative: before the ReLU it does what it does behind it
        hidden = F.linear(hidden, ranker.body.second.weight, ranker.body.second.bias).mul_(second).relu_()
        logits.append(ranker.head(hidden).squeeze(-1))
    return logits, pooled


def _pooled(ranker: Ranker, query: Tensor, keys: Tensor, read: Tensor, bias: Tensor) -> Tensor:
    """`HistoryAttention.forward`, reading values and keys ``read`` that dropout has been applied to."""
    weight = torch.softmax(torch.add(bias, query @ keys.transpose(-1, -2), alpha=ranker.adapter.attention.scale), -1)
    return (weight @ read) * torch.cat([torch.ones_like(query), query], -1)


def _masks(ranker: Ranker, n: int, noise: torch.Generator) -> list[Tensor]:
    """What dropout multiplies the pooled histories and the body's two layers with, ``(n, 1, width)`` each."""
    shape, hidden = ranker.shape, ranker.body.dropout
    layers = ((ranker.input_dropout, 2 * shape.attention), (hidden, shape.first), (hidden, shape.second))
    return [dropout(torch.ones(n, 1, width), noise) for dropout, width in layers]
