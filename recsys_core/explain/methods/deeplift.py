"""DeepLIFT by ``captum``."""

from __future__ import annotations

import warnings

from torch import Tensor

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.gradients import GradientNetwork, gradient_attribution, load_captum
from recsys_core.explain.method import Method, Question


def run(question: Question) -> Attribution:
    """The rescale rule (Shrikumar et al. 2017, eq. 4), whose parts sum to the score less the base up to rounding."""
    return gradient_attribution(question, _parts)


def _parts(network: GradientNetwork, example: Tensor, rows: Tensor, change: float) -> tuple[Tensor, int]:
    from captum.attr import DeepLift

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "setting forward and backward hooks": on our own copy
        parts = DeepLift(network).attribute(example, baselines=rows)
    return parts.detach().double().mean(0), 2 * len(rows)


METHOD = Method("deeplift", run, needs_gradients=True, per_item_history=False, load=load_captum, place=30)
