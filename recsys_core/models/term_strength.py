"""Strength of the item-item term: maximum likelihood on validation users, before any network is trained.

In the softmax over the items that a user has not met, ``alpha * term + beta * log(1 + popularity)`` is fitted to
what the user took next. Popularity stands for the network, which learns it at least; without it the term's strength
would have to explain it and come out too high. After training the lists may ask for more of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from recsys_core.data.known import Known
from recsys_core.models.evaluation import rank_users
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.validation import most_ranked
from recsys_core.results import TermStrength

MOST_USERS, MOST_CELLS = 500, 5_000_000  # of whom the scores of all items are held at once
LEAST_USERS = 20
STRONGEST = 100.0  # in units of the term's root mean square
FACTOR = 2.0  # by which the strength grows after training while that helps
MOST_GROWTH = 16.0
SURE = 2.0  # standard errors by which the term must raise the log-likelihood over popularity alone


def term_strength(term: ItemItemTerm, split_dataset: SplitDataset) -> TermStrength:
    """How strongly ``term`` should count beside a network, 0 where it says nothing beyond popularity.

    Judged by at most ``MOST_USERS`` validation users, fewer in a large catalogue, drawn by the split's seed; each
    counts alike. 0 also where fewer than ``LEAST_USERS`` can be ranked.
    """
    seed = split_dataset.split.seed
    most = int(np.clip(MOST_CELLS // max(1, term.n_items), LEAST_USERS, MOST_USERS))
    cells = _Cells.read(replace(term, alpha=1.0), split_dataset, most)
    if cells.n_users < LEAST_USERS or not cells.scale:
        return TermStrength(0.0, 0.0, 0.0, cells.n_users, seed)
    alone = cells.best(strongest=0.0)
    both = cells.best(strongest=STRONGEST)
    change = cells.log_likelihood(both) - cells.log_likelihood(alone)
    gain, error = float(change.mean()), float(change.std(ddof=1) / np.sqrt(cells.n_users))
    alpha = float(both[0] / cells.scale) if gain > SURE * error else 0.0
    return TermStrength(alpha, gain, error, cells.n_users, seed)


def stronger_beside(network: Scorer, term: ItemItemTerm, split_dataset: SplitDataset) -> ItemItemTerm:
    """The term, twice as strong as often as validation NDCG@10 gains by it.

    Where a trained ``network`` adds little (few rows, no order), it costs the lists less so; its share is then small
    instead. On the users by whom training is stopped, ranked by the network once; the term itself where fewer than
    ``LEAST_USERS`` can be ranked.
    """
    task = split_dataset.ranking("validation", most=most_ranked(term.n_items))
    if len(task) < LEAST_USERS:
        return term
    of_network = network.with_term(None).score_catalogue(task.users, task.histories)

    def figure(of: ItemItemTerm) -> float:
        def scores(users: np.ndarray, _: np.ndarray, known: Known) -> np.ndarray:
            return of_network[np.searchsorted(task.users, users)] + of.catalogue(known)

        return float(rank_users(scores, task).ndcg.mean())

    best, reached = term, figure(term)
    while best.alpha < MOST_GROWTH * term.alpha:
        stronger = replace(best, alpha=FACTOR * best.alpha)
        found = figure(stronger)
        if found <= reached:
            break
        best, reached = stronger, found
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Scores of all items for some users.

    Attributes
    ----------
    term
        ``(n_users, n_items)`` divided by ``scale``, their root mean square.
    popularity
        ``(n_items,)``: log(1 + training positives).
    seen
        Cells that are no candidates.
    target
        ``(n_users, n_items)``: 1 / (number of the user's held-out items) at these, else 0.
    """

    term: np.ndarray
    scale: float
    popularity: np.ndarray
    seen: np.ndarray
    target: np.ndarray

    @classmethod
    def read(cls, term: ItemItemTerm, split_dataset: SplitDataset, most: int) -> _Cells:
        task = split_dataset.ranking("validation", most=most)
        scores = term.catalogue(task.known)
        scale = float(np.sqrt(np.square(scores).mean())) if scores.size else 0.0
        held = task.held_out.toarray().astype(np.float32)
        target = held / np.maximum(held.sum(axis=1, keepdims=True), 1)
        popularity = np.log1p(task.known.popularity.astype(np.float32))
        return cls(scores / (scale or 1.0), scale, popularity, task.seen.toarray().astype(bool), target)

    @property
    def n_users(self) -> int:
        return len(self.term)

    def log_likelihood(self, weights: np.ndarray) -> np.ndarray:
        """Mean log probability of each user's held-out items ``(n_users,)``; weights of the term and of popularity."""
        return self._logs(weights)[0]

    def best(self, *, strongest: float) -> np.ndarray:
        """The weights of largest likelihood, that of the term between 0 and ``strongest``; the problem is concave."""
        bounds = [(0.0, strongest), (0.0, STRONGEST)]
        found = minimize(self._loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=bounds)
        return found.x

    def _loss(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean loss and its slope: what the model expects of both scores less what the held-out items have."""
        logs, probability = self._logs(weights)
        excess = probability - self.target
        slope = [float((excess * self.term).sum()), float((excess.sum(axis=0) * self.popularity).sum())]
        return -float(logs.mean()), np.array(slope) / self.n_users

    def _logs(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        logits = np.float32(weights[0]) * self.term + np.float32(weights[1]) * self.popularity
        logits[self.seen] = -np.inf
        logits -= logits.max(axis=1, keepdims=True)
        probability = np.exp(logits)
        total = probability.sum(axis=1, keepdims=True)
        probability /= total
        logits[self.seen] = 0.0
        return (self.target * (logits - np.log(total))).sum(axis=1), probability
