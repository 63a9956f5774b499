"""Results of a gap within strata: is it the group, or what the group differs in besides?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recsys_core.results.fairness import Group
from recsys_core.variant import DENSE, ModelVariant

StrataVerdict = Literal["no_gap", "in_every", "stays", "disappears", "turns", "unknown"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Larger less smaller figure of two groups, as all users together have them; its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """The interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """The two groups among users who are alike in something else.

    ``group`` says in what; ``n_worst`` and ``n_best`` count their users. ``difference`` is None where one of the two
    has fewer than the least size, or no figure; ``weight`` is the share in the adjusted gap, 0 there.
    """

    group: Group
    n_worst: int
    n_best: int
    weight: float
    difference: Difference | None


@dataclass(frozen=True, slots=True, eq=False)
class StratifiedGap:
    """A gap within strata of a column of users.

    Attributes
    ----------
    by, metric, worst_group, best_group
        Whose gap.
    within, strata
        The column, and its fifths (of a number) or groups, in order.
    raw
        The gap as it is.
    adjusted
        The mean of the strata's differences by weight; None where no stratum has both groups.
    verdict
        ``no_gap`` (the gap is within noise as it is), ``in_every`` (the adjusted gap is clear, with the sign of the
        gap in every stratum), ``stays`` (clear, but not in every stratum), ``disappears`` (within noise), ``turns``
        (clear, the other way round), ``unknown``.
    """

    by: tuple[str, ...]
    metric: str
    worst_group: Group
    best_group: Group
    within: str
    strata: tuple[Stratum, ...]
    raw: Difference
    adjusted: Difference | None
    verdict: StrataVerdict
    least_size: int
    n_bootstrap: int
    seed: int
    seconds: float
    variant: ModelVariant = DENSE

    @property
    def with_figure(self) -> tuple[Stratum, ...]:
        """Strata in which both groups are large enough."""
        return tuple(s for s in self.strata if s.difference is not None)
