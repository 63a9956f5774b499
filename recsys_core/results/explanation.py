"""Results of explaining: what each reason adds to a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.metrics import probability
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import DENSE, ModelVariant

OF_ALL = ("score", "probability", "base_value", "completeness_gap", "standard_error", "fit", "background", "seed",
          "seconds", "exact", "units", "compared_with", "logit")  # fmt: skip
OF_EACH = ("feature", "value", "unit", "contribution", "standard_error", "probability_without", "logit_without")


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one reason (feature group) adds to a score, in the explanation's units.

    ``value`` is what the player holds here, raw (a title, 34.0, the length of a history; None where
    the cell is empty), and ``unit`` what it counts (``items`` for a history).
    ``standard_error`` is None where nothing was sampled. ``probability_without`` and ``logit_without``
    are the mean probability and the mean logit over the background with this one reason taken from the
    background row: properties of the model, the same for every method.
    """

    player: Player
    value: str | float | int | None
    contribution: float
    standard_error: float | None = None
    unit: str = ""
    probability_without: float | None = None
    logit_without: float | None = None

    @property
    def feature(self) -> str:
        """The player's key, for files and tables."""
        return self.player.key


@dataclass(frozen=True, slots=True)
class ItemItemEntry:
    """What one known positive adds to an item's logit through the item-item term."""

    item_id: str
    title: str
    contribution: float

    def to_json(self) -> dict[str, str | float]:
        return {"item_id": self.item_id, "title": self.title, "contribution": self.contribution}


@dataclass(frozen=True, slots=True, eq=False)
class ItemItemShare:
    """The item-item term's part of one score, which lies outside the network and splits exactly, in logits.

    Attributes
    ----------
    items
        Every known positive, not the newest alone, the largest contribution by size first.
    background
        What the background rows' positives add to this item, mean over them: part of the base value.
    """

    items: tuple[ItemItemEntry, ...]
    background: float

    @property
    def total(self) -> float:
        """What the term adds to the score: the sum over the items."""
        return sum(item.contribution for item in self.items)

    @property
    def difference(self) -> float:
        """The term's part of the history's contribution (of Shapley values exactly)."""
        return self.total - self.background

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        figures = {name: getattr(self, name) for name in ("total", "background", "difference")}
        return figures | {"items": [item.to_json() for item in self.items]}


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Base value + contributions = score, for one user and item, with its doubt.

    Attributes
    ----------
    score, base_value
        Of this pair, and the mean over the background: logits, or probabilities.
    units
        ``logit`` or ``probability``: what score, base, contributions, their errors and the gap are in.
    completeness_gap
        ``base_value + sum(contributions) - score``; 0 up to rounding for additive methods.
    exact
        Whether the contributions are exact Shapley values (with ``history='each'`` Owen values):
        solved over all coalitions. False for everything sampled, and for the methods that answer
        another question (``lime``, ``deeplift``, ``ig``, ``occlusion``).
    standard_error
        Largest standard error of a contribution, None where nothing was sampled.
    fit
        Weighted R² of a local surrogate (LIME), None elsewhere.
    background, seed
        How many background rows stood for "not this value", and the seed that drew them.
    n_evaluations
        Network rows that were computed.
    history
        ``one`` (the history is one reason) or ``each`` (one reason an item).
    item_item
        What the item-item term adds to the logit, by known positive, whatever the units; None where the model has
        no term.
    compared_with
        The background: ``average``, ``segment:NAME`` or ``item:ID`` (`recsys_core.explain.backgrounds`).
    score_logit
        The score in logits where ``units`` are others, else None: ``logit`` is it either way.
    """

    user_id: str
    item_id: str
    title: str
    method: str
    score: float
    base_value: float
    contributions: tuple[Contribution, ...]
    background: int
    seed: int
    seconds: float
    exact: bool = False
    fit: float | None = None
    history: str = "one"
    n_evaluations: int = 0
    variant: ModelVariant = DENSE
    item_item: ItemItemShare | None = None
    units: Units = LOGIT
    compared_with: str = "average"
    score_logit: float | None = None

    @property
    def logit(self) -> float:
        """The pair's score in logits, whatever the units."""
        return self.score if self.score_logit is None else self.score_logit

    @property
    def completeness_gap(self) -> float:
        return self.base_value + sum(c.contribution for c in self.contributions) - self.score

    @property
    def standard_error(self) -> float | None:
        errors = [c.standard_error for c in self.contributions if c.standard_error is not None]
        return max(errors) if errors else None

    @property
    def probability(self) -> float:
        return probability(self.logit)

    def to_json(self) -> dict[str, Any]:
        """Figures and reasons as the command ``explain`` prints them; null where one has no meaning."""
        reasons = [{name: getattr(reason, name) for name in OF_EACH} for reason in self.contributions]
        of_term = None if self.item_item is None else self.item_item.to_json()
        return {name: getattr(self, name) for name in OF_ALL} | {"contributions": reasons, "item_item": of_term}
