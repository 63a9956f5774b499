"""Validation: the figure by which a task's rankers are compared and stopped, always higher is better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_core.data.features import Features
from recsys_core.metrics import log_loss, logistic, rmse
from recsys_core.models.evaluation import evaluate_pairs, rank_users
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset


def validator(features: Features, split_dataset: SplitDataset) -> Callable[[Ranker], float]:
    """What a ranker reaches on the validation part: NDCG@10 (``implicit``), minus log loss (``like``), minus RMSE.

    NaN where nobody can be ranked: all that was held out had been taken before.
    """
    if split_dataset.task == "implicit":
        task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS)
        return lambda ranker: rank_users(Scorer(ranker, features).score_catalogue, task).mean_ndcg
    labelled = split_dataset.labelled("validation")
    error = (lambda y, z: rmse(y, logistic(z))) if split_dataset.task == "rating" else log_loss

    def validate(ranker: Ranker) -> float:
        pairs = evaluate_pairs(Scorer(ranker, features), labelled)
        return -error(pairs.label, pairs.score.astype(np.float64))

    return validate
