"""The score of pairs under an item-item matrix: one sum over what is known at each pair's moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys_core.data.known import Known, spans


def pair_sums(entries: Callable[[np.ndarray, np.ndarray], np.ndarray], items: np.ndarray, known: Known) -> np.ndarray:
    """The sum of ``entries(known item, scored item)`` over all that is known at each pair's moment, ``(n,)`` float32.

    Pairs of one moment share the reading of the log, and about a million entries are looked at in one go.
    """
    moments, own = known.moments()
    out, order = np.empty(len(items), dtype=np.float32), np.argsort(own, kind="stable")
    for some in moments.chunks():
        table = moments[some].csr()
        rows = order[slice(*np.searchsorted(own[order], [some[0], some[-1] + 1]))]
        for part in spans(np.diff(table.indptr)[own[rows] - some[0]]):
            pairs = rows[part]
            each = table[own[pairs] - some[0]]
            pair, read = np.repeat(np.arange(len(pairs)), np.diff(each.indptr)), each.indices
            weights = entries(read, items[pairs][pair]) * (read != known.target[pairs][pair])
            out[pairs] = np.bincount(pair, weights=weights, minlength=len(pairs))
    return out
