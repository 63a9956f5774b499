"""Attribute probe: logistic regression that tells users' groups from their representations, each user unseen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.seeds import random_stream

N_FOLDS = 5
TOLERANCE = 1e-3  # of the fit; a finer one moves no AUC by .001
LEAST_SPREAD = 1e-4  # of a direction beside the widest one; below it lies rounding
ROWS_A_DIRECTION = 5


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """Chances ``(n_users, n_classes)`` that a probe gives for users it was not fitted on; ``code`` is the truth."""

    code: np.ndarray
    chance: np.ndarray

    def auc(self, weights: np.ndarray | None = None) -> np.ndarray:
        """One-vs-rest area under the ROC curve, mean over the classes, of each resample ``(b, n_users)``: ``(b,)``."""
        weights = np.ones((1, len(self.code))) if weights is None else weights
        columns = [weighted_auc(self.chance[:, c], self.code == c, weights) for c in range(self.chance.shape[1])]
        if self.chance.shape[1] == 2:
            return columns[1]  # of two classes both columns say the same
        return np.mean(columns, axis=0)

    @property
    def is_right(self) -> np.ndarray:
        """``(n_users,)``: 1 where the likeliest class is the user's."""
        return (self.chance.argmax(1) == self.code).astype(float)


def probe(inputs: np.ndarray, code: np.ndarray, *, seed: int, n_folds: int = N_FOLDS) -> Probed:
    """Cross-validated logistic regression (L2, scikit-learn's default strength) over whitened inputs.

    ``inputs`` ``(n_users, n)`` as `whitened` makes them, ``code`` ``(n_users,)`` classes 0, 1, …, each of ``n_folds``
    users or more. Folds are stratified and drawn by ``seed``.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    n_folds = min(n_folds, int(np.bincount(code).min()))
    chance = np.empty((len(code), int(code.max()) + 1))
    state = int(random_stream(seed, "folds of an attribute probe").integers(2**31))
    for fit, left_out in StratifiedKFold(n_folds, shuffle=True, random_state=state).split(inputs, code):
        model = LogisticRegression(tol=TOLERANCE, max_iter=200).fit(inputs[fit], code[fit])
        chance[left_out] = model.predict_proba(inputs[left_out])
    return Probed(code, chance)


def whitened(representation: np.ndarray) -> np.ndarray:
    """Uncorrelated directions of equal spread, widest first: ``(n_users, at most n_users / 5)``.

    So that a direction of small numbers can be read as well as one of large ones. The attribute is not looked at.
    """
    centred = representation - representation.mean(0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    kept = spread > LEAST_SPREAD * spread.max(initial=1e-12)
    most = max(1, len(representation) // ROWS_A_DIRECTION)
    found = left[:, kept][:, :most] * np.sqrt(len(representation))
    return found if found.shape[1] else np.zeros((len(representation), 1))


def weighted_auc(score: np.ndarray, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve ``(b,)`` where each row counts as often as ``weights`` ``(b, n)`` say; ties count half.

    NaN where a resample holds one class alone.

    >>> weighted_auc(np.array([0.1, 0.4, 0.4]), np.array([False, True, False]), np.ones((1, 3))).tolist()
    [0.75]
    """
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    positive, negative = (np.add.reduceat(weights[:, order] * side[order], starts, axis=1) for side in (label, ~label))
    below = np.cumsum(negative, axis=1) - negative / 2
    n_pairs = positive.sum(1) * negative.sum(1)
    return np.divide((positive * below).sum(1), n_pairs, out=np.full(len(weights), np.nan), where=n_pairs > 0)
