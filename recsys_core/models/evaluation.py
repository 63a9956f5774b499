"""Evaluation: one code for the ranker, its variants and the baselines, on the same held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from recsys_core.data.known import Known
from recsys_core.metrics import list_ties, log_loss, logistic, ndcg_at_k, recall_at_k, rmse
from recsys_core.models.split_dataset import LabelledPairs, RankingTask, SplitDataset
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Candidates, Reranker
from recsys_core.results import Evaluation, PairResult, RankingResult, UserSample

K = 10
CHUNK = 256


class CanScore(Protocol):
    """What is evaluated: a ``Scorer``, or a baseline.

    One rule for all: at a held-out part a scorer may read every positive that is known there
    (``known``; ``histories`` are the newest of it), and nothing else of the log. Its weights
    come from training rows alone.
    """

    def score_catalogue(self, users: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray: ...

    def score_pairs(self, users: np.ndarray, items: np.ndarray, histories: np.ndarray, known: Known) -> np.ndarray: ...


def rank_users(
    score: Callable[[np.ndarray, np.ndarray, Known], np.ndarray],
    task: RankingTask,
    *,
    k: int = K,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> RankingResult:
    """Rank the whole catalogue of unseen items for each user; never a sample of negatives (Krichene & Rendle 2020).

    ``reranker`` makes the lists from the scores.
    """
    tops, ties = [], [(np.zeros(0, dtype=np.int64),) * 2]
    for start in range(0, len(task), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(task)))
        some = task[rows]
        scores = score(some.users, some.histories, some.known)
        tops.append(reranker.lists(Candidates(some.users, scores, some.seen, task.tie_order), k))
        ties.append(list_ties(scores, tops[-1], some.seen))
        progress("ranking the catalogue", (start + len(rows)) / len(task))
    top = np.concatenate(tops) if tops else np.zeros((0, k), dtype=np.int64)
    ndcg, recall = ndcg_at_k(top, task.held_out), recall_at_k(top, task.held_out)
    n_distinct, n_tied_out = (np.concatenate(x) for x in zip(*ties, strict=True))
    return RankingResult(k, task.users, top, ndcg, recall, task.held_out, n_distinct, n_tied_out)


def evaluate_pairs(scorer: CanScore, labelled: LabelledPairs) -> PairResult:
    """Score the labelled pairs of a part."""
    pairs = labelled.pairs
    score = scorer.score_pairs(pairs.users, pairs.items, pairs.histories, labelled.known)
    return PairResult(pairs.users, pairs.items, labelled.label, score, labelled.negatives)


def evaluate(
    scorer: CanScore,
    split_dataset: SplitDataset,
    *,
    part: str = "test",
    users: np.ndarray | None = None,
    calibrated: bool = True,
    k: int = K,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> Evaluation:
    """AUC and log loss on the part's pairs, NDCG@10 and recall@10 (of lists of ``k``) on the whole catalogue.

    ``users`` are those whose lists and pairs are looked at, all of the part if None. ``calibrated=False`` (baselines)
    leaves the log loss out; ``reranker`` makes the lists and decisions from the scores. The AUC is of
    `PairResult.binary`; for task ``rating`` the RMSE is on the scale.
    """
    task = split_dataset.ranking(part) if users is None else split_dataset.ranking_of(users, part)
    ranking = rank_users(scorer.score_catalogue, task, k=k, reranker=reranker, progress=progress)
    pairs = evaluate_pairs(scorer, split_dataset.labelled(part, users=users))
    pairs = replace(pairs, selected=reranker.decisions(pairs.user_index, pairs.score))
    return evaluation_of(ranking, pairs, split_dataset, calibrated=calibrated)


def evaluate_test(scorer: CanScore, split_dataset: SplitDataset, **how: Any) -> Evaluation:
    """`evaluate` on the test users that training looks at; ``sample`` says how many they are, of how many."""
    users = split_dataset.evaluated_users()
    found = evaluate(scorer, split_dataset, users=users, **how)
    n = len(found.ranking.user_index)
    n_all, seed = (n, None) if users is None else (len(split_dataset.test_users), split_dataset.split.seed)
    return replace(found, sample=UserSample(n, n_all, seed))


def evaluation_of(
    ranking: RankingResult, pairs: PairResult, split_dataset: SplitDataset, *, calibrated: bool = True
) -> Evaluation:
    """The figures of lists and scored pairs."""
    if split_dataset.task != "rating":
        loss = log_loss(pairs.label, pairs.score) if calibrated else None
        return Evaluation(ranking, pairs, pairs.auc, loss)
    scale = split_dataset.dataset.schema.high - split_dataset.dataset.schema.low
    error = rmse(pairs.label * scale, logistic(pairs.score) * scale) if calibrated else None
    return Evaluation(ranking, pairs, pairs.auc, None, error)
