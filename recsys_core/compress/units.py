"""Units: which of a body's units stay, cutting the others out, and refitting the layers that are left."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recsys_core.compress.distillation import Reduced
from recsys_core.models.ranker import Ranker

LEAST_UNITS = 4
RIDGE = 1e-3  # of the mean variance: keeps the normal equations solvable where units say the same


@dataclass(frozen=True, slots=True, eq=False)
class PrunedRanker(Reduced):
    """A smaller ranker and which units of the original's two body layers it kept (ascending indices)."""

    original: Ranker
    first: Tensor
    second: Tensor

    def refitted(self, inputs: Tensor) -> Ranker:
        """A copy whose second layer and head are solved by least squares for what the original's units put out.

        In closed form and in milliseconds, most of what cutting broke comes back (ThiNet, Luo et
        al. 2017, does the same for channels of convolutions).
        """
        original, refitted = self.original, copy.deepcopy(self.ranker)
        with torch.no_grad():
            target = original.body.second(F.relu(original.body.first(inputs)))
            logits = original.head(F.relu(target))
            hidden = F.relu(refitted.body.first(inputs))
            _solve_linear(refitted.body.second, hidden, target[:, self.second])
            _solve_linear(refitted.head, F.relu(refitted.body.second(hidden)), logits)
        return refitted


def units_left(n_units: int, sparsity: float) -> int:
    """How many units stay in a layer: its share, but four at least.

    >>> units_left(128, 0.5), units_left(64, 0.95)
    (64, 4)
    """
    return min(n_units, max(LEAST_UNITS, round(n_units * (1 - sparsity))))


def units_of_width(ranker: Ranker, width: int) -> tuple[int, int]:
    """Units of both layers of a student: ``width`` and half as many, four at least and never more than there are."""
    return min(width, ranker.shape.first), min(ranker.shape.second, max(LEAST_UNITS, width // 2))


def prune_structured(ranker: Ranker, sparsity: float, inputs: Tensor) -> PrunedRanker:
    """Cut whole units out of both body layers; ``ranker`` is not changed.

    Parameters
    ----------
    sparsity
        Share of each layer's units that goes.
    inputs
        Sample of the body's inputs ``(n, n_inputs)`` on which the units are chosen; a few
        thousand rows are enough.

    Notes
    -----
    Units are kept one by one: always the one that, together with those kept before, best
    rebuilds what the next layer receives (orthogonal least squares, Chen et al. 1989). Two
    units that say the same count once, which is why this beats ranking units singly by the
    norm of their weights or by a first-order Taylor estimate: in a pilot on the sample shop
    (one model, one seed) at 90 % it left 0.80 AUC where the norms left 0.53, before training.
    """
    shape = ranker.shape
    return _keep_units(ranker, units_left(shape.first, sparsity), units_left(shape.second, sparsity), inputs)


def shrink_body(ranker: Ranker, width: int, inputs: Tensor) -> PrunedRanker:
    """Cut the body to ``width`` and half as many units (four at least), chosen as in ``prune_structured``."""
    return _keep_units(ranker, *units_of_width(ranker, width), inputs)


def first_units(ranker: Ranker, first: int, second: int) -> Ranker:
    """The ranker with the first units of each layer: the shape of one with so many, whichever they are."""
    return cut_units(ranker, torch.arange(first), torch.arange(second)).ranker


def cut_units(ranker: Ranker, first: Tensor, second: Tensor) -> PrunedRanker:
    """The ranker with only the listed units; exactly the function of zeroing the others' outputs."""
    smaller = copy.deepcopy(ranker)
    smaller.shape = replace(ranker.shape, first=len(first), second=len(second))
    smaller.adapter.shape = smaller.shape
    body, head = smaller.body, smaller.head
    _replace(body.first, body.first.weight[first], body.first.bias[first])
    _replace(body.second, body.second.weight[second][:, first], body.second.bias[second])
    _replace(head, head.weight[:, second], head.bias)
    return PrunedRanker(smaller.eval(), ranker, first, second)


def _replace(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """Give a layer other weights in place; a new layer would draw random ones first."""
    layer.weight, layer.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
    layer.out_features, layer.in_features = weight.shape


def _keep_units(ranker: Ranker, n_first: int, n_second: int, inputs: Tensor) -> PrunedRanker:
    with torch.no_grad():
        first = F.relu(ranker.body.first(inputs))
        second = F.relu(ranker.body.second(first))
        keep_first = _choose_units(first, ranker.body.second.weight, n_first)
        keep_second = _choose_units(second, ranker.head.weight, n_second)
    return cut_units(ranker, keep_first, keep_second)


def _choose_units(outputs: Tensor, reader: Tensor, n_units: int) -> Tensor:
    """Columns of ``outputs`` (n, units) that best rebuild ``outputs @ reader.T``, one after another.

    ``left`` is the covariance of the units given those kept, ``pull`` their covariance with
    what is still to be explained; keeping a unit is one step of Gaussian elimination.
    """
    centred = (outputs - outputs.mean(0)).double()
    left = centred.T @ centred / len(centred)
    pull = left @ reader.T.double()
    floor = 1e-6 * left.diagonal().clamp(min=1e-9)
    kept: list[int] = []
    for _ in range(n_units):
        spread = left.diagonal()
        gain = torch.where(spread > floor, pull.square().sum(1) / spread.clamp(min=1e-12), 0.0)
        gain[kept] = -1.0
        best = int(gain.argmax())
        kept.append(best)
        if spread[best] > floor[best]:
            share = left[:, best : best + 1] / left[best, best]
            pull = pull - share * pull[best : best + 1]
            left = left - share * left[best : best + 1]
    return torch.tensor(sorted(kept))


def _solve_linear(layer: nn.Linear, inputs: Tensor, target: Tensor) -> None:
    """Move weight and bias of a layer to the least-squares solution of ``layer(inputs) = target``.

    The ridge is on the change, so that a layer that needs none gets none.
    """
    columns = torch.cat([inputs, torch.ones(len(inputs), 1)], 1).double()
    gram = columns.T @ columns / len(columns)
    gram += torch.eye(len(gram), dtype=torch.float64) * RIDGE * gram.diagonal().mean()
    change = torch.linalg.solve(gram, columns.T @ (target - layer(inputs)).double() / len(columns))
    layer.weight += change[:-1].T
    layer.bias += change[-1]
