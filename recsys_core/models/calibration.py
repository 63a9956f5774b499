"""Calibration: scale and shift of the logit so that its probability means what it says."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize

from recsys_core.metrics import log_loss, logistic
from recsys_core.models.ranker import Ranker

LEAST_GAIN = 1e-6  # of log loss, in nats: less may be rounding of single-precision weights
IDENTITY = (1.0, 0.0)


def platt_scaling(label: np.ndarray, logit: np.ndarray) -> tuple[float, float]:
    """Scale and shift of the logit that bring its log loss down, ``(1, 0)`` where none does.

    Fitted as in Platt (1999), see `fit_scales`. The result is kept only if the scale is positive, as
    calibration may never turn a ranking round, and the plain log loss on these pairs falls.

    >>> platt_scaling(np.array([1.0, 1.0]), np.array([0.5, 2.0]))  # one outcome alone tells no scale
    (1.0, 0.0)
    """
    label, logit = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    if not can_scale(label, logit):
        return IDENTITY
    scale, shift = fit_scales(label, logit[:, None]).tolist()
    gain = log_loss(label, logit) - log_loss(label, scale * logit + shift)
    return (scale, shift) if scale > 0 and gain > LEAST_GAIN else IDENTITY


def can_scale(label: np.ndarray, logit: np.ndarray) -> bool:
    """Whether a scaling can be told: both outcomes, and logits that are finite."""
    taken = label > 0.5
    return bool(taken.any() and not taken.all() and np.isfinite(logit).all())


def fit_scales(label: np.ndarray, inputs: np.ndarray, *, fixed: float | np.ndarray = 0.0) -> np.ndarray:
    """Weights of the inputs ``(n, m)`` and a shift, ``(m + 1,)``: a logistic regression that starts at the first input.

    ``fixed`` ``(n,)`` is added to every logit as it is.

    Platt's targets stay off 0 and 1 by as much as the counts of the two outcomes allow,
    ``(n_1 + 1) / (n_1 + 2)`` and ``1 / (n_0 + 2)``: few pairs that happen to be told apart do not make a model certain.
    """
    n_positive = int(np.count_nonzero(label > 0.5))
    n_negative = len(label) - n_positive
    target = np.where(label > 0.5, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    columns = np.column_stack([inputs, np.ones(len(inputs))])
    start = np.zeros(columns.shape[1])
    start[0] = 1
    return minimize(_loss_and_slope, x0=start, args=(target, columns, fixed), jac=True, method="BFGS").x


def calibrate(ranker: Ranker, label: np.ndarray, logit: np.ndarray) -> None:
    """Fold the scaling fitted on (validation) pairs into the ranker's head; their log loss never rises."""
    scale_head(ranker, *platt_scaling(label, logit))


def scale_head(ranker: Ranker, scale: float, shift: float) -> None:
    """Let the ranker return ``scale * logit + shift``."""
    with torch.no_grad():
        ranker.head.weight.mul_(scale)
        ranker.head.bias.mul_(scale).add_(shift)


def _loss_and_slope(
    weights: np.ndarray, target: np.ndarray, columns: np.ndarray, fixed: float | np.ndarray
) -> tuple[float, np.ndarray]:
    """Mean log loss of ``columns @ weights + fixed`` against soft targets, and its gradient."""
    logit = columns @ weights + fixed
    return log_loss(target, logit), (logistic(logit) - target) @ columns / len(target)
