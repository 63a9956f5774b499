"""Worst group: the groups with the larger losses count more the longer they have them.

Group DRO (Sagawa et al. 2020, algorithm 1): after every batch each group's weight is multiplied by
``exp(STEP * group loss / mean loss)`` and all are brought to a sum of 1; the loss is the weighted sum of the groups'
means. The loss is divided by the batch's mean, so that the step means the same for every task. A strength below 1 mixes
this loss with the plain one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recsys_core.mend.groups import UserGroups
from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.mend.methods.regularise import group_means
from recsys_core.models.treatment import BatchLosses

STEP = 0.01  # as in the authors' code


class WorstGroupTerm:
    """What weighing groups by their losses adds to the plain mean; see the module. ``weights`` begin equal."""

    def __init__(self, groups: UserGroups, strength: float) -> None:
        self._code, self._strength = torch.from_numpy(groups.code), strength
        self.weights = torch.full((groups.n_groups,), 1 / groups.n_groups)

    def __call__(self, found: BatchLosses, each: Tensor) -> Tensor:
        code = self._code[torch.from_numpy(found.users)]
        means, count = group_means(each, code, len(self.weights))
        there = count > 0
        if not there.any():
            return torch.zeros(())
        mean = (means * count).sum() / count.sum()
        relative = torch.where(there, means.detach() / mean.detach().clamp(min=1e-8), 1.0)
        self.weights = torch.softmax(self.weights.log() + STEP * relative, 0)
        weights = torch.where(there, self.weights, 0.0)
        share = count.sum() / len(each)  # users in no group keep their part of the mean
        return self._strength * share * ((weights * means).sum() / weights.sum() - mean)

    def parameters(self) -> list[nn.Parameter]:
        return []


def _change(found: Situation, strength: float) -> Change:
    return Change(terms=(WorstGroupTerm(found.groups, strength),))


METHOD = TrainedMethod("worst-group", _change)
