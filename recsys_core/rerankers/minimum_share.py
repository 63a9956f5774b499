"""Minimum share: of the first places of every list a group of items has at least its share, in whole places.

Of the first ``n`` places (up to 100) the group has ``floor(n * strength * share)`` or more, where its items' share is
that of what validation users took.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers.columns import groups_of, require_validation
from recsys_core.rerankers.first_places import N_PLACES, PlacesReranker, QuickReranker
from recsys_core.rerankers.guaranteed import BY_POPULARITY, ByGuarantee, favoured_group
from recsys_core.rerankers.prepared import Favoured, Served
from recsys_core.variant import Reranking

METHOD = "minimum-share"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedMinimumShare:
    """The group, and which items are its."""

    favoured: tuple[Favoured]
    is_member: np.ndarray

    def at(self, settings: Reranking) -> QuickReranker:
        return PlacesReranker(
            settings, ByGuarantee(self.is_member, whole_places(settings.strength * self.favoured[0].share))
        )


def whole_places(share: float) -> np.ndarray:
    """How many of the first 1, 2, … 100 places a share is at least, in whole places.

    >>> whole_places(0.3)[:10].tolist()
    [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    """
    return np.floor(np.arange(1, N_PLACES + 1) * share + 1e-9).astype(np.int64)  # 10 * 0.3 is 3


def check(by: str, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where there is nothing that it could do."""
    groups_of(METHOD, by or BY_POPULARITY, split_dataset, side="item")
    require_validation(METHOD, split_dataset)


def prepare(served: Served, by: str) -> PreparedMinimumShare:
    """Find the group and its share on the validation part."""
    check(by, served.split_dataset)
    grouping = groups_of(METHOD, by or BY_POPULARITY, served.split_dataset, side="item")
    favoured, is_member = favoured_group(METHOD, grouping, served)
    return PreparedMinimumShare((favoured,), is_member)
