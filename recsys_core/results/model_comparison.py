"""Results of comparing two models of a workspace on the same users: quality, lists and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.results.compression import ExplanationDrift, ListOverlap
from recsys_core.results.dataclass_json import to_json


@dataclass(frozen=True, slots=True)
class QualityChange:
    """A measure on the test part under both models, with the 95 % interval of the paired difference over users.

    ``first`` and ``second`` have intervals of their own; None where a figure or an interval has no meaning.
    """

    name: str
    first: float | None
    first_ends: tuple[float | None, float | None]
    second: float | None
    second_ends: tuple[float | None, float | None]
    change: float | None
    low: float | None
    high: float | None

    @property
    def within_noise(self) -> bool:
        """Whether the interval of the difference holds 0, or there is none."""
        return self.low is None or self.high is None or self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class ModelComparison:
    """Two models of one workspace.

    Attributes
    ----------
    first, second
        Their ids.
    quality
        ``ndcg@10``, ``recall@10`` and ``auc``.
    lists
        How much of each test user's ten items the second model keeps of the first one's.
    reasons
        How far reasons that both models have agree, on pairs of the first one's lists; None where they share none.
    shared, gone, new
        Reasons that both read, the first alone, and the second alone, by key.
    n_users, seed
        Compared test users, and what drew the pairs.
    """

    first: str
    second: str
    quality: tuple[QualityChange, ...]
    lists: ListOverlap | None
    reasons: ExplanationDrift | None
    shared: tuple[str, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    n_users: int
    seed: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Everything, raw."""
        return to_json(self)
