"""Results of splitting a gap between two groups into what each reason adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.player import Player
from recsys_core.results.fairness import Group
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True)
class GapReason:
    """What one reason adds to a gap, with its 95 % bootstrap interval over users.

    ``standard_error`` is the part of that doubt which comes from sampled orderings; 0 where all coalitions were tried.
    """

    player: Player
    contribution: float
    low: float
    high: float
    standard_error: float

    @property
    def is_clear(self) -> bool:
        """The interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapReasons:
    """A gap between two groups of users: ``gap = base + sum of the reasons' contributions``.

    Attributes
    ----------
    measure
        ``ndcg@10``, ``mean_score`` (logits) or ``selection_rate``, of `recsys_core.gap_reasons.MEASURES`.
    lower_group, higher_group
        The groups; the gap is the higher group's figure less the lower's. ``gap_of_all`` is the same on all users that
        were evaluated: where few are looked at here, ``gap`` may lie elsewhere, and even below 0.
    base
        The gap that is left where every reason comes from the same background for everyone: of lists in the same
        arbitrary order, of one and the same score.
    reasons
        In the order of the model's players.
    completeness_gap
        How far the gap, as the lists and scores themselves have it, is from the sum.
    exact
        All coalitions were tried against every background row; else ``n_orderings`` orderings a user (a pair).
    n_lower, n_higher, n_pairs
        Users of the groups that are looked at, drawn by ``seed``; pairs, of measures of pairs.
    n_users, n_all_users
        How many users are looked at, of how many of both groups.
    """

    measure: str
    lower_group: Group
    higher_group: Group
    gap: float
    low: float
    high: float
    gap_of_all: float
    base: float
    base_low: float
    base_high: float
    reasons: tuple[GapReason, ...]
    completeness_gap: float
    exact: bool
    n_orderings: int
    background: int
    n_lower: int
    n_higher: int
    n_all_users: int
    n_pairs: int | None
    n_bootstrap: int
    seed: int
    seconds: float
    variant: ModelVariant = DENSE

    @property
    def n_users(self) -> int:
        return self.n_lower + self.n_higher

    @property
    def ordered(self) -> tuple[GapReason, ...]:
        """The reasons, those that add most to the gap (or take most from it) first."""
        return tuple(sorted(self.reasons, key=lambda reason: -abs(reason.contribution)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; groups by label, reasons by the keys of their players."""
        skipped = ("lower_group", "higher_group", "reasons", "variant")
        found = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in skipped}
        names = ("contribution", "low", "high", "standard_error")
        reasons = [{"feature": r.player.key} | {n: getattr(r, n) for n in names} for r in self.reasons]
        groups = {"lower_group": self.lower_group.label, "higher_group": self.higher_group.label}
        return {**groups, **found, "n_users": self.n_users, "reasons": reasons, "variant": self.variant.key}
