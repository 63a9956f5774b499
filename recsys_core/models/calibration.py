"""Calibration: scale and shift of the logit so that its probability means what it says."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize

from recsys_core.metrics import log_loss
from recsys_core.models.ranker import Ranker


def platt_scaling(label: np.ndarray, logit: np.ndarray) -> tuple[float, float]:
    """Scale and shift that minimise the log loss of ``scale * logit + shift`` (Platt 1999, plain targets).

    Returns ``(1, 0)`` where no positive scale helps: calibration may never turn a ranking round.
    """
    logit = logit.astype(np.float64)
    found = minimize(lambda ab: log_loss(label, ab[0] * logit + ab[1]), x0=np.array([1.0, 0.0]), method="BFGS")
    scale, shift = (float(v) for v in found.x)
    return (scale, shift) if scale > 0 and np.isfinite(found.fun) else (1.0, 0.0)


def calibrate(ranker: Ranker, label: np.ndarray, logit: np.ndarray) -> None:
    """Fold the scaling fitted on (validation) pairs into the ranker's head."""
    scale, shift = platt_scaling(label, logit)
    with torch.no_grad():
        ranker.head.weight.mul_(scale)
        ranker.head.bias.mul_(scale).add_(shift)
