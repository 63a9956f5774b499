"""Figures of a group of users, written as sums over users so that they can be resampled by a matrix product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, phrase
from recsys_core.fairness.groups import MOST_GROUPS, make_grouping, set_values
from recsys_core.metrics import (
    exposure_weights,
    head_items,
    list_diversity,
    logistic,
    mean_popularity,
    profile_popularity,
    roc_auc,
)
from recsys_core.results import Evaluation, LeftOut, PairResult, RankingResult

N_LEVELS = 32
SELECTED_FROM = 0.5
PAIR_METRICS = ("calibration_gap", "selection_rate", "true_positive_rate")

# which end is good, and so which of two extreme groups is called the worst
HIGHER_IS_BETTER = "higher"
LOWER_IS_BETTER = "lower"
ZERO_IS_BEST = "zero"
NEITHER = "neither"  # no end is bad in itself; the group that gets less is called the worst

DIRECTION = {
    "ndcg": HIGHER_IS_BETTER,
    "recall": HIGHER_IS_BETTER,
    "hit_rate": HIGHER_IS_BETTER,
    "auc": HIGHER_IS_BETTER,
    "calibration_gap": ZERO_IS_BEST,
    "selection_rate": NEITHER,
    "true_positive_rate": HIGHER_IS_BETTER,
    "tail_exposure": NEITHER,
    "popularity_lift": LOWER_IS_BETTER,
    "diversity": NEITHER,
    "exposure_to_relevance": HIGHER_IS_BETTER,
    "exposure_to_catalogue": HIGHER_IS_BETTER,
}


def direction(metric: str) -> str:
    """Which end of a metric is good: ``higher``, ``lower``, ``zero`` or ``neither``; ``ndcg@10`` as ``ndcg``.

    >>> direction("popularity_lift@10"), direction("selection_rate")
    ('lower', 'neither')
    """
    return DIRECTION[metric.split("@")[0]]


@dataclass(frozen=True, slots=True, eq=False)
class UserTotals:
    """What each evaluated user adds to every figure of a group.

    A figure is ``sum(numerator) / sum(denominator) - offset`` over the group's users, except
    AUC, which is no sum over users: it comes from ``levels``.

    Attributes
    ----------
    user_index
        ``(n,)`` ascending: every user with a ranking or a scored pair.
    is_ranked
        ``(n,)``: has a held-out item, so counts in a group's ``n``.
    metrics
        Names, in order; ``auc`` is the last and has no column in the sums.
    numerator, denominator
        ``(n, len(metrics) - 1)``; both 0 for a user without the figure.
    offset
        ``(len(metrics) - 1,)``.
    levels
        ``(n, 2 * N_LEVELS)`` float32: the user's positive pairs, then the negative ones,
        counted by score level (`score_levels`).
    left_out
        Metrics that these data cannot give, and why.
    pair_user, label, score
        The pairs themselves, ``pair_user`` as position in ``user_index``; for the exact AUC.
    """

    user_index: np.ndarray
    is_ranked: np.ndarray
    metrics: tuple[str, ...]
    numerator: np.ndarray
    denominator: np.ndarray
    offset: np.ndarray
    levels: np.ndarray
    pair_user: np.ndarray
    label: np.ndarray
    score: np.ndarray
    left_out: tuple[LeftOut, ...] = ()

    @property
    def n_users(self) -> int:
        return len(self.user_index)


def user_totals(dataset: Dataset, evaluation: Evaluation, train: csr_array) -> UserTotals:
    r"""Sums behind every user-side figure. Definitions, with ``k`` the evaluation's list length:

    ``ndcg@k``, ``recall@k``
        Mean over the group's users (`recsys_core.metrics.ndcg_at_k`, `recall_at_k`).
    ``hit_rate@k``
        Share of users with at least one held-out item in the list: being served at all.
    ``calibration_gap``
        Mean predicted probability minus the share taken, over the group's pairs.
    ``selection_rate``
        Share of the group's pairs with a predicted probability of 0.5 or more, as Fairlearn's;
        demographic parity asks that it is the same in all groups.
    ``true_positive_rate``
        The same among the pairs that were taken, as Fairlearn's; equal opportunity asks that it
        is the same in all groups (Hardt et al. 2016).
    ``tail_exposure@k``
        Share of the lists' exposure (weights ``1 / log2(1 + rank)``) that goes to items
        outside the most popular fifth.
    ``popularity_lift@k``
        `recsys_core.metrics.popularity_lift` of the group's lists against its profiles.
    ``diversity@k``
        Mean of `recsys_core.metrics.list_diversity` over categories; only if there is a
        category column.
    ``auc``
        `recsys_core.metrics.roc_auc` over all pairs of the group's users together.

    The four pair metrics depend on how negatives came about (``evaluation.pairs.negatives``):
    with sampled negatives, calibration and selection rate speak of the sample and not of the
    world. The three that need probabilities are left out for a scorer without (``logloss`` None),
    diversity where no item column of at most 500 values exists.
    """
    ranking, pairs = evaluation.ranking, evaluation.pairs.binary()
    user_index = np.union1d(ranking.user_index, pairs.user_index).astype(np.int64)
    row = np.searchsorted(user_index, ranking.user_index)
    pair_user = np.searchsorted(user_index, pairs.user_index)
    sums, left_out = _list_sums(dataset, ranking, train)
    sums = _ranking_sums(ranking) | sums
    columns = {name: _spread(part, row, len(user_index)) for name, part in sums.items()}
    if evaluation.logloss is not None:
        columns |= _decision_sums(pairs, pair_user, len(user_index))
    else:
        left_out |= dict.fromkeys(PAIR_METRICS, phrase("fairness.reason.no_probabilities"))
    names, k = tuple(columns), ranking.k
    numerator, denominator = (
        np.column_stack([columns[name][i] for name in names]) if len(user_index) else np.zeros((0, len(names)))
        for i in (0, 1)
    )
    return UserTotals(
        user_index=user_index,
        is_ranked=np.isin(user_index, ranking.user_index),
        metrics=(*(_full_name(n, k) for n in names), "auc"),
        numerator=numerator,
        denominator=denominator,
        offset=np.array([1.0 if n == "popularity_lift" else 0.0 for n in names]),
        levels=_level_counts(pairs, pair_user, len(user_index)),
        pair_user=pair_user,
        label=pairs.label,
        score=pairs.score,
        left_out=tuple(LeftOut(_full_name(name, k), reason) for name, reason in left_out.items()),
    )


def _full_name(name: str, k: int) -> str:
    return name if name in PAIR_METRICS else f"{name}@{k}"


def undefined(totals: UserTotals, metric: str) -> LeftOut:
    """Why a metric has no figure for anybody."""
    if metric == "auc" or metric in PAIR_METRICS:
        reason = "no_pairs" if not len(totals.label) else "one_class"
    else:
        reason = "no_history" if metric.startswith("popularity_lift") and totals.is_ranked.any() else "nobody_ranked"
    return LeftOut(metric, phrase(f"fairness.reason.{reason}"))


def figures(totals: UserTotals, code: np.ndarray, unions: np.ndarray) -> np.ndarray:
    """Every metric of every union of groups, ``(n_unions, len(metrics))``, exact; NaN where undefined.

    ``code`` ``(n_users,)`` is the group of each row of ``totals``; ``unions``
    ``(n_unions, n_groups)`` holds 1 where a group belongs to a union: the identity gives the
    groups, a row of ones everyone, ``1 - identity`` everyone else.
    """
    member = unions[:, code]
    means = ratios(member @ totals.numerator, member @ totals.denominator, totals.offset)
    auc = [roc_auc(totals.label[inside], totals.score[inside]) for inside in (member[:, totals.pair_user] > 0)]
    return np.column_stack([means, np.array(auc)])


def ratios(numerator: np.ndarray, denominator: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """``numerator / denominator - offset``; NaN where nobody has the figure."""
    share = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return share - offset


def auc_of_levels(levels: np.ndarray) -> np.ndarray:
    """AUC from counts by score level ``(..., 2 * N_LEVELS)``, pairs within a level counting half.

    >>> import numpy as np
    >>> counts = np.zeros(2 * N_LEVELS); counts[[3, N_LEVELS + 1, N_LEVELS + 3]] = 1
    >>> float(auc_of_levels(counts))
    0.75
    """
    positive, negative = levels[..., :N_LEVELS], levels[..., N_LEVELS:].astype(float)
    below = np.cumsum(negative, axis=-1) - negative / 2
    n_pairs = positive.sum(axis=-1, dtype=float) * negative.sum(axis=-1)
    won = np.einsum("...l,...l->...", positive, below)
    return np.divide(won, n_pairs, out=np.full(n_pairs.shape, np.nan), where=n_pairs > 0)


def score_levels(score: np.ndarray) -> np.ndarray:
    """Scores in up to 32 levels of equal size, equal scores always in the same one, ``(n,)``.

    Resampling AUC costs a matrix product instead of a sort a draw this way; what rounding
    takes from the figure itself is put back (`recsys_core.fairness.intervals.bootstrap`).
    """
    distinct = np.unique(score)
    if len(distinct) <= N_LEVELS:
        return np.searchsorted(distinct, score)
    return np.searchsorted(np.quantile(score, np.linspace(0, 1, N_LEVELS + 1)[1:-1]), score)


def _ranking_sums(ranking: RankingResult) -> Sums:
    one = np.ones(len(ranking.user_index))
    return {
        "ndcg": (ranking.ndcg, one),
        "recall": (ranking.recall, one),
        "hit_rate": ((ranking.recall > 0).astype(float), one),
    }


Sums = dict[str, tuple[np.ndarray, np.ndarray]]


def _list_sums(dataset: Dataset, ranking: RankingResult, train: csr_array) -> tuple[Sums, dict[str, Phrase]]:
    """Numerators and denominators of the list metrics, and those that must be left out with their reason."""
    popularity = np.bincount(train.indices, minlength=dataset.n_items).astype(float)
    weight = np.where(ranking.top >= 0, exposure_weights(ranking.top.shape[1]), 0.0)
    in_tail = ~head_items(popularity)[ranking.top] if dataset.n_items else np.zeros(ranking.top.shape, dtype=bool)
    profile = profile_popularity(train, popularity)[ranking.user_index]
    sums = {
        "tail_exposure": ((weight * in_tail).sum(axis=1), weight.sum(axis=1)),
        "popularity_lift": (mean_popularity(ranking.top, popularity), profile),
    }
    found = category_column(dataset)
    if isinstance(found, Phrase):
        return sums, {"diversity": found}
    vectors = make_grouping(dataset, (f"item.{found}",), train=train).membership
    return sums | {"diversity": (list_diversity(ranking.top, vectors), np.ones(len(ranking.user_index)))}, {}


def category_column(dataset: Dataset) -> str | Phrase:
    """The item column whose values make a list varied, or why there is none.

    One named after categories or genres, else the first, of those with at most 500 values.
    """
    names = [c.name for c in dataset.schema.items if c.kind in ("category", "set")]
    usual = [n for n in names if n in ("category", "categories", "genre", "genres")]
    ordered = [*usual, *(n for n in names if n not in usual)]
    few = next((n for n in ordered if count_values(dataset, n) <= MOST_GROUPS), None)
    if few is not None:
        return few
    if not ordered:
        return phrase("fairness.reason.no_category")
    count = count_values(dataset, ordered[0])
    return phrase("fairness.reason.many_values", column=ordered[0], count=count, most=MOST_GROUPS)


def count_values(dataset: Dataset, name: str) -> int:
    """How many different values an item column of categories or sets has."""
    column = dataset.schema.item_column(name)
    cells = dataset.items[column.stored]
    if column.kind == "category":
        return int(cells.nunique())
    return len({value for cell in cells.astype(object) for value in set_values(cell)})


def _decision_sums(pairs: PairResult, pair_user: np.ndarray, n_users: int) -> Sums:
    def per_user(x: np.ndarray) -> np.ndarray:
        return np.bincount(pair_user, weights=x, minlength=n_users)

    predicted, taken = logistic(pairs.score), (pairs.label > 0).astype(float)
    selected = (predicted >= SELECTED_FROM).astype(float)
    count = per_user(np.ones(len(taken)))
    return {
        "calibration_gap": (per_user(predicted - taken), count),
        "selection_rate": (per_user(selected), count),
        "true_positive_rate": (per_user(selected * taken), per_user(taken)),
    }


def _level_counts(pairs: PairResult, pair_user: np.ndarray, n_users: int) -> np.ndarray:
    cell = score_levels(pairs.score) + np.where(pairs.label > 0, 0, N_LEVELS)
    counts = np.bincount(pair_user * 2 * N_LEVELS + cell, minlength=n_users * 2 * N_LEVELS)
    return counts.reshape(n_users, 2 * N_LEVELS).astype(np.float32)


def _spread(part: tuple[np.ndarray, np.ndarray], row: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator over all users, zero in both for those without the figure."""
    known = ~(np.isnan(part[0]) | np.isnan(part[1]))
    out = np.zeros((2, n))
    out[:, row[known]] = np.stack(part)[:, known]
    return out[0], out[1]
