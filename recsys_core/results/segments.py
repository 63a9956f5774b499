"""What a variant keeps for the users of a segment."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_core.results.compression import ExplanationDrift, ListOverlap


@dataclass(frozen=True, slots=True, eq=False)
class SegmentChange:
    """Lists, quality and reasons of a segment's ranked users under the dense model and a variant.

    ``ndcg_low`` and ``ndcg_high`` end the 95 % interval of the mean change, paired user by user; NaN where there are
    fewer than six users. ``reasons`` is of pairs from their lists.
    """

    n_users: int
    lists: ListOverlap
    ndcg_dense: float
    ndcg_variant: float
    ndcg_low: float
    ndcg_high: float
    reasons: ExplanationDrift
    seed: int

    @property
    def ndcg_change(self) -> float:
        return self.ndcg_variant - self.ndcg_dense
