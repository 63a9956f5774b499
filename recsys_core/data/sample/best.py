"""How well the truth itself does on the held-out rows: no model can be expected to do better."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys_core.data.order import tie_order
from recsys_core.data.sample.truth import PlantedPairs, PlantedTruth, recent_counts
from recsys_core.data.split import TEST, part_by_user
from recsys_core.metrics import logistic, ndcg_at_k, roc_auc, top_k


def best_figures(
    truth: PlantedTruth, user: np.ndarray, item: np.ndarray, recorded: np.ndarray, *, item_ids: pd.Series
) -> dict:
    """Best AUC and NDCG@10 on this log's test part, popularity's NDCG@10, and NDCG@10 by user.

    Rows must be in order of user, then time; ``recorded`` is what the log says was taken. The truth knows
    what was taken (`PlantedTruth.taken`), popularity only what was recorded. ``item_ids`` are the raw ids
    in matrix order, by which equal scores are ranked as a model's are whose split has seed 0. Popularity
    counts how often an item was recorded as taken before the test part, as
    `recsys_core.models.baselines.Popularity` does. Test rows are scored in the state of their own moment;
    the ranking in the user's state before the test part. ``test`` holds user, outcome and planted logit
    of the test rows.
    """
    taken = truth.taken(user, item, recorded)
    pairs = states(truth, user, item, taken)
    test = part_by_user(user, np.arange(len(user))) == TEST
    logit = truth.logit(pairs.user, pairs.item, pairs.history)
    first_test = np.flatnonzero(test & np.r_[True, ~(test[:-1] & (user[1:] == user[:-1]))])
    shape = (len(first_test), truth.n_items)
    seen, relevant = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    seen[user[~test], item[~test]] = True
    relevant[user[test & taken], item[test & taken]] = True
    score = truth.catalogue_logit(user[first_test], pairs.history[first_test])
    ties, held_out = tie_order(item_ids, 0), csr_array(relevant & ~seen)
    popularity = np.broadcast_to(np.bincount(item[~test & recorded], minlength=truth.n_items), shape)
    best, popular = (ndcg_at_k(top_k(s, 10, excluded=seen, tie_order=ties), held_out) for s in (score, popularity))
    return {
        "best_auc": roc_auc(taken[test], logit[test]),
        "test": (user[test], taken[test], logit[test]),
        "best_ndcg@10_by_user": best,
        "popularity_ndcg@10_by_user": popular,
        "suitable": float((score > 0).mean()),
        "mean_probability": float(logistic(score).mean()),
    }


def best_by_group(figures: dict, group: np.ndarray) -> dict[str, dict[str, float]]:
    """``n_users``, best ``ndcg@10`` and ``auc`` by group; ``group`` is each user's, ``figures`` as `best_figures` says.

    ``n_users`` counts those with an NDCG: a held-out item that they took.
    """
    user, taken, logit = figures["test"]
    ndcg = figures["best_ndcg@10_by_user"]
    of_user = group[np.unique(user)]
    found = {}
    for name in sorted(set(of_user)):
        own, rows = ndcg[of_user == name], group[user] == name
        found[str(name)] = {
            "n_users": int(np.isfinite(own).sum()),
            "ndcg@10": round(float(np.nanmean(own)), 4),
            "auc": round(roc_auc(taken[rows], logit[rows]), 4),
        }
    return found


def states(truth: PlantedTruth, user: np.ndarray, item: np.ndarray, taken: np.ndarray) -> PlantedPairs:
    """Every logged row with the user's history at its moment; rows in order of user, then time."""
    function = truth.function
    counts = recent_counts(user, truth.item_category[item], taken, function.n_categories, function.history_length)
    return PlantedPairs(user, item, counts)
