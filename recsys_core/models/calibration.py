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

    Fitted as in Platt (1999), whose targets stay off 0 and 1 by as much as the counts of the two
    outcomes allow, ``(n_1 + 1) / (n_1 + 2)`` and ``1 / (n_0 + 2)``: few pairs that happen to be told
    apart do not make a model certain. The result is kept only if the scale is positive, as
    calibration may never turn a ranking round, and the plain log loss on these pairs falls.

    >>> platt_scaling(np.array([1.0, 1.0]), np.array([0.5, 2.0]))  # one outcome alone tells no scale
    (1.0, 0.0)
    """
    label, logit = np.asarray(label, dtype=float), np.asarray(logit, dtype=float)
    n_positive = int(np.count_nonzero(label > 0.5))
    n_negative = len(label) - n_positive
    if not n_positive or not n_negative or not np.isfinite(logit).all():
        return IDENTITY
    target = np.where(label > 0.5, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    found = minimize(_loss_and_slope, x0=np.array(IDENTITY), args=(target, logit), jac=True, method="BFGS")
    scale, shift = (float(v) for v in found.x)
    gain = log_loss(label, logit) - log_loss(label, scale * logit + shift)
    return (scale, shift) if scale > 0 and gain > LEAST_GAIN else IDENTITY


def calibrate(ranker: Ranker, label: np.ndarray, logit: np.ndarray) -> None:
    """Fold the scaling fitted on (validation) pairs into the ranker's head; their log loss never rises."""
    scale, shift = platt_scaling(label, logit)
    with torch.no_grad():
        ranker.head.weight.mul_(scale)
        ranker.head.bias.mul_(scale).add_(shift)


def _loss_and_slope(scaling: np.ndarray, target: np.ndarray, logit: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean log loss of ``scale * logit + shift`` against soft targets, and its gradient."""
    scaled = scaling[0] * logit + scaling[1]
    error = (logistic(scaled) - target) / len(target)
    return log_loss(target, scaled), np.array([error @ logit, error.sum()])
