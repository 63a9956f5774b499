"""Item errors: by how much a model errs about every item, for a group of users and for everyone else."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys_core.fairness.terms import Members, quotient

MOST_GROUPS = 20  # each costs a pass over all pairs in every resample
KINDS = ("value", "absolute", "under", "over")


class ItemErrors:
    """Scored pairs by item: ``error`` is predicted probability less outcome, ``user`` the position of a pair's user."""

    def __init__(self, item: np.ndarray, user: np.ndarray, error: np.ndarray, *, shape: tuple[int, int]) -> None:
        self._exact = [csr_array((x, (item, user)), shape=shape) for x in (error, np.ones(len(error)))]
        self._tables = [table.astype(np.float32) for table in self._exact]
        self._last: tuple[Members | None, np.ndarray] = (None, np.zeros((4, 0)))

    def unfairness(self, members: Members) -> np.ndarray:
        """The mean over items of how unlike the errors of a group and of the others are, ``(4, b)``.

        In the order of `KINDS`; of the group for which it is largest. Items count that both sides have a pair with.
        NaN for fewer than two groups, or more than `MOST_GROUPS`.
        """
        if self._last[0] is not members:  # four metrics ask one after another
            self._last = (members, self._worked_out(members))
        return self._last[1]

    def _worked_out(self, members: Members) -> np.ndarray:
        out = np.full((4, max(len(members.weights), len(members.code))), np.nan)
        if not 2 <= members.n_groups <= MOST_GROUPS:
            return out
        alone = len(members.weights) == 1  # shuffled groups are of the same users
        everyone = self._sums(members.inside()[:1] if alone else members.inside())
        for weights in members.groups():
            own = self._sums(weights)
            rest = [whole - part for whole, part in zip(everyone, own, strict=True)]
            out = np.fmax(out, _unlike(own, rest))
            if members.n_groups == 2:
                break  # the other group against the first is the same
        return out

    def _sums(self, weights: np.ndarray) -> list[np.ndarray]:
        """Sum of errors and number of pairs of every item, ``(n_items, b)`` each; exact for a single row."""
        asked = np.flatnonzero(weights.any(axis=0))
        tables = self._exact if len(weights) == 1 else self._tables
        by_user = np.ascontiguousarray(weights[:, asked].T, dtype=tables[0].dtype)
        return [table[:, asked] @ by_user for table in tables]


def _unlike(own: list[np.ndarray], rest: list[np.ndarray]) -> np.ndarray:
    """Of one group, ``(4, b)``."""
    both = (own[1] > 0) & (rest[1] > 0)
    first, second = (np.divide(error, n, out=np.zeros_like(error), where=both) for error, n in (own, rest))
    above, below = (
        np.abs(np.maximum(first, 0) - np.maximum(second, 0)),
        np.abs(np.minimum(first, 0) - np.minimum(second, 0)),
    )
    kinds = (np.abs(first - second), np.abs(np.abs(first) - np.abs(second)), below, above)
    n = both.sum(axis=0)
    return np.stack([quotient(kind.sum(axis=0, dtype=float), n) for kind in kinds])
