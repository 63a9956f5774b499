"""Item side: what the lists give to groups of items, resampled over users and shuffled over items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.item_metric import ItemSums
from recsys_core.fairness.metrics import ITEM_METRICS
from recsys_core.fairness.permutation import shuffled_p
from recsys_core.fairness.resamples import Resamples
from recsys_core.metrics import exposure_weights, is_relevant
from recsys_core.results import Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class ItemStatistics:
    """What each ranked user's list gives to each group of items.

    Attributes
    ----------
    catalogue_share
        ``(n_groups,)``.
    exposure
        ``(n_users, n_groups)``: weights ``1 / log2(1 + rank)`` of the listed items.
    relevance
        ``(n_users, n_groups)``: the user's held-out items as shares that sum to 1, because
        every list carries the same exposure however much its user took later; zeros for a
        user without held-out items.
    held_out, hits
        ``(n_users, n_groups)``: number of held-out items, and of those in the list.
    per_item
        ``(4, n_items)``: the same four summed over users, before grouping.
    """

    k: int
    catalogue_share: np.ndarray
    exposure: np.ndarray
    relevance: np.ndarray
    held_out: np.ndarray
    hits: np.ndarray
    per_item: np.ndarray

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(metric.full_name(self.k) for metric in ITEM_METRICS.values())


def item_statistics(evaluation: Evaluation, membership: np.ndarray) -> ItemStatistics:
    """What each ranked user's list gives to groups of items with ``membership`` ``(n_items, n_groups)``.

    Held-out items are those that the ranking looked for (``RankingResult.held_out``).
    """
    ranking, n_items = evaluation.ranking, len(membership)
    held_out = ranking.held_out
    count = np.diff(held_out.indptr)
    weight = np.broadcast_to(exposure_weights(ranking.top.shape[1]), ranking.top.shape)
    listed = ranking.top >= 0
    lister = np.broadcast_to(np.arange(len(listed))[:, None], listed.shape)
    hit = is_relevant(ranking.top, held_out)
    owner = np.repeat(np.arange(len(count)), count)
    one = np.ones(len(owner))
    parts = (
        (lister[listed], ranking.top[listed], weight[listed]),
        (owner, held_out.indices, one / count[owner]),
        (owner, held_out.indices, one),
        (lister[hit], ranking.top[hit], np.ones(hit.sum())),
    )
    exposure, relevance, n_held_out, hits = (
        _by_group(user, item, amount, membership, len(count)) for user, item, amount in parts
    )
    return ItemStatistics(
        k=ranking.k,
        catalogue_share=membership.mean(axis=0) if n_items else membership.sum(axis=0),
        exposure=exposure,
        relevance=relevance,
        held_out=n_held_out,
        hits=hits,
        per_item=np.stack([np.bincount(item, weights=x, minlength=n_items) for _, item, x in parts]),
    )


def item_values(statistics: ItemStatistics, sums: np.ndarray) -> np.ndarray:
    """Every metric of every group and of all items, last, ``(…, n_groups + 1, n_metrics)``.

    ``sums`` are over users, ``(…, 4, n_groups)``.
    """
    of_groups = ItemSums.of(statistics.catalogue_share, sums)
    return np.stack([metric.value(of_groups) for metric in ITEM_METRICS.values()], axis=-1)


def item_values_of_everyone(statistics: ItemStatistics) -> np.ndarray:
    """`item_values` of all users' lists together, ``(n_groups + 1, n_metrics)``."""
    return item_values(statistics, weighted_sums(statistics, np.ones((1, len(statistics.exposure)))))[0]


def weighted_sums(statistics: ItemStatistics, weights: np.ndarray) -> np.ndarray:
    """Sums over users ``(b, 4, n_groups)`` for user weights ``(b, n_users)``."""
    parts = (statistics.exposure, statistics.relevance, statistics.held_out, statistics.hits)
    return np.stack([weights @ part for part in parts], axis=1)


def bootstrap_items(statistics: ItemStatistics, resamples: Resamples) -> np.ndarray:
    """`item_values` in every resampling of users, ``(n_draws, n_groups + 1, n_metrics)``."""
    return np.concatenate([item_values(statistics, weighted_sums(statistics, w)) for w in resamples.weights()])


def item_permutation_p(
    statistics: ItemStatistics, membership: np.ndarray, reportable: np.ndarray, *, n_draws: int, most: int, seed: int
) -> np.ndarray:
    """Chance of a gap this large if items had their groups by lot, for each metric, ``(n_metrics,)``.

    Rows of ``membership`` are shuffled over items, each item keeping its exposure and its
    relevance; the statistic is largest minus smallest among the ``reportable`` groups, as in
    `recsys_core.fairness.permutation.permutation_p`.
    """
    if len(reportable) < 2:
        return np.full(len(statistics.metrics), np.nan)
    items = Resamples(len(membership), n_draws, seed)

    def gaps(per_item: np.ndarray) -> np.ndarray:
        by_group = item_values(statistics, per_item @ membership)[..., reportable, :]
        return np.fmax.reduce(by_group, axis=-2) - np.fmin.reduce(by_group, axis=-2)

    def draw(first: int, last: int, metrics: np.ndarray) -> Iterator[np.ndarray]:
        for order in items.orders(first, last):
            yield gaps(statistics.per_item[:, order].swapaxes(0, 1))[:, metrics]

    return shuffled_p(gaps(statistics.per_item), draw, n_draws=n_draws, most=most)


def _by_group(
    user: np.ndarray, item: np.ndarray, amount: np.ndarray, membership: np.ndarray, n_users: int
) -> np.ndarray:
    """Amounts given to items, summed by user and group, ``(n_users, n_groups)``."""
    given = membership[item] * amount[:, None]
    columns = [np.bincount(user, weights=column, minlength=n_users) for column in given.T]
    return np.column_stack(columns) if columns else np.zeros((n_users, 0))
