"""Reference: what the dense model answers on the compared users and pairs, each part when first asked for."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from recsys_core.compare.comparison_sample import SEED, ExplainedPairs, explained_pairs, rank, ranked_users
from recsys_core.compare.groups import UserGroups, user_groups
from recsys_core.compare.resampling import user_draws
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import unquantised
from recsys_core.compress.variants import VariantCache
from recsys_core.fairness import scan
from recsys_core.metrics import log_loss
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import LabelledPairs, RankingTask
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import Evaluation, PairResult, RankingResult, WatchedGap
from recsys_core.seeds import random_stream

TIMED_PAIRS = 64


class DenseReference:
    """The compared users and pairs, the dense model's answers on them, and the variants that are built beside it.

    Whoever measures several variants of a model keeps one: each part of it is worked out once.
    """

    def __init__(self, model: TrainedModel, variants: VariantCache | None = None) -> None:
        self.model, self.scorer = model, model.dense
        self.variants = variants or VariantCache(model)

    @cached_property
    def labelled(self) -> LabelledPairs:
        """All test pairs, as ``evaluate`` scores them."""
        return self.model.split_dataset.labelled("test")

    @cached_property
    def pairs(self) -> PairResult:
        return evaluate_pairs(self.scorer, self.labelled)

    @cached_property
    def timed(self) -> Pairs:
        """Seeded pairs for the latencies, and for what the item-item term sums up a pair."""
        pairs = self.labelled.pairs if len(self.labelled.pairs) else self._training_pairs()
        rows = random_stream(SEED, "timed pairs").choice(len(pairs), min(TIMED_PAIRS, len(pairs)), replace=False)
        return pairs[rows]

    @cached_property
    def task(self) -> RankingTask:
        return ranked_users(self.model)

    @cached_property
    def ranking(self) -> RankingResult:
        return rank(self.scorer, self.task)

    @cached_property
    def explained(self) -> ExplainedPairs:
        """The pairs whose reasons are compared."""
        return explained_pairs(self.scorer, self.task, self.ranking, self.model.split_dataset)

    @cached_property
    def contributions(self) -> np.ndarray:
        """Reasons of the explained pairs ``(n_pairs, n_players)``, logits."""
        return self.explained.contributions(self.scorer)

    @cached_property
    def in_onnx(self) -> OnnxScorer:
        """The dense model, nothing rounded, in the runtime of quantised variants: what that runtime alone gains."""
        network = OnnxScorer(unquantised(self.model.ranker), self.model.features, variant=self.model.variant)
        return network.with_term(self.model.term)

    @cached_property
    def n_test_users(self) -> int:
        """Users with held-out items, compared or not."""
        held_out = self.model.split_dataset.histories.held_out(part="test")
        return int(np.count_nonzero(np.diff(held_out.indptr)))

    @property
    def is_sample(self) -> bool:
        """Whether only some of the test users are compared."""
        return len(self.task) < self.n_test_users

    @cached_property
    def quality(self) -> tuple[float, float]:
        """NDCG@10 and recall@10 of all test users; those stored with the model where ranking all takes too long."""
        if self.is_sample:
            return self.model.training.model["ndcg@10"], self.model.training.model["recall@10"]
        return mean(self.ranking.ndcg), mean(self.ranking.recall)

    @cached_property
    def draws(self) -> np.ndarray:
        """Resamplings of the compared users."""
        return user_draws(len(self.task), seed=SEED)

    @cached_property
    def pair_draws(self) -> np.ndarray:
        """Resamplings of the users who have test pairs with a label."""
        users = self.pairs.binary().user_index
        return user_draws(len(np.unique(users)), seed=SEED)

    @cached_property
    def groups(self) -> tuple[UserGroups, ...]:
        """The compared users by every column that has groups to compare."""
        split_dataset = self.model.split_dataset
        return user_groups(split_dataset.dataset, self.task.users, train=split_dataset.sequences())

    @cached_property
    def evaluation(self) -> Evaluation:
        """The dense model's lists and pairs as ``evaluate`` gives them, for an audit."""
        loss = None if self.model.split_dataset.task == "rating" else log_loss(self.pairs.label, self.pairs.score)
        return Evaluation(self.ranking, self.pairs, self.pairs.auc, loss)

    @cached_property
    def watched(self) -> WatchedGap:
        """Which user column's gap of NDCG is watched.

        The largest real gap of the dense model, corrected for all columns and measures
        (`recsys_core.fairness.scan`); where none is real the first column, a sensitive one if there
        is any; none where none has groups to compare.
        """
        columns = {groups.column for groups in self.groups}
        metric, split_dataset = f"ndcg@{self.ranking.k}", self.model.split_dataset
        if not columns:
            return WatchedGap(None, False, None, n_tested=0, metric=metric)
        tested = scan(split_dataset.dataset, self.evaluation, train=split_dataset.sequences())
        gaps = {column: gap for column, gap in reversed(tested.gaps) if gap.metric == metric and column in columns}
        real = [column for column, gap in reversed(gaps.items()) if not gap.within_noise]
        column = real[0] if real else self.groups[0].column
        p = gaps[column].p_corrected if column in gaps else None
        return WatchedGap(column, bool(real), p, tested.n_tested, metric)

    def _training_pairs(self) -> Pairs:
        split_dataset = self.model.split_dataset
        return split_dataset.pairs(split_dataset.split.train[:TIMED_PAIRS], "train")


def mean(values: np.ndarray) -> float:
    """Mean over users, NaN where there are none."""
    return float(values.mean()) if len(values) else math.nan
