"""Results of examining one explanation: how far it can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units

STRONGEST = 3  # reasons that are taken away for a sentence
ChangeKind = Literal["numbers", "history", "background"]


@dataclass(frozen=True, slots=True, eq=False)
class RemovalCurves:
    """The score as reasons are taken away or put in, most supporting reason first.

    ``deletion`` (n_players + 1,) starts at the score and ends at the background's mean;
    ``insertion`` goes the other way. ``random_deletion`` is the mean over random orders, what an
    explanation that knows nothing would reach. All in the explanation's units, mean over the background. An
    area is the curve's mean: a lower ``deletion_area`` and a higher ``insertion_area`` are better.
    """

    order: tuple[Player, ...]
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray

    @property
    def random_insertion(self) -> np.ndarray:
        """Reasons put in at random: the same orders read from their ends."""
        return self.random_deletion[::-1]

    @property
    def deletion_area(self) -> float:
        return float(self.deletion.mean())

    @property
    def insertion_area(self) -> float:
        return float(self.insertion.mean())

    @property
    def random_area(self) -> float:
        """Area of the random deletion; by symmetry that of random insertion too."""
        return float(self.random_deletion.mean())

    def drop(self, n: int) -> float:
        """What the score loses with the first ``n`` reasons taken away."""
        return float(self.deletion[0] - self.deletion[n])

    def random_drop(self, n: int) -> float:
        """What it loses with any ``n``."""
        return float(self.random_deletion[0] - self.random_deletion[n])

    def to_json(self) -> dict[str, Any]:
        """Curves and areas, raw."""
        curves = {k: getattr(self, k).tolist() for k in ("deletion", "insertion", "random_deletion")}
        areas = {k: getattr(self, k) for k in ("deletion_area", "insertion_area", "random_area")}
        return {"order": [player.key for player in self.order]} | areas | curves


@dataclass(frozen=True, slots=True)
class MethodAgreement:
    """How far another method says the same of the same score; see `recsys_core.explain.agreement.Agreement`.

    ``rank_correlation`` is NaN where one of the two is constant or names fewer than two reasons. ``fit`` and
    ``completeness_gap`` are the other method's own doubt.
    """

    method: str
    rank_correlation: float
    top_3_overlap: float
    same_signs: float
    n_common: int
    fit: float | None
    completeness_gap: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Everything, raw; None for NaN."""
        return {name: _known(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class StableShare:
    """How many small changes of one kind leave the strongest reasons as they are.

    Attributes
    ----------
    kind
        ``numbers``: one number of the user or the item moved by ``share_of_range`` of its column's range;
        ``history``: one older item dropped; ``background``: drawn by another seed.
    n, n_kept
        Changes made, and those after which the strongest reasons are the same with the same signs.
    what
        What was changed, each once: keys of columns, ids of items, seeds.
    """

    kind: ChangeKind
    n: int
    n_kept: int
    what: tuple[str, ...] = ()
    share_of_range: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"what": list(self.what)}


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """What speaks for and against believing one explanation.

    Attributes
    ----------
    completeness_gap, standard_error, fit, exact
        The explanation's own doubt, as in `Explanation`.
    agreements
        One for each other registered method that can answer; ``unanswered`` names those that cannot.
    removal
        The explanation's own deletion and insertion curves beside random orders.
    n_removed
        Reasons, at most three, that are taken away for a sentence: the strongest that speak for the score.
    n_strongest
        How many strongest reasons the small changes are judged by; 0 where no reason moves the score.
    stability
        One for each kind of small change that could be made.
    """

    completeness_gap: float
    standard_error: float | None
    fit: float | None
    exact: bool
    agreements: tuple[MethodAgreement, ...]
    unanswered: tuple[str, ...]
    removal: RemovalCurves
    n_removed: int
    n_strongest: int
    stability: tuple[StableShare, ...]
    seconds: float
    units: Units = LOGIT

    @property
    def n_changes(self) -> int:
        return sum(of.n for of in self.stability)

    @property
    def share_kept(self) -> float | None:
        """Share of all small changes that leave the strongest reasons as they are; None where none could be made."""
        return sum(of.n_kept for of in self.stability) / self.n_changes if self.n_changes else None

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        own = (
            "completeness_gap",
            "standard_error",
            "fit",
            "exact",
            "n_strongest",
            "n_changes",
            "share_kept",
            "seconds",
        )
        return {name: getattr(self, name) for name in (*own, "units")} | {
            "agreement": [of.to_json() for of in self.agreements],
            "unanswered": list(self.unanswered),
            "removal": self.removal.to_json() | self._removed(),
            "stability": [of.to_json() for of in self.stability],
        }

    def _removed(self) -> dict[str, Any]:
        n = self.n_removed
        return {"n_removed": n, "drop": self.removal.drop(n), "random_drop": self.removal.random_drop(n)}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
