"""What the gradient methods of ``captum`` share: the network they differentiate, and the sums over a player's inputs.

They start after the pooled history, at the input of the ranker's first body layer, and answer
another question than Shapley values: a background row is a point to start from, not a set of
values to mix with.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import import_module

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.method import Question
from recsys_core.models.body_inputs import body_inputs
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer

Attribute = Callable[["GradientNetwork", Tensor, Tensor, float], tuple[Tensor, int]]


class GradientNetwork(nn.Module):
    """A copy of body and head: captum hangs hooks on modules, and the scorer's are shared by every session."""

    def __init__(self, ranker: Ranker) -> None:
        super().__init__()
        self.body, self.head = copy.deepcopy(ranker.body), copy.deepcopy(ranker.head)
        self.eval().requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(self.body.first(inputs))).squeeze(-1)
        return logits


def gradient_attribution(question: Question, attribute: Attribute) -> Attribution:
    """A gradient method's answer, mean over the background rows.

    ``attribute(network, example, rows, change)`` gives the mean part of each input ``(n_inputs,)`` and
    how many network rows that took; ``change`` is what the parts should sum to. A reason's
    contribution is the sum over its embedding's coordinates; the history's is over the pooled
    vector of the example's own query, and the item-item term's difference from the background.
    """
    scorer = question.network
    network = GradientNetwork(scorer.ranker)
    example, rows = body_inputs(scorer, question.pair), body_inputs(scorer, question.background)
    example = example.expand_as(rows).contiguous()
    with torch.inference_mode():
        base = float(network(rows).double().mean())
        score = float(network(example[:1]).double())
    parts, n_evaluations = attribute(network, example, rows, score - base)
    contributions, games = _player_sums(scorer, parts), question.games
    if games.term is not None:
        base += games.term.base(games.weights)
        contributions[games.first_history] += games.term.shares(games.weights)[0]
    return Attribution(base, contributions, n_evaluations=n_evaluations)


def load_captum() -> object:
    """Import the library: seconds, once a process."""
    return import_module("captum.attr")


def _player_sums(scorer: Scorer, parts: Tensor) -> np.ndarray:
    """Coordinates ``(n_inputs,)`` to players: inputs hold the history last, players hold it between the sides."""
    n_user, n_groups = len(scorer.features.side("user")), len(scorer.features.groups)
    cut = n_groups * scorer.ranker.shape.width
    groups = parts[:cut].view(n_groups, scorer.ranker.shape.width).sum(1).numpy()
    return np.concatenate([groups[:n_user], [float(parts[cut:].sum())], groups[n_user:]])
