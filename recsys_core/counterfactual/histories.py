"""Histories: the catalogue's scores with some of a user's positives taken off, many histories in one pass."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys_core.counterfactual.places import ListRule, Places
from recsys_core.data.known import KnownItems
from recsys_core.what_if.situation import Situation

CELLS = 4_000_000  # scores held at once


class SupposedHistories:
    """Where an item stands when some positives are taken off: by the whole catalogue, or among its rivals.

    A set of positives is a row of booleans ``(n_positives,)``, newest first, true where one is taken off. The rivals
    are the candidates that compete for the last places of the list in the cases seen so far (`meet`); among them a
    history costs a fraction, and an item that is off the list among them is off the whole list, too.
    """

    def __init__(self, situation: Situation, rule: ListRule) -> None:
        self.situation, self.rule = situation, rule
        self.positives, self.length = situation.positives, situation.history_length
        self.n_scored, self.n_in_full = 0, 0
        self.rivals = np.zeros(0, dtype=np.int64)
        self._ascending = np.argsort(self.positives, kind="stable")

    def rows(self, off: np.ndarray) -> tuple[np.ndarray, KnownItems]:
        """Histories ``(n, length)``, newest first, and all that is still known."""
        kept = ~off
        histories = np.full((len(off), self.length), -1, dtype=np.int64)
        place = np.cumsum(kept, axis=1)
        row, column = np.nonzero(kept & (place <= self.length))
        histories[row, place[row, column] - 1] = self.positives[column]
        row, column = np.nonzero(kept[:, self._ascending])
        start = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
        items, n_items = self.positives[self._ascending][column], len(self.situation.seen)
        table = csr_array((np.ones(len(items), dtype=bool), items, start), shape=(len(off), n_items))
        return histories, KnownItems(table)

    def catalogues(self, off: np.ndarray) -> np.ndarray:
        """Logits of every item with each set taken off ``(n, n_items)``."""
        histories, known = self.rows(off)
        self.n_scored += len(off)
        self.n_in_full += len(off)
        return self.situation.scorer.score_catalogue(np.full(len(off), self.situation.user_index), histories, known)

    def in_full(self, off: np.ndarray) -> Places:
        """Places by the whole catalogue."""
        step = max(1, CELLS // max(len(self.situation.seen), len(self.positives)))
        return Places.join(
            [self.rule.by_catalogue(self.catalogues(off[at : at + step])) for at in range(0, len(off), step)]
        )

    def among_rivals(self, off: np.ndarray) -> Places:
        """Places among the rivals alone."""
        items = np.append(self.rule.item, self.rivals)
        step = max(1, CELLS // max(len(items) * 8, len(self.positives)))
        self.n_scored += len(off)
        parts = []
        for at in range(0, len(off), step):
            histories, known = self.rows(off[at : at + step])
            users = np.full(len(histories), self.situation.user_index)
            scores = self.situation.scorer.score_grid(users, items, histories, known)
            parts.append(self.rule.by_scores(scores[:, 0], scores[:, 1:], self.rivals))
        return Places.join(parts)

    def meet(self, off: np.ndarray, most: int) -> Places:
        """Places of some sets by the whole catalogue, whose strongest candidates become rivals as well."""
        scores = self.catalogues(off)
        found = [self.rivals, *(self.rule.strongest(row, most) for row in scores)]
        self.rivals = np.unique(np.concatenate(found))
        return self.rule.by_catalogue(scores)
