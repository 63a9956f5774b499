"""EASE as a model of one's own: its exact decomposition comes back through the black-box value function."""

from __future__ import annotations

import numpy as np
import pytest
from explain_model import tiny_dataset

from recsys_core.data.known import KnownItems
from recsys_core.explain.black_box import MixedRows
from recsys_core.explain.explain import explain
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, Player

DATASET = tiny_dataset()
RNG = np.random.default_rng(0)


class EaseRows:
    """``score = sum over the known positives h of B[h, item]``: a model that reads a history and nothing else."""

    reads_known = True
    players: tuple[Player, ...] = (HISTORY,)

    def __init__(self, n_items: int) -> None:
        taken = (np.random.default_rng(1).random((90, n_items)) < 0.3).astype(float)
        inverse = np.linalg.inv(taken.T @ taken + 5 * np.eye(n_items))
        self.weights = -inverse / np.diag(inverse)
        np.fill_diagonal(self.weights, 0)

    def value_codes(self, pairs: Pairs) -> np.ndarray:
        return np.zeros((len(pairs), 1), dtype=np.int64)

    def score_rows(self, rows: MixedRows) -> np.ndarray:
        return (rows.known.csr() @ self.weights)[np.arange(len(rows)), rows.items]


def pairs_of(users: list[int], item: int, histories: list[list[int]]) -> Pairs:
    width = max(map(len, histories))
    table = np.array([h + [-1] * (width - len(h)) for h in histories])
    known = KnownItems.of([np.array(h, dtype=int) for h in histories], DATASET.n_items)
    return Pairs(np.array(users), np.full(len(users), item), table, known)


@pytest.mark.parametrize("n_taken", [1, 6, 19])
@pytest.mark.parametrize("empty", [True, False], ids=["against nobody's history", "against others' histories"])
def test_the_items_values_are_eases_own_summands(n_taken, empty):
    """Up to 14 items exactly, above that from draws, which an additive model makes exact.

    Against other users' histories every item bears an equal part of what those would say of the same item.
    """
    model = EaseRows(DATASET.n_items)
    order = RNG.permutation(DATASET.n_items)
    item, history = int(order[0]), order[1 : 1 + n_taken].tolist()
    others = [[]] if empty else [RNG.choice(order[1:], size=4, replace=False).tolist() for _ in range(5)]
    pair, background = pairs_of([2], item, [history]), pairs_of([1] * len(others), item, others)
    found = explain(model, DATASET, pair, background, history="each")
    base = float(np.mean([model.weights[h, item].sum() for h in others]))
    by_item = {c.player.item_index: c.contribution for c in found.contributions}
    own = {h: model.weights[h, item] - base / n_taken for h in history}
    assert found.base_value == pytest.approx(base, abs=1e-9)
    assert by_item == pytest.approx(own, abs=1e-5)
    assert abs(found.completeness_gap) < 1e-5
