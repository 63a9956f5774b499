"""Resampled terms: what every user adds to all metrics, as one table whose products resample them together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.terms import Members, SummedTerms, TableTerms, Terms, TogetherTerms, WeightedTerms


@dataclass(frozen=True, slots=True, eq=False)
class ResampledTerms:
    """Terms of some metrics, ready for resampling: those that are summed in one single-precision table.

    Attributes
    ----------
    terms
        In the order of the metrics.
    table
        ``(n_users, width)`` float32: the different columns of all terms. Single precision makes the products twice
        as fast; counts are exact below 2**24.
    places, spread
        Of each metric: where its columns stand in the table, and those of its standard error.
    """

    terms: tuple[Terms, ...]
    table: np.ndarray
    places: tuple[np.ndarray, ...]
    spread: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, terms: Iterable[Terms], n_users: int, *, spread: bool = True) -> ResampledTerms:
        """Without ``spread`` the table lacks what standard errors need."""
        terms, columns = tuple(terms), _Columns(n_users)
        places = [columns.places(t.columns()) if isinstance(t, TableTerms) else columns.none for t in terms]
        spreads = [
            columns.places(t.spread_columns()) if spread and isinstance(t, SummedTerms) else columns.none for t in terms
        ]
        return cls(terms, columns.table(), tuple(places), tuple(spreads))

    def only(self, metrics: np.ndarray) -> ResampledTerms:
        """Some of the metrics, by position."""
        kept = [part[m] for part in (self.places, self.spread) for m in metrics.tolist()]
        used = np.unique(np.concatenate([*kept, np.zeros(0, dtype=np.int64)]))
        moved = [np.searchsorted(used, place) for place in kept]
        n = len(metrics)
        return ResampledTerms(
            tuple(self.terms[m] for m in metrics), self.table[:, used], tuple(moved[:n]), tuple(moved[n:])
        )

    def of_users(self, users: np.ndarray) -> ResampledTerms:
        """The same with the rows of some users."""
        return ResampledTerms(self.terms, self.table[users], self.places, self.spread)

    def of_sets(self, sums: np.ndarray, members: Members | None = None) -> np.ndarray:
        """Every metric of every set of users in every resample, ``(b, n_sets, n_metrics)``.

        ``sums`` ``(b, n_sets, width)`` are those of `table`. NaN for what only all groups together have, and,
        without ``members``, for what is no function of sums.
        """
        out = np.full((*sums.shape[:-1], len(self.terms)), np.nan)
        for at, terms in enumerate(self.terms):
            if isinstance(terms, SummedTerms):
                out[..., at] = terms.from_sums(sums[..., self.places[at]].astype(float))
            elif isinstance(terms, WeightedTerms) and members is not None:
                out[..., at] = terms.of_sets(members)
        return out

    def errors(self, sums: np.ndarray) -> np.ndarray:
        """Standard errors ``(b, n_sets, n_metrics)``; NaN where a metric has no formula for them."""
        out = np.full((*sums.shape[:-1], len(self.terms)), np.nan)
        for at, terms in enumerate(self.terms):
            if isinstance(terms, SummedTerms) and len(self.spread[at]):
                parts = (sums[..., self.places[at]].astype(float), sums[..., self.spread[at]].astype(float))
                out[..., at] = terms.errors(*parts)
        return out

    def together(self, sums: np.ndarray, members: Members | None = None) -> np.ndarray:
        """Every metric of all groups together in every resample, ``(b, n_metrics)``; ``sums`` are of the groups.

        NaN for fewer than two groups."""
        out = np.full((len(sums), len(self.terms)), np.nan)
        if sums.shape[1] < 2:
            return out
        for at, terms in enumerate(self.terms):
            if isinstance(terms, TogetherTerms):
                out[:, at] = terms.of_sums(sums[..., self.places[at]].astype(float))
            elif isinstance(terms, WeightedTerms) and members is not None:
                out[:, at] = terms.together(members)
        return out

    @property
    def is_together(self) -> np.ndarray:
        """Which of the metrics are of all groups together, ``(n_metrics,)``."""
        return np.array(
            [isinstance(t, TogetherTerms) or (isinstance(t, WeightedTerms) and t.of_set is None) for t in self.terms],
            dtype=bool,
        )

    @property
    def is_weighted(self) -> np.ndarray:
        """Which of the metrics are no function of sums, ``(n_metrics,)``."""
        return np.array([isinstance(t, WeightedTerms) for t in self.terms], dtype=bool)


class _Columns:
    """The different columns that terms ask for, each kept once."""

    none = np.zeros(0, dtype=np.int64)

    def __init__(self, n_users: int) -> None:
        self._n_users = n_users
        self._found: dict[bytes, int] = {}
        self._columns: list[np.ndarray] = []

    def places(self, columns: np.ndarray) -> np.ndarray:
        return np.array([self._place(column) for column in columns.astype(np.float32).T], dtype=np.int64)

    def _place(self, column: np.ndarray) -> int:
        place = self._found.setdefault(column.tobytes(), len(self._columns))
        if place == len(self._columns):
            self._columns.append(column)
        return place

    def table(self) -> np.ndarray:
        return np.column_stack(self._columns) if self._columns else np.zeros((self._n_users, 0), dtype=np.float32)
