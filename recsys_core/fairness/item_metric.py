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
    """

    catalogue: np.ndarray
    exposure: np.ndarray
    relevance: np.ndarray
    held_out: np.ndarray
    hits: np.ndarray

    @classmethod
    def of(cls, catalogue_share: np.ndarray, sums: np.ndarray) -> ItemSums:
        """From sums ``(…, 4, n_groups)``: exposure, relevance, held-out items and hits."""
        with_all = np.concatenate([sums, sums.sum(axis=-1, keepdims=True)], axis=-1)
        catalogue = np.broadcast_to(np.append(catalogue_share, 1.0), with_all[..., 0, :].shape)
        return cls(catalogue, *(with_all[..., part, :] for part in range(4)))


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
    where ``is_compared``: a share of the whole grows with the group.
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
