"""Is an explanation true to the model? Measured by taking reasons away and by shuffling the weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.explain.black_box import RowScorer
from recsys_core.explain.explain import check_method, explain
from recsys_core.explain.method import games_of
from recsys_core.explain.player_values import with_id
from recsys_core.explain.probability_games import in_units
from recsys_core.metrics import rank_correlation
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results import Explanation
from recsys_core.results.trust import RemovalCurves
from recsys_core.seeds import random_stream, torch_stream

RANDOM_ORDERS = 20
SHUFFLES = 5


@dataclass(frozen=True, slots=True, eq=False)
class RandomisationCheck:
    """Rank correlation of contributions before and after the weights are shuffled, one a shuffle.

    Near 0 in the mean: the explanation follows what the model has learned. Near 1: it would say
    the same of any model.
    """

    rank_correlations: np.ndarray

    @property
    def mean(self) -> float:
        known = self.rank_correlations[~np.isnan(self.rank_correlations)]
        return float(known.mean()) if len(known) else float("nan")


def removal_curves(
    scorer: Scorer | RowScorer,
    dataset: Dataset,
    explanation: Explanation,
    pair: Pairs,
    background: Pairs,
    *,
    seed: int = 0,
) -> RemovalCurves:
    """Deletion and insertion curves (Samek et al. 2017; Petsiuk et al. 2018) over the explanation's reasons.

    Unlike the image literature's, "removed" means the background row's value (or, with
    ``history='each'``, absence from the attention), averaged over the background, and the
    reasons go by signed contribution: the strongest *for* the score first.
    """
    games = in_units(games_of(scorer, pair, background, history=explanation.history), explanation.units)
    contribution = {c.player: c.contribution for c in explanation.contributions}
    players = [with_id(dataset, p) for p in games.players]
    order = np.argsort([-contribution[p] for p in players], kind="stable")
    rng = random_stream(seed, "orders of removal")
    others = [rng.permutation(len(players)) for _ in range(RANDOM_ORDERS)]
    masks = np.concatenate([_entering(order), *(~_entering(other) for other in others)])
    values = games.mean_values(np.concatenate([~_entering(order), masks])).reshape(2 + RANDOM_ORDERS, -1)
    return RemovalCurves(tuple(players[i] for i in order), values[0], values[1], values[2:].mean(0))


def _entering(order: np.ndarray) -> np.ndarray:
    """``(n + 1, n)``: row k has the first k players of the order in."""
    place = np.argsort(order)
    return place[None] < np.arange(len(order) + 1)[:, None]


def randomisation_check(
    scorer: Scorer, dataset: Dataset, explanation: Explanation, pair: Pairs, background: Pairs, *, seed: int = 0
) -> RandomisationCheck:
    """Explain the same pair by the same method with shuffled weights (Adebayo et al. 2018, section 3).

    Every parameter is permuted within itself, so sizes stay and meaning goes, in the network and in the
    item-item term; five shuffles, as one rank correlation of ten reasons is mostly chance.
    """
    check_method(scorer, method=explanation.method, history=explanation.history)
    before = np.array([c.contribution for c in explanation.contributions])
    found = []
    for shuffle in range(SHUFFLES):
        other = explain(
            shuffled(scorer, seed=seed + shuffle),
            dataset,
            pair,
            background,
            method=explanation.method,
            history=explanation.history,
            seed=explanation.seed,
            units=explanation.units,
        )
        found.append(rank_correlation(before, np.array([c.contribution for c in other.contributions])))
    return RandomisationCheck(np.array(found))


@torch.no_grad()
def shuffled(scorer: Scorer, *, seed: int = 0) -> Scorer:
    """A scorer whose every parameter tensor and item-item term is permuted; the given one is not touched."""
    ranker = copy.deepcopy(scorer.ranker)
    draw = torch_stream(seed, "shuffled weights")
    for weights in ranker.parameters():
        mixed = weights.flatten()[torch.randperm(weights.numel(), generator=draw)]
        weights.copy_(mixed.view_as(weights))
    term = scorer.term and _shuffled_term(scorer.term, random_stream(seed, "shuffled item-item weights"))
    return Scorer(ranker, scorer.features, term=term, variant=scorer.variant)


def _shuffled_term(term: ItemItemTerm, rng: np.random.Generator) -> ItemItemTerm:
    """Entries handed out anew and items known renamed: each item keeps as many neighbours, but other ones.

    Handing them out alone would keep an item's neighbours, and with mostly positive weights its reasons.
    """
    table = term.weights.tocoo()
    known = rng.permutation(term.n_items)[table.row]
    others = known != table.col  # an item says nothing of itself
    entries = rng.permutation(table.data)[others], (known[others], table.col[others])
    return replace(term, weights=csr_array(entries, shape=table.shape))
