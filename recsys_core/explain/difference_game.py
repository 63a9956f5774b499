"""The game behind the difference of two scores: what sets one item apart from another for the same user.

``d_b(S) = v_b,first(S) - v_b,second(S)``: both value functions of `recsys_core.explain.value_function` with the same
players in, against the same background row. Shapley values are linear in the game, so those of ``d`` are the
differences of the two items' own; solved as one game, both are drawn from the same orderings where there are too many
players for all coalitions, and the standard error is that of the difference.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys_core.explain.term_game import TermGame
from recsys_core.explain.value_function import Batch, Games


class DifferenceGames(Games):
    """The game of the first pair less that of the second, as a game of one pair; it knows no model of its own.

    A player whose value is the background's in both is a dummy; one that differs in either is active in both.

    Raises ``ValueError`` where ``games`` holds other than two pairs, or two of different users or histories: their
    players would not hold the same values.
    """

    def __init__(self, games: Games) -> None:
        pairs = games.pairs
        if len(pairs) != 2 or pairs.users[0] != pairs.users[1] or (pairs.histories[0] != pairs.histories[1]).any():
            raise ValueError("a difference is of two items for one user with one history")
        self.games, self.term = games, None if games.term is None else _difference_of_terms(games.term)
        self.players, self.n_user, self.n_history = games.players, games.n_user, games.n_history
        self.history, self.history_items, self.shared_out = games.history, games.history_items, games.shared_out
        self.reads_known, self.weights = games.reads_known, games.weights
        self.pairs, self.rows = pairs, games.rows
        self.differs = games.differs.any(0, keepdims=True)

    @property
    def n_evaluations(self) -> int:  # type: ignore[override]
        """Rows that the model has computed so far, of both pairs."""
        return self.games.n_evaluations

    def apart(self) -> tuple[Games, np.ndarray]:
        network, shares = self.games.apart()
        if network is self.games:
            return self, np.zeros_like(shares)
        return DifferenceGames(network), shares if self.term is None else self.term.shares(self.weights)

    def values(self, masks: np.ndarray) -> np.ndarray:
        rows, n_players = np.arange(self.n_rows), len(self.players)
        every = np.broadcast_to(np.arange(n_players), (len(rows), n_players))
        batch = Batch(np.zeros_like(rows), rows, every, self.n_user, self.n_history)
        masks = np.asarray(masks, dtype=bool)
        return self.batch_values(batch, np.broadcast_to(masks, (len(rows), *masks.shape)))

    def all_values(self, batch: Batch) -> np.ndarray:
        first, second = (self.games.all_values(of) for of in _of_both(batch))
        return first - second

    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        first, second = (self.games.batch_values(of, masks) for of in _of_both(batch))
        return first - second


def _of_both(batch: Batch) -> tuple[Batch, Batch]:
    """The same games of the first and of the second pair."""
    return replace(batch, pair=np.zeros_like(batch.pair)), replace(batch, pair=np.ones_like(batch.pair))


def _difference_of_terms(term: TermGame) -> TermGame:
    return TermGame(term.own[:1] - term.own[1:], term.other[:1] - term.other[1:])
