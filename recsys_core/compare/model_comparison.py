"""Two models of one workspace side by side: quality with its paired difference, lists kept, reasons kept."""

from __future__ import annotations

import time

import numpy as np

from recsys_core.compare.comparison_sample import SEED, explained_pairs, ranked_users
from recsys_core.compare.drift import auc_parts, explanation_drift, known, list_overlap
from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK, UserLimit, of_users
from recsys_core.progress import Progress, silent
from recsys_core.results import Evaluation, PairResult, RankingResult
from recsys_core.results.model_comparison import ModelComparison, QualityChange


def compare_models(
    first: TrainedModel, second: TrainedModel, *, limit: UserLimit = QUICK, progress: Progress = silent
) -> ModelComparison:
    """What ``second`` does to the quality, the lists and the reasons of ``first``: on the same test users and pairs.

    Reasons are compared over the players that both models read, against the same background rows. Raises
    ``ValueError`` for models of two workspaces.
    """
    began = time.perf_counter()
    if first.split_dataset is not second.split_dataset:
        raise ValueError("models of two workspaces have no users in common")
    both = [model.evaluation(progress) for model in (first, second)]
    task = ranked_users(first, limit)
    rankings = [of_users(model, task.users).ranking for model in (first, second)]
    draws = user_draws(len(task), seed=SEED)
    quality = (_ranked("ndcg@10", "ndcg", both), _ranked("recall@10", "recall", both), _auc(both))
    lists = list_overlap(*rankings, draws=draws) if len(task) else None
    shared = [p for p in first.features.players if p in second.features.players]
    pairs = explained_pairs(first.dense, task, rankings[0], first.split_dataset)
    columns = [[model.features.players.index(p) for p in shared] for model in (first, second)]
    found = [pairs.contributions(m.dense)[:, at] for m, at in zip((first, second), columns, strict=True)]
    n_background = len(pairs.background)
    reasons = explanation_drift(*found, background=n_background, seed=SEED) if shared and len(pairs.pairs) else None
    read = [{player.key for player in model.features.players} for model in (first, second)]
    return ModelComparison(
        first.id,
        second.id,
        quality,
        lists,
        reasons,
        shared=tuple(p.key for p in shared),
        gone=tuple(sorted(read[0] - read[1])),
        new=tuple(sorted(read[1] - read[0])),
        n_users=len(task),
        seed=SEED,
        seconds=time.perf_counter() - began,
    )


def _ranked(name: str, of_user: str, both: list[Evaluation]) -> QualityChange:
    """A mean over the test users whose lists both models have."""
    before, after = (e.ranking for e in both)
    users, rows, others = np.intersect1d(before.user_index, after.user_index, return_indices=True)
    values = _of_users(before, of_user, rows), _of_users(after, of_user, others)
    draws = user_draws(len(users), seed=SEED)
    ends = [_ends(part, draws) for part in (*values, values[1] - values[0])]
    means = [known(float(part.mean())) if len(part) else None for part in (*values, values[1] - values[0])]
    return QualityChange(name, means[0], ends[0], means[1], ends[1], means[2], *ends[2])


def _of_users(ranking: RankingResult, name: str, rows: np.ndarray) -> np.ndarray:
    return np.asarray(getattr(ranking, name))[rows]


def _ends(values: np.ndarray, draws: np.ndarray) -> tuple[float | None, float | None]:
    if not len(values):
        return None, None
    low, high = mean_ends(values, draws)
    return known(low), known(high)


def _auc(both: list[Evaluation]) -> QualityChange:
    """The AUC of all test pairs, resampled by user through its linear part (`auc_parts`)."""
    binary = [e.pairs.binary() for e in both]
    values, parts = [e.auc for e in both], [auc_parts(pairs) for pairs in binary]
    draws = [user_draws(len(part), seed=SEED) for part in parts]
    ends = [_shifted(*some) for some in zip(values, parts, draws, strict=True)]
    change, same = values[1] - values[0], _same_users(*binary)
    of_change = _shifted(change, parts[1] - parts[0], draws[0]) if same else (None, None)
    return QualityChange("auc", known(values[0]), ends[0], known(values[1]), ends[1], known(change), *of_change)


def _same_users(first: PairResult, second: PairResult) -> bool:
    return np.array_equal(np.unique(first.user_index), np.unique(second.user_index))


def _shifted(value: float, part: np.ndarray, draws: np.ndarray) -> tuple[float | None, float | None]:
    if not len(part):
        return None, None
    low, high = mean_ends(part, draws)
    return known(value + low), known(value + high)
