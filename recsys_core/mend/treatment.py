"""The treatment that several changes of a training are together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.mend.method import Change
from recsys_core.models.treatment import BatchLosses


class GroupTreatment:
    """Weights of several changes multiply, their terms add up.

    The loss of a batch is ``mean(weight * loss) + terms + penalty``, weights having a mean of 1 over all units.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        weight = _product([change.weight for change in changes if change.weight is not None])
        self._weight = None if weight is None else torch.from_numpy((weight / weight.mean()).astype(np.float32))
        self._draw = _product([change.draw for change in changes if change.draw is not None])
        self._terms = tuple(term for change in changes for term in change.terms)

    @property
    def draw(self) -> np.ndarray | None:
        return self._draw

    def loss(self, found: BatchLosses) -> Tensor:
        each = found.each
        if self._weight is not None:
            units = found.users if found.rows is None else found.rows
            each = each * self._weight[torch.from_numpy(units)]
        return sum((term(found, each) for term in self._terms), each.mean() + found.penalty)

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for term in self._terms for parameter in term.parameters()]


def _product(factors: list[np.ndarray]) -> np.ndarray | None:
    return reduce(np.multiply, factors) if factors else None
