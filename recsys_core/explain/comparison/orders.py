"""Orders in which reasons are removed: a method's, random ones (the floor), and the best there is (the ceiling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.value_function import ValueFunction
from recsys_core.seeds import random_stream

MOST_EXACT = 14  # players up to which every coalition is scored: 16,384 a background row
RANDOM_ORDERS = 20
MOST_SWAPS, LEAST_GAIN = 200, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class RemovalGame:
    """One score as reasons are taken away: ``value`` of any coalitions ``(n, n_players)``, mean over the background.

    Up to ``MOST_EXACT`` players all coalitions are held (``all_values``), so that every method, the random orders and
    the best one are looked up.
    """

    game: ValueFunction
    all_values: np.ndarray | None

    @classmethod
    def of(cls, game: ValueFunction) -> RemovalGame:
        n = len(game.players)
        return cls(game, game.mean_values(coalitions(n)) if n <= MOST_EXACT else None)

    @property
    def n_players(self) -> int:
        return len(self.game.players)

    @property
    def is_exact(self) -> bool:
        """Whether the best order is the best of all, not of a search."""
        return self.all_values is not None

    def values(self, masks: np.ndarray) -> np.ndarray:
        """Logits of coalitions ``(n, n_players)`` bool: ``(n,)``."""
        if self.all_values is None:
            return self.game.mean_values(masks)
        return self.all_values[masks @ (1 << np.arange(self.n_players)[::-1])]

    def deletion(self, order: np.ndarray) -> float:
        """Mean of the curve as players leave in this order, less the whole score: how far it falls on average."""
        curve = _curve(self, order, False)
        return float(curve.mean() - curve[0])

    def insertion(self, order: np.ndarray) -> float:
        """Mean of the curve as players enter in this order, less the value of none: how far it rises on average."""
        curve = _curve(self, order, True)
        return float(curve.mean() - curve[0])

    def best_deletion(self) -> float:
        """The lowest deletion that any order reaches, see `best_order`."""
        return self.deletion(best_order(self, entering=False))

    def best_insertion(self) -> float:
        """The highest insertion that any order reaches."""
        return self.insertion(best_order(self, entering=True))


def order_of(contributions: np.ndarray) -> np.ndarray:
    """Players by contribution, what speaks most for the score first; of equal ones the first player."""
    return np.argsort(-contributions, kind="stable")


def entered(order: np.ndarray) -> np.ndarray:
    """``(n + 1, n)`` bool: row k holds the first k players of the order.

    >>> entered(np.array([1, 0])).astype(int).tolist()
    [[0, 0], [0, 1], [1, 1]]
    """
    return np.argsort(order)[None] < np.arange(len(order) + 1)[:, None]


def random_orders(n_players: int, *, seed: int) -> list[np.ndarray]:
    """Seeded orders that know nothing."""
    rng = random_stream(seed, "orders of removal")
    return [rng.permutation(n_players) for _ in range(RANDOM_ORDERS)]


def best_order(game: RemovalGame, *, entering: bool) -> np.ndarray:
    """The order whose curve has the highest mean as players enter, or the lowest as they leave.

    Exact up to 14 players: the best walk through the coalitions (Held & Karp 1962, over sets). Above that a search:
    step by step from either end the player whose step is the best one now, then neighbours are swapped as long as that
    helps; the better of both.
    """
    if game.is_exact:
        return _exact_order(game, entering)
    starts = [_stepwise_order(game, entering, backwards) for backwards in (False, True)]
    found = [_with_swaps(game, start, entering) for start in starts]
    return max(found, key=lambda order: _height(game, order, entering))


def _exact_order(game: RemovalGame, entering: bool) -> np.ndarray:
    """Best walk from the empty coalition up: ``best[S] = value[S] + max over i in S of best[S - i]``.

    A walk of leaving players is one of entering players backwards, with the lowest sum instead of the highest.
    """
    n, values = game.n_players, game.all_values if entering else -np.asarray(game.all_values)
    best, last = np.array(values, dtype=float), np.full(2**n, -1)
    codes = np.arange(2**n)
    bits = 1 << np.arange(n)[::-1]
    sizes = coalitions(n).sum(1)
    for size in range(1, n + 1):
        at = codes[sizes == size]
        before = np.where(at[:, None] & bits, best[at[:, None] & ~bits], -np.inf)
        last[at] = before.argmax(1)
        best[at] += before.max(1)
    order, code = [], 2**n - 1
    for _ in range(n):
        order.append(int(last[code]))
        code &= ~int(bits[last[code]])
    return np.array(order[::-1] if entering else order)


def _stepwise_order(game: RemovalGame, entering: bool, backwards: bool) -> np.ndarray:
    """The best next player each time; ``backwards`` chooses the last one first, then the one before it."""
    adds = entering != backwards  # whether the coalitions looked at grow
    order: list[int] = []
    left = list(range(game.n_players))
    while left:
        masks = np.zeros((len(left), game.n_players), dtype=bool)
        masks[:, order] = True
        masks[np.arange(len(left)), left] = True
        values = game.values(masks if adds else ~masks)
        order.append(left.pop(int(values.argmax() if entering else values.argmin())))
    return np.array(order[::-1] if backwards else order)


def _with_swaps(game: RemovalGame, order: np.ndarray, entering: bool) -> np.ndarray:
    """Neighbours in the order swapped, the most helpful swap first, until none helps: each changes one coalition."""
    order = order.copy()
    for _ in range(MOST_SWAPS):
        curve = _curve(game, order, entering)
        masks = entered(order)[1:-1].copy()
        at = np.arange(len(masks))
        masks[at, order[:-1]], masks[at, order[1:]] = False, True
        gains = (1 if entering else -1) * (game.values(masks if entering else ~masks) - curve[1:-1])
        if not len(gains) or gains.max() <= LEAST_GAIN:
            break
        k = int(gains.argmax())
        order[k], order[k + 1] = order[k + 1], order[k]
    return order


def _curve(game: RemovalGame, order: np.ndarray, entering: bool) -> np.ndarray:
    masks = entered(order)
    return game.values(masks if entering else ~masks)


def _height(game: RemovalGame, order: np.ndarray, entering: bool) -> float:
    """What the best order has most of."""
    return float(_curve(game, order, entering).mean()) * (1 if entering else -1)
