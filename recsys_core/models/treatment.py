"""Treatment: what a training does otherwise so that groups of users are served alike; a plain training has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, eq=False)
class BatchLosses:
    """A batch before its mean is taken.

    Attributes
    ----------
    each
        Losses ``(b,)``: of rows, or for task ``implicit`` of moments.
    users
        Whose they are ``(b,)``.
    rows
        Places among the training rows ``(b,)``; None for moments.
    representation
        Makes what user features and pooled history add to the first layer ``(b, first)`` (`Ranker.representation`).
    penalty
        On ids, to be added to the loss.
    """

    each: Tensor
    users: np.ndarray
    rows: np.ndarray | None
    representation: Callable[[], Tensor]
    penalty: Tensor


class Treatment(Protocol):
    """How a training treats groups of users."""

    @property
    def draw(self) -> np.ndarray | None:
        """How often an epoch holds each row (labels) or each user's moments (``implicit``); None for once each."""
        ...

    def loss(self, found: BatchLosses) -> Tensor:
        """What is minimised."""
        ...

    def parameters(self) -> list[nn.Parameter]:
        """Weights that are learned beside the ranker's, and dropped after training."""
        ...


def drawn_again(weight: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As many places as there are weights, each as often as its share of them asks for, to within one.

    Systematic sampling: one draw moves a comb of equal steps over the running sum.

    >>> drawn_again(np.array([1.0, 3.0, 0.0, 0.0]), np.random.default_rng(0)).tolist()
    [0, 1, 1, 1]
    """
    if not len(weight):
        return np.zeros(0, dtype=np.int64)
    running = np.cumsum(weight, dtype=float)
    comb = (np.arange(len(weight)) + random.random()) * (running[-1] / len(weight))
    return np.minimum(np.searchsorted(running, comb, side="right"), len(weight) - 1)
