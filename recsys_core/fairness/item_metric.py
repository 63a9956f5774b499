"""A fairness metric of groups of items: a function of what all lists together give to each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.metric import Direction, Family, Unit


@dataclass(frozen=True, slots=True, eq=False)
class ItemSums:
    """Sums over users by group of items, each ``(…, n_groups + 1)``: all items together are the last column.

    Attributes
    ----------
    catalogue
        Share of the catalogue.
    exposure
        Weights ``1 / log2(1 + rank)`` of the listed items.
    relevance
        Held-out items, those of each user as shares that sum to 1.
    held_out, hits
        Number of held-out items, and of those in the list.
    listed, candidates
        Number of listed items, and of those that could have been: that the user did not take in training.
    tail
        Exposure of items outside the most popular fifth.
    reached
        Share of the group's items that stand in at least one list.
    inequality
        Gini index of the exposure of the group's items; NaN where groups are shuffled.
    is_compared
        ``(n_groups,)``: groups that are large enough to be compared.
    """

    catalogue: np.ndarray
    exposure: np.ndarray
    relevance: np.ndarray
    held_out: np.ndarray
    hits: np.ndarray
    listed: np.ndarray
    candidates: np.ndarray
    tail: np.ndarray
    reached: np.ndarray
    inequality: np.ndarray
    is_compared: np.ndarray

    @classmethod
    def of(
        cls, n_by_group: np.ndarray, sums: np.ndarray, *, is_compared: np.ndarray, inequality: np.ndarray | None = None
    ) -> ItemSums:
        """From the items of each group and sums ``(…, 8, n_groups)`` in the order of the attributes."""
        with_all = np.concatenate([sums, sums.sum(axis=-1, keepdims=True)], axis=-1)
        n = np.append(n_by_group, n_by_group.sum())
        parts = [with_all[..., part, :] for part in range(8)]
        catalogue = np.broadcast_to(n / max(n[-1], 1), parts[0].shape)
        unknown = np.full(parts[0].shape, np.nan)
        exposure, relevance, held_out, hits, listed, candidates, tail, reached = parts
        return cls(
            catalogue=catalogue,
            exposure=exposure,
            relevance=relevance,
            held_out=held_out,
            hits=hits,
            listed=listed,
            candidates=candidates,
            tail=tail,
            reached=quotient(reached, n),
            inequality=unknown if inequality is None else inequality,
            is_compared=is_compared,
        )

    def unequal(self, rate: np.ndarray) -> np.ndarray:
        """Standard deviation over mean of the compared groups' rate, as all items' figure; NaN for fewer than two."""
        of_groups = np.where(self.is_compared, rate[..., :-1], np.nan)
        known = ~np.isnan(of_groups)
        n = known.sum(axis=-1)
        mean = quotient(np.where(known, of_groups, 0).sum(axis=-1), n)
        squares = np.where(known, (of_groups - mean[..., None]) ** 2, 0).sum(axis=-1)
        out = np.full(rate.shape, np.nan)
        out[..., -1] = np.where(n > 1, quotient(np.sqrt(quotient(squares, n)), mean), np.nan)
        return out


def share(sums: np.ndarray) -> np.ndarray:
    """Each group's share of what all items have, ``(…, n_groups + 1)``."""
    return quotient(sums, sums[..., -1:])


def quotient(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """``over / under``; NaN where there is nothing below."""
    over, under = np.broadcast_arrays(over, under)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMetric:
    """A measure of how a group of items is shown; the fields are those of `recsys_core.fairness.metric.Metric`.

    ``value`` gives it for every group and for all items together, ``(…, n_groups + 1)``. Groups are only compared
    where ``is_compared``: a share of the whole grows with the group. ``is_together``: all groups have one together.
    """

    name: str
    place: int
    formula: str
    source: str
    direction: Direction
    unit: Unit
    value: Callable[[ItemSums], np.ndarray]
    at_k: bool = False
    is_compared: bool = True
    no_quality: float | None = 0.0
    family: Family = "items"
    is_together: bool = False

    def full_name(self, k: int) -> str:
        """``recall@10`` of lists of ten."""
        return f"{self.name}@{k}" if self.at_k else self.name
