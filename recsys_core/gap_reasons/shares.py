"""Shares: what each reason adds to a figure of every user, from which a gap between groups is put together.

Shapley values are linear in the game, so those of a difference of two means are the difference of the means of the
users' own; users can then be resampled, and each may have orderings of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.resamples import bootstrap_draws, draw_weights
from recsys_core.player import Player

TAILS = (2.5, 97.5)


@dataclass(frozen=True, slots=True, eq=False)
class UserShares:
    """Sums over each user's rows (one list, or the scored pairs) of a figure and of what reasons add to it.

    ``figure``, ``base``, ``n_rows`` ``(n_users,)``; ``contributions`` and ``variance`` (of sampled orderings; 0 where
    exact) ``(n_users, n_players)``. The figure of a group is the sum over its users by the number of their rows.
    """

    players: tuple[Player, ...]
    figure: np.ndarray
    base: np.ndarray
    contributions: np.ndarray
    variance: np.ndarray
    n_rows: np.ndarray
    exact: bool
    n_orderings: int

    def difference(self, in_higher: np.ndarray) -> np.ndarray:
        """Higher group less lower: ``(2 + n_players,)`` figure, base, contributions."""
        table = self.table
        return sum((sign * _mean(table[at], self.n_rows[at]) for sign, at in _sides(in_higher)), np.zeros(1))

    def ends(self, in_higher: np.ndarray, *, n_draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """95 % percentile bootstrap interval of `difference`, users of each group drawn by themselves."""
        value, drawn = self.difference(in_higher), np.zeros((n_draws, 1))
        for sign, at in _sides(in_higher):
            parts = bootstrap_draws(len(at), n_draws=n_draws, seed=seed)
            weights = np.concatenate([draw_weights(part, len(at)) for part in parts])
            drawn = drawn + sign * (weights @ self.table[at]) / (weights @ self.n_rows[at])[:, None]
        low, high = np.percentile(drawn, TAILS, axis=0)
        return np.minimum(low, value), np.maximum(high, value)

    def standard_error(self, in_higher: np.ndarray) -> np.ndarray:
        """Of the contributions to the difference ``(n_players,)``, from sampled orderings alone."""
        sums = (self.variance[at].sum(0) / self.n_rows[at].sum() ** 2 for _, at in _sides(in_higher))
        return np.sqrt(sum(sums, np.zeros(1)))

    @property
    def table(self) -> np.ndarray:
        return np.column_stack([self.figure, self.base, self.contributions])


def _sides(in_higher: np.ndarray) -> tuple[tuple[int, np.ndarray], tuple[int, np.ndarray]]:
    return (1, np.flatnonzero(in_higher)), (-1, np.flatnonzero(~in_higher))


def _mean(table: np.ndarray, n_rows: np.ndarray) -> np.ndarray:
    return table.sum(0) / n_rows.sum()
