"""Sample: the users, pairs and background on which the dense model and every variant are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.shapley import EXACT_PLAYERS, ORDERINGS, exact_contributions
from recsys_core.models.evaluation import rank_users
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import RankingTask, SplitDataset
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import UserLimit
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import RankingResult
from recsys_core.seeds import random_stream

SEED = 0
N_PAIRS = 100
BACKGROUNDS = (4, 2, 1)
MOST_COALITIONS = 2_000_000  # network rows behind the reasons of the pairs, exact or sampled: another second


def ranked_users(model: TrainedModel, limit: UserLimit) -> RankingTask:
    """The users with held-out items on whom every variant of a model is compared."""
    users = limit.users_of(model)
    return model.split_dataset.ranking_of(model.split_dataset.test_users if users is None else users)


def rank(scorer: Scorer, task: RankingTask, reranker: Reranker = BY_SCORE) -> RankingResult:
    """Lists of the sample's users."""
    return rank_users(scorer.score_catalogue, task, reranker=reranker)


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedPairs:
    """Pairs whose reasons are compared, the rows that stand for "not this value", and the walks of a sampled game.

    Both models are asked along the same walks, so that what the draw adds is the same on both sides.
    """

    pairs: Pairs
    background: Pairs
    orderings: int

    def contributions(self, scorer: Scorer) -> np.ndarray:
        """Contributions ``(n_pairs, n_players)``, logits, under any variant."""
        if not len(self.pairs):
            return np.zeros((0, len(scorer.features.players)))
        return exact_contributions(scorer, self.pairs, self.background, orderings=self.orderings)[0]


def explained_pairs(
    dense: Scorer, task: RankingTask, ranking: RankingResult, split_dataset: SplitDataset
) -> ExplainedPairs:
    """100 pairs: a seeded user, and a seeded place of that user's list; none where nobody has a list."""
    random = random_stream(SEED, "explained pairs")
    users = np.flatnonzero(ranking.top[:, 0] >= 0)
    rows = np.sort(random.permutation(users)[:N_PAIRS])
    place = random.integers(0, (ranking.top[rows] >= 0).sum(axis=1))
    few = task[rows]
    pairs = Pairs(few.users, ranking.top[rows, place], few.histories, few.known)
    background = _background(dense, pairs, split_dataset)
    return ExplainedPairs(pairs, background, orderings_within(dense, pairs, background))


def _background(dense: Scorer, pairs: Pairs, split_dataset: SplitDataset) -> Pairs:
    """Training rows: 4, or 2 or 1 where exact reasons would cost too much.

    A game has as many coalitions as 2 to the number of players in which pair and row differ.
    """
    for n in BACKGROUNDS:
        background = split_dataset.background(n, seed=SEED)
        differing = FactorisedGames(dense, pairs, background).differs.sum(axis=-1)
        if np.exp2(np.minimum(differing, EXACT_PLAYERS)).sum() <= MOST_COALITIONS:
            break
    return background


def orderings_within(dense: Scorer, pairs: Pairs, background: Pairs) -> int:
    """As many walks as elsewhere, fewer where tables of many columns would cost too much."""
    differing = FactorisedGames(dense, pairs, background).differs.sum(axis=-1)
    steps = ORDERINGS / len(background) * differing[differing > EXACT_PLAYERS].sum()
    return int(ORDERINGS * min(1.0, MOST_COALITIONS / max(steps, 1.0)))
