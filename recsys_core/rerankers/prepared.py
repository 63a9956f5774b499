"""What a re-ranker is prepared from, and what is known of it before its strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import Reranker
from recsys_core.variant import Reranking


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What is re-ranked: the data under their split, and the scorer of a model or variant."""

    split_dataset: SplitDataset
    scorer: Scorer


class Prepared(Protocol):
    """A re-ranker before its strength: whatever takes time is done."""

    def at(self, settings: Reranking) -> Reranker:
        """The re-ranker of ``settings``, whose name and column are those it was prepared for."""
        ...
