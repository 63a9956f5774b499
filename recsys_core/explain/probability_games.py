"""The same games in units of probability: Shapley values of the probability itself.

Every coalition's logit goes through the logistic function before anything is averaged, so the base is the mean
probability over the background and the contributions sum to the change of the probability. They are no rescaled logits:
where a probability is near 0 or 1 already, a reason that adds much to the logit adds little to it.
"""

from __future__ import annotations

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.explain.value_function import Batch, Games
from recsys_core.metrics import logistic
from recsys_core.results.units import LOGIT, PROBABILITY, UNITS, Units, score_in_units, scores_in_units

__all__ = ["UNITS", "ProbabilityGames", "Units", "check_units", "in_units", "score_in_units", "scores_in_units"]


class ProbabilityGames(Games):
    """``Games`` whose values are the probabilities of other games' logits; players, pairs and rows are theirs.

    Nothing of an item-item term is apart: what it adds to the probability depends on all the others (``term`` is None).
    """

    def __init__(self, logits: Games) -> None:
        self.logits = logits
        self.players, self.pairs, self.rows = logits.players, logits.pairs, logits.rows
        self.differs, self.weights = logits.differs, logits.weights
        self.n_user, self.n_history = logits.n_user, logits.n_history
        self.history, self.history_items = logits.history, logits.history_items
        self.shared_out, self.reads_known, self.term = logits.shared_out, logits.reads_known, None

    @property
    def n_evaluations(self) -> int:  # type: ignore[override]
        return self.logits.n_evaluations

    def values(self, masks: np.ndarray) -> np.ndarray:
        return logistic(self.logits.values(masks))

    def all_values(self, batch: Batch) -> np.ndarray:
        return logistic(self.logits.all_values(batch))

    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        return logistic(self.logits.batch_values(batch, masks))


def in_units(games: Games, units: Units) -> Games:
    """Games of logits in the units asked for: themselves, or the same games in probabilities.

    Raises ``SettingError`` (``setting.choice``) for unknown units.
    """
    check_units(units)
    return ProbabilityGames(games) if units == PROBABILITY else games


def check_units(units: str, task: str | None = None) -> None:
    """Raise ``SettingError`` for unknown units, or where a model of this task knows no probability.

    ``setting.choice``; ``explain.no_probability`` for task ``rating``, whose scores stand for ratings.
    """
    if units not in UNITS:
        raise SettingError("setting.choice", name="units", choices=", ".join(UNITS), value=units)
    if task == "rating" and units != LOGIT:
        raise SettingError("explain.no_probability")
