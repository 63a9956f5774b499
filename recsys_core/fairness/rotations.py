"""Rotations: thousands of shuffles of groups over users from one Fourier transform.

Shuffling users and groups once and then giving the groups to the users from every starting point around the circle
makes as many shuffles as there are users. Each is one of all possible orders with equal chance, and two of them have
hardly more in common than two that are drawn apart (groups that stood in blocks would move by one user a step); sums
over a group's users from every starting point are a circular correlation.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import fft

from recsys_core.fairness.resampled_terms import ResampledTerms
from recsys_core.fairness.resamples import PERMUTATION

A_PIECE = 1000  # shuffles that are made at once, at least


class Rotations:
    """Shuffles of ``code`` ``(n_users,)``, groups 0 to ``n_groups - 1``, numbered from 0 on by ``seed``."""

    def __init__(self, code: np.ndarray, n_groups: int, *, seed: int) -> None:
        self._code, self._n_groups, self._seed = code, n_groups, seed
        self._kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def observed(self, terms: ResampledTerms, sign: np.ndarray) -> np.ndarray:
        """The gaps ``(n_metrics,)`` of the groups as they are; ``terms`` are of the users of ``code``."""
        sums = (self._indicator(self._code) @ terms.table.astype(float))[None]
        gaps = _Gaps(terms, sign)
        for group in range(self._n_groups):
            gaps.add(sums[:, group])
        return gaps.found()[0]

    def gaps(
        self, terms: ResampledTerms, first: int, last: int, *, sign: np.ndarray, metrics: np.ndarray
    ) -> Iterator[np.ndarray]:
        """Gaps ``(b, len(metrics))`` of the shuffles from number ``first`` up to ``last``, piece by piece.

        ``terms`` and ``sign`` are those of the ``metrics``, whose numbers say which of a piece made before are asked.
        """
        n = len(self._code)
        n_orders = -(-A_PIECE // n)
        size = n_orders * n
        for piece in range(first // size, -(-last // size)):
            if piece not in self._kept or not np.isin(metrics, self._kept[piece][0]).all():
                self._kept = {piece: (metrics, self._piece(terms, piece, n_orders, sign))}
            known, found = self._kept[piece]
            part = found[max(first - piece * size, 0) : last - piece * size]
            yield part[:, np.searchsorted(known, metrics)]

    def _piece(self, terms: ResampledTerms, piece: int, n_orders: int, sign: np.ndarray) -> np.ndarray:
        n = len(self._code)
        generator = np.random.default_rng([self._seed, PERMUTATION, piece])
        orders = generator.permuted(np.broadcast_to(np.arange(n), (n_orders, n)).copy(), axis=1)
        length = _fast_length(n)
        of_groups = np.conj(fft.rfft(self._indicator(generator.permutation(self._code)), length, axis=-1))
        columns = np.ascontiguousarray(terms.table.T, dtype=float)[:, orders]  # (width, n_orders, n)
        around = columns if length == n else np.concatenate([columns, columns[..., :-1]], axis=-1)
        spectrum = fft.rfft(around, length, axis=-1)
        rest = np.broadcast_to(columns.sum(axis=-1, keepdims=True), columns.shape).copy()
        gaps = _Gaps(terms, sign)
        for group in range(self._n_groups - 1):
            sums = fft.irfft(spectrum * of_groups[group], length, axis=-1)[..., :n]
            rest -= sums
            gaps.add(sums.reshape(len(sums), -1).T)
        gaps.add(rest.reshape(len(rest), -1).T)  # the last group has what is left
        return gaps.found()

    def _indicator(self, code: np.ndarray) -> np.ndarray:
        """1 where a user is in a group, ``(n_groups, n_users)``."""
        return (code == np.arange(self._n_groups)[:, None]).astype(float)


def _fast_length(n: int) -> int:
    """How many places a transform has: ``n`` around the circle, or, where that has large factors, once around and on.

    >>> _fast_length(6_000), _fast_length(5_906)  # 2 * 2953
    (6000, 12000)
    """
    return n if fft.next_fast_len(n, real=True) == n else int(fft.next_fast_len(2 * n - 1, real=True))


class _Gaps:
    """Largest less smallest figure of the groups that are added one by one, and the figures of all together."""

    def __init__(self, terms: ResampledTerms, sign: np.ndarray) -> None:
        self._terms, self._sign, self._is_together = terms, sign, terms.is_together
        self._low = self._high = np.zeros(0)
        places = [terms.places[m] for m in np.flatnonzero(self._is_together)]
        self._used = np.unique(np.concatenate([*places, np.zeros(0, dtype=np.int64)]))
        self._sums: list[np.ndarray] = []

    def add(self, sums: np.ndarray) -> None:
        """One group's ``(b, width)``."""
        values = self._terms.of_sets(sums)
        first = not self._low.size
        self._low = values if first else np.fmin(self._low, values)
        self._high = values if first else np.fmax(self._high, values)
        self._sums.append(sums[:, self._used])

    def found(self) -> np.ndarray:
        """``(b, n_metrics)``."""
        gaps = self._high - self._low
        if self._is_together.any():
            some = self._terms.only(np.flatnonzero(self._is_together))
            gaps[:, self._is_together] = some.together(np.stack(self._sums, axis=1))
        return gaps * np.where(self._is_together, self._sign, 1.0)
