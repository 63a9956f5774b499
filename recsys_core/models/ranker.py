"""Ranker: the PyTorch model in four named stages, encoder -> adapter -> body -> head.

Linear algebra to remember (design: a masked or whole-catalogue evaluation costs only what changes):
the first body layer is linear in the concatenated group embeddings, so its output is a sum of one
part a group, ``pre = bias + sum_g W_g e_g + W_h h``, where ``h`` is the pooled history.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.player import Player

EMPTY = -1e4  # additive mask of an absent history item; small enough for half precision


@dataclass(frozen=True, slots=True)
class RankerShape:
    """Widths of a ranker. ``width``: one group's embedding; ``attention``: keys, values and queries."""

    width: int = 32
    attention: int = 32
    first: int = 128
    second: int = 64
    history: int = 50
    input_dropout: float = 0.2
    dropout: float = 0.2

    def to_json(self) -> dict:
        return asdict(self)


class SharedDropout(nn.Module):
    """Dropout whose mask all items of one user's row share: inputs (b, n, width) draw (b, 1, width).

    Drawing random numbers for every pair of a catalogue costs more than the layer itself.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """Drop in training mode, where ``noise`` must be the run's own generator: threads share the global one."""
        if not self.training or not self.p:
            return x
        if noise is None:
            raise ValueError("dropout in training mode needs a generator")
        shape = (*x.shape[:-2], 1, x.shape[-1]) if x.ndim > 2 else x.shape
        return x * (torch.rand(shape, generator=noise) >= self.p).to(x.dtype).div_(1 - self.p)


class HistoryAttention(nn.Module):
    """Pools the user's history with the target item as the query.

    Each history item has a key and a value, linear in its feature groups. A learned empty
    slot always takes part, so that no history is a state of its own and a longer history
    weighs more. The output is the pooled value beside ``query * pooled key``, which lets the
    body read the similarity of target and history linearly (FISM, Kabbur et al. 2013; DIN,
    Zhou et al. 2018).
    """

    def __init__(self, item_width: int, shape: RankerShape, weights: torch.Generator | None = None) -> None:
        super().__init__()
        weights = weights or torch.Generator()
        self.scale = 1 / math.sqrt(shape.attention)
        self.query = _linear(item_width, shape.attention, weights)
        self.key = _linear(item_width, shape.attention, weights, bias=False)
        self.value = _linear(item_width, shape.attention, weights, bias=False)
        self.recency = nn.Parameter(torch.zeros(shape.history))
        self.empty_logit = nn.Parameter(torch.zeros(1))
        self.empty_value = nn.Parameter(torch.zeros(shape.attention))

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor) -> Tensor:
        """Pool.

        ``query`` (..., n, a), ``keys`` and ``values`` (..., L, a), ``absent`` (..., 1 or n, L)
        additive mask (0 present, ``EMPTY`` absent) -> (..., n, 2a).
        """
        pool = self._pool_one if query.shape[-2] == 1 else self._pool_many
        return pool(query, keys, values, absent + self.recency[: keys.shape[-2]])

    def _pool_many(self, query: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
        """By matrix products; the empty slot is one more item, whose key is 0."""
        empty = torch.cat([self.empty_value, torch.zeros_like(self.empty_value)])
        both = torch.cat([values, keys], -1)
        both = torch.cat([both, empty.expand(*both.shape[:-2], 1, -1)], -2)
        bias = torch.cat([bias, self.empty_logit.expand(*bias.shape[:-1], 1)], -1)
        width = query.shape[-1]
        logits = torch.add(bias, query @ both[..., width:].transpose(-1, -2), alpha=self.scale)
        return (torch.softmax(logits, -1) @ both) * torch.cat([torch.ones_like(query), query], -1)

    def _pool_one(self, query: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
        """The same for a batch of single queries, where elementwise products are quicker (25 ms to 35)."""
        logits = (query * keys).sum(-1).unsqueeze(-2) * self.scale + bias
        empty = self.empty_logit.expand(*logits.shape[:-1], 1)
        weight = torch.softmax(torch.cat([logits, empty], -1), -1)
        inside = weight[..., :-1].transpose(-1, -2)
        pooled, similar = ((inside * vectors).sum(-2, keepdim=True) for vectors in (values, keys))
        return torch.cat([pooled + weight[..., -1:] * self.empty_value, query * similar], -1)


class Adapter(nn.Module):
    """Task adaptation: an embedding a feature group, and attention over the history."""

    def __init__(self, groups: tuple[FeatureGroup, ...], shape: RankerShape, weights: torch.Generator) -> None:
        super().__init__()
        self.groups = groups
        self.shape = shape
        tables = {}
        for g in groups:
            if g.is_lookup:
                # skip_init would import PyTorch's compiler for an embedding: a second before the first page
                table = nn.Embedding.from_pretrained(torch.empty(g.size, shape.width), freeze=False)
            else:
                table = skip_init(nn.Linear, g.size, shape.width, bias=False)
            nn.init.normal_(table.weight, std=0.018 if g.is_lookup else 0.1, generator=weights)
            tables[module_name(g.key)] = table
        self.tables = nn.ModuleDict(tables)
        self.item_groups = tuple(g for g in groups if g.side == "item")
        self.attention = HistoryAttention(shape.width * len(self.item_groups), shape, weights)

    def embed(self, group: FeatureGroup, encoded: Tensor) -> Tensor:
        """Codes ``(n,)`` or weights ``(n, size)`` -> embedding ``(n, width)``."""
        return self.tables[module_name(group.key)](encoded)


class Body(nn.Module):
    """Fully connected part; ``first`` reads users' groups, items' groups, then the pooled history."""

    def __init__(self, n_inputs: int, shape: RankerShape, weights: torch.Generator) -> None:
        super().__init__()
        self.first = _linear(n_inputs, shape.first, weights)
        self.relu_first = nn.ReLU()
        self.second = _linear(shape.first, shape.second, weights)
        self.relu_second = nn.ReLU()
        self.dropout = SharedDropout(shape.dropout)

    def forward(self, pre: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """First layer's output before its ReLU ``(..., first)`` -> ``(..., second)``; dropout draws from ``noise``."""
        hidden = self.dropout(self.relu_first(pre), noise)
        return self.dropout(self.relu_second(self.second(hidden)), noise)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One matrix of body or head: its name, and whether what it reads goes through a ReLU first."""

    name: str
    linear: nn.Linear
    rectified: bool


class Ranker(nn.Module):
    """Adapter, body and head over encoded features; the encoder's vectors come in as ``item.title``.

    ``forward`` is the plain path from concatenated embeddings to the logit, used by training
    and by the gradient methods; ``recsys_core.models.scorer`` holds the factorised path. Initial
    weights are drawn from ``weights``, never from the global generator.
    """

    def __init__(
        self, groups: tuple[FeatureGroup, ...], shape: RankerShape, *, weights: torch.Generator | None = None
    ) -> None:
        super().__init__()
        weights = weights or torch.Generator()
        self.groups = groups
        self.shape = shape
        self.adapter = Adapter(groups, shape, weights)
        self.n_user = sum(g.side == "user" for g in groups) * shape.width
        self.n_item = sum(g.side == "item" for g in groups) * shape.width
        self.input_dropout = SharedDropout(shape.input_dropout)
        self.body = Body(self.n_user + self.n_item + 2 * shape.attention, shape, weights)
        self.head = _linear(shape.second, 1, weights)

    def forward(self, inputs: Tensor) -> Tensor:
        """Concatenated embeddings and pooled history ``(n, n_inputs)`` -> logits ``(n,)``."""
        return self.head(self.body(self.body.first(inputs))).squeeze(-1)

    def layers(self) -> tuple[Layer, ...]:
        """Body and head as a chain of matrices, in the order in which they are applied.

        Parts are summed where the first of them ends, and what computes scores (`recsys_core.models.scorer.Runtime`)
        walks the rest. The body's two layers may each be an ``nn.Sequential`` of named linear layers (a matrix as a
        product of thinner ones): such a layer is several links of the chain, and its parts are summed inside it.
        """
        return (
            *_chain("first", self.body.first, rectified=False),
            *_chain("second", self.body.second, rectified=True),
            *_chain("head", self.head, rectified=True),
        )

    def split_first(self) -> tuple[Tensor, Tensor, Tensor]:
        """Weights of the first matrix that read the user part, the item part and the history part."""
        weight = self.layers()[0].linear.weight
        return weight.split([self.n_user, self.n_item, 2 * self.shape.attention], 1)

    def item_parts(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """What items ``(*n, n_item)`` add to the first layer ``(*n, first)``, and their queries ``(*n, a)``."""
        return items @ self.split_first()[1].T, self.adapter.attention.query(items)

    def pooled(
        self, query: Tensor, past: tuple[Tensor, Tensor, Tensor], *, noise: torch.Generator | None = None
    ) -> Tensor:
        """Histories pooled for every query ``(b, n, 2a)``.

        ``query`` (n, a) or (b, n, a), ``past``: keys and values (b, L, a) and additive mask (b, 1, L). In training mode
        dropout draws from ``noise``.
        """
        return self.input_dropout(self.adapter.attention(query, *past), noise)

    def grid(self, users: Tensor, part: Tensor, pooled: Tensor, *, noise: torch.Generator | None = None) -> Tensor:
        """Logits ``(b, n)`` of every user ``(b, n_user)`` against every item, first layer factorised.

        ``part`` (n, first) or (b, n, first) is the items' of `item_parts`, ``pooled`` the histories pooled for their
        queries.
        """
        of_user, _, of_history = self.split_first()
        pre = (users @ of_user.T + self.body.first.bias).unsqueeze(1) + part + pooled @ of_history.T
        return self.head(self.body(pre, noise)).squeeze(-1)

    def representation(self, users: Tensor, pooled: Tensor) -> Tensor:
        """What users ``(b, n_user)`` and their pooled histories ``(b, n, 2a)`` add to the first layer ``(b, first)``.

        Of the histories it is the mean over the ``n`` queries.
        """
        of_user, _, of_history = self.split_first()
        return users @ of_user.T + pooled.mean(-2) @ of_history.T


def _chain(name: str, module: nn.Module, *, rectified: bool) -> Iterator[Layer]:
    if isinstance(module, nn.Linear):
        yield Layer(name, module, rectified)
        return
    for child, inner in module.named_children():
        yield from _chain(f"{name}.{child}", inner, rectified=rectified)
        rectified = False


def _linear(n_inputs: int, n_outputs: int, weights: torch.Generator, *, bias: bool = True) -> nn.Linear:
    """A layer with PyTorch's usual initial weights, uniform within 1 / sqrt(n_inputs), drawn from ``weights``."""
    layer = skip_init(nn.Linear, n_inputs, n_outputs, bias=bias)
    bound = 1 / math.sqrt(n_inputs) if n_inputs else 0.0
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=weights)
    return layer


def module_name(key: str) -> str:
    """A group's key as a module name of its own: other keys, other names (a dot separates modules in PyTorch).

    >>> module_name("user.a.b"), module_name("user.a__b"), module_name("user_id")
    ('user__a%2Eb', 'user__a__b', 'user_id')
    """
    player = Player.parse(key)
    if player.column is None:
        return key
    return f"{player.side}__{player.column.replace('%', '%25').replace('.', '%2E')}"


def concatenate(parts: list[Tensor], rows: Tensor) -> Tensor:
    """Group embeddings of ``rows`` side by side ``(*rows, n_groups * width)``; width 0 where a side has no groups."""
    return torch.cat(parts, -1) if parts else torch.zeros(*rows.shape, 0)


def encoded_tensors(features: Features) -> dict[str, Tensor]:
    """The encoded tables as tensors."""
    return {g.key: torch.from_numpy(features.tables[g.key]) for g in features.groups}
