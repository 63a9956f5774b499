"""Validation: the figure by which a task's rankers are stopped and compared, always higher is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recsys_core.data.features import Features
from recsys_core.metrics import UserGains, logistic
from recsys_core.models.evaluation import evaluate_pairs, rank_users
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset

RANKED_PAIRS, LEAST_RANKED = 3_000_000, 300  # of users with items after an epoch, and users in any case
MEASURES = {"implicit": "ndcg@10", "like": "logloss", "rating": "rmse"}


class Validator:
    """Calls give what a ranker reaches on the validation part: NDCG@10, minus log loss, or minus RMSE by task.

    NDCG is of a seeded sample of users (`most_ranked`); NaN where nobody can be ranked: all
    that was held out had been taken before. ``term`` is added to every score.
    """

    def __init__(self, features: Features, split_dataset: SplitDataset, *, term: ItemItemTerm | None = None) -> None:
        self.features, self.term = features, term
        self._gains = _of_lists(split_dataset) if split_dataset.task == "implicit" else _of_pairs(split_dataset)
        self._last: UserGains | None = None

    def __call__(self, ranker: Ranker) -> float:
        self._last = self._gains(Scorer(ranker, self.features, term=self.term))
        return self._last.figure

    def last(self) -> UserGains:
        """The latest call's figure, user by user; ``ValueError`` before the first."""
        if self._last is None:
            raise ValueError("nothing has been validated yet")
        return self._last


def n_validation_users(split_dataset: SplitDataset) -> int:
    """How many users the task's figure could be measured by, were none left out."""
    if split_dataset.task == "implicit":
        return int(np.count_nonzero(np.diff(split_dataset.histories.held_out(part="validation").indptr)))
    users = split_dataset.dataset.interactions["user_index"].to_numpy()
    return len(np.unique(users[split_dataset.split.validation]))


def most_ranked(n_items: int) -> int:
    """How many users a ranker is measured by after an epoch: each costs a ranking of the catalogue.

    >>> [most_ranked(n) for n in (1_682, 3_883, 10_000, 100_000)]
    [1000, 772, 300, 300]
    """
    return int(np.clip(RANKED_PAIRS // n_items, LEAST_RANKED, EARLY_STOPPING_USERS))


def _of_lists(split_dataset: SplitDataset) -> Callable[[Scorer], UserGains]:
    task = split_dataset.ranking("validation", most=most_ranked(split_dataset.dataset.n_items))
    return lambda scorer: UserGains(rank_users(scorer.score_catalogue, task).ndcg, np.ones(len(task)))


def _of_pairs(split_dataset: SplitDataset) -> Callable[[Scorer], UserGains]:
    labelled = split_dataset.labelled("validation")
    figure = squared_error if split_dataset.task == "rating" else log_likelihood
    label = labelled.label.astype(float)
    return lambda scorer: figure(labelled.pairs.users, label, evaluate_pairs(scorer, labelled).score.astype(float))


def log_likelihood(users: np.ndarray, label: np.ndarray, logit: np.ndarray) -> UserGains:
    """Minus the log loss of pairs, by user."""
    return _by_user(users, label * logit - np.logaddexp(0, logit))


def squared_error(users: np.ndarray, label: np.ndarray, logit: np.ndarray) -> UserGains:
    """Minus the RMSE of pairs whose label is on the scale of 0 to 1, by user."""
    return replace(_by_user(users, -((label - logistic(logit)) ** 2)), is_root=True)


def _by_user(users: np.ndarray, gain: np.ndarray) -> UserGains:
    _, user, weight = np.unique(users, return_inverse=True, return_counts=True)
    return UserGains(np.bincount(user, weights=gain), weight.astype(float))
