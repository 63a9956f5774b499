"""Popularity: the same list for everybody, what was taken most often first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recsys_core.data.known import Known
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """Scores an item by how often it was taken by anyone before the held-out part; the same list for everybody.

    At the test part these are training and validation rows, as for every scorer's histories, and
    as for the popularity that stands in a sample's ``truth.json``.
    """

    settings: dict[str, float] = field(default_factory=dict)

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        counts = known.popularity.astype(np.float32)
        return np.broadcast_to(counts, (len(users), len(counts)))

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return known.popularity[items].astype(np.float32)


def fit_popularity(split_dataset: SplitDataset, progress: Progress = silent) -> Popularity:
    """Popularity; it counts what is known when it scores, so nothing is learned here."""
    return Popularity()
