"""The item-item term's own split of a score: what every known positive adds, whatever the method."""

from __future__ import annotations

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.explain.term_game import given
from recsys_core.explain.value_function import Games
from recsys_core.models.scorer import Scorer
from recsys_core.results import ItemItemEntry, ItemItemShare


def item_item_share(scorer: Scorer, dataset: Dataset, games: Games) -> ItemItemShare | None:
    """The term's part of the first pair's score, by known positive; None for a model without a term."""
    if scorer.term is None or games.term is None:
        return None
    pair = games.pairs[:1]
    items = np.sort(given(pair).csr().indices)
    shares = scorer.term.shares(pair.items, given(pair))
    adds = np.zeros(len(items))
    adds[np.searchsorted(items, shares.indices)] = shares.data
    order = np.argsort(-np.abs(adds), kind="stable")
    names = (dataset.items[column].to_numpy()[items[order]] for column in ("item_id", dataset.schema.item_title))
    entries = zip(*(map(str, column) for column in names), adds[order].tolist(), strict=True)
    return ItemItemShare(tuple(ItemItemEntry(*entry) for entry in entries), games.term.base(games.weights))
