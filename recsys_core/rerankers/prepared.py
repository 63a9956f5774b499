"""What a re-ranker is prepared from, and what is known of it before its strength."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers.first_places import QuickReranker
from recsys_core.rerankers.validation import ValidationLists, validation_lists
from recsys_core.results import Group
from recsys_core.variant import Reranking


@dataclass(frozen=True, eq=False)
class Served:
    """What is re-ranked: the data under their split, and the scorer of a model or variant."""

    split_dataset: SplitDataset
    scorer: Scorer

    @cached_property
    def validation(self) -> ValidationLists:
        """First places of validation users by score; worked out once for all re-rankers and columns."""
        return validation_lists(self.split_dataset, self.scorer)


@dataclass(frozen=True, slots=True)
class Favoured:
    """The groups of items that a re-ranker favours as one, and the share of places that it asks for at strength 1."""

    method: str
    by: str
    groups: tuple[Group, ...]
    share: float


class Prepared(Protocol):
    """A re-ranker before its strength: whatever takes time is done."""

    @property
    def favoured(self) -> tuple[Favoured, ...]:
        """Groups that it favours above all others; none where it treats all alike."""
        ...

    def at(self, settings: Reranking) -> QuickReranker:
        """The re-ranker of ``settings``, whose name and column are those it was prepared for."""
        ...
