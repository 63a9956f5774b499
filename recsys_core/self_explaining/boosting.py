"""Explainable boosting machine (``interpret``): a sum of curves and of a few surfaces over two columns."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.data.features import FeatureGroup, Features
from recsys_core.data.known import Known
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, ITEM_ID, Player
from recsys_core.self_explaining.design import Design, components
from recsys_core.self_explaining.examples import Examples
from recsys_core.self_explaining.linear import outcomes

BAGS = 4
SURFACES = 10  # pairs of columns
SET_COLUMNS, TEXT_COLUMNS = 8, 4
ROWS_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class RawColumns:
    """Columns as a tree cuts them: a number as it is, a category's codes by how often they are taken.

    Attributes
    ----------
    users, items
        ``(n_users, …)`` and ``(n_items, …)``, NaN where a cell is empty.
    owners
        The reason of each column: users', the history's, items', how often the item was taken last.
    """

    users: np.ndarray
    items: np.ndarray
    owners: tuple[Player, ...]
    design: Design

    @classmethod
    def of(cls, features: Features, design: Design, examples: Examples) -> RawColumns:
        sides, owners = {}, {}
        for side in ("user", "item"):
            rows = examples.pairs.users if side == "user" else examples.pairs.items
            groups = [g for g in features.side(side) if g.kind != "id"]
            made = [_columns(g, features.tables[g.key], rows, examples.label) for g in groups]
            none = np.zeros((features.n_rows(side), 0))
            sides[side] = np.concatenate([none, *made], 1)
            owners[side] = [g.player for g, table in zip(groups, made, strict=True) for _ in range(table.shape[1])]
        of_history = [HISTORY] * (1 + len(design.common))
        return cls(sides["user"], sides["item"], (*owners["user"], *of_history, *owners["item"], ITEM_ID), design)

    def rows(self, pairs: Pairs, *, own: np.ndarray | None = None) -> np.ndarray:
        """Columns ``(n, width)`` of pairs; see `Design.rows`."""
        taken = self.design.taken[pairs.items] - (0 if own is None else own)
        history = self.design.history(pairs.histories, pairs.items)
        return np.column_stack([self.users[pairs.users], history, self.items[pairs.items], taken])

    def catalogue(self, users: np.ndarray, histories: np.ndarray) -> np.ndarray:
        """The same for every item of each user, ``(n_users * n_items, width)``."""
        n, n_items = len(users), len(self.items)
        history = [column.reshape(-1) for column in self.design.catalogue_history(histories)]
        of_users = np.repeat(self.users[users], n_items, axis=0)
        return np.column_stack([of_users, *history, np.tile(self.items, (n, 1)), np.tile(self.design.taken, n)])


@dataclass(frozen=True, slots=True, eq=False)
class BoostingModel:
    """A fitted EBM: its reasons are its terms, those of one reason (or one pair of reasons) together."""

    columns: RawColumns
    fitted: Any

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        step = range(0, len(users), ROWS_AT_ONCE)
        cuts = [slice(at, at + ROWS_AT_ONCE) for at in step]
        parts = [self._scores(self.columns.rows(Pairs(users[c], items[c], histories[c]))) for c in cuts]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        n_items = len(self.columns.items)
        out, step = np.empty((len(users), n_items), np.float32), max(1, ROWS_AT_ONCE // n_items)
        for at in range(0, len(users), step):
            some = slice(at, at + step)
            out[some] = self._scores(self.columns.catalogue(users[some], histories[some])).reshape(-1, n_items)
        return out

    def explain(self, pair: Pairs) -> tuple[float, np.ndarray]:
        """Base value and contributions of one pair, one a reason or pair of reasons (in the order of first terms)."""
        terms, owners = self.fitted.eval_terms(self.columns.rows(pair))[0], self.columns.owners
        reasons = [frozenset(owners[c].key for c in columns) for columns in self.fitted.term_features_]
        place = {reason: at for at, reason in enumerate(dict.fromkeys(reasons))}
        return float(self.fitted.intercept_[0]), np.bincount([place[r] for r in reasons], weights=terms)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        return self.fitted.decision_function(rows).astype(np.float32)


def fit_boosting(features: Features, design: Design, examples: Examples, *, seed: int, rounds: int) -> BoostingModel:
    """An EBM of the outcomes, boosted ``rounds`` times at most. Raises ``ImportError`` without ``interpret``."""
    from interpret.glassbox import ExplainableBoostingClassifier

    columns = RawColumns.of(features, design, examples)
    rows = columns.rows(examples.pairs, own=examples.own)
    which, taken, share = outcomes(examples.label)
    kinds = ["continuous"] * rows.shape[1]
    settings = {"outer_bags": BAGS, "interactions": SURFACES, "max_rounds": rounds, "n_jobs": 1}
    fitted = ExplainableBoostingClassifier(feature_types=kinds, random_state=seed, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of its own drawings, which nobody asks for
        fitted.fit(rows[which], taken, sample_weight=share)
    return BoostingModel(columns, fitted)


def _columns(group: FeatureGroup, table: np.ndarray, rows: np.ndarray, label: np.ndarray) -> np.ndarray:
    """A group's columns for each user or item; ``rows`` and ``label`` are the examples'."""
    if group.kind == "text":
        return components(table)[:, :TEXT_COLUMNS].astype(float)
    if group.kind == "set":
        often = np.argsort(-(table > 0).sum(0), kind="stable")[:SET_COLUMNS]
        return (table[:, np.sort(often)] > 0).astype(float)
    if group.kind == "number":
        there = table.sum(1) > 0.5
        return np.where(there, table @ np.array(group.knots), np.nan)[:, None]
    return _ordered_codes(group, table, rows, label)[:, None]


def _ordered_codes(group: FeatureGroup, codes: np.ndarray, rows: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Codes as places in the order of their mean outcome among the examples; unknown ones are missing.

    A tree cuts an order: ordered by outcome (Breiman et al. 1984, section 4.2.2) it finds the best grouping of values.
    """
    seen = codes[rows]
    n = np.bincount(seen, minlength=group.size)
    mean = (np.bincount(seen, weights=label, minlength=group.size) + label.mean()) / (n + 1)
    place = np.empty(group.size)
    place[np.argsort(mean, kind="stable")] = np.arange(group.size)
    return np.where(codes > 0, place[codes], np.nan)
