"""Integrated gradients by ``captum``."""

from __future__ import annotations

from torch import Tensor

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.gradients import GradientNetwork, gradient_attribution, load_captum
from recsys_core.explain.method import Method, Question

MIN_STEPS, MAX_STEPS = 64, 512
SMALL_GAP = 1e-3
ROWS_AT_ONCE = 16_384


def run(question: Question) -> Attribution:
    """Gradients along the straight line from a background row to the example (Sundararajan et al. 2017, eq. 1).

    64 midpoint steps, doubled until the parts sum to within 0.001 of the change, at most 512. (A
    ReLU network's gradient is a step function: captum's default, Gauss-Legendre, leaves larger
    gaps here at three times the cost.)
    """
    return gradient_attribution(question, _parts)


def _parts(network: GradientNetwork, example: Tensor, rows: Tensor, change: float) -> tuple[Tensor, int]:
    from captum.attr import IntegratedGradients

    steps, n_evaluations = MIN_STEPS, 0
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
        if steps >= MAX_STEPS or abs(float(parts.sum()) - change) < SMALL_GAP:
            return parts, n_evaluations
        steps *= 2


METHOD = Method("ig", run, needs_gradients=True, per_item_history=False, load=load_captum, place=40)
