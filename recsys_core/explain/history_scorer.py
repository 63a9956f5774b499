"""What explains a history asks a recommender: the scores of the catalogue with some of the history's items.

Any model that reads a history answers it; our own ranker does as if the history had always been so: where newer items
are left out, older ones that attention had no room for are read again (as `recsys_core.what_if` does).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recsys_core.data.known import KnownItems
from recsys_core.models.scorer import Scorer

ROWS = 512  # subsets at once, as rows over the whole catalogue


class HistoryScorer(Protocol):
    """A recommender for one user, as a function of the history alone."""

    @property
    def n_items(self) -> int: ...

    def score_subsets(self, items: np.ndarray, masks: np.ndarray, candidates: np.ndarray | None = None) -> np.ndarray:
        """Scores of ``candidates`` (c,), all items if None, for each subset of a history: ``(n, c)``.

        ``items`` (m,) is the history, each item once, ``masks`` (n, m) bool which of it is kept.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RowScorer:
    """Any function of 0/1 rows over the catalogue ``(n, n_items)`` that returns scores ``(n, n_items)``."""

    predict: Callable[[np.ndarray], np.ndarray]
    n_items: int

    def score_subsets(self, items: np.ndarray, masks: np.ndarray, candidates: np.ndarray | None = None) -> np.ndarray:
        """See `HistoryScorer`."""
        chosen = np.s_[:] if candidates is None else candidates
        out = np.empty((len(masks), self.n_items if candidates is None else len(candidates)))
        for start in range(0, len(masks), ROWS):
            few = masks[start : start + ROWS]
            rows = np.zeros((len(few), self.n_items), dtype=np.float32)
            rows[:, items] = few
            out[start : start + ROWS] = self.predict(rows)[:, chosen]
        return out


@dataclass(frozen=True, slots=True, eq=False)
class RankerHistory:
    """One user of our own ranker; ``items`` of its questions are the user's positives, newest first."""

    scorer: Scorer
    user_index: int
    history_length: int

    @property
    def n_items(self) -> int:
        return self.scorer.n_items

    def score_subsets(self, items: np.ndarray, masks: np.ndarray, candidates: np.ndarray | None = None) -> np.ndarray:
        """See `HistoryScorer`; logits."""
        masks = np.asarray(masks, dtype=bool)
        n_scored = self.n_items if candidates is None else len(candidates)
        out = np.empty((len(masks), n_scored), dtype=np.float32)
        for start in range(0, len(masks), ROWS):
            kept = [items[mask] for mask in masks[start : start + ROWS]]
            out[start : start + ROWS] = self._scored(kept, candidates)
        return out

    def _scored(self, kept: Sequence[np.ndarray], candidates: np.ndarray | None) -> np.ndarray:
        histories, known = self._histories(kept), KnownItems.of(kept, self.n_items)
        if candidates is None:
            return self.scorer.score_catalogue(np.full(len(kept), self.user_index), histories, known)
        n, n_candidates = len(kept), len(candidates)
        users, wanted = np.full(n * n_candidates, self.user_index), np.tile(candidates, n)
        network = self.scorer.with_term(None)
        scores = network.score_pairs(users, wanted, np.repeat(histories, n_candidates, axis=0)).reshape(n, n_candidates)
        return scores if self.scorer.term is None else scores + self.scorer.term.of_items(candidates, known)

    def _histories(self, kept: Sequence[np.ndarray]) -> np.ndarray:
        out = np.full((len(kept), self.history_length), -1, dtype=np.int64)
        for row, items in zip(out, kept, strict=True):
            newest = items[: self.history_length]
            row[: len(newest)] = newest
        return out
