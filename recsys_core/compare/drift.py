"""Drift: what a variant keeps of the dense model's lists and reasons, and which differences are noise."""

from __future__ import annotations

import numpy as np

from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.metrics import average_ranks, rank_correlation, top_overlap
from recsys_core.metrics import list_overlap as shares_kept
from recsys_core.results import ExplanationDrift, ListOverlap, PairResult, RankingResult, Ties, measured

TOP_REASONS = 3
MOST_CHANGED = 20


def explanation_drift(dense: np.ndarray, variant: np.ndarray, *, background: int, seed: int) -> ExplanationDrift:
    """How far reasons move: contributions ``(n_pairs, n_players)`` of the same pairs under both models.

    Intervals are bootstraps over pairs. A pair without any order (all contributions equal) is left out of the
    correlation.

    >>> same = np.array([[3.0, -2.0, 0.5, 0.1]])
    >>> drift = explanation_drift(same, same[:, [0, 1, 3, 2]], background=4, seed=0)
    >>> drift.top_3_overlap, drift.rank_correlation
    (0.6666666666666666, 0.8)
    """
    draws = user_draws(len(dense), seed=seed)
    correlation = _mean_with_ends(np.atleast_1d(rank_correlation(dense, variant)), draws)
    overlap = _mean_with_ends(np.atleast_1d(top_overlap(dense, variant, TOP_REASONS)), draws)
    return ExplanationDrift(*correlation, *overlap, n_pairs=len(dense), background=background)


def _mean_with_ends(values: np.ndarray, draws: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """A mean over users or pairs and its 95 % interval, None where nothing is known."""
    mean, ends = mean_of_known(values), mean_ends(values, draws)
    return mean, known(ends[0]), known(ends[1])


def mean_of_known(values: np.ndarray) -> float | None:
    """Mean without NaN; None where nothing is left."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else None


def known(value: float) -> float | None:
    """The same number, None for NaN."""
    return None if np.isnan(value) else float(value)


def list_overlap(dense: RankingResult, variant: RankingResult, *, draws: np.ndarray) -> ListOverlap:
    """Share of each user's top ten that stays: its mean, interval, and the users who lose most."""
    kept = shares_kept(dense.top, variant.top)
    order = np.argsort(kept, kind="stable")[:MOST_CHANGED]
    changed = tuple((int(dense.user_index[i]), float(kept[i])) for i in order if kept[i] < 1)
    return ListOverlap(*_mean_with_ends(kept, draws), most_changed=changed)


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


def auc_ends(pairs: PairResult, auc: float, *, draws: np.ndarray) -> tuple[float | None, float | None]:
    """95 % bootstrap interval of an AUC over users, by its linear part as in `auc_noise`; None without an AUC."""
    low, high = mean_ends(auc_parts(pairs), draws)
    return known(auc + low), known(auc + high)


def tie_shares(ranking: RankingResult) -> Ties:
    """Ties of equal scores in the lists of all these users."""
    length, distinct, left_out = (ranking.top >= 0).sum(axis=1), measured(ranking.n_distinct), ranking.n_tied_out
    return Ties(
        distinct=mean_of_known(distinct.astype(float)),
        inside=mean_of_known((distinct < length).astype(float)),
        across=mean_of_known((measured(left_out) > 0).astype(float)),
    )


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
