"""Changes: what a variant keeps of the dense model's lists and reasons, and which differences are noise."""

from __future__ import annotations

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.errors import RecLensError
from recsys_core.fairness import AuditSettings, gap_changes
from recsys_core.metrics import Csr, average_ranks, list_overlap, mean_interval, rank_correlation, top_overlap
from recsys_core.results import Evaluation, PairResult, RankingResult

TOP_REASONS = 3
MOST_CHANGED = 20
DRAWS = 300  # bootstrap samples behind every interval here


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
    for name, values in parts.items():
        known = values[~np.isnan(values)]
        found[name] = float(known.mean()) if len(known) else float("nan")
        found[f"{name}_low"], found[f"{name}_high"] = mean_interval(known, seed=seed, n_draws=DRAWS)
    return found | {"n_pairs": len(dense), "background": background}


def lists_kept(dense: RankingResult, variant: RankingResult, *, seed: int) -> dict[str, object]:
    """Share of each user's top ten that stays: its mean, interval, and the users who lose most.

    ``most_changed`` holds up to 20 ``[user_index, share kept]``, fewest kept first, only users
    whose list changed at all.
    """
    kept = list_overlap(dense.top, variant.top)
    known = kept[~np.isnan(kept)]
    low, high = mean_interval(known, seed=seed, n_draws=DRAWS)
    order = np.argsort(kept, kind="stable")[:MOST_CHANGED]
    changed = [[int(dense.user_index[i]), float(kept[i])] for i in order if kept[i] < 1]
    mean = float(known.mean()) if len(known) else float("nan")
    return {"mean": mean, "low": low, "high": high, "most_changed": changed}


def ndcg_noise(dense: RankingResult, variant: RankingResult, *, seed: int) -> float:
    """Half width of the 95 % paired bootstrap interval of the difference of NDCG over users."""
    low, high = mean_interval(variant.ndcg - dense.ndcg, seed=seed, n_draws=DRAWS)
    return (high - low) / 2


def auc_noise(dense: PairResult, variant: PairResult, *, seed: int) -> float:
    """Half width of the 95 % paired bootstrap interval of the difference of AUC over users.

    Users are resampled through the linear part of each AUC (`auc_parts`), which costs one sort
    instead of one a draw.
    """
    low, high = mean_interval(auc_parts(variant) - auc_parts(dense), seed=seed, n_draws=DRAWS)
    return (high - low) / 2


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


def group_gap(
    dataset: Dataset, dense: Evaluation, variant: Evaluation, *, column: str, train: Csr, seed: int
) -> dict[str, object]:
    """What compression does to the gap of NDCG between the groups of one user column.

    Returns
    -------
    dict
        ``column``, ``metric``, ``worst_group`` and ``best_group`` (the dense model's), ``dense``
        and ``compressed`` (best minus worst), ``change`` with ``low`` and ``high`` (paired
        bootstrap of the change over users), ``n_draws``. Only ``column`` and ``metric`` where
        fewer than two groups are large enough.
    """
    metric = f"ndcg@{dense.ranking.k}"
    settings = AuditSettings(n_bootstrap=DRAWS, seed=seed)
    try:
        changes = gap_changes(dataset, dense, variant, by=(column,), train=train, settings=settings)
    except RecLensError:
        changes = ()
    found = next((c for c in changes if c.metric == metric), None)
    about: dict[str, object] = {"column": column, "metric": metric}
    if found is None:
        return about
    names = ("worst_group", "best_group", "dense", "compressed", "change", "low", "high")
    return about | {name: getattr(found, name) for name in names} | {"n_draws": DRAWS}
