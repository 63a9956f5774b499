"""Results of mending: what was done, how every group is served before and after, and its price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recsys_core.results.fairness import FairnessReport

LIVE = ("exposure", "calibrated", "fair", "minimum-share", "threshold")  # re-rankers and thresholds of a variant
TRAINED = ("reweigh", "sample", "distrust", "regularise", "worst-group", "adversarial", "project", "leave-out")


@dataclass(frozen=True, slots=True)
class Mending:
    """One way of serving a group better: a method, the column whose groups it looks at, and its strength, 0 to 1."""

    method: str
    by: str
    strength: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Mending:
        """The inverse of `to_json`."""
        return cls(str(data["method"]), str(data["by"]), float(data["strength"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Overall quality after a mending less that before it, paired user by user: ``change`` with its 95 % interval.

    ``relative`` is the change over the figure before; None where that is 0.
    """

    metric: str
    before: float
    after: float
    change: float
    low: float
    high: float
    relative: float | None
    n_users: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MendingReport:
    """How every group is served before and after.

    Attributes
    ----------
    mendings
        What was done, in order.
    before, after
        The same audit of the base and of the mended variant, on the same users.
    of_items
        The same two audits by groups of items, where columns of both sides were asked for.
    price
        What it costs everyone together.
    reasons_kept, lists_kept
        Share of the three strongest reasons, and of the top ten, that the base's and the mended variant share: means
        over seeded pairs and users.
    seconds
        Training included.
    """

    mendings: tuple[Mending, ...]
    before: FairnessReport
    after: FairnessReport
    price: Price
    reasons_kept: float | None
    lists_kept: float | None
    seconds: float
    of_items: tuple[FairnessReport, FairnessReport] | None = None
