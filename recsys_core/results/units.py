"""Units of a score and of what its reasons add: logits, or the probability itself."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from recsys_core.metrics import logistic

Units = Literal["logit", "probability"]
UNITS: tuple[Units, ...] = get_args(Units)
LOGIT, PROBABILITY = UNITS


def score_in_units(logit: float, units: Units) -> float:
    """A pair's score in the units asked for.

    >>> score_in_units(0.0, "logit"), score_in_units(0.0, "probability")
    (0.0, 0.5)
    """
    return logit if units == LOGIT else float(logistic(np.asarray(logit)))


def scores_in_units(logits: np.ndarray, units: Units) -> np.ndarray:
    """The same of many scores, of any shape; float64.

    >>> scores_in_units(np.array([0.0, -1000.0]), "probability").tolist()
    [0.5, 0.0]
    """
    return np.asarray(logits, dtype=np.float64) if units == LOGIT else logistic(logits)
