"""What the gradient methods of ``captum`` share: the network they differentiate, and the sums over a player's inputs.

They start after the pooled history, at the input of the ranker's first body layer, and answer
another question than Shapley values: a background row is a point to start from, not a set of
values to mix with. In units of probability a logistic function stands at the output; what an
item-item term adds is then one input more, as it no longer stands apart.
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
from recsys_core.explain.term_game import given
from recsys_core.models.body_inputs import body_inputs
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.results.units import PROBABILITY

Attribute = Callable[["GradientNetwork", Tensor, Tensor, float], tuple[Tensor, int]]


class GradientNetwork(nn.Module):
    """A copy of body and head: captum hangs hooks on modules, and the scorer's are shared by every session.

    ``output`` turns a logit into what is explained. The last input is added to the logit: what an item-item term says.
    """

    def __init__(self, ranker: Ranker, output: nn.Module) -> None:
        super().__init__()
        self.body, self.head = copy.deepcopy(ranker.body), copy.deepcopy(ranker.head)
        self.output = output
        self.eval().requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(self.body.first(inputs[:, :-1]))).squeeze(-1)
        said: Tensor = self.output(logits + inputs[:, -1])
        return said


def gradient_attribution(question: Question, attribute: Attribute) -> Attribution:
    """A gradient method's answer, mean over the background rows.

    ``attribute(network, example, rows, change)`` gives the mean part of each input ``(n_inputs,)`` and
    how many network rows that took; ``change`` is what the parts should sum to. A reason's
    contribution is the sum over its embedding's coordinates; the history's is over the pooled
    vector of the example's own query, and the item-item term's difference from the background.
    """
    scorer = question.network
    network = GradientNetwork(scorer.ranker, nn.Sigmoid() if question.units == PROBABILITY else nn.Identity())
    example, rows = body_inputs(scorer, question.pair), body_inputs(scorer, question.background)
    of_pair, of_rows = _term_inputs(question)
    example = torch.cat([example, of_pair], 1).expand(len(rows), -1).contiguous()
    rows = torch.cat([rows, of_rows], 1)
    with torch.inference_mode():
        base = float(network(rows).double().mean())
        score = float(network(example[:1]).double())
    parts, n_evaluations = attribute(network, example, rows, score - base)
    return Attribution(base, _player_sums(scorer, parts), n_evaluations=n_evaluations)


def _term_inputs(question: Question) -> tuple[Tensor, Tensor]:
    """What an item-item term adds to the pair's logit ``(1, 1)``, and to the item's with each row's past ``(n, 1)``."""
    term, item = question.network.term, question.pair.items
    if term is None:
        return torch.zeros(1, 1), torch.zeros(len(question.background), 1)
    own = term.pairs(item, given(question.pair))
    others = term.pairs(np.repeat(item, len(question.background)), given(question.background))
    return torch.as_tensor(own, dtype=torch.float32)[:, None], torch.as_tensor(others, dtype=torch.float32)[:, None]


def load_captum() -> object:
    """Import the library: seconds, once a process."""
    return import_module("captum.attr")


def _player_sums(scorer: Scorer, parts: Tensor) -> np.ndarray:
    """Coordinates ``(n_inputs,)`` to players: inputs hold the history last, players hold it between the sides."""
    n_user, n_groups = len(scorer.features.side("user")), len(scorer.features.groups)
    cut = n_groups * scorer.ranker.shape.width
    groups = parts[:cut].view(n_groups, scorer.ranker.shape.width).sum(1).numpy()
    return np.concatenate([groups[:n_user], [float(parts[cut:].sum())], groups[n_user:]])
