"""What every method answers for one pair, before names and texts are put to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Contributions in player order and the base they start from, in the units of the question.

    ``exact``: these are Shapley (or Owen) values over all coalitions. ``standard_error`` (n_players,)
    is None where nothing was sampled, ``fit`` None for all but LIME. ``n_evaluations`` counts network rows.
    """

    base_value: float
    contributions: np.ndarray
    exact: bool = False
    standard_error: np.ndarray | None = None
    fit: float | None = None
    n_evaluations: int = 0
