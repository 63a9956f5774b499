"""Project: what linearly tells the group is taken out of the user's representation, after training.

LEACE (Belrose et al. 2023, theorem 4.3): of all affine maps after which no linear predictor of the group is better than
a constant, the one that moves the representation least. A strength below 1 moves it that share of the way. It is
folded into the first layer's weights, so that scores, explanations and compression know nothing of it. What the layers
behind the ReLU could still tell in a non-linear way stays.
"""

from __future__ import annotations

import copy

import numpy as np
import torch

from recsys_core.mend.groups import ALONE, UserGroups
from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.models.ranker import Ranker
from recsys_core.models.representation import representation_of
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset

LEAST = 1e-9  # of the largest eigenvalue: directions in which nobody differs


def erasing_matrix(x: np.ndarray, group: np.ndarray) -> np.ndarray:
    """``A`` ``(d, d)``: ``x - A (x - mean)`` has no covariance with the group, of ``x`` ``(n, d)``.

    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> erasing_matrix(x, np.array([0, 0, 1, 1])).round(6).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    centred = x - x.mean(axis=0)
    one_hot = (group[:, None] == np.unique(group)).astype(float)
    size, directions = np.linalg.eigh(centred.T @ centred / len(x))
    there = size > LEAST * max(size[-1], LEAST)
    directions, root = directions[:, there], np.sqrt(size[there])
    white = directions / root  # x @ white has unit covariance
    found, strength, _ = np.linalg.svd(white.T @ centred.T @ (one_hot - one_hot.mean(axis=0)) / len(x))
    telling = found[:, : int((strength > LEAST).sum())]
    return (directions * root) @ telling @ telling.T @ white.T


def projected(ranker: Ranker, scorer: Scorer, split_dataset: SplitDataset, groups: UserGroups, share: float) -> Ranker:
    """A ranker whose users' representation (that of ``scorer``, over it) tells the groups less, linearly."""
    users = np.flatnonzero(groups.code != ALONE)
    x = representation_of(scorer, split_dataset, users)
    away = share * erasing_matrix(x, groups.code[users])
    other = copy.deepcopy(ranker)
    first, moved = other.body.first, torch.from_numpy(np.eye(len(away)) - away)
    n_user, n_item = other.n_user, other.n_item
    with torch.no_grad():
        weight = first.weight.double()
        for columns in (slice(0, n_user), slice(n_user + n_item, None)):
            first.weight[:, columns] = (moved @ weight[:, columns]).float()
        shift = torch.from_numpy(away @ x.mean(axis=0))
        first.bias.copy_(moved @ first.bias.double() + shift)
    return other.eval()


def _change(found: Situation, strength: float) -> Change:
    return Change(projection=(found.groups, strength))


METHOD = TrainedMethod("project", _change)
