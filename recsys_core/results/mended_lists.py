"""Results of a mending that answers at once: every group before and after, and the price."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from recsys_core.results.fairness import Group
from recsys_core.results.mending import Price


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its 95 % bootstrap interval over users."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class GroupShift:
    """A group's figure before and after, and the change, paired user by user.

    ``n`` counts its evaluated users (or the items, of item columns). The estimates are None for a group that is too
    small to be shown or has no figure.
    """

    group: Group
    n: int
    before: Estimate | None
    after: Estimate | None
    change: Estimate | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MendedLists:
    """What a mending does to the groups of one column.

    Attributes
    ----------
    metric, by
        Which figure of which column's groups.
    shifts
        One a group, in the order of the column.
    price
        Of everyone together: NDCG, or the accuracy of decisions where these alone change.
    lists_kept
        Share of the top ten that stays, a mean over users; None where nobody has a list.
    n_users
        On how many users.
    """

    metric: str
    by: tuple[str, ...]
    shifts: tuple[GroupShift, ...]
    price: Price
    lists_kept: float | None
    n_users: int

    @property
    def extremes(self) -> tuple[GroupShift, GroupShift] | None:
        """The groups with the smallest and the largest figure before; None where fewer than two have one."""
        known = [shift for shift in self.shifts if shift.before is not None and shift.after is not None]
        if len(known) < 2:
            return None
        ordered = sorted(known, key=lambda shift: shift.before.value if shift.before else 0.0)
        return ordered[0], ordered[-1]

    def to_json(self) -> dict[str, Any]:
        """Groups by their label."""
        groups = [
            {"group": s.group.label, "n": s.n}
            | {name: asdict(of) if of else None for name, of in (("before", s.before), ("after", s.after))}
            for s in self.shifts
        ]
        about = {"metric": self.metric, "by": list(self.by), "lists_kept": self.lists_kept, "n_users": self.n_users}
        return about | {"groups": groups, "price": asdict(self.price)}
