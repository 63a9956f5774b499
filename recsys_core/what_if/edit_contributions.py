"""Which edit did what: Shapley values over edits, whose sum is the change of one score.

``v(S)`` is the item's score with the edits of ``S`` in force and the others not. A coalition is a copy of the user's
row, one of the item's, and a history; equal ones are scored once, all in one batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_core.data.known import KnownItems
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.shapley import draw_walks, exact_shapley, walk_coalitions, walk_shapley
from recsys_core.models.edited_rows import Encode
from recsys_core.results.edits import AddItem, Edit, SetColumn, TakeOffItem
from recsys_core.results.units import LOGIT, Units, scores_in_units
from recsys_core.seeds import random_stream
from recsys_core.what_if.cells import encoded_edits
from recsys_core.what_if.copies import score_copies, term_score
from recsys_core.what_if.situation import Situation, edited_positives

EXACT_EDITS = 10  # that change anything: 1,024 coalitions
ORDERINGS, MOST_COALITIONS = 256, 6_000  # of more edits


class EditGame:
    """The game that edits play over one score; edits to the value that is there already are no players of it.

    Attributes
    ----------
    active
        Positions of the edits that are players.
    n_evaluations
        Different rows that the network has scored so far.
    """

    def __init__(self, situation: Situation, edits: Sequence[Edit], encode: Encode | None = None) -> None:
        self.situation, self.n_edits, self.n_evaluations = situation, len(edits), 0
        rows = {"user": situation.user_index, "item": situation.item_index}
        active: list[int] = []
        self._columns: dict[str, list[tuple[int, str, np.ndarray]]] = {"user": [], "item": []}
        self._history: list[tuple[int, AddItem | TakeOffItem]] = []
        cells = encoded_edits(situation.scorer.features, edits, rows, encode)
        for position, (edit, cell) in enumerate(zip(edits, cells, strict=True)):
            if not isinstance(edit, SetColumn):
                self._history.append((len(active), edit))
                active.append(position)
            elif cell is not None:
                self._columns[edit.player.side].append((len(active), edit.player.key, cell))
                active.append(position)
        self.active = np.array(active, dtype=np.int64)

    def solve(self, units: Units = LOGIT) -> tuple[np.ndarray, np.ndarray | None]:
        """Shapley values ``(n_edits,)`` in ``units``, and their standard errors; None where they are exact.

        Exact over all coalitions of up to 10 edits, else from random orderings and their reverses with a fixed seed.
        """
        contributions, error, n = np.zeros(self.n_edits), np.zeros(self.n_edits), len(self.active)
        if n <= EXACT_EDITS:
            values = self.values(coalitions(n), units)
            contributions[self.active] = np.where(_without_effect(values), 0.0, exact_shapley(values))
            return contributions, None
        orderings = int(np.clip(MOST_COALITIONS // n, 8, ORDERINGS))
        place = draw_walks(1, n, orderings=orderings, rng=random_stream(0, "orderings of edits"))
        values = self.values(walk_coalitions(place)[0], units)
        found, variance = walk_shapley(place, values[None])
        contributions[self.active], error[self.active] = found[0], np.sqrt(variance[0])
        return contributions, error

    def values(self, masks: np.ndarray, units: Units = LOGIT) -> np.ndarray:
        """Scores of coalitions ``(n, n_active)`` bool: ``(n,)`` float64, logits or probabilities."""
        scores = self._network_scores(masks) + self._term_scores(masks)
        return scores_in_units(scores, units)

    def _network_scores(self, masks: np.ndarray) -> np.ndarray:
        """The network's logits; a user row, an item row and a history that come together are scored once."""
        users, user_cells = self._copies("user", masks)
        items, item_cells = self._copies("item", masks)
        past, histories = self._histories(masks)
        kept, where = np.unique(np.stack([users, items, past], 1), axis=0, return_inverse=True)
        self.n_evaluations += len(kept)
        return score_copies(self.situation, user_cells, item_cells, kept, histories)[where.ravel()]

    def _copies(self, side: str, masks: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """For each coalition which copy of a side's row is its own ``(n,)``, and the copies' encoded cells by key."""
        about, edits = self.situation, self._columns[side]
        row = about.user_index if side == "user" else about.item_index
        own, subsets = _distinct(masks[:, [at for at, *_ in edits]])
        tables, cells = about.scorer.features.tables, {}
        for column, (_, key, cell) in enumerate(edits):
            is_in = subsets[:, column].reshape(-1, *[1] * np.ndim(cell))
            cells[key] = np.where(is_in, cell, tables[key][row])
        return own, cells

    def _histories(self, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each coalition which history is its own ``(n,)``, and the different ones ``(m, length)``."""
        own, subsets = _distinct(masks[:, [at for at, _ in self._history]])
        length = self.situation.history_length
        histories = np.full((len(subsets), length), -1, dtype=np.int64)
        for row, subset in enumerate(subsets):
            edits = [edit for (_, edit), is_in in zip(self._history, subset, strict=True) if is_in]
            read = edited_positives(self.situation, edits)[:length]
            histories[row, : len(read)] = read
        kept, where = np.unique(histories, axis=0, return_inverse=True)
        return where.ravel()[own], kept

    def _term_scores(self, masks: np.ndarray) -> np.ndarray:
        """What the item-item term adds ``(n,)``: linear in the items taken, by the real item."""
        about, term = self.situation, self.situation.scorer.term
        if term is None:
            return np.zeros(len(masks))
        items = [np.array([edit.item_index]) for _, edit in self._history]
        each = term.pairs(np.full(len(items), about.item_index), KnownItems.of(items, len(about.seen)))
        sign = np.array([1.0 if isinstance(edit, AddItem) else -1.0 for _, edit in self._history])
        return term_score(about) + masks[:, [at for at, _ in self._history]] @ (sign * each)


def _distinct(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row which of the different ones it is, and these."""
    if not masks.shape[1]:
        return np.zeros(len(masks), dtype=np.int64), masks[:1]
    kept, where = np.unique(masks, axis=0, return_inverse=True)
    return where.ravel(), kept


def _without_effect(values: np.ndarray) -> np.ndarray:
    """Players who change no coalition's value ``(n,)`` bool; values in the order of `coalitions`."""
    members = coalitions(int(np.log2(len(values)))).T
    return np.array([np.array_equal(values[~is_in], values[is_in]) for is_in in members], dtype=bool)
