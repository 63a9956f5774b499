"""Low rank: the body's two matrices as products of two thinner ones, from their largest singular values."""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
from torch import nn
from torch.nn.utils import skip_init

from recsys_core.compress.distillation import Reduced
from recsys_core.compress.lever import Lever, Sample
from recsys_core.errors import SettingError
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.variant import Compression


class LowRank(Lever):
    """Matrices of rank ``rank`` where the two thinner ones hold fewer numbers; the others stay as they are."""

    name = "low_rank"
    trained = True

    def check(self, compression: Compression, dense: Ranker, term: ItemItemTerm | None) -> None:
        most = max(most_rank(layer.linear) for layer in dense.layers())
        if (compression.rank or 0) > most:
            raise SettingError("setting.between", name="rank", low=1, high=most, value=compression.rank)

    def apply(self, ranker: Ranker, compression: Compression, sample: Sample) -> Reduced:
        thinner = copy.deepcopy(ranker)
        for name in ("first", "second"):
            layer = getattr(ranker.body, name)
            if isinstance(layer, nn.Linear):
                thinner.body.add_module(name, factorise(layer, compression.rank or 0))
        return Reduced(thinner.eval())


def factorise(layer: nn.Linear, rank: int) -> nn.Module:
    """The layer's best approximation of this rank as two layers; the layer itself where that is not smaller.

    The truncated singular value decomposition is the closest matrix of its rank in squared error
    (Eckart & Young 1936). Each factor takes the root of the singular values, so that both have weights of one size.
    """
    if rank > most_rank(layer):
        return layer
    n_outputs, n_inputs = layer.weight.shape
    with torch.no_grad():
        left, values, right = torch.linalg.svd(layer.weight.double(), full_matrices=False)
        roots = values[:rank].sqrt()
        inner, outer = skip_init(nn.Linear, n_inputs, rank, bias=False), skip_init(nn.Linear, rank, n_outputs)
        inner.weight.copy_(roots[:, None] * right[:rank])
        outer.weight.copy_(left[:, :rank] * roots)
        outer.bias.copy_(layer.bias)
    return nn.Sequential(OrderedDict(inner=inner, outer=outer))


def most_rank(layer: nn.Linear) -> int:
    """The largest rank at which the two factors hold fewer numbers than the matrix.

    >>> most_rank(nn.Linear(256, 128))  # 85 * (256 + 128) < 256 * 128
    85
    """
    n_outputs, n_inputs = layer.weight.shape
    return (n_inputs * n_outputs - 1) // (n_inputs + n_outputs)


LEVER = LowRank()
