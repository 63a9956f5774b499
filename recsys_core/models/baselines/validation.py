"""What validation says of a baseline: one figure, on a stated sample of users."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_core.models.evaluation import CanScore, rank_users
from recsys_core.models.split_dataset import EARLY_STOPPING_USERS, SplitDataset


def validation_ndcg(split_dataset: SplitDataset) -> Callable[[CanScore], float]:
    """A function: a scorer's mean NDCG@10 over the whole catalogue, under validation's own history rule.

    For at most `EARLY_STOPPING_USERS` users, drawn by the split's seed, the same for every scorer;
    NaN where nobody is ranked: all that was held out had been taken before.
    """
    task = split_dataset.ranking("validation", most=EARLY_STOPPING_USERS)

    def figure(scorer: CanScore) -> float:
        ndcg = rank_users(scorer.score_catalogue, task).ndcg
        return float(ndcg.mean()) if len(ndcg) else float("nan")

    return figure


def has_winner(figures: list[float]) -> bool:
    """Whether figures tell their options apart: some are known and not all of them equal."""
    known = np.array([x for x in figures if not np.isnan(x)])
    return bool(len(known)) and bool(known.min() < known.max())
