"""Changes: what a variant keeps of the dense model's lists and reasons, and which differences are noise."""

from __future__ import annotations

import numpy as np

from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.metrics import average_ranks, list_overlap, rank_correlation, top_overlap
from recsys_core.results import PairResult, RankingResult

TOP_REASONS = 3
MOST_CHANGED = 20


def explanation_drift(dense: np.ndarray, variant: np.ndarray, *, background: int, seed: int) -> dict[str, float]:
    """How far reasons move: contributions ``(n_pairs, n_players)`` of the same pairs under both models.

    Returns
    -------
    dict
        ``rank_correlation`` of the signed contributions and ``top_3_kept``, the share of the
        three strongest reasons kept, both means over pairs with ``_low`` and ``_high`` ends of
        a bootstrap interval over pairs; ``n_pairs`` and ``background``. A pair without any
        order (all contributions equal) is left out of the correlation.

    >>> same = np.array([[3.0, -2.0, 0.5, 0.1]])
    >>> found = explanation_drift(same, same[:, [0, 1, 3, 2]], background=4, seed=0)
    >>> found["top_3_kept"], found["rank_correlation"]
    (0.6666666666666666, 0.8)
    """
    parts = {
        "rank_correlation": np.atleast_1d(rank_correlation(dense, variant)),
        "top_3_kept": np.atleast_1d(top_overlap(dense, variant, TOP_REASONS)),
    }
    found: dict[str, float] = {}
    draws = user_draws(len(dense), seed=seed)
    for name, values in parts.items():
        found[name] = mean_of_known(values)
        found[f"{name}_low"], found[f"{name}_high"] = mean_ends(values, draws)
    return found | {"n_pairs": len(dense), "background": background}


def mean_of_known(values: np.ndarray) -> float:
    """Mean without NaN; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def lists_kept(dense: RankingResult, variant: RankingResult, *, draws: np.ndarray) -> dict[str, object]:
    """Share of each user's top ten that stays: its mean, interval, and the users who lose most.

    ``most_changed`` holds up to 20 ``[user_index, share kept]``, fewest kept first, only users
    whose list changed at all.
    """
    kept = list_overlap(dense.top, variant.top)
    low, high = mean_ends(kept, draws)
    order = np.argsort(kept, kind="stable")[:MOST_CHANGED]
    changed = [[int(dense.user_index[i]), float(kept[i])] for i in order if kept[i] < 1]
    return {"mean": mean_of_known(kept), "low": low, "high": high, "most_changed": changed}


def ndcg_noise(dense: RankingResult, variant: RankingResult, *, draws: np.ndarray) -> float:
    """Half width of the 95 % paired bootstrap interval of the difference of NDCG over users."""
    low, high = mean_ends(variant.ndcg - dense.ndcg, draws)
    return (high - low) / 2


def auc_noise(dense: PairResult, variant: PairResult, *, draws: np.ndarray) -> float:
    """Half width of the 95 % paired bootstrap interval of the difference of AUC over users.

    Users are resampled through the linear part of each AUC (`auc_parts`), which costs one sort
    instead of one a draw. ``draws`` are of the users who have pairs.
    """
    low, high = mean_ends(auc_parts(variant) - auc_parts(dense), draws)
    return (high - low) / 2


def auc_ends(pairs: PairResult, auc: float, *, draws: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of an AUC over users, by its linear part as in `auc_noise`."""
    low, high = mean_ends(auc_parts(pairs), draws)
    return auc + low, auc + high


def tie_shares(ranking: RankingResult) -> dict[str, float]:
    """Ties of equal scores in the lists of all these users.

    Returns
    -------
    dict
        ``distinct``: mean number of different scores in a list. ``inside``: share of users
        with equal scores in their list; ``across``: share of users of whose items some are
        left out although they score as high as the last one listed. NaN without users.
    """
    length = (ranking.top >= 0).sum(axis=1)
    parts = {
        "distinct": ranking.n_distinct.astype(float),
        "inside": (ranking.n_distinct < length).astype(float),
        "across": (ranking.n_tied_out > 0).astype(float),
    }
    return {name: mean_of_known(values) for name, values in parts.items()}


def auc_parts(pairs: PairResult) -> np.ndarray:
    r"""What each user adds to the AUC, as deviations that sum to 0: ``(n_users,)``, users in ascending order.

    .. math:: n \Big(\frac{1}{n_+} \sum_{i \in u, +} (V_i - A) + \frac{1}{n_-} \sum_{j \in u, -} (V_j - A)\Big)

    with ``V`` the placement of a positive among all negatives (and the other way round) and
    ``n`` the number of users: the structural components of DeLong et al. 1988, summed by user
    as in Obuchowski 1997. Resampling users, ``A`` plus their mean is the AUC to first order.

    >>> user, label, score = np.array([[0, 0, 1, 1], [1, 0, 1, 0], [2, 1, 0, 3]])
    >>> auc_parts(PairResult(user, np.zeros(4), label, score, "logged")).tolist()
    [0.5, -0.5]
    """
    positive = pairs.label > 0.5
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    user, row = np.unique(pairs.user_index, return_inverse=True)
    if not n_positive or not n_negative:
        return np.full(len(user), np.nan)
    everywhere = average_ranks(pairs.score)
    placement = np.empty(len(pairs.score))
    placement[positive] = (everywhere[positive] - average_ranks(pairs.score[positive])) / n_negative
    placement[~positive] = 1 - (everywhere[~positive] - average_ranks(pairs.score[~positive])) / n_positive
    auc = placement[positive].mean()
    share = (placement - auc) / np.where(positive, n_positive, n_negative)
    return len(user) * np.bincount(row, weights=share, minlength=len(user))
