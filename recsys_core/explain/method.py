"""Method: one way to split a score, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.black_box import BlackBoxGames, MixedRows, RowScorer
from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.probability_games import ProbabilityGames, in_units
from recsys_core.explain.value_function import Games
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.results.units import LOGIT, Units


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One score to be explained.

    ``games`` is the game of ``pair`` against ``background`` under ``scorer``, all that most methods
    need, and ``score`` the pair's score, both in ``units``.
    """

    scorer: Scorer | RowScorer
    games: Games
    pair: Pairs
    background: Pairs
    score: float
    seed: int
    units: Units = LOGIT

    def with_one_history(self) -> Games:
        """The same game with the history as one player."""
        return in_units(games_of(self.scorer, self.pair, self.background), self.units)

    @property
    def logits(self) -> Games:
        """The same game in logits."""
        return self.games.logits if isinstance(self.games, ProbabilityGames) else self.games

    @property
    def network(self) -> Scorer:
        """Our own ranker's scorer, for methods that look inside; ``check_method`` refuses them for other models."""
        if not isinstance(self.scorer, Scorer):
            raise TypeError(f"a method that needs gradients cannot explain a {type(self.scorer).__name__}")
        return self.scorer


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One explainer.

    Attributes
    ----------
    name
        Its word on the command line, in addresses and in results; its file's name.
    run
        Answers a question.
    needs_gradients
        Only for our own network in floating point: quantised variants and other models have none.
    per_item_history
        Whether each item of the history can be a reason.
    is_shapley
        Whether its contributions are Shapley values, exact or sampled.
    load
        Imports its library, so that a later first answer need not wait for it.
    place
        Where it stands among the choices of a page, lowest first.
    """

    name: str
    run: Callable[[Question], Attribution]
    needs_gradients: bool = False
    per_item_history: bool = True
    is_shapley: bool = False
    load: Callable[[], object] | None = None
    place: int = 100


def games_of(scorer: Scorer | RowScorer, pair: Pairs, background: Pairs, *, history: str = "one") -> Games:
    """The games of any model: factorised where it is our own ranker, a made-up row a coalition elsewhere."""
    if isinstance(scorer, Scorer):
        return FactorisedGames(scorer, pair, background, history=history)
    return BlackBoxGames(scorer, pair, background, history=history)


def score_of(scorer: Scorer | RowScorer, pair: Pairs) -> float:
    """Logit of one pair."""
    return float(scores_of(scorer, pair)[0])


def scores_of(scorer: Scorer | RowScorer, pairs: Pairs) -> np.ndarray:
    """Logits of pairs ``(n,)``."""
    if isinstance(scorer, Scorer):
        return scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known)
    return scorer.score_rows(MixedRows.of(scorer.players, pairs))
