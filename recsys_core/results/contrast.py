"""Results of contrasting: what sets one item apart from another, and a user's list from the rest of the catalogue."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recsys_core.metrics import probability
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units, score_in_units
from recsys_core.variant import DENSE, ModelVariant

CONTRAST_FIGURES = (
    *("item_id", "title", "against_id", "against_title", "score", "score_against", "score_difference"),
    *("logit", "logit_against", "probability", "probability_against", "completeness_gap", "standard_error", "exact"),
    *("units", "history", "background", "compared_with", "seed", "seconds"),
)
COMMON_FIGURES = (
    *("mean_score", "mean_score_of_others", "score_difference", "completeness_gap", "n_listed", "n_sampled"),
    *("n_others", "exact", "units", "background", "compared_with", "seed", "seconds"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What one reason adds to the difference of two scores, in the contrast's units.

    ``value`` and ``value_against`` are what the reason holds for the two items, raw: equal for what is the user's or
    the history's, where only its fit to the items differs. ``standard_error`` is None where nothing was sampled.
    """

    player: Player
    value: str | float | int | None
    value_against: str | float | int | None
    contribution: float
    standard_error: float | None = None
    unit: str = ""

    @property
    def feature(self) -> str:
        """The player's key, for files and tables."""
        return self.player.key


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Contributions that sum to one item's score less another's, for one user with one history.

    Attributes
    ----------
    item_id, title, against_id, against_title
        The item, and the one that it is contrasted with.
    logit, logit_against
        Their logits; `score` and `score_against` are the scores in ``units``.
    contributions
        In player order: user groups, history (or its items), item groups.
    background, seed
        How many background rows stood for "not this value", and the seed of the orderings.
    exact
        Whether the contributions are exact Shapley (with ``history='each'`` Owen) values of the difference.
    units
        ``logit``, or ``probability``: then the contributions sum to the difference of the probabilities.
    compared_with
        The background: ``average``, ``segment:NAME`` or ``item:ID`` (`recsys_core.explain.backgrounds`).
    n_evaluations
        Network rows that were computed.
    """

    user_id: str
    item_id: str
    title: str
    against_id: str
    against_title: str
    logit: float
    logit_against: float
    contributions: tuple[Difference, ...]
    background: int
    seed: int
    seconds: float
    exact: bool = False
    history: str = "one"
    units: Units = LOGIT
    compared_with: str = "average"
    n_evaluations: int = 0
    variant: ModelVariant = DENSE

    @property
    def score(self) -> float:
        """The item's score in the contrast's units."""
        return score_in_units(self.logit, self.units)

    @property
    def score_against(self) -> float:
        """The other item's score in the contrast's units."""
        return score_in_units(self.logit_against, self.units)

    @property
    def score_difference(self) -> float:
        """What the contributions sum to: the difference of the two scores."""
        return self.score - self.score_against

    @property
    def completeness_gap(self) -> float:
        """Sum of the contributions less the difference of the scores; 0 up to rounding."""
        return sum(c.contribution for c in self.contributions) - self.score_difference

    @property
    def standard_error(self) -> float | None:
        """Largest standard error of a contribution, None where nothing was sampled."""
        errors = [c.standard_error for c in self.contributions if c.standard_error is not None]
        return max(errors) if errors else None

    @property
    def probability(self) -> float:
        return probability(self.logit)

    @property
    def probability_against(self) -> float:
        return probability(self.logit_against)

    def to_json(self) -> dict[str, Any]:
        """Everything, raw; the contributions in player order."""
        of_each = ("feature", "value", "value_against", "unit", "contribution", "standard_error")
        rows = [{name: getattr(reason, name) for name in of_each} for reason in self.contributions]
        return {name: getattr(self, name) for name in CONTRAST_FIGURES} | {"contributions": rows}

    @property
    def is_same_item(self) -> bool:
        """Whether an item is contrasted with itself: every contribution is 0 then."""
        return self.item_id == self.against_id


@dataclass(frozen=True, slots=True)
class EntryGap:
    """How far below the last item of a user's list of ``k`` an item outside it stands.

    Attributes
    ----------
    needed
        The last item's logit less the own one; 0 where both are equal and the order of ties keeps the item out.
    last_index
        Row of the list's last item.
    """

    k: int
    needed: float
    last_index: int


@dataclass(frozen=True, slots=True)
class SharedValue:
    """What a list's items mostly hold in one column, and how the other candidates stand to it.

    Attributes
    ----------
    value
        The value that most of them hold (of a set, the member), of numbers their median.
    of_others
        Of numbers the median of all other candidates, else None.
    n_holding, share_of_others
        How many listed items hold the value, and which share of all other candidates; None of numbers.
    """

    value: str | float | int | None
    of_others: float | None = None
    n_holding: int | None = None
    share_of_others: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CommonReason:
    """What one reason adds to a list's items more than to the rest of the catalogue, on average.

    Attributes
    ----------
    contribution
        Mean contribution to the listed items less that to the others.
    low, high
        95 % interval of it, for the others that were drawn and for the orderings; equal where neither was sampled.
    n_lifted
        How many listed items this reason lifts (where the contribution is negative: lowers) against the others' mean.
    shared
        The value behind it, of an item's column that has values to share.
    """

    player: Player
    contribution: float
    low: float
    high: float
    n_lifted: int
    shared: SharedValue | None = None

    @property
    def feature(self) -> str:
        """The player's key, for files and tables."""
        return self.player.key

    @property
    def is_noise(self) -> bool:
        """Whether the interval holds 0."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class CommonReasons:
    """What a user's list has in common against the rest of the catalogue: reasons that sum to the mean difference.

    Attributes
    ----------
    mean_score, mean_score_of_others
        Mean over the list, and over the other candidates that were looked at, in ``units``.
    n_listed, n_sampled, n_others
        Listed items, other candidates that were looked at, and all other candidates.
    seed
        Drew them, and the orderings.
    exact
        Whether every contribution is an exact Shapley value.
    """

    user_id: str
    mean_score: float
    mean_score_of_others: float
    contributions: tuple[CommonReason, ...]
    n_listed: int
    n_sampled: int
    n_others: int
    background: int
    seed: int
    seconds: float
    exact: bool = False
    units: Units = LOGIT
    compared_with: str = "average"
    variant: ModelVariant = DENSE

    @property
    def score_difference(self) -> float:
        """What the contributions sum to."""
        return self.mean_score - self.mean_score_of_others

    @property
    def completeness_gap(self) -> float:
        """Sum of the contributions less the difference of the mean scores; 0 up to rounding."""
        return sum(c.contribution for c in self.contributions) - self.score_difference

    def to_json(self) -> dict[str, Any]:
        """Everything, raw; the contributions in player order."""
        of_each = ("feature", "contribution", "low", "high", "n_lifted")
        rows = [
            {name: getattr(reason, name) for name in of_each} | {"shared": reason.shared and asdict(reason.shared)}
            for reason in self.contributions
        ]
        return {name: getattr(self, name) for name in COMMON_FIGURES} | {"contributions": rows}
