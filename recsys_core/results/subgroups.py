"""Results of the search for the worst-served subgroups."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.results.fairness import NOISE_ABOVE, Group
from recsys_core.results.ranking import UserSample
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True)
class SubgroupCondition:
    """One condition on a user column.

    Attributes
    ----------
    column
        Its full name, ``user.age``.
    group
        The value, the range (both ends belong to it) or the empty cells.
    spelled
        The column as audits take it so that ``group`` is one of its groups: ``user.age=30/50``.
    """

    column: str
    group: Group
    spelled: str

    @property
    def label(self) -> str:
        """For the command line: ``user.age 30–49``."""
        return f"{self.column} {self.group.label}"


@dataclass(frozen=True, slots=True, eq=False)
class Subgroup:
    """Users who meet all conditions, against everyone else.

    Attributes
    ----------
    conditions
        One or two, of different columns.
    n
        Users with a figure.
    value, rest, difference
        The measure of these users, of all others, and the first less the second; ``low`` and ``high`` bound the
        difference (95 %, bootstrap over users). The interval does not know that the subgroup was picked.
    statistic
        By how many standard deviations, under shuffled users, it is served worse than the others.
    p_corrected
        Chance that the worst of all subgroups that were searched is served as badly when users are shuffled.
    """

    conditions: tuple[SubgroupCondition, ...]
    n: int
    value: float
    rest: float
    difference: float
    low: float
    high: float
    statistic: float
    p_corrected: float

    @property
    def within_noise(self) -> bool:
        """Whether ``p_corrected`` is above 0.05."""
        return not self.p_corrected <= NOISE_ABOVE

    @property
    def label(self) -> str:
        """For the command line: ``user.gender F, user.age 30–49``."""
        return ", ".join(condition.label for condition in self.conditions)


@dataclass(frozen=True, slots=True, eq=False)
class SubgroupSearch:
    """The subgroups that one measure serves worst.

    ``subgroups`` are at most ten, the worst first, less those of which more than half of the users (of the two
    together) are a worse one's. ``n_searched`` of ``n_candidates`` different ones that are large
    enough were searched (the largest where there are too many), over conditions on ``columns``; ``n_users`` have a
    figure, ``overall`` is theirs together.
    """

    metric: str
    columns: tuple[str, ...]
    subgroups: tuple[Subgroup, ...]
    n_candidates: int
    n_searched: int
    n_users: int
    overall: float
    n_shuffles: int
    least_size: int
    seed: int
    seconds: float
    sample: UserSample | None = None
    variant: ModelVariant = DENSE

    @property
    def found(self) -> tuple[Subgroup, ...]:
        """Those served worse than chance would have it."""
        return tuple(s for s in self.subgroups if not s.within_noise)
