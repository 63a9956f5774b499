"""What validation says of a baseline: one figure, on a stated sample of users."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_core.data.known import Known
from recsys_core.models.evaluation import rank_users
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset

CatalogueScores = Callable[[np.ndarray, np.ndarray, Known], np.ndarray]  # `CanScore.score_catalogue`


def validation_ndcg(split_dataset: SplitDataset) -> Callable[[CatalogueScores], float]:
    """A function: the mean NDCG@10 of scores over the whole catalogue, under validation's own history rule.

    For at most `EARLY_STOPPING_USERS` users, drawn by the split's seed, the same for every option;
    NaN where nobody is ranked: all that was held out had been taken before.
    """
    task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS)

    def figure(scores: CatalogueScores) -> float:
        ndcg = rank_users(scores, task).ndcg
        return float(ndcg.mean()) if len(ndcg) else float("nan")

    return figure


def validation_lists(split_dataset: SplitDataset) -> Callable[[CatalogueScores], np.ndarray]:
    """A function: the top 10 ``(n_users, 10)`` by scores, -1 where there are fewer candidates.

    For half of `EARLY_STOPPING_USERS` users at most, drawn by the split's seed, under validation's own history rule.
    """
    task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS // 2)
    return lambda scores: rank_users(scores, task).top


def has_winner(figures: list[float]) -> bool:
    """Whether figures tell their options apart: some are known and not all of them equal."""
    known = np.array([x for x in figures if not np.isnan(x)])
    return bool(len(known)) and bool(known.min() < known.max())
