"""What a baseline is: a scorer that training rows fit without a network, and what was fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from recsys_core.models.baselines.ease import fit_ease
from recsys_core.models.baselines.item_knn import fit_item_knn
from recsys_core.models.baselines.popularity import fit_popularity
from recsys_core.models.evaluation import CanScore
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress


class Baseline(CanScore, Protocol):
    """A fitted baseline; ``settings`` are the numbers that were chosen for it, for reports."""

    @property
    def settings(self) -> dict[str, float]: ...


BASELINES: dict[str, Callable[[SplitDataset, Progress], Baseline]] = {
    "popularity": fit_popularity,
    "ease": fit_ease,
    "item_knn": fit_item_knn,
}
