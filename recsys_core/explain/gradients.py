"""Gradient methods by ``captum``: DeepLIFT and integrated gradients.

They start after the pooled history, at the input of the ranker's first body layer, and answer
another question than Shapley values: a background row is a point to start from, not a set of
values to mix with.
"""

from __future__ import annotations

import copy
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from recsys_core.explain.attribution import Attribution
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Pairs, Scorer

FEWEST_STEPS, MOST_STEPS = 64, 512
SMALL_GAP = 1e-3
ROWS_AT_ONCE = 16_384


class GradientNetwork(nn.Module):
    """A copy of body and head: captum hangs hooks on modules, and the scorer's are shared by every session."""

    def __init__(self, ranker: Ranker) -> None:
        super().__init__()
        self.body, self.head = copy.deepcopy(ranker.body), copy.deepcopy(ranker.head)
        self.eval().requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.body(self.body.first(inputs))).squeeze(-1)


def gradient_attribution(scorer: Scorer, pair: Pairs, background: Pairs, *, method: str) -> Attribution:
    """DeepLIFT (``deeplift``) or integrated gradients (``ig``), mean over the background rows.

    ``deeplift``: the rescale rule (Shrikumar et al. 2017, eq. 4), whose parts sum to the score
    less the base up to rounding. ``ig``: gradients along the straight line from a background
    row to the example (Sundararajan et al. 2017, eq. 1), 64 midpoint steps, doubled until the
    parts sum to within 0.001 of it, at most 512. (A ReLU network's gradient is a step function:
    captum's default, Gauss-Legendre, leaves larger gaps here at three times the cost.)

    A reason's contribution is the sum over its embedding's coordinates; the history's is over
    the pooled vector of the example's own query.
    """
    network = GradientNetwork(scorer.ranker)
    example, rows = network_inputs(scorer, pair), network_inputs(scorer, background)
    example = example.expand_as(rows).contiguous()
    with torch.inference_mode():
        base = float(network(rows).double().mean())
        score = float(network(example[:1]).double())
    attribute = _deeplift if method == "deeplift" else _integrated_gradients
    parts, n_evaluations = attribute(network, example, rows, score - base)
    return Attribution(base, _player_sums(scorer, parts), n_evaluations=n_evaluations)


@torch.inference_mode()
def network_inputs(scorer: Scorer, pairs: Pairs) -> Tensor:
    """Concatenated group embeddings and pooled history of pairs: ``(n, n_inputs)``, an ordinary tensor."""
    users, items = (torch.as_tensor(np.asarray(rows, dtype=np.int64)) for rows in (pairs.users, pairs.items))
    past = scorer.history_vectors(pairs.histories)
    attention = scorer.ranker.adapter.attention
    pooled = attention(scorer.item_query[items].unsqueeze(1), past.keys, past.values, past.absent).squeeze(1)
    inputs = torch.cat([scorer.embeddings("user", users), scorer.embeddings("item", items), pooled], -1)
    with torch.inference_mode(False):  # gradients do not flow through tensors made in inference mode
        return inputs.clone()


def _deeplift(network: GradientNetwork, example: Tensor, rows: Tensor, _: float) -> tuple[Tensor, int]:
    from captum.attr import DeepLift

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "setting forward and backward hooks": on our own copy
        parts = DeepLift(network).attribute(example, baselines=rows)
    return parts.detach().double().mean(0), 2 * len(rows)


def _integrated_gradients(network: GradientNetwork, example: Tensor, rows: Tensor, change: float) -> tuple[Tensor, int]:
    from captum.attr import IntegratedGradients

    steps, n_evaluations = FEWEST_STEPS, 0
    while True:
        parts = IntegratedGradients(network).attribute(
            example,
            baselines=rows,
            n_steps=steps,
            method="riemann_middle",
            internal_batch_size=max(ROWS_AT_ONCE, len(rows)),
        )
        parts = parts.detach().double().mean(0)
        n_evaluations += steps * len(rows)
        if steps >= MOST_STEPS or abs(float(parts.sum()) - change) < SMALL_GAP:
            return parts, n_evaluations
        steps *= 2


def _player_sums(scorer: Scorer, parts: Tensor) -> np.ndarray:
    """Coordinates ``(n_inputs,)`` to players: inputs hold the history last, players hold it between the sides."""
    n_user, n_groups = len(scorer.features.side("user")), len(scorer.features.groups)
    cut = n_groups * scorer.ranker.shape.width
    groups = parts[:cut].view(n_groups, scorer.ranker.shape.width).sum(1).numpy()
    return np.concatenate([groups[:n_user], [float(parts[cut:].sum())], groups[n_user:]])
