"""Churn: how many places of the lists change hands, and how far the reasons move, from the parent to a candidate."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.shapley import solve_many
from recsys_core.metrics import list_overlap
from recsys_core.models.evaluation import rank_users
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.seeds import random_stream

USERS, PAIRS, BACKGROUND = 200, 50, 4


def overlap_of_lists(parent: Scorer, candidate: Scorer, split_dataset: SplitDataset) -> float | None:
    """Mean share of the top 10 that stays, of at most 200 test users drawn by the split's seed; None without any."""
    task = split_dataset.ranking("test", most=USERS)
    if not len(task):
        return None
    old, new = (rank_users(scorer.score_catalogue, task).top for scorer in (parent, candidate))
    kept = list_overlap(old, new)
    return float(np.nanmean(kept)) if np.isfinite(kept).any() else None


def drift_of_reasons(parent: Scorer, candidate: Scorer, split_dataset: SplitDataset, *, seed: int) -> float | None:
    r"""How much of the reasons moved: :math:`\sum |\phi' - \phi| / \sum |\phi|` over 50 test pairs, 4 background rows.

    0 where every contribution stays as it is; None where the parent gives no reasons at all.
    """
    rows = split_dataset.split.test
    drawn = random_stream(seed, "pairs whose reasons are compared").choice(rows, min(PAIRS, len(rows)), replace=False)
    pairs, background = split_dataset.pairs(np.sort(drawn), "test"), split_dataset.background(BACKGROUND, seed=seed)
    old, new = (solve_many(scorer, pairs, background, seed=seed).contributions for scorer in (parent, candidate))
    size = float(np.abs(old).sum())
    return float(np.abs(new - old).sum()) / size if size > 0 else None
