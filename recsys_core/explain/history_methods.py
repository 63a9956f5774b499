"""Which items of a history carry a recommendation: one number an item, for any recommender of histories.

Every method asks `HistoryScorer` for scores of subsets and nothing else, so it explains any model that reads a history.
`HISTORY_METHODS` names them; the default orders a history best where the order is tried out (POS@K and NEG@K of
`recsys_core.explain.history_removal`, figures in docs/figures.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from recsys_core.explain.history_removal import candidates_outside, margins, strongest_rivals
from recsys_core.explain.history_scorer import HistoryScorer
from recsys_core.seeds import random_stream

RIVALS = 100  # who else could be listed
PLACE = 10  # of the list whose last place the margin is taken from
SAMPLES = 256  # of LIME's regression
WALKS = 8  # orderings of the sampled Shapley values, forward and backward
STOPS = 5  # on each of the two walks of the default method
LIME_WIDTH, LIME_RIDGE = 0.75, 1.0  # the library's own kernel (times the root of the number of items) and penalty

Value = Callable[[np.ndarray], np.ndarray]


@dataclass(eq=False)
class HistoryQuestion:
    """One recommended item, and the history it was made from.

    Attributes
    ----------
    items
        ``(m,)``: the history, each item once.
    target
        The recommended item.
    excluded
        ``(n_items,)`` bool: further items that are no candidates.
    n_rivals
        How many strongest other candidates the margin looks at, with the whole and with no history each.
    n_rows
        Subsets that the model has scored so far.
    """

    model: HistoryScorer
    items: np.ndarray
    target: int
    excluded: np.ndarray | None = None
    seed: int = 0
    n_rivals: int = RIVALS
    n_rows: int = 0
    _rivals: np.ndarray | None = field(default=None, repr=False)

    @property
    def n(self) -> int:
        return len(self.items)

    @property
    def rivals(self) -> np.ndarray:
        """The strongest other candidates with the whole and with no history; found at the first question."""
        if self._rivals is None:
            ends = np.array([np.ones(self.n, dtype=bool), np.zeros(self.n, dtype=bool)])
            candidates = candidates_outside(self.model.n_items, self.items, self.excluded)
            self._rivals = strongest_rivals(
                self.model.score_subsets(self.items, ends), self.target, candidates, self.n_rivals
            )
            self.n_rows += len(ends)
        return self._rivals

    def score(self, masks: np.ndarray) -> np.ndarray:
        """The item's own score with subsets ``(n, m)`` of the history: ``(n,)``."""
        self.n_rows += len(masks)
        return self.model.score_subsets(self.items, masks, np.array([self.target]))[:, 0].astype(np.float64)

    def margin(self, masks: np.ndarray) -> np.ndarray:
        """The item's score less that of the tenth of its rivals: above 0 where it is among the first ten.

        A recommendation is a place in a list, so what counts is what lifts the item above the others: an item of the
        history that lifts all of them alike says nothing of this one.
        """
        self.n_rows += len(masks)
        scores = self.model.score_subsets(self.items, masks, np.append(self.target, self.rivals))
        return margins(scores.astype(np.float64), PLACE)


def leave_one_out(question: HistoryQuestion) -> np.ndarray:
    """What the score loses without each item."""
    return marginal_effects(question.score, np.ones(question.n, dtype=bool))


def shapley(question: HistoryQuestion, *, value: Value | None = None, walks: int = WALKS) -> np.ndarray:
    """Sampled Shapley values of the score: an item's gain where it enters, mean over orderings and their reverses.

    They sum to the score with the whole history less that with none, whatever is drawn; of an additive model they are
    its own summands.
    """
    value, n = value or question.score, question.n
    rng = random_stream(question.seed, "orderings of a history")
    found = np.zeros(n)
    for _ in range(walks // 2):
        forward = rng.permutation(n)
        for order in (forward, forward[::-1]):
            entered = np.argsort(order)[None] < np.arange(n + 1)[:, None]
            found[order] += np.diff(value(entered))
    return found / (2 * (walks // 2))


def lime(question: HistoryQuestion, *, value: Value | None = None, samples: int = SAMPLES) -> np.ndarray:
    """Weights of a ridge regression of the score on random subsets, those near the whole history counting more.

    LIME (Ribeiro et al. 2016, eq. 2) as its library draws and weighs rows of switches: each item in half of them,
    weights ``exp(-d^2 / width^2)`` of the distance ``d`` from "all on", ridge penalty 1; kept from the library itself,
    which takes 50 ms to be set up.
    """
    value, n = value or question.score, question.n
    rng = random_stream(question.seed, "subsets of a history")
    masks = rng.random((samples, n)) < 0.5
    masks[0] = True
    weights = np.exp(-(~masks).sum(1) / (LIME_WIDTH**2 * max(n, 1)))
    rows, values = masks.astype(float), value(masks)
    centred = rows - weights @ rows / weights.sum()
    left = centred.T @ (centred * weights[:, None]) + LIME_RIDGE * np.eye(n)
    return np.linalg.solve(left, centred.T @ (weights * (values - weights @ values / weights.sum())))


def removal_walks(question: HistoryQuestion, *, stops: int = STOPS) -> np.ndarray:
    """What each item is worth to the item's margin, mean over what is left on two walks of removal.

    One walk takes the most important items away first, the other the least important ones, by a first order (leave
    one out). At a few stops of each every item is taken out where it is in and put back where it is out, and what the
    margin loses is averaged: so an item counts by what it does beside the items that it will meet, whole history and
    near empty ones alike. Leave one out knows the whole history alone, random subsets (LIME, Shapley) spend most of
    their draws where nothing is decided, and none of these walks is drawn: the answer needs no seed.
    """
    n, value = question.n, question.margin
    whole = np.ones(n, dtype=bool)
    if n < 2:
        return marginal_effects(value, whole)
    first = marginal_effects(value, whole)
    place = np.argsort(np.argsort(-first, kind="stable"))
    left = np.rint(np.linspace(0, n, stops + 1)).astype(int)
    found = [first]
    for kept in [place >= k for k in left[1:]] + [place < k for k in left[1:-1]]:
        found.append(marginal_effects(value, kept))
    return np.mean(found, axis=0)


def marginal_effects(value: Value, kept: np.ndarray) -> np.ndarray:
    """What ``value`` loses without each item that is ``kept`` (m,), and gains with each other one."""
    n = len(kept)
    masks = np.repeat(kept[None], n + 1, axis=0)
    masks[np.arange(n), np.arange(n)] ^= True
    values = value(masks)
    return np.where(kept, values[-1] - values[:-1], values[:-1] - values[-1])


def cosine(taken: csr_array, items: np.ndarray, target: int) -> np.ndarray:
    """Likeness of each item of a history to ``target``: cosine of who took both, without a look at the model.

    ``taken`` is ``(n_users, n_items)`` of 0 and 1.
    """
    of_target = taken[:, [target]].toarray()[:, 0].astype(float)
    columns = taken[:, items]
    both = columns.T @ of_target
    sizes = np.sqrt(np.asarray(columns.sum(axis=0)).ravel() * of_target.sum())
    return np.divide(both, sizes, out=np.zeros(len(items)), where=sizes > 0)


DEFAULT_HISTORY_METHOD = "removal_walks"
HISTORY_METHODS: Mapping[str, Callable[[HistoryQuestion], np.ndarray]] = {
    "removal_walks": removal_walks,
    "leave_one_out": leave_one_out,
    "lime": lime,
    "shapley": shapley,
}
