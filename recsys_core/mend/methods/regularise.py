"""Regularise: differences between the groups' mean losses cost something themselves.

``loss + strength * LAMBDA * variance(group means) / mean`` over the groups of a batch, all of one weight. The means
that say how far a group is from the others are running ones, as a batch holds few users of a small group and its own
variance would be mostly noise; the gradient is that of the variance at the running means.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recsys_core.mend.groups import UserGroups
from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.models.treatment import BatchLosses

LAMBDA = 5.0  # a group 10 % off the mean then counts as much again as if it were all there is
KEPT = 0.9  # of a running mean, a batch


def group_means(each: Tensor, code: Tensor, n_groups: int) -> tuple[Tensor, Tensor]:
    """Mean loss of every group in a batch ``(n_groups,)``, 0 for one that is not there, and the counts.

    >>> means, count = group_means(torch.tensor([1.0, 3.0, 5.0, 9.0]), torch.tensor([0, 0, 2, -1]), 3)
    >>> means.tolist(), count.tolist()
    ([2.0, 0.0, 5.0], [2.0, 0.0, 1.0])
    """
    there = code >= 0
    some, inside = each[there], code[there]
    count = torch.zeros(n_groups).index_add(0, inside, torch.ones(len(inside)))
    sums = torch.zeros(n_groups).index_add(0, inside, some)
    return sums / count.clamp(min=1), count


class VarianceTerm:
    """Variance of the groups' mean losses over their mean; see the module."""

    def __init__(self, groups: UserGroups, strength: float) -> None:
        self._code, self._n_groups = torch.from_numpy(groups.code), groups.n_groups
        self._pull = strength * LAMBDA
        self._running = torch.full((groups.n_groups,), torch.nan)

    def __call__(self, found: BatchLosses, each: Tensor) -> Tensor:
        means, count = group_means(each, self._code[torch.from_numpy(found.users)], self._n_groups)
        there, now = count > 0, means.detach()
        before = torch.where(self._running.isnan(), now, self._running)
        self._running = torch.where(there, KEPT * before + (1 - KEPT) * now, self._running)
        if there.sum() < 2:
            return torch.zeros(())
        running = self._running[there]
        off, centre = running - running.mean(), running.mean().clamp(min=1e-8)
        value = off.square().mean() / centre
        slope = (2 * off * means[there]).mean() / centre
        return self._pull * (value + slope - slope.detach())

    def parameters(self) -> list[nn.Parameter]:
        return []


def _change(found: Situation, strength: float) -> Change:
    return Change(terms=(VarianceTerm(found.groups, strength),))


METHOD = TrainedMethod("regularise", _change)
