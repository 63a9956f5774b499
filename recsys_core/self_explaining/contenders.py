"""Contenders: the ranker and the models beside it, each with its scores and its own reasons."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys_core.errors import phrase
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.shapley import solve
from recsys_core.models.baselines import Ease, fit_ease
from recsys_core.models.evaluation import CanScore
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress
from recsys_core.results.self_explaining import RANKER, SURROGATE, LeftOutModel
from recsys_core.self_explaining.boosting import fit_boosting
from recsys_core.self_explaining.design import Design
from recsys_core.self_explaining.examples import Examples
from recsys_core.self_explaining.linear import fit_logistic_regression, fit_surrogate, outcomes

Explain = Callable[[Pairs], tuple[float, np.ndarray]]  # of one pair: base value, and the reasons' contributions
CONTENDERS = (RANKER, SURROGATE, "logistic_regression", "ebm", "ease")


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A model that is compared.

    ``has_probabilities`` says whether its scores are logits; ``target`` scores the pairs that its reasons are given for
    (its own scores, the surrogate's the ranker's).
    """

    name: str
    scorer: CanScore
    explain: Explain
    target: CanScore
    n_rows: int
    fit_seconds: float
    has_probabilities: bool = True


def contenders(
    model: TrainedModel, examples: Examples, background: Pairs, *, seed: int, rounds: int, progress: Progress
) -> Iterator[Contender | LeftOutModel]:
    """The ranker first; each other one is fitted when it is asked for. ``rounds`` bound the EBM's boosting."""
    ranker = model.dense
    n_train = len(model.split_dataset.split.train)
    yield Contender(RANKER, ranker, _shapley(ranker, background), ranker, n_train, model.training.seconds)
    design = Design.of(model.features, model.split_dataset.histories.pools[0].counts)
    pairs = examples.pairs
    logits = ranker.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)

    def fitted(name: str, fit: Callable) -> Contender | LeftOutModel:
        began = time.perf_counter()
        _tell(progress, name)
        if name != SURROGATE and len(np.unique(outcomes(examples.label)[1])) < 2:
            return LeftOutModel(name, "cost.one_outcome")
        try:
            made = fit()
        except ImportError:
            return LeftOutModel(name, "cost.no_interpret")
        target = ranker if name == SURROGATE else made
        return Contender(name, made, made.explain, target, len(examples), time.perf_counter() - began)

    yield fitted(SURROGATE, lambda: fit_surrogate(design, examples, logits))
    yield fitted("logistic_regression", lambda: fit_logistic_regression(design, examples))
    yield fitted("ebm", lambda: fit_boosting(model.features, design, examples, seed=seed, rounds=rounds))
    began = time.perf_counter()
    _tell(progress, "ease")
    ease = fit_ease(model.split_dataset)
    seconds = time.perf_counter() - began
    yield Contender("ease", ease, _ease_reasons(ease), ease, n_train, seconds, has_probabilities=False)


def _tell(progress: Progress, name: str) -> None:
    progress(phrase("stage.cost.fit", model=phrase(f"contender.{name}")), CONTENDERS.index(name) / len(CONTENDERS))


def _shapley(scorer: Scorer, background: Pairs) -> Explain:
    """The ranker's Shapley values, as the Explain page gives them."""

    def explain(pair: Pairs) -> tuple[float, np.ndarray]:
        found = solve(FactorisedGames(scorer, pair, background))
        return float(found.base_values[0]), found.contributions[0]

    return explain


def _ease_reasons(ease: Ease) -> Explain:
    """What each known positive adds to EASE's score: its entry of the weights, exactly."""
    place = np.full(ease.n_items, -1)
    place[ease.items] = np.arange(len(ease.items))

    def explain(pair: Pairs) -> tuple[float, np.ndarray]:
        if pair.known is None:
            raise ValueError("EASE reads the items that are known to be taken")
        read, scored = place[pair.known.csr().indices], place[pair.items[0]]
        if not len(ease.items) or scored < 0:
            return 0.0, np.zeros(len(read))
        return 0.0, np.where(read >= 0, ease.weights[read, scored], 0)

    return explain
