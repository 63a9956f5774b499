"""Answers: what the dense model says on the sample, part by part, so that no figure waits for a later one."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from recsys_core.compare.sample import SEED, background_rows, compared_column, explained_pairs, rank, ranked_users
from recsys_core.explain.shapley import exact_contributions
from recsys_core.metrics import Csr, roc_auc
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.material import LabelledPairs, Material, RankingTask
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import Evaluation, PairResult, RankingResult

TIMED_PAIRS = 64


class DenseSide:
    """The sample of a workspace and the dense model's answers on it, each part worked out when first asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.scorer = workspace, workspace.dense

    @cached_property
    def labelled(self) -> LabelledPairs:
        """All test pairs, as ``evaluate`` scores them."""
        return self.workspace.material.labelled("test")

    @cached_property
    def pairs(self) -> PairResult:
        return evaluate_pairs(self.scorer, self.labelled)

    @cached_property
    def timed(self) -> Pairs:
        """Seeded pairs for the latencies."""
        pairs = self.labelled.pairs
        rows = np.random.default_rng([SEED, 23]).choice(len(pairs), min(TIMED_PAIRS, len(pairs)), replace=False)
        return pairs[rows]

    @cached_property
    def task(self) -> RankingTask:
        return ranked_users(self.workspace)

    @cached_property
    def ranking(self) -> RankingResult:
        return rank(self.scorer, self.task)

    @cached_property
    def explained(self) -> Pairs:
        return explained_pairs(self.task, self.ranking)

    @cached_property
    def background(self) -> Pairs:
        return background_rows(self.scorer, self.explained, self.workspace.material)

    @cached_property
    def contributions(self) -> np.ndarray:
        return self.reasons(self.scorer)

    @cached_property
    def column(self) -> str:
        """The user column whose groups are compared."""
        return compared_column(self.workspace, self.task.users)

    @cached_property
    def train(self) -> Csr:
        """Items that each user took in training."""
        return self.workspace.material.sequences()

    def reasons(self, scorer: Scorer) -> np.ndarray:
        """Exact contributions of the explained pairs ``(n_pairs, n_players)``, logits, under any variant."""
        return exact_contributions(scorer, self.explained, self.background)[0]


@lru_cache(maxsize=2)
def dense_side(workspace: Workspace) -> DenseSide:
    """One for each opened workspace."""
    return DenseSide(workspace)


def binary_pairs(pairs: PairResult, material: Material) -> PairResult:
    """Pairs with 0/1 labels, as `recsys_core.models.evaluation.evaluate` forms its AUC.

    Ratings count as taken in the upper half of the scale; those in the very middle are left out.
    """
    if material.task != "rating":
        return pairs
    kept = pairs.label != 0.5
    label = (pairs.label[kept] > 0.5).astype(float)
    return PairResult(pairs.user_index[kept], pairs.item_index[kept], label, pairs.score[kept], pairs.negatives)


def pair_auc(pairs: PairResult, material: Material) -> float:
    """The AUC that ``evaluate`` gives for the same scores."""
    binary = binary_pairs(pairs, material)
    return float(roc_auc(binary.label, binary.score))


def as_evaluation(ranking: RankingResult, pairs: PairResult, material: Material) -> Evaluation:
    """Lists and scores as an `Evaluation`, for the comparison of groups.

    Without a log loss, so that the fairness audit leaves the measures of probabilities out.
    """
    binary = binary_pairs(pairs, material)
    return Evaluation(ranking, binary, float(roc_auc(binary.label, binary.score)), None)
