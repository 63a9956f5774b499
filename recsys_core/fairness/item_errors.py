"""Item errors: by how much a model errs about every item, for a group of users and for everyone else."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys_core.fairness.terms import Members, quotient

MOST_GROUPS = 20  # each costs a pass over all pairs in every resample
CELLS = 2**14  # items times resamples that are compared at once: what fits beside the processor
KINDS = ("value", "absolute", "under", "over")


class ItemErrors:
    """Scored pairs by item: ``error`` is predicted probability less outcome, ``user`` the position of a pair's user."""

    def __init__(self, item: np.ndarray, user: np.ndarray, error: np.ndarray, *, shape: tuple[int, int]) -> None:
        errors, pairs = (csr_array((x, (item, user)), shape=shape) for x in (error, np.ones(len(error))))
        fits = shape[1] * pairs.data.max(initial=0) < np.iinfo(np.int16).max
        self._exact = [errors, pairs]
        self._tables = [errors.astype(np.float32), pairs.astype(np.int16 if fits else np.float32)]
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
        if members.n_groups == 2 and len(members.code) == 1:
            return _unlike(*map(self._sums, members.groups()))
        alone = len(members.weights) == 1  # shuffled groups are of the same users
        everyone = self._sums(members.inside()[:1] if alone else members.inside())
        for weights in members.groups():
            own = self._sums(weights)
            rest = [whole.astype(part.dtype) - part for whole, part in zip(everyone, own, strict=True)]
            out = np.fmax(out, _unlike(own, rest))
            if members.n_groups == 2:
                break  # the other group against the first is the same
        return out

    def _sums(self, weights: np.ndarray) -> list[np.ndarray]:
        """Sum of errors and number of pairs of every item, ``(n_items, b)`` each; exact for a single row."""
        asked = np.flatnonzero(weights.any(axis=0))
        tables = self._exact if len(weights) == 1 else self._tables
        if len(asked) < weights.shape[1]:
            tables, weights = [table[:, asked] for table in tables], weights[:, asked]
        by_user = np.ascontiguousarray(weights.T)
        return [table @ by_user.astype(table.dtype, copy=False) for table in tables]


def _unlike(own: list[np.ndarray], rest: list[np.ndarray]) -> np.ndarray:
    """Of one group, ``(4, b)``; both lists are sums of errors and numbers of pairs ``(n_items, b)``."""
    n_items, b = own[0].shape
    found, n, rows = np.zeros((4, b)), np.zeros(b), max(1, CELLS // max(b, 1))
    for at in range(0, n_items, rows):
        (error, count), (other_error, other_count) = ([x[at : at + rows] for x in side] for side in (own, rest))
        both = ((count > 0) & (other_count > 0)).astype(error.dtype)
        first = error / np.maximum(count, 1).astype(error.dtype, copy=False) * both
        second = other_error / np.maximum(other_count, 1).astype(error.dtype, copy=False) * both
        one = np.ones(len(error), dtype=error.dtype)
        apart = np.abs(first - second)
        found[0] += one @ apart
        found[1] += one @ np.minimum(apart, np.abs(first + second))  # ||x| - |y||
        found[2] += one @ np.abs(np.minimum(first, 0) - np.minimum(second, 0))
        found[3] += one @ np.abs(np.maximum(first, 0) - np.maximum(second, 0))
        n += one @ both
    return quotient(found, np.broadcast_to(n, found.shape))
