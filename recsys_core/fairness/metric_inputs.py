"""What metrics are computed from: one model's lists and scored pairs, user by user, and what the data hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.errors import Phrase, phrase
from recsys_core.fairness.columns import set_values
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.item_errors import ItemErrors
from recsys_core.metrics import logistic
from recsys_core.results import Evaluation, PairResult, RankingResult

Need = Literal["lists", "history", "categories", "pairs", "probabilities"]
Sums = tuple[np.ndarray, np.ndarray]
"""Numerator and denominator of every evaluated user, ``(n_users,)`` each."""
MOST_CATEGORIES = 500


@dataclass(frozen=True, eq=False)
class MetricInputs:
    """One model's held-out lists and pairs, and the tables that they are of.

    Attributes
    ----------
    dataset
        Users and items.
    ranking
        A list a user with held-out items (`recsys_core.results.RankingResult`).
    pairs
        Scored pairs with 0/1 labels.
    train
        Items taken in training by every user.
    has_probabilities
        Whether scores are logits.
    """

    dataset: Dataset
    ranking: RankingResult
    pairs: PairResult
    train: csr_array
    has_probabilities: bool

    @classmethod
    def of(cls, dataset: Dataset, evaluation: Evaluation, train: csr_array) -> MetricInputs:
        has_probabilities = evaluation.logloss is not None
        return cls(dataset, evaluation.ranking, evaluation.pairs.binary(), train, has_probabilities)

    @cached_property
    def user_index(self) -> np.ndarray:
        """Every user with a list or a scored pair, ascending, ``(n_users,)``."""
        return np.union1d(self.ranking.user_index, self.pairs.user_index).astype(np.int64)

    @property
    def n_users(self) -> int:
        return len(self.user_index)

    @cached_property
    def list_user(self) -> np.ndarray:
        """Position in `user_index` of each list's user, ``(n_lists,)``."""
        return np.searchsorted(self.user_index, self.ranking.user_index)

    @cached_property
    def pair_user(self) -> np.ndarray:
        """Position in `user_index` of each pair's user, ``(n_pairs,)``."""
        return np.searchsorted(self.user_index, self.pairs.user_index)

    @cached_property
    def popularity(self) -> np.ndarray:
        """How many users took each item in training, ``(n_items,)``."""
        return np.bincount(self.train.indices, minlength=self.dataset.n_items).astype(float)

    @cached_property
    def is_positive(self) -> np.ndarray:
        """1 for each pair that was taken, ``(n_pairs,)``."""
        return (self.pairs.label > 0).astype(float)

    @cached_property
    def probability(self) -> np.ndarray:
        """Each pair's predicted probability, ``(n_pairs,)``."""
        return logistic(self.pairs.score)

    @cached_property
    def category_vectors(self) -> np.ndarray:
        """Each item's share in each category, ``(n_items, n_categories)``; need ``categories``."""
        column = category_column(self.dataset)
        if isinstance(column, Phrase):
            raise ValueError(str(column))
        return make_grouping(
            self.dataset, (f"item.{column}",), train=self.train, most_groups=MOST_CATEGORIES
        ).membership

    @cached_property
    def item_errors(self) -> ItemErrors:
        """Predicted probability less outcome of all pairs, by item and user."""
        shape = (self.dataset.n_items, self.n_users)
        return ItemErrors(self.pairs.item_index, self.pair_user, self.probability - self.is_positive, shape=shape)

    def of_lists(self, numerator: np.ndarray, denominator: np.ndarray | None = None) -> Sums:
        """Sums from one number a list, ones below if there is no denominator.

        A user with NaN in one of the two has no figure and adds nothing.
        """
        below = np.ones(len(numerator)) if denominator is None else denominator
        known = ~(np.isnan(numerator) | np.isnan(below))
        out = np.zeros((2, self.n_users))
        out[:, self.list_user[known]] = numerator[known], below[known]
        return out[0], out[1]

    def of_pairs(self, numerator: np.ndarray, denominator: np.ndarray | None = None) -> Sums:
        """Sums from one number a pair, ones below if there is no denominator."""
        below = np.ones(len(numerator)) if denominator is None else denominator
        over, under = (np.bincount(self.pair_user, weights=x, minlength=self.n_users) for x in (numerator, below))
        return over, under

    def unmet(self, needs: tuple[Need, ...]) -> Phrase | None:
        """Why these data and this model cannot give a metric; None where they can."""
        if "probabilities" in needs and not self.has_probabilities:
            return phrase("fairness.reason.no_probabilities")
        column = category_column(self.dataset) if "categories" in needs else ""
        return column if isinstance(column, Phrase) else None

    def nobody_has(self, needs: tuple[Need, ...]) -> Phrase:
        """Why a metric that the data can give is undefined for everyone together."""
        if "pairs" in needs:
            return phrase(f"fairness.reason.{'one_class' if len(self.pairs.label) else 'no_pairs'}")
        without_history = "history" in needs and len(self.ranking.user_index) > 0
        return phrase(f"fairness.reason.{'no_history' if without_history else 'nobody_ranked'}")


def category_column(dataset: Dataset) -> str | Phrase:
    """The item column whose values make a list varied, or why there is none.

    One named after categories or genres, else the first, of those with at most 500 values.
    """
    columns = [c for c in dataset.schema.items if c.kind in ("category", "set")]
    ordered = sorted(columns, key=lambda c: c.name not in ("category", "categories", "genre", "genres"))
    few = next((c.name for c in ordered if count_values(dataset, c) <= MOST_CATEGORIES), None)
    if few is not None:
        return few
    if not ordered:
        return phrase("fairness.reason.no_category")
    first = ordered[0]
    count = count_values(dataset, first)
    return phrase("fairness.reason.many_values", column=first.name, count=count, most=MOST_CATEGORIES)


def count_values(dataset: Dataset, column: Column) -> int:
    """How many different values an item column of categories or sets has."""
    cells = dataset.items[column.stored]
    if column.kind == "category":
        return int(cells.nunique())
    return len({value for cell in cells.astype(object) for value in set_values(cell)})
