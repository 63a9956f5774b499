"""Adversarial: a probe learns to tell the group from the user's representation, which learns to give it away less.

Gradient reversal (Ganin et al. 2016; Zhang, Lemoine & Mitchell 2018 for fairness): forward the probe's cross-entropy,
backward its gradient into the ranker turned round. The groups count alike in it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recsys_core.mend.groups import ALONE, UserGroups
from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.models.treatment import BatchLosses
from recsys_core.seeds import torch_stream

PULL = 1.0  # of the turned gradient, relative to the ranker's own loss
WIDTH = 32  # of the probe's hidden layer
WARM_UP = 100  # batches in which the pull rises: a probe that knows nothing yet turns nothing useful


class Reversed(torch.autograd.Function):
    """The same numbers forward; backward the gradient times ``-pull``."""

    @staticmethod
    def forward(context: Any, x: Tensor, pull: float) -> Tensor:
        context.pull = pull
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -context.pull * gradient, None


class AdversaryTerm:
    """The probe's loss; see the module."""

    def __init__(self, groups: UserGroups, n_inputs: int, *, strength: float, seed: int) -> None:
        self._code, self._strength, self._batches = torch.from_numpy(groups.code), strength, 0
        count = torch.bincount(self._code[self._code != ALONE], minlength=groups.n_groups).float()
        self._balance = count.sum() / (groups.n_groups * count.clamp(min=1))
        weights = torch_stream(seed, "adversary")
        shapes = ((WIDTH, n_inputs), (WIDTH,), (groups.n_groups, WIDTH), (groups.n_groups,))
        scales = (n_inputs**-0.5, 0.0, WIDTH**-0.5, 0.0)
        self._learned = [
            nn.Parameter(torch.randn(shape, generator=weights) * scale)
            for shape, scale in zip(shapes, scales, strict=True)
        ]

    def __call__(self, found: BatchLosses, each: Tensor) -> Tensor:
        code = self._code[torch.from_numpy(found.users)]
        there = code != ALONE
        if not there.any():
            return torch.zeros(())
        self._batches += 1
        representation = found.representation()[there]
        first, first_bias, second, second_bias = self._learned
        with torch.no_grad():  # the probe's loss in units of the ranker's own
            pull = PULL * self._strength * min(1.0, self._batches / WARM_UP) * float(each.mean())
        hidden = F.relu(F.linear(Reversed.apply(representation, pull), first, first_bias))
        guess = F.linear(hidden, second, second_bias)
        return F.cross_entropy(guess, code[there], weight=self._balance)

    def parameters(self) -> list[nn.Parameter]:
        return self._learned


def _change(found: Situation, strength: float) -> Change:
    settings = found.model.config["settings"]
    term = AdversaryTerm(found.groups, settings["shape"]["first"], strength=strength, seed=settings["seed"])
    return Change(terms=(term,))


METHOD = TrainedMethod("adversarial", _change)
