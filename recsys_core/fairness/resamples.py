"""Resamples: bootstrap weights and shuffled orders of the same users, drawn once and shared by every column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

CELLS_A_PIECE = 2_000_000
MOST_KEPT = 40_000_000  # numbers kept in memory of each kind; what is beyond is drawn again
BOOTSTRAP, PERMUTATION = 0, 1  # two independent streams of one seed
ROUNDING = 1e-6  # gaps closer than this are the same gap


def bootstrap_draws(n_users: int, *, n_draws: int, seed: int) -> Iterator[np.ndarray]:
    """Users drawn with replacement, in pieces ``(b, n_users)`` of positions.

    They depend on the number of users and the seed alone, so every group, metric and model
    variant is resampled by the same users and differences between them are paired.
    """
    generator = np.random.default_rng([seed, BOOTSTRAP])
    for size in pieces(n_users, n_draws):
        yield generator.integers(n_users, size=(size, n_users))


def draw_weights(draws: np.ndarray, n_users: int) -> np.ndarray:
    """How often each user was drawn, ``(b, n_users)`` float64; rows are multinomial and sum to n_users.

    >>> draw_weights(np.array([[0, 2, 2]]), 3).tolist()
    [[1.0, 0.0, 2.0]]
    """
    cell = draws + np.arange(len(draws))[:, None] * n_users
    return np.bincount(cell.ravel(), minlength=len(draws) * n_users).reshape(len(draws), n_users).astype(float)


def pieces(n_users: int, n_draws: int) -> list[int]:
    """Sizes of the pieces in which ``n_draws`` draws over so many users (or items) fit into memory."""
    size = max(1, min(n_draws, CELLS_A_PIECE // max(n_users, 1)))
    return [size] * (n_draws // size) + ([n_draws % size] if n_draws % size else [])


@dataclass(eq=False)
class Resamples:
    """Draws of ``n_users`` users by ``seed``: ``n_draws`` bootstrap samples, and as many orders as are asked for.

    Drawing costs more than using, and the columns of a scan use the same, so what was drawn is kept.
    """

    n_users: int
    n_draws: int
    seed: int
    _weights: list[np.ndarray] = field(default_factory=list)
    _orders: list[np.ndarray] = field(default_factory=list)

    def weights(self) -> Iterator[np.ndarray]:
        """How often each user is in each bootstrap sample, pieces ``(b, n_users)`` float32."""
        if self._weights:
            yield from self._weights
            return
        for draws in bootstrap_draws(self.n_users, n_draws=self.n_draws, seed=self.seed):
            weights = draw_weights(draws, self.n_users).astype(np.float32)
            if self.n_draws * self.n_users <= MOST_KEPT:
                self._weights.append(weights)
            yield weights

    def orders(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Random orders of the users from number ``first`` up to ``last``, pieces ``(b, n_users)`` of positions."""
        size = max(1, CELLS_A_PIECE // max(self.n_users, 1))
        for at in range(first // size, -(-last // size)):
            piece = self._order(at, size)
            yield piece[max(first - at * size, 0) : last - at * size]

    def _order(self, at: int, size: int) -> np.ndarray:
        if at < len(self._orders):
            return self._orders[at]
        piece = shuffled(self.n_users, size, np.random.default_rng([self.seed, PERMUTATION, at]))
        if at == len(self._orders) and (at + 1) * size * self.n_users <= MOST_KEPT:
            self._orders.append(piece)
        return piece


def shuffled(n: int, size: int, generator: np.random.Generator) -> np.ndarray:
    """``size`` random orders of ``n`` things, ``(size, n)``, in the smallest type that holds them."""
    start = np.arange(n, dtype=np.int16 if n < 2**15 else np.int32)
    return generator.permuted(np.broadcast_to(start, (size, n)).copy(), axis=1)
