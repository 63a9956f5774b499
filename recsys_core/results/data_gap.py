"""Result: a model's gap between two groups beside the gap that other rankings of the same data leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recsys_core.results.fairness import Group, GroupRow, Verdict

Verdicts = Literal["widens", "narrows", "alike"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReferenceGap(Verdict):
    """The model's gap less a reference's, between the same two groups, paired user by user.

    Attributes
    ----------
    reference
        ``best`` (the best possible ranking, on sample data), ``ease``, ``item_knn`` or ``popularity``.
    gap, gap_low, gap_high
        The reference's own: the group that the model serves best less the one it serves worst.
    added
        The model's gap less it, ``low`` to ``high``; above 0 the model widens what the reference leaves.
    above, above_low, above_high
        The reference's figure of the worst group less the model's.
    """

    reference: str
    gap: float
    gap_low: float
    gap_high: float
    added: float
    above: float
    above_low: float
    above_high: float

    @property
    def verdict(self) -> Verdicts:
        """``alike`` where the difference is within noise."""
        if self.within_noise:
            return "alike"
        return "widens" if self.added > 0 else "narrows"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DataGap:
    """How each group fares under the model and under the references.

    Attributes
    ----------
    rows
        Groups by scorer's name (``model`` first, then the references), each with the one ``measure``.
    overall
        Everyone by scorer's name.
    worst, best
        The groups that the model serves worst and best; None with fewer than two groups to show.
    gap, gap_low, gap_high
        The model's, between the two; NaN without.
    gaps
        One a reference.
    kind
        On sample data what was planted in this column: ``slope`` (a group's outcomes follow the features less, which
        no mending can change), ``recording`` (its outcomes were recorded wrongly), or ``""``.
    planted
        Value of the group that it was planted in.
    """

    by: tuple[str, ...]
    measure: str
    rows: dict[str, tuple[GroupRow, ...]]
    overall: dict[str, GroupRow]
    worst: Group | None
    best: Group | None
    gap: float
    gap_low: float
    gap_high: float
    gaps: tuple[ReferenceGap, ...]
    kind: str
    planted: str
    n_users: int
    n_bootstrap: int
    least_size: int
    seed: int
    seconds: float

    def of(self, scorer: str, group: Group) -> GroupRow:
        """One group's row under one scorer."""
        return next(row for row in self.rows[scorer] if row.group == group)

    def against(self, reference: str) -> ReferenceGap | None:
        """The comparison with a reference; None where there is none."""
        return next((gap for gap in self.gaps if gap.reference == reference), None)
