"""Item side: what the lists give to groups of items, resampled over users and shuffled over items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.fairness.item_metric import ItemSums, quotient
from recsys_core.fairness.metrics import ITEM_METRICS
from recsys_core.fairness.permutation import shuffled_p
from recsys_core.fairness.resamples import Resamples
from recsys_core.metrics import exposure_weights, head_items, is_relevant
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
    listed, candidates
        ``(n_users, n_groups)``: number of listed items, and of those not taken in training.
    tail
        ``(n_users, n_groups)``: exposure of items outside the most popular fifth.
    per_item
        ``(8, n_items)``: the same seven summed over users, before grouping, and 1 for an item in any list.
    given
        ``(n_items, n_users)``: exposure that each list gives to each item.
    membership, is_compared
        Of the items in groups; which groups are large enough to be compared.
    """

    k: int
    catalogue_share: np.ndarray
    exposure: np.ndarray
    relevance: np.ndarray
    held_out: np.ndarray
    hits: np.ndarray
    listed: np.ndarray
    candidates: np.ndarray
    tail: np.ndarray
    per_item: np.ndarray
    given: csr_array
    membership: np.ndarray
    is_compared: np.ndarray

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(metric.full_name(self.k) for metric in ITEM_METRICS.values())

    @property
    def by_user(self) -> tuple[np.ndarray, ...]:
        """What sums over users are of, in the order of `ItemSums`."""
        return (
            self.exposure, self.relevance, self.held_out, self.hits, self.listed, self.candidates, self.tail,
        )  # fmt: skip


def item_statistics(
    evaluation: Evaluation, membership: np.ndarray, *, train: csr_array | None = None, least_size: int = 1
) -> ItemStatistics:
    """What each ranked user's list gives to groups of items with ``membership`` ``(n_items, n_groups)``.

    Held-out items are those that the ranking looked for (``RankingResult.held_out``). Without ``train`` every item is
    a candidate and none is popular.
    """
    ranking, n_items = evaluation.ranking, len(membership)
    held_out = ranking.held_out
    count = np.diff(held_out.indptr)
    taken = csr_array((len(count), n_items)) if train is None else train[ranking.user_index]
    weight = np.broadcast_to(exposure_weights(ranking.top.shape[1]), ranking.top.shape)
    listed = ranking.top >= 0
    lister = np.broadcast_to(np.arange(len(listed))[:, None], listed.shape)
    hit = is_relevant(ranking.top, held_out)
    owner, item = np.repeat(np.arange(len(count)), count), ranking.top[listed]
    one, places = np.ones(len(owner)), np.ones(len(item))
    is_tail = np.ones(n_items, dtype=bool)
    if train is not None:
        is_tail = ~head_items(np.bincount(train.indices, minlength=n_items))
    seen = np.repeat(np.arange(len(count)), np.diff(taken.indptr))
    parts = (
        (lister[listed], item, weight[listed]),
        (owner, held_out.indices, one / count[owner]),
        (owner, held_out.indices, one),
        (lister[hit], ranking.top[hit], np.ones(hit.sum())),
        (lister[listed], item, places),
        (seen, taken.indices, -np.ones(len(seen))),
        (lister[listed], item, weight[listed] * is_tail[item]),
    )
    exposure, relevance, n_held_out, hits, n_listed, less, tail = (
        _by_group(user, item, amount, membership, len(count)) for user, item, amount in parts
    )
    per_item = [np.bincount(item, weights=x, minlength=n_items) for _, item, x in parts]
    per_item[5] += len(count)
    return ItemStatistics(
        k=ranking.k,
        catalogue_share=membership.mean(axis=0) if n_items else membership.sum(axis=0),
        exposure=exposure,
        relevance=relevance,
        held_out=n_held_out,
        hits=hits,
        listed=n_listed,
        candidates=membership.sum(axis=0) + less,
        tail=tail,
        per_item=np.stack([*per_item, per_item[4] > 0]),
        given=csr_array((weight[listed], (item, lister[listed])), shape=(n_items, len(count))),
        membership=membership,
        is_compared=np.count_nonzero(membership, axis=0) >= least_size,
    )


def item_values(statistics: ItemStatistics, sums: np.ndarray, inequality: np.ndarray | None = None) -> np.ndarray:
    """Every metric of every group and of all items, last, ``(…, n_groups + 1, n_metrics)``.

    ``sums`` are those of `ItemSums`, ``(…, 8, n_groups)``; ``inequality`` ``(…, n_groups + 1)``.
    """
    n_by_group = statistics.membership.sum(axis=0)
    of_groups = ItemSums.of(n_by_group, sums, is_compared=statistics.is_compared, inequality=inequality)
    return np.stack([metric.value(of_groups) for metric in ITEM_METRICS.values()], axis=-1)


def item_values_of_everyone(statistics: ItemStatistics) -> np.ndarray:
    """`item_values` of all users' lists together, ``(n_groups + 1, n_metrics)``."""
    return item_values(statistics, *weighted_sums(statistics, np.ones((1, len(statistics.exposure)))))[0]


def weighted_sums(statistics: ItemStatistics, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums ``(b, 8, n_groups)`` for user weights ``(b, n_users)``, and inequality ``(b, n_groups + 1)`` of exposure."""
    exposure = np.ascontiguousarray((statistics.given @ np.ascontiguousarray(weights.T)).T)  # (b, n_items)
    linear = [weights @ part for part in statistics.by_user]
    sums = np.stack([*linear, (exposure > 0) @ statistics.membership], axis=1)
    groups = [(exposure * share)[:, share > 0] for share in statistics.membership.T]
    return sums, np.stack([gini_of_rows(part) for part in (*groups, exposure)], axis=-1)


def gini_of_rows(values: np.ndarray) -> np.ndarray:
    """`recsys_core.metrics.gini` of every row, ``(b,)``."""
    ordered, n = np.sort(values, axis=1), values.shape[1]
    return quotient(ordered @ (2.0 * np.arange(1, n + 1) - n - 1), n * ordered.sum(axis=1))


def bootstrap_items(statistics: ItemStatistics, resamples: Resamples) -> np.ndarray:
    """`item_values` in every resampling of users, ``(n_draws, n_groups + 1, n_metrics)``."""
    return np.concatenate([item_values(statistics, *weighted_sums(statistics, w)) for w in resamples.weights()])


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

    is_together = np.array([metric.is_together for metric in ITEM_METRICS.values()])

    def gaps(per_item: np.ndarray) -> np.ndarray:
        values = item_values(statistics, per_item @ membership)
        by_group = values[..., reportable, :]
        largest = np.fmax.reduce(by_group, axis=-2) - np.fmin.reduce(by_group, axis=-2)
        return np.where(is_together, values[..., -1, :], largest)

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
