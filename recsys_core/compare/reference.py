"""Reference: what the dense model answers on the compared users and pairs, each part when first asked for."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from recsys_core.compare.comparison_sample import SEED, ExplainedPairs, explained_pairs, ranked_users
from recsys_core.compare.groups import UserGroups, user_groups
from recsys_core.compare.resampling import user_draws
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import unquantised
from recsys_core.compress.variants import VariantCache
from recsys_core.fairness import dense_scan
from recsys_core.models.scorer import Pairs
from recsys_core.models.split_dataset import LabelledPairs, RankingTask
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK, UserLimit, of_users
from recsys_core.results import PairResult, RankingResult, WatchedGap
from recsys_core.seeds import random_stream

TIMED_PAIRS = 64


class DenseReference:
    """The compared users and pairs, the dense model's answers on them, and the variants that are built beside it.

    Whoever measures several variants of a model keeps one: each part of it is worked out once.
    """

    def __init__(self, model: TrainedModel, variants: VariantCache | None = None, *, limit: UserLimit = QUICK) -> None:
        self.model, self.scorer, self.limit = model, model.dense, limit
        self.variants = variants or VariantCache(model)

    @cached_property
    def labelled(self) -> LabelledPairs:
        """All test pairs, as ``evaluate`` scores them."""
        return self.model.split_dataset.labelled("test")

    @property
    def pairs(self) -> PairResult:
        """Of all test users, as stored with the model."""
        return self.model.evaluation().pairs

    @cached_property
    def timed(self) -> Pairs:
        """Seeded pairs for the latencies, and for what the item-item term sums up a pair."""
        pairs = self.labelled.pairs if len(self.labelled.pairs) else self._training_pairs()
        rows = random_stream(SEED, "timed pairs").choice(len(pairs), min(TIMED_PAIRS, len(pairs)), replace=False)
        return pairs[rows]

    @cached_property
    def task(self) -> RankingTask:
        return ranked_users(self.model, self.limit)

    @cached_property
    def ranking(self) -> RankingResult:
        """The compared users' lists, as stored with the model."""
        return of_users(self.model, self.task.users).ranking

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

    @property
    def n_test_users(self) -> int:
        """Users with held-out items, compared or not."""
        return self.model.training.n_test_users

    @property
    def is_sample(self) -> bool:
        """Whether only some of the test users are compared."""
        return len(self.task) < self.n_test_users

    @property
    def quality(self) -> tuple[float, float]:
        """NDCG@10 and recall@10 of all test users, compared or not."""
        return self.model.evaluation().ndcg, self.model.evaluation().recall

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
    def watched(self) -> WatchedGap:
        """Which user column's gap of NDCG is watched.

        The largest real gap of the dense model over all test users, corrected for all columns and
        measures (`recsys_core.fairness.dense_scan`); where none is real the first column, a sensitive
        one if there is any; none where none has groups to compare.
        """
        columns = {groups.column for groups in self.groups}
        metric = f"ndcg@{self.ranking.k}"
        if not columns:
            return WatchedGap(None, False, None, n_tested=0, metric=metric)
        tested = dense_scan(self.model)
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
