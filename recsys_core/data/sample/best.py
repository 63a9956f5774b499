"""How well the truth itself does on the held-out rows: no model can be expected to do better."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import rankdata

from recsys_core.data.order import tie_order
from recsys_core.data.sample.truth import Pairs, PlantedTruth, logistic, recent_counts
from recsys_core.metrics import ndcg_at_k, top_k

TRAIN, VALIDATION, TEST = 0, 1, 2


def split_last_tenth(user: np.ndarray) -> np.ndarray:
    """Part (n,) of each row: per user the last tenth is ``TEST``, the tenth before ``VALIDATION``.

    Rows must be in order of user, then time. A tenth is ``max(1, round(n / 10))`` rows.
    """
    n_rows = np.bincount(user)
    n_part = np.maximum(1, np.rint(n_rows / 10).astype(int))
    left = n_rows.cumsum()[user] - np.arange(len(user))  # rows of this user from here on, this one included
    return np.where(left <= n_part[user], TEST, np.where(left <= 2 * n_part[user], VALIDATION, TRAIN))


def best_auc(label: np.ndarray, probability: np.ndarray) -> float:
    """Share of (taken, not taken) pairs that the planted probability puts in order; ties count half."""
    label = np.asarray(label, dtype=bool)
    n_taken = int(label.sum())
    above = rankdata(probability)[label].sum() - n_taken * (n_taken + 1) / 2
    return float(above / (n_taken * (len(label) - n_taken)))


def best_ndcg(
    score: np.ndarray, seen: np.ndarray, relevant: np.ndarray, *, tie_order: np.ndarray | None = None, k: int = 10
) -> np.ndarray:
    """NDCG@k (n_users,) of ranking unseen items by ``score``; NaN where nothing is relevant.

    ``score``, ``seen`` and ``relevant`` are (n_users, n_items). Ranked and measured by the code
    that ranks and measures a model (`recsys_core.metrics.top_k`, `ndcg_at_k`).
    """
    top = top_k(score, k, excluded=seen, tie_order=tie_order)
    return ndcg_at_k(top, csr_array(relevant & ~seen))


def best_figures(
    truth: PlantedTruth, user: np.ndarray, item: np.ndarray, taken: np.ndarray, *, item_ids: pd.Series
) -> dict:
    """Best AUC and NDCG@10 on this log's test part, popularity's NDCG@10, and NDCG@10 by user.

    Rows must be in order of user, then time; ``item_ids`` are the raw ids in matrix order, by which
    equal scores are ranked as a model's are whose split has seed 0. Popularity counts how often an
    item was taken before the test part, as `recsys_core.models.baselines.Popularity` does. Test
    rows are scored in the state of their own moment; the ranking in the user's state before the
    test part.
    """
    pairs = states(truth, user, item, taken)
    part = split_last_tenth(user)
    test = part == TEST
    logit = truth.logit(pairs.user, pairs.item, pairs.history)
    first_test = np.flatnonzero(test & np.r_[True, ~(test[:-1] & (user[1:] == user[:-1]))])
    shape = (len(first_test), truth.n_items)
    seen, relevant = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    seen[user[~test], item[~test]] = True
    relevant[user[test & taken], item[test & taken]] = True
    score = truth.catalogue_logit(user[first_test], pairs.history[first_test])
    ties = tie_order(item_ids, 0)
    popularity = np.broadcast_to(np.bincount(item[~test & taken], minlength=truth.n_items), shape)
    return {
        "best_auc": best_auc(taken[test], logit[test]),
        "best_ndcg@10_by_user": best_ndcg(score, seen, relevant, tie_order=ties),
        "popularity_ndcg@10_by_user": best_ndcg(popularity, seen, relevant, tie_order=ties),
        "suitable": float((score > 0).mean()),
        "mean_probability": float(logistic(score).mean()),
    }


def states(truth: PlantedTruth, user: np.ndarray, item: np.ndarray, taken: np.ndarray) -> Pairs:
    """Every logged row with the user's history at its moment; rows in order of user, then time."""
    function = truth.function
    counts = recent_counts(user, truth.item_category[item], taken, function.n_categories, function.history_length)
    return Pairs(user, item, counts)
