"""Item side: the exposure that groups of items receive, against relevance and against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.resamples import Resamples, shuffled_p
from recsys_core.metrics import exposure_weights, is_relevant
from recsys_core.results import Evaluation

SHARES = ("catalogue_share", "exposure_share", "relevance_share")
RATIOS = ("exposure_to_relevance", "exposure_to_catalogue")


@dataclass(frozen=True, slots=True, eq=False)
class ItemTotals:
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
        return (*SHARES, *RATIOS, f"recall@{self.k}")


def item_totals(evaluation: Evaluation, membership: np.ndarray) -> ItemTotals:
    r"""Sums behind the item-side figures.

    With membership :math:`m_{ig}` (rows sum to 1), for every group :math:`g`:

    ``catalogue_share``
        :math:`\sum_i m_{ig} / n`.
    ``exposure_share``
        Share of the exposure of all lists, :math:`v_j = 1/\log_2(1 + j)`.
    ``relevance_share``
        Mean over users of the group's share among their held-out items.
    ``exposure_to_relevance``
        The ratio of the two: 1 is exposure in proportion to merit (disparate treatment of
        Singh & Joachims 2018, relevance taken from held-out items, over the whole audience).
    ``exposure_to_catalogue``
        1 is exposure in proportion to size (their demographic parity).
    ``recall@k``
        Share of the group's held-out items that were in the lists: equal opportunity for items.

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
    return ItemTotals(
        ranking.k,
        membership.mean(axis=0) if n_items else membership.sum(axis=0),
        *(_by_group(user, item, amount, membership, len(count)) for user, item, amount in parts),
        per_item=np.stack([np.bincount(item, weights=x, minlength=n_items) for _, item, x in parts]),
    )


def item_figures(totals: ItemTotals, sums: np.ndarray) -> np.ndarray:
    """Every metric of every group, ``(…, n_groups, len(metrics))``, from sums over users ``(…, 4, n_groups)``."""
    exposure, relevance = (_quotient(sums[..., i, :], sums[..., i, :].sum(axis=-1, keepdims=True)) for i in (0, 1))
    catalogue = np.broadcast_to(totals.catalogue_share, exposure.shape)
    columns = (
        catalogue,
        exposure,
        relevance,
        _quotient(exposure, relevance),
        _quotient(exposure, catalogue),
        _quotient(sums[..., 3, :], sums[..., 2, :]),
    )
    return np.stack(columns, axis=-1)


def weighted_sums(totals: ItemTotals, weights: np.ndarray) -> np.ndarray:
    """Sums over users ``(b, 4, n_groups)`` for user weights ``(b, n_users)``."""
    parts = (totals.exposure, totals.relevance, totals.held_out, totals.hits)
    return np.stack([weights @ part for part in parts], axis=1)


def bootstrap_items(totals: ItemTotals, resamples: Resamples) -> np.ndarray:
    """Figures of every group and of everything, last, in every resampling of users: ``(n_draws, n_groups + 1, …)``."""
    return np.concatenate([with_overall(totals, weighted_sums(totals, w)) for w in resamples.weights()])


def with_overall(totals: ItemTotals, sums: np.ndarray) -> np.ndarray:
    """`item_figures` with one more row: all items together (shares and ratios are 1 there)."""
    groups = item_figures(totals, sums)
    overall = np.ones((*groups.shape[:-2], 1, groups.shape[-1]))
    overall[..., 0, -1] = _quotient(sums[..., 3, :].sum(axis=-1), sums[..., 2, :].sum(axis=-1))
    return np.concatenate([groups, overall], axis=-2)


def item_permutation_p(
    totals: ItemTotals, membership: np.ndarray, shown: np.ndarray, *, n_draws: int, most: int, seed: int
) -> np.ndarray:
    """Chance of a gap this large if items had their groups by lot, for each metric, ``(len(metrics),)``.

    Rows of ``membership`` are shuffled over items, each item keeping its exposure and its
    relevance; the statistic is largest minus smallest among the ``shown`` groups, as in
    `recsys_core.fairness.intervals.permutation_p`.
    """
    if len(shown) < 2:
        return np.full(len(totals.metrics), np.nan)
    items = Resamples(len(membership), n_draws, seed)

    def gaps(per_item: np.ndarray) -> np.ndarray:
        by_group = item_figures(totals, per_item @ membership)[..., shown, :]
        return np.fmax.reduce(by_group, axis=-2) - np.fmin.reduce(by_group, axis=-2)

    def draw(first: int, last: int, metrics: np.ndarray) -> Iterator[np.ndarray]:
        for order in items.orders(first, last):
            yield gaps(totals.per_item[:, order].swapaxes(0, 1))[:, metrics]

    return shuffled_p(gaps(totals.per_item), draw, n_draws=n_draws, most=most)


def _by_group(
    user: np.ndarray, item: np.ndarray, amount: np.ndarray, membership: np.ndarray, n_users: int
) -> np.ndarray:
    """Amounts given to items, summed by user and group, ``(n_users, n_groups)``."""
    given = membership[item] * amount[:, None]
    columns = [np.bincount(user, weights=column, minlength=n_users) for column in given.T]
    return np.column_stack(columns) if columns else np.zeros((n_users, 0))


def _quotient(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    over, under = np.broadcast_arrays(over, under)
    return np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0)
