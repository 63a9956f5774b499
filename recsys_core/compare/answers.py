"""Answers: what one model says on the sample, part by part, so that the first figures need not wait for the last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recsys_core.compare.sample import Sample, draw_sample
from recsys_core.explain.shapley import exact_contributions
from recsys_core.metrics import roc_auc
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.material import Material
from recsys_core.models.scorer import Scorer
from recsys_core.models.workspace import Workspace
from recsys_core.results import Evaluation, PairResult, RankingResult


@dataclass(frozen=True, slots=True, eq=False)
class DenseSide:
    """The sample, and the dense model's answers on it: scores, lists, and contributions ``(n_pairs, n_players)``."""

    sample: Sample
    pairs: PairResult
    ranking: RankingResult
    contributions: np.ndarray


@lru_cache(maxsize=2)
def dense_side(workspace: Workspace) -> DenseSide:
    """Worked out once for an opened workspace."""
    sample, ranking = draw_sample(workspace)
    pairs = evaluate_pairs(workspace.dense, sample.labelled)
    return DenseSide(sample, pairs, ranking, reasons(workspace.dense, sample))


def reasons(scorer: Scorer, sample: Sample) -> np.ndarray:
    """Exact contributions of the explained pairs ``(n_pairs, n_players)``, logits."""
    return exact_contributions(scorer, sample.explained, sample.background)[0]


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
