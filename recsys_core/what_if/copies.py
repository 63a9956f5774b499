"""Copies of one user's and one item's row with other cells, scored as pairs beside the items of given histories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from recsys_core.models.scorer import BLOCK_FLOATS
from recsys_core.what_if.situation import Situation

Cells = Mapping[str, np.ndarray]


def score_copies(
    situation: Situation, user_cells: Cells, item_cells: Cells, which: np.ndarray, histories: np.ndarray
) -> np.ndarray:
    """The network's logits of made-up pairs ``(n,)`` float64, without the item-item term.

    A copy keeps its id's code; histories point at real items, and where they hold the item itself at the pair's copy.
    Nothing is copied or compared but these rows, so a large catalogue costs nothing.

    Parameters
    ----------
    user_cells, item_cells
        Encoded values by group key, one row a copy; without any there is one copy, the row as it is.
    which
        ``(n, 3)``: each pair's copy of the user, copy of the item, and history.
    histories
        ``(m, length)`` item indices, newest first, -1 where there is none.
    """
    n_users, n_items = (len(next(iter(cells.values()), [0])) for cells in (user_cells, item_cells))
    others = np.unique(histories[histories >= 0])
    items = np.concatenate([others, np.full(n_items, situation.item_index)])
    few = situation.scorer.take(np.full(n_users, situation.user_index), items)
    features = few.features.with_cells(np.arange(n_users), user_cells)
    few = few.with_features(features.with_cells(len(others) + np.arange(n_items), item_cells))
    user, item, read = which[:, 0], which[:, 1] + len(others), histories[which[:, 2]]
    place = np.where(read == situation.item_index, item[:, None], np.searchsorted(others, read))
    return few.score_pairs(user, item, np.where(read < 0, -1, place)).astype(np.float64)


def term_score(situation: Situation) -> float:
    """What the item-item term adds to the item that is asked about."""
    term = situation.scorer.term
    return 0.0 if term is None else float(term.pairs(np.array([situation.item_index]), situation.known)[0])


@torch.inference_mode()
def copies_catalogue(situation: Situation, user_cells: Cells) -> np.ndarray:
    """Logits of every item for copies of the user's row ``(n_copies, n_items)``, all with the situation's history.

    What does not depend on the user is computed once for all copies.
    """
    scorer, n = situation.scorer, len(next(iter(user_cells.values())))
    few = scorer.take(np.full(n, situation.user_index), np.array([situation.item_index]))
    users = few.with_features(few.features.with_cells(np.arange(n), user_cells)).user_base(np.arange(n))
    past = scorer.history_vectors(situation.history[None])
    out = np.empty((n, scorer.n_items), dtype=np.float32)
    step = max(1, BLOCK_FLOATS // (n * users.shape[1]))
    for start in range(0, scorer.n_items, step):
        items = slice(start, start + step)
        part = scorer.runtime.history_part(scorer.item_query[items], past.keys, past.values, past.absent)[0]
        out[:, items] = scorer.runtime.tail(users.unsqueeze(1) + part.add_(scorer.item_base[items])).numpy()
    return out if scorer.term is None else out + scorer.term.catalogue(situation.known)
