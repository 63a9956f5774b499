"""How well the truth itself does on the held-out rows: no model can be expected to do better."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from recsys_core.data.sample.truth import Pairs, PlantedTruth, logistic, recent_counts

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


def best_ndcg(score: np.ndarray, seen: np.ndarray, relevant: np.ndarray, k: int = 10) -> np.ndarray:
    """NDCG@k (n_users,) of ranking unseen items by ``score``; NaN where nothing is relevant.

    All arguments are (n_users, n_items). Gain 1 a relevant item, discount ``1 / log2(1 + rank)``,
    ideal over at most k items: the same definition as the model's.
    """
    ranked = np.argsort(np.where(seen, np.inf, -score), axis=1, kind="stable")[:, :k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    gain = (np.take_along_axis(relevant & ~seen, ranked, axis=1) * discount[: ranked.shape[1]]).sum(axis=1)
    n_relevant = np.minimum((relevant & ~seen).sum(axis=1), k)
    ideal = np.concatenate([[np.nan], discount.cumsum()])[n_relevant]
    return gain / ideal


def best_figures(truth: PlantedTruth, user: np.ndarray, item: np.ndarray, taken: np.ndarray) -> dict:
    """Best AUC and NDCG@10 on this log's test part, popularity's NDCG@10, and NDCG@10 by user.

    Rows must be in order of user, then time. Test rows are scored in the state of their own
    moment; the ranking in the user's state before the test part.
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
    popularity = np.broadcast_to(np.bincount(item[~test & taken], minlength=truth.n_items), shape)
    return {
        "best_auc": best_auc(taken[test], logit[test]),
        "best_ndcg@10_by_user": best_ndcg(score, seen, relevant),
        "popularity_ndcg@10_by_user": best_ndcg(popularity, seen, relevant),
        "suitable": float((score > 0).mean()),
        "mean_probability": float(logistic(score).mean()),
    }


def states(truth: PlantedTruth, user: np.ndarray, item: np.ndarray, taken: np.ndarray) -> Pairs:
    """Every logged row with the user's history at its moment; rows in order of user, then time."""
    function = truth.function
    counts = recent_counts(user, truth.item_category[item], taken, function.n_categories, function.history_length)
    return Pairs(user, item, counts)
