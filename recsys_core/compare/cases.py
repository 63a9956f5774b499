"""Users and pairs worth looking at: worst served, and most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import logistic
from recsys_core.results import Evaluation


@dataclass(frozen=True, slots=True)
class Case:
    """A user, an item where it is about one, and the figure for which it was chosen."""

    user_index: int
    item_index: int | None
    value: float
    label: float = float("nan")
    n: int = 0


def worst_served(evaluation: Evaluation, *, most: int = 20) -> list[Case]:
    """Ranked users with the lowest NDCG; of equals those of whom most was to be found. ``n``: items looked for."""
    ranking = evaluation.ranking
    order = np.lexsort((ranking.user_index, -ranking.n_held_out, ranking.ndcg))[:most]
    return [Case(int(ranking.user_index[i]), None, float(ranking.ndcg[i]), n=int(ranking.n_held_out[i])) for i in order]


def most_wrong(evaluation: Evaluation, *, most: int = 20) -> list[Case]:
    """Test pairs whose probability is furthest from what came of them, one a user; ``value`` is the probability.

    ``label`` is what came of it: 1, 0, or for task ``rating`` the rating's place on its scale.
    """
    pairs = evaluation.pairs
    probability = logistic(pairs.score.astype(np.float64))
    order = np.lexsort((pairs.item_index, pairs.user_index, -np.abs(pairs.label - probability)))
    _, first = np.unique(pairs.user_index[order], return_index=True)
    chosen = order[np.sort(first)][:most]
    return [
        Case(int(pairs.user_index[i]), int(pairs.item_index[i]), float(probability[i]), float(pairs.label[i]))
        for i in chosen
    ]
