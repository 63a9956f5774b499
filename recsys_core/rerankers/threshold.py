"""Thresholds by group (Hardt et al. 2016) as Fairlearn's ``ThresholdOptimizer`` finds them: equalised odds.

The groups of a column of users get decisions with the same rate of true and of false positives, the most accurate such
ones on the validation pairs. Where a group's own curve lies above the common point, its decision is drawn, so a pair
has a chance to be decided for (`recsys_core.results.PairResult.selected`). A strength mixes the chances with the
decisions of everyone, a probability of one half or more. Lists stay as they are. A group with fewer than 20 validation
pairs of either outcome keeps the decisions of everyone: its curve would be noise, and hold all others down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.fairness.groups import Grouping
from recsys_core.metrics import logistic, top_k
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import Candidates
from recsys_core.rerankers.columns import groups_of
from recsys_core.rerankers.first_places import FirstPlaces, QuickReranker
from recsys_core.rerankers.prepared import Served
from recsys_core.variant import Reranking

METHOD = "threshold"
CONSTRAINT, OBJECTIVE = "equalized_odds", "accuracy_score"
LEAST_PAIRS = 20  # of either outcome in a group
HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ByThreshold:
    """Decisions of a strength; lists by score.

    Attributes
    ----------
    code
        ``(n_users,)``: each user's group.
    rules
        Fairlearn's interpolation of two thresholds for each group that has one.
    """

    settings: Reranking
    code: np.ndarray
    rules: dict[int, Any]

    def lists(self, candidates: Candidates, k: int) -> np.ndarray:
        return top_k(candidates.scores, k, excluded=candidates.excluded, tie_order=candidates.tie_order)

    def top(self, first: FirstPlaces, k: int) -> np.ndarray:
        """The same lists of at most 100 items from first places alone, ``(n, k)``."""
        return first.items[:, :k]

    def decisions(self, users: np.ndarray, scores: np.ndarray) -> np.ndarray:
        probability = logistic(scores)
        chance = (probability >= HALF).astype(float)
        for group, rule in self.rules.items():
            own = self.code[users] == group
            fitted = rule_chance(rule, probability[own])
            chance[own] = (1 - self.settings.strength) * chance[own] + self.settings.strength * fitted
        return chance


def rule_chance(rule: Any, probability: np.ndarray) -> np.ndarray:
    """Chance that a pair is decided for under Fairlearn's interpolation of two thresholds."""
    chance = rule.p0 * rule.operation0(probability) + rule.p1 * rule.operation1(probability)
    ignored = rule.get("p_ignore", 0.0)
    return ignored * rule.get("prediction_constant", 0.0) + (1 - ignored) * chance


@dataclass(frozen=True, slots=True, eq=False)
class PreparedThreshold:
    """Every group's thresholds at strength 1."""

    code: np.ndarray
    rules: dict[int, Any]
    favoured: tuple = ()

    def at(self, settings: Reranking) -> QuickReranker:
        return ByThreshold(settings, self.code, self.rules)


def check(by: str, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where there is nothing that it could do."""
    if split_dataset.task == "rating":
        raise SettingError("rerank.no_probability", method=METHOD)
    grouping = groups_of(METHOD, by, split_dataset, side="user")
    labelled = split_dataset.labelled("validation")
    if len(_fitted_groups(grouping, labelled.pairs.users, labelled.label)) < 2:
        raise SettingError("rerank.too_few_pairs", method=METHOD, column=grouping.by[0], least=LEAST_PAIRS)


def prepare(served: Served, by: str) -> PreparedThreshold:
    """Fit the thresholds on the validation pairs."""
    from fairlearn.postprocessing import ThresholdOptimizer

    split_dataset = served.split_dataset
    check(by, split_dataset)
    grouping = groups_of(METHOD, by, split_dataset, side="user")
    pairs = evaluate_pairs(served.scorer, split_dataset.labelled("validation"))
    group = grouping.code[pairs.user_index]
    kept = np.isin(group, _fitted_groups(grouping, pairs.user_index, pairs.label))
    optimiser = ThresholdOptimizer(
        estimator=_given(), constraints=CONSTRAINT, objective=OBJECTIVE, prefit=True, predict_method="predict"
    )
    probability = logistic(pairs.score[kept])[:, None]
    optimiser.fit(probability, pairs.label[kept].astype(int), sensitive_features=group[kept])
    rules = optimiser.interpolated_thresholder_.interpolation_dict
    return PreparedThreshold(grouping.code, {int(g): rule for g, rule in rules.items()})


def _fitted_groups(grouping: Grouping, users: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Groups with enough validation pairs of either outcome."""
    group, n_groups = grouping.code[users], len(grouping.groups)
    taken = np.bincount(group, weights=label > HALF, minlength=n_groups)
    left = np.bincount(group, weights=label <= HALF, minlength=n_groups)
    return np.flatnonzero(np.minimum(taken, left) >= LEAST_PAIRS)


def _given() -> Any:
    """An estimator in Fairlearn's sense whose predictions are what it is given."""
    from sklearn.base import BaseEstimator

    class Given(BaseEstimator):
        def fit(self, *_: Any) -> Given:
            return self

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, probability: Any) -> np.ndarray:
            return np.asarray(probability)[:, 0]

    return Given()
