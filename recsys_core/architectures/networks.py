"""Networks of the designs: other ways from the same embedded inputs to a logit, behind the ranker's interface.

All read an embedding a feature group and the history: the mean of its items, but for the ranker's own attention. So
the objectives of `recsys_core.models.training` fit any of them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recsys_core.data.features import FeatureGroup
from recsys_core.models.ranker import EMPTY, Ranker, RankerShape, _linear

WIDTH = 16
RANK = 16  # of a cross layer's matrix
CROSS_LAYERS = 2


class MeanHistory(nn.Module):
    """In the place of attention: the mean of the items of a history, the same for every target."""

    def __init__(self, item_width: int, shape: RankerShape, weights: torch.Generator) -> None:
        super().__init__()
        self.query = _linear(item_width, 1, weights)
        self.key = _linear(item_width, 1, weights, bias=False)
        self.value = _linear(item_width, 2 * shape.attention, weights, bias=False)

    def forward(self, query: Tensor, keys: Tensor, values: Tensor, absent: Tensor) -> Tensor:
        """Shapes as `recsys_core.models.ranker.HistoryAttention.forward`; ``values`` are twice as wide."""
        there = (absent > EMPTY / 2).to(values.dtype)
        pooled = (there @ values) / there.sum(-1, keepdim=True).clamp(min=1)
        return pooled.expand(*pooled.shape[:-2], query.shape[-2], pooled.shape[-1])


class MeanRanker(Ranker):
    """The ranker's body over the mean of the history: a multilayer perceptron."""

    def __init__(
        self, groups: tuple[FeatureGroup, ...], shape: RankerShape, *, weights: torch.Generator | None = None
    ) -> None:
        weights = weights or torch.Generator()
        super().__init__(groups, shape, weights=weights)
        self.adapter.attention = MeanHistory(self.n_item, shape, weights)


class FieldRanker(MeanRanker):
    """What reads fields side by side: users' groups, items' groups, then the history ``(b, n, inputs)``."""

    def __init__(
        self, groups: tuple[FeatureGroup, ...], shape: RankerShape, *, weights: torch.Generator | None = None
    ) -> None:
        weights = weights or torch.Generator()
        super().__init__(groups, shape, weights=weights)
        self.n_inputs = self.n_user + self.n_item + 2 * shape.attention
        self.body = nn.Module()
        self.head = _linear(self.n_inputs, 1, weights)

    def item_parts(self, items: Tensor) -> tuple[Tensor, Tensor]:
        return items, self.adapter.attention.query(items)

    def grid(self, users: Tensor, part: Tensor, pooled: Tensor, *, noise: torch.Generator | None = None) -> Tensor:
        shape = pooled.shape[:-1]
        parts = (users.unsqueeze(1).expand(*shape, -1), part.expand(*shape, -1), pooled)
        return self.logit(torch.cat(parts, -1))

    def logit(self, inputs: Tensor) -> Tensor:
        """Logits ``(b, n)``."""
        return self.head(inputs).squeeze(-1)


class Logistic(FieldRanker):
    """A sum of one weight a value (embeddings are one wide); nothing of user and item together."""


class FactorisationMachine(FieldRanker):
    r"""``w'x + sum over pairs of fields of <e_i, e_j>`` (Rendle 2010, eq. 1), by its linear-time form (lemma 3.1)."""

    def logit(self, inputs: Tensor) -> Tensor:
        fields = inputs.unflatten(-1, (-1, 2 * self.shape.attention))
        pairs = fields.sum(-2).square().sum(-1) - inputs.square().sum(-1)
        return self.head(inputs).squeeze(-1) + pairs / 2


class CrossNetwork(FieldRanker):
    """``x_(l+1) = x_0 * (U V' x_l + b) + x_l``, then linear (DCN-V2, Wang et al. 2021, eq. 1 and section 3.5)."""

    def __init__(
        self, groups: tuple[FeatureGroup, ...], shape: RankerShape, *, weights: torch.Generator | None = None
    ) -> None:
        weights = weights or torch.Generator()
        super().__init__(groups, shape, weights=weights)
        rank = min(RANK, self.n_inputs)
        thin = [_linear(self.n_inputs, rank, weights, bias=False) for _ in range(CROSS_LAYERS)]
        wide = [_linear(rank, self.n_inputs, weights) for _ in range(CROSS_LAYERS)]
        self.thin, self.wide = nn.ModuleList(thin), nn.ModuleList(wide)

    def logit(self, inputs: Tensor) -> Tensor:
        crossed = inputs
        for thin, wide in zip(self.thin, self.wide, strict=True):
            crossed = inputs * wide(thin(crossed)) + crossed
        return self.head(crossed).squeeze(-1)


NETWORKS: dict[str, type[Ranker]] = {
    "logistic": Logistic,
    "fm": FactorisationMachine,
    "cross": CrossNetwork,
    "mlp": MeanRanker,
    "attention": Ranker,
}


def make_network(kind: str, groups: tuple[FeatureGroup, ...], history: int, weights: torch.Generator) -> Ranker:
    """A design's network with initial weights drawn from ``weights``.

    Embeddings are 16 wide (a logistic regression's 1), the body of MLP and attention 64 and 32.
    """
    width = 1 if kind == "logistic" else WIDTH
    shape = RankerShape(width, WIDTH // 2, 64, 32, history, input_dropout=0.1, dropout=0.1)
    return NETWORKS[kind](groups, shape, weights=weights)


def n_parameters(network: Ranker) -> int:
    """Numbers that training may change and a logit reads; the mean of a history reads neither query nor key."""
    idle = ("adapter.attention.query", "adapter.attention.key") if isinstance(network, MeanRanker) else ()
    return sum(p.numel() for name, p in network.named_parameters() if not name.startswith(idle or ("-",)))
