"""Sums of one curve a reason: logistic regression, and a surrogate that repeats the ranker's logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from recsys_core.data.known import Known
from recsys_core.models.scorer import Pairs
from recsys_core.self_explaining.design import Design
from recsys_core.self_explaining.examples import Examples

MOST_STEPS = 300
PENALTY = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """``logit = base + sum over reasons of (columns - their means) · weights``: its reasons are what it is made of.

    Attributes
    ----------
    weights
        ``(width,)``, one a column of the design.
    base
        Logit at the columns' means over the examples.
    means
        ``(width,)``.
    """

    design: Design
    weights: np.ndarray
    base: float
    means: np.ndarray

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        return self._scores(self.design.rows(Pairs(users, items, histories)))

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray:
        design, first = self.design, self.base - float(self.means @ self.weights)
        of_reason = dict(zip(design.players, np.split(self.weights, design.starts[1:]), strict=True))
        of_users = sum((block.table[users] @ of_reason[block.player] for block in design.users), np.zeros(len(users)))
        n_items = len(design.taken)
        of_items = sum((block.table @ of_reason[block.player] for block in design.items), np.zeros(n_items))
        out = (first + of_users)[:, None] + of_items[None]
        history = self.weights[design.history_columns]
        for weight, column in zip(history, design.catalogue_history(histories), strict=True):
            out += weight * column
        return out.astype(np.float32)

    def explain(self, pair: Pairs) -> tuple[float, np.ndarray]:
        """Base value and contributions ``(n_players,)`` of one pair, which sum to its score."""
        of_columns = (self.design.rows(pair)[0] - self.means) * self.weights
        return self.base, np.add.reduceat(of_columns, self.design.starts)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        return (self.base + (rows - self.means) @ self.weights).astype(np.float32)


def fit_logistic_regression(design: Design, examples: Examples) -> LinearModel:
    """Logistic regression (scikit-learn) of the outcomes; a rating between its ends counts for both by its share."""
    rows = design.rows(examples.pairs, own=examples.own)
    which, taken, share = outcomes(examples.label)
    spread = _spread(rows)
    fitted = LogisticRegression(C=1 / PENALTY, max_iter=MOST_STEPS)
    fitted.fit(rows[which] / spread, taken, sample_weight=share)
    return _model(design, rows, fitted.coef_[0] / spread, float(fitted.intercept_[0]))


def fit_surrogate(design: Design, examples: Examples, logits: np.ndarray) -> LinearModel:
    """The sum of curves closest to the ranker's ``logits`` of the same examples (ridge regression)."""
    rows = design.rows(examples.pairs)
    spread = _spread(rows)
    fitted = Ridge(alpha=PENALTY).fit(rows / spread, logits)
    return _model(design, rows, fitted.coef_ / spread, float(fitted.intercept_))


def outcomes(label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels as outcomes: the row of each, 0/1, and its weight; a label between 0 and 1 stands twice, as both.

    >>> [x.tolist() for x in outcomes(np.array([1.0, 0.25, 0.0]))]
    [[0, 1, 1, 2], [1, 1, 0, 0], [1.0, 0.25, 0.75, 1.0]]
    """
    taken, not_taken = np.flatnonzero(label > 0), np.flatnonzero(label < 1)
    which = np.concatenate([taken, not_taken])
    outcome = np.repeat([1, 0], [len(taken), len(not_taken)])
    order = np.argsort(which, kind="stable")
    share = np.concatenate([label[taken], 1 - label[not_taken]]).astype(float)
    return which[order], outcome[order], share[order]


def _spread(rows: np.ndarray) -> np.ndarray:
    found = rows.std(0)
    return np.where(found > 1e-6, found, 1.0)


def _model(design: Design, rows: np.ndarray, weights: np.ndarray, intercept: float) -> LinearModel:
    means = rows.mean(0, dtype=float)
    return LinearModel(design, weights, intercept + float(means @ weights), means)
