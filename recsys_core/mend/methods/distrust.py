"""Distrust: a group's recorded negatives count less, where validation holds more positives than the model expects.

A model expects of every pair what was recorded of such pairs in training. Where validation records clearly more
positives of a group than that, positives of the group were lost in training: they stand among its negatives, which then
weigh ``1 - 0.9 * strength`` (the choice of a case-dependent weight of learning with noisy negatives, Natarajan et al.
2013). Which group it is, and of which kind of items, is thus decided on validation by the model that is mended: no
truth, and no test row, is looked at. Where nothing is clear it is the group of largest excess, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy
from scipy.stats import chi2, norm

from recsys_core.data.schema import Column
from recsys_core.errors import Phrase, SettingError, phrase
from recsys_core.fairness import holm, make_grouping
from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.metrics import logistic
from recsys_core.models.evaluation import evaluate_pairs

MISTRUST = 0.9  # of a negative's weight, at full strength
CLEAR = 0.05  # p-value
MOST_CELLS = 50  # values of an item column that are looked at one by one


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """Positives of validation beyond what the model expects, by cell ``(n_cells,)``.

    ``p_value`` is one-sided: users' sums of label less probability against none.
    """

    observed: np.ndarray
    expected: np.ndarray
    p_value: np.ndarray

    @property
    def deviance(self) -> float:
        """Log-likelihood of these counts under their own Poisson means over that under the expected ones."""
        means = np.maximum(self.expected, 1e-9)
        return float((xlogy(self.observed, self.observed / means) - self.observed + means).sum())


def excess_of(users: np.ndarray, label: np.ndarray, probability: np.ndarray, cell: np.ndarray, n: int) -> Excess:
    """Excess by cell of pairs ``(n_pairs,)``; pairs of cell -1 are left out. A cell without users has a p-value of 1.

    >>> found = excess_of(np.array([0, 1, 2]), np.ones(3), np.full(3, 0.5), np.array([0, 0, -1]), 1)
    >>> found.observed.tolist(), found.expected.tolist(), found.p_value.round(4).tolist()
    ([2.0], [1.0], [0.0786])
    """
    there = cell >= 0
    users, label, probability, cell = (x[there] for x in (users, label, probability, cell))
    observed, expected = (np.bincount(cell, weights=x, minlength=n) for x in (label, probability))
    pairs, own = np.unique(users.astype(np.int64) * max(n, 1) + cell, return_inverse=True)
    of_user = np.bincount(own, weights=label - probability, minlength=len(pairs))
    square = np.bincount(pairs % max(n, 1), weights=of_user**2, minlength=n)
    error = np.sqrt(square)
    z = np.divide(observed - expected, error, out=np.full(n, -np.inf), where=error > 0)
    return Excess(observed, expected, norm.sf(z))


def _change(found: Situation, strength: float) -> Change:
    """Raises ``SettingError`` (``mend.no_negatives``) for a task that records no negatives."""
    if found.model.task != "like":
        raise SettingError("mend.no_negatives", task=found.model.task)
    split_dataset = found.model.split_dataset
    labelled = split_dataset.labelled("validation")
    users, items, label = labelled.pairs.users, labelled.pairs.items, labelled.label.astype(float)
    probability = logistic(evaluate_pairs(found.model.dense, labelled).score.astype(float))
    code, n_groups = found.groups.code[users], found.groups.n_groups
    of_groups = excess_of(users, label, probability, code, n_groups)
    clear = np.flatnonzero(holm(of_groups.p_value) < CLEAR)
    chosen = clear if len(clear) else [int(np.argmin(of_groups.p_value))]
    rows = split_dataset.split.train
    item = split_dataset.dataset.interactions["item_index"].to_numpy()[rows]
    doubted, notes = np.zeros(len(rows), dtype=bool), []
    for group in chosen:
        of_group = code == group
        pairs = (users[of_group], items[of_group], label[of_group], probability[of_group])
        doubtful, note = _doubtful_items(found, pairs, is_clear=len(clear) > 0)
        doubted |= (found.unit_group == group) & doubtful[item]
        observed, expected = round(float(of_groups.observed[group])), round(float(of_groups.expected[group]))
        about = {"group": found.groups.labels[group], "observed": observed, "expected": expected}
        notes.append(phrase("mend.distrusted" if len(clear) else "mend.distrusted_unclear", **about, items=note))
    weight = np.where(doubted & (found.unit_positive == 0), 1 - MISTRUST * strength, 1.0)
    return Change(weight=weight, notes=tuple(notes))


Labelled = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _doubtful_items(found: Situation, pairs: Labelled, *, is_clear: bool) -> tuple[np.ndarray, Phrase]:
    """Which items' negatives of a group are doubted, and in words: of some values of one column, or all.

    The column is that whose values tell best where the excess is: by the deviance of the counts (Poisson) less its
    number of values, if that is more than one excess everywhere explains.
    """
    users, items, label, probability = pairs
    dataset = found.model.dataset
    most, name, labels, doubtful = 0.0, "", "", np.ones(dataset.n_items, dtype=bool)
    everywhere = excess_of(users, label, probability, np.zeros(len(users), dtype=np.int64), 1).deviance
    for column in (c for c in dataset.schema.items if is_clear and _is_kind(c)):
        grouping = make_grouping(dataset, (f"item.{column.name}",), train=found.model.split_dataset.sequences())
        n = len(grouping.groups)
        if not 1 < n <= MOST_CELLS:
            continue
        excess = excess_of(users, label, probability, grouping.code[items], n)
        values, gain = np.flatnonzero(excess.p_value < CLEAR), excess.deviance - everywhere
        if len(values) and gain - n > most and chi2.sf(2 * gain, n - 1) < CLEAR:
            most, name, doubtful = gain - n, column.name, np.isin(grouping.code, values)
            labels = ", ".join(grouping.groups[v].label for v in values)
    if not name:
        return doubtful, phrase("mend.all_items")
    return doubtful, phrase("mend.some_items", column=f"item.{name}", values=labels)


def _is_kind(column: Column) -> bool:
    return column.kind in ("category", "ordered")


METHOD = TrainedMethod("distrust", _change)
