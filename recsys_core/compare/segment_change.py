"""What a variant does to the users of a segment: their lists, their quality, their reasons."""

from __future__ import annotations

import numpy as np

from recsys_core.compare.comparison_sample import explained_pairs
from recsys_core.compare.drift import explanation_drift, list_overlap
from recsys_core.compare.resampling import user_draws
from recsys_core.metrics import mean_interval
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.results import Evaluation
from recsys_core.results.segments import SegmentChange

SEED = 0


def segment_change(
    evaluations: tuple[Evaluation, Evaluation],
    scorers: tuple[Scorer, Scorer],
    split_dataset: SplitDataset,
    users: np.ndarray,
) -> SegmentChange | None:
    """Lists kept, NDCG and reasons kept of some users; the dense model's evaluation and scorer first.

    Both evaluations are of the same users, of whom those among ``users`` (matrix rows) are looked at; None where nobody
    is. Reasons are compared on at most 100 pairs of their lists, as a report of everyone does.
    """
    dense, variant = (e.ranking[np.flatnonzero(np.isin(e.ranking.user_index, users))] for e in evaluations)
    n = len(dense.user_index)
    if not n:
        return None
    low, high = mean_interval(variant.ndcg - dense.ndcg, seed=SEED)
    task = split_dataset.ranking_of(dense.user_index)
    compared = explained_pairs(scorers[0], task, dense, split_dataset)
    contributions = (compared.contributions(scorer) for scorer in scorers)
    return SegmentChange(
        n_users=n,
        lists=list_overlap(dense, variant, draws=user_draws(n, seed=SEED)),
        ndcg_dense=dense.mean_ndcg,
        ndcg_variant=variant.mean_ndcg,
        ndcg_low=low,
        ndcg_high=high,
        reasons=explanation_drift(*contributions, background=len(compared.background), seed=SEED),
        seed=SEED,
    )
