"""Results of a search over mending and compression settings: everything tried, its front, and the grid beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True)
class Tried:
    """One variant that was measured, by what the search weighs.

    Attributes
    ----------
    ndcg
        NDCG@10 of all test users.
    gap
        NDCG@10 of the best served group less that of the worst served, of this variant's own groups.
    size_bytes
        What it takes on disk.
    reasons_kept
        Share of the full model's three strongest reasons that it keeps, mean over seeded pairs.
    seconds
        What measuring took; 0 where it had been measured before.
    """

    variant: ModelVariant
    ndcg: float
    gap: float
    size_bytes: int
    reasons_kept: float
    seconds: float = 0.0

    @property
    def drift(self) -> float:
        """Explanation drift: the share of the three strongest reasons that is lost."""
        return 1 - self.reasons_kept

    def to_json(self) -> dict[str, Any]:
        """As the command prints it: the variant as an address says it, and its figures."""
        return {
            "variant": self.variant.to_query(),
            "ndcg@10": self.ndcg,
            "gap": self.gap,
            "size_bytes": self.size_bytes,
            "drift": self.drift,
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SearchResult:
    """What a search has found so far.

    Attributes
    ----------
    by
        The user column whose gap is weighed.
    seed, asked
        What its draws were made from, and how many evaluations were asked for last.
    full
        The full model, at whose figures objectives are measured.
    tried
        Every variant that was evaluated, in order; the first ``n`` of a longer search are those of a shorter one.
    grid
        What a person would have tried, in order: as many as were evaluated, or all there are.
    front
        Those of ``tried`` that no other one beats in everything.
    hypervolume, grid_hypervolume
        Of both at equal evaluations (`recsys_core.search.hypervolume.hypervolume`); the grid's is None until it is
        measured as far.
    n_users
        On how many test users lists were made.
    """

    by: str
    seed: int
    asked: int
    full: Tried
    tried: tuple[Tried, ...]
    grid: tuple[Tried, ...]
    front: tuple[Tried, ...]
    hypervolume: float
    grid_hypervolume: float | None
    n_users: int

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for was evaluated, the grid too."""
        return self.grid_hypervolume is not None
