"""Results of looking at a model as a whole: partial dependence, interactions, permutation importance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import logistic
from recsys_core.player import Player

Value = str | float


@dataclass(frozen=True, slots=True, eq=False)
class PartialDependence:
    """Scores of some pairs with one reason set to one value after another (Friedman 2001; Goldstein et al. 2015).

    Attributes
    ----------
    player
        The reason.
    values
        ``(n_values,)``, what it is set to: numbers ascending, levels in order, categories and members of sets the most
        frequent first.
    logits
        ``(n_pairs, n_values)``: the ICE curve of each pair.
    n_candidates
        Of how many pairs these were drawn by ``seed``.
    """

    player: Player
    values: tuple[Value, ...]
    logits: np.ndarray
    n_candidates: int
    seed: int
    seconds: float

    @property
    def n_pairs(self) -> int:
        return len(self.logits)

    def curves(self, units: str = "logit") -> np.ndarray:
        """ICE curves ``(n_pairs, n_values)``, logits or probabilities."""
        return logistic(self.logits) if units == "probability" else self.logits

    def mean(self, units: str = "logit") -> np.ndarray:
        """The partial dependence ``(n_values,)``: the mean of the curves in these units."""
        return self.curves(units).mean(0)


@dataclass(frozen=True, slots=True)
class Interaction:
    """How much another reason's value decides what a reason adds among pairs that hold similar values of it.

    ``share``: share of that spread, 0 to 1, corrected for the number of cells (`interactions`).
    """

    player: Player
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class MetricDrops:
    """What a figure loses where one reason's values are shuffled, reason by reason, in order of the players.

    ``base`` is the figure as it is. ``drop``: mean over the shuffles; ``low`` and ``high`` end its 95 % interval over
    users, each for itself; ``standard_error`` is over users, too.
    """

    base: float
    drop: np.ndarray
    low: np.ndarray
    high: np.ndarray
    standard_error: np.ndarray
    n_users: int


@dataclass(frozen=True, slots=True, eq=False)
class PermutationImportance:
    """Permutation importance (Breiman 2001) of every reason on AUC and NDCG@10.

    ``metrics`` holds those that there are figures for: ``auc`` (of ``n_pairs`` test pairs) and ``ndcg@10``.
    """

    players: tuple[Player, ...]
    metrics: Mapping[str, MetricDrops]
    n_pairs: int
    n_repeats: int
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A reason on whose weight contributions and quality do not agree.

    ``kind``: ``leans`` (the model leans on it, and shuffling it costs no quality), ``brings`` (it hardly moves scores,
    and shuffling it costs quality) or ``same`` (all hold the same value, so shuffling says nothing). ``share`` of the
    summed mean sizes of contributions.
    """

    player: Player
    kind: str
    share: float


@dataclass(frozen=True, slots=True)
class SizeDifference:
    """Mean absolute contribution of a reason over two sets of pairs, and their difference with its interval."""

    player: Player
    first: float
    second: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """The interval leaves out 0."""
        return self.low > 0 or self.high < 0
