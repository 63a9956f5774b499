"""Shifts: every group's figure before and after a mending, from two evaluations of the same users.

Fast enough to follow a slider. Figures are those of the audits (`recsys_core.fairness`), one at a time; users are
resampled as there, so that intervals agree and before and after are paired.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recsys_core.fairness.cohort import DEFAULT_SETTINGS
from recsys_core.fairness.exposure import item_statistics
from recsys_core.fairness.groups import Grouping
from recsys_core.fairness.metric import RatioMetric
from recsys_core.fairness.metric_inputs import MetricInputs
from recsys_core.fairness.metrics import find_metric
from recsys_core.fairness.resamples import Resamples
from recsys_core.mend.report import price_of
from recsys_core.metrics import list_overlap, ndcg_at_k, paired_difference, recall_at_k
from recsys_core.metrics.paired import UserGains
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers import FirstPlaces, QuickReranker
from recsys_core.results import Evaluation, PairResult
from recsys_core.results.mended_lists import Estimate, GroupShift, MendedLists
from recsys_core.results.mending import Price

ITEM_METRIC = "exposure_to_relevance"
TAILS = (0.025, 0.975)


def reranked(evaluation: Evaluation, places: FirstPlaces, reranker: QuickReranker) -> Evaluation:
    """What `recsys_core.models.evaluation.evaluate` gives under a re-ranker, from first places that were kept.

    Nothing is scored. ``evaluation`` is of the lists by score of the same users. Ties are not counted anew.
    """
    ranking, pairs = evaluation.ranking, evaluation.pairs
    top = reranker.top(places, ranking.k)
    ndcg, recall = ndcg_at_k(top, ranking.held_out), recall_at_k(top, ranking.held_out)
    chance = reranker.decisions(pairs.user_index, pairs.score)
    return replace(
        evaluation,
        ranking=replace(ranking, top=top, ndcg=ndcg, recall=recall, n_distinct=None, n_tied_out=None),
        pairs=replace(pairs, selected=chance),
    )


def mended_lists(
    split_dataset: SplitDataset,
    before: Evaluation,
    after: Evaluation,
    *,
    grouping: Grouping,
    metric: str = ITEM_METRIC,
    resamples: Resamples | None = None,
) -> MendedLists:
    """Every group's figure before and after, and the price.

    ``metric`` is that of groups of users, a ratio of sums (`can_shift`); groups of items have their exposure against
    relevance. ``resamples`` may be kept from call to call where `n_resampled` stays the same.
    """
    shifts = _item_shifts if grouping.side == "item" else _user_shifts
    n = n_resampled(before, grouping)
    kept = resamples or Resamples(n, DEFAULT_SETTINGS.n_bootstrap, DEFAULT_SETTINGS.seed)
    found = shifts(split_dataset, (before, after), grouping, metric, kept)
    overlap = list_overlap(before.ranking.top, after.ranking.top)
    listed = overlap[~np.isnan(overlap)]
    decides = after.pairs.selected is not None and np.array_equal(before.ranking.top, after.ranking.top)
    return MendedLists(
        metric=ITEM_METRIC if grouping.side == "item" else metric,
        by=grouping.by,
        shifts=found,
        price=accuracy_price(before.pairs, after.pairs) if decides else price_of(before.ranking, after.ranking),
        lists_kept=float(listed.mean()) if len(listed) else None,
        n_users=len(before.ranking.user_index),
    )


def can_shift(metric: str) -> bool:
    """Whether a metric of groups of users is a ratio of sums, which a slider can follow."""
    return isinstance(find_metric(metric), RatioMetric)


def n_resampled(evaluation: Evaluation, grouping: Grouping) -> int:
    """How many users are resampled: those with a list, of user columns also those with pairs alone."""
    ranked = evaluation.ranking.user_index
    return len(ranked) if grouping.side == "item" else len(np.union1d(ranked, evaluation.pairs.user_index))


def accuracy_price(before: PairResult, after: PairResult) -> Price:
    """Change of the share of right decisions about the pairs (the expected one where they are drawn)."""
    both = [_right(pairs.binary()) for pairs in (before, after)]
    change = paired_difference(both[1], both[0], seed=DEFAULT_SETTINGS.seed)
    was = both[0].figure
    return Price(
        metric="accuracy",
        before=was,
        after=both[1].figure,
        change=change.mean,
        low=change.low,
        high=change.high,
        relative=change.mean / was if was > 0 else None,
        n_users=len(both[0].gain),
    )


def _right(pairs: PairResult) -> UserGains:
    """How many decisions of each user are right, of how many."""
    chance = (pairs.score >= 0).astype(float) if pairs.selected is None else pairs.selected
    right = np.where(pairs.label > 0.5, chance, 1 - chance)
    owner = np.unique(pairs.user_index, return_inverse=True)[1]
    return UserGains(np.bincount(owner, weights=right), np.bincount(owner).astype(float))


def _item_shifts(
    split_dataset: SplitDataset, both: tuple[Evaluation, Evaluation], grouping: Grouping, _: str, resamples: Resamples
) -> tuple[GroupShift, ...]:
    was, now = (item_statistics(evaluation, grouping.membership) for evaluation in both)
    numerators = np.stack([was.exposure, now.exposure])
    size = np.count_nonzero(grouping.membership, axis=0)

    def values(weights: np.ndarray) -> np.ndarray:
        relevance = _shares(weights @ was.relevance)
        return _ratio(np.stack([_shares(weights @ part) for part in numerators]), relevance)

    return _estimated(values, grouping, size, resamples)


def _user_shifts(
    split_dataset: SplitDataset,
    both: tuple[Evaluation, Evaluation],
    grouping: Grouping,
    metric: str,
    resamples: Resamples,
) -> tuple[GroupShift, ...]:
    found = find_metric(metric)
    if not isinstance(found, RatioMetric):
        raise ValueError(f"{metric} is no ratio of sums")
    inputs = [MetricInputs.of(split_dataset.dataset, one, split_dataset.sequences()) for one in both]
    code = grouping.code[inputs[0].user_index]
    inside = (code[:, None] == np.arange(len(grouping.groups))).astype(float)
    sums = np.stack([np.stack(found.sums(one)) for one in inputs])  # (2, 2, n_users)
    parts = sums[..., None] * inside
    ranked = np.isin(inputs[0].user_index, both[0].ranking.user_index)
    size = inside[ranked if ranked.any() else slice(None)].sum(axis=0).astype(int)

    def values(weights: np.ndarray) -> np.ndarray:
        over, under = np.stack([[weights @ part for part in of] for of in parts]).swapaxes(0, 1)
        return _ratio(over, under) - found.offset

    return _estimated(values, grouping, size, resamples)


def _estimated(
    values: Callable[[np.ndarray], np.ndarray], grouping: Grouping, size: np.ndarray, resamples: Resamples
) -> tuple[GroupShift, ...]:
    """``values`` gives both figures of every group for user weights ``(b, n_users)``: ``(2, b, n_groups)``."""
    point = values(np.ones((1, resamples.n_users), dtype=np.float32))[:, 0]
    draws = np.concatenate([values(weights) for weights in resamples.weights()], axis=1)
    change = draws[1] - draws[0]
    return tuple(
        GroupShift(group, int(n), None, None, None)
        if n < DEFAULT_SETTINGS.least_size or np.isnan(point[:, g]).any()
        else GroupShift(
            group,
            int(n),
            _estimate(point[0, g], draws[0, :, g]),
            _estimate(point[1, g], draws[1, :, g]),
            _estimate(point[1, g] - point[0, g], change[:, g]),
        )
        for g, (group, n) in enumerate(zip(grouping.groups, size, strict=True))
    )


def _estimate(value: float, draws: np.ndarray) -> Estimate:
    known = draws[~np.isnan(draws)]
    low, high = np.quantile(known, TAILS) if len(known) else (value, value)
    return Estimate(float(value), float(min(low, value)), float(max(high, value)))


def _shares(sums: np.ndarray) -> np.ndarray:
    return _ratio(sums, sums.sum(axis=-1, keepdims=True))


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    over, under = np.broadcast_arrays(over, under)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
