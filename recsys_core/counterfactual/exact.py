"""Exact search: every set of history items up to a size, by the whole catalogue; slow, the judge of the quick one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

import numpy as np

from recsys_core.counterfactual.histories import SupposedHistories
from recsys_core.counterfactual.places import ListRule
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.what_if.situation import Situation

SETS = 256  # scored at a time


def exact_removal(
    situation: Situation,
    split_dataset: SplitDataset,
    *,
    k: int = 10,
    largest: int = 5,
    reranker: Reranker = BY_SCORE,
) -> np.ndarray | None:
    """Items (ascending) of a smallest set of at most ``largest`` positives without which the item leaves the top ``k``.

    None where there is no such set. Tries all sets, smaller ones first: ``n`` positives have ``comb(n, 5)`` of five.
    """
    rule = ListRule.of(situation, k, split_dataset.tie_order, reranker)
    histories = SupposedHistories(situation, rule)
    n = len(situation.positives)
    for size in range(1, min(largest, n) + 1):
        for chosen in _batches(n, size):
            sets = np.zeros((len(chosen), n), dtype=bool)
            np.put_along_axis(sets, chosen, True, axis=1)
            out = np.flatnonzero(~histories.in_full(sets).is_listed)
            if len(out):
                return np.sort(situation.positives[sets[out[0]]])
    return None


def _batches(n: int, size: int) -> Iterator[np.ndarray]:
    every = combinations(range(n), size)
    while batch := list(islice(every, SETS)):
        yield np.array(batch)
