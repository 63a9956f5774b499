"""User sample: on which test users a variant is evaluated, so that nobody waits for minutes without being asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.errors import SettingError
from recsys_core.metrics import ndcg_at_k, recall_at_k
from recsys_core.models.evaluation import K, evaluate, evaluation_of
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import Evaluation, RankingResult, UserSample

EVERYONE = "all"
QUICK_MACS = 100_000_000_000  # multiply-adds of ranking that one core does in about five seconds
LEAST_USERS = 200
MOST_K = 100  # places that a re-ranking arranges


@dataclass(frozen=True, slots=True)
class UserLimit:
    """How many test users are ranked: as many as take a few seconds (nothing set), at most a number, or all of them.

    ``stored``: those whose lists training has stored, which is all but of large data.

    How many take a few seconds is reckoned from the model and its catalogue, never timed: the same model is looked
    at on the same users on every machine, under any load.

    ``k`` is the length of the lists that they are given, 1 to 100; ``SettingError`` for any other.
    """

    most: int | None = None
    everyone: bool = False
    stored: bool = False
    k: int = K

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MOST_K:
            raise SettingError("setting.between", name="k", low=1, high=MOST_K, value=self.k)

    @classmethod
    def from_text(cls, text: str) -> UserLimit:
        """``all``, a number, or nothing. Raises ``SettingError`` (``setting.users``) for anything else.

        >>> UserLimit.from_text("all").everyone, UserLimit.from_text("500").most, UserLimit.from_text("") == UserLimit()
        (True, 500, True)
        """
        if text in ("", EVERYONE):
            return cls(everyone=text == EVERYONE)
        if not (text.isascii() and text.isdecimal() and int(text) > 0):
            raise SettingError("setting.users", name="users", everyone=EVERYONE, value=text)
        return cls(most=int(text))

    def resolved(self, model: TrainedModel) -> UserLimit:
        """The same as a number, or as all of them where that is no more."""
        everybody = replace(EVERYBODY, k=self.k)
        if self.everyone:
            return everybody
        n_stored, n_all = model.training.model.n_users, model.training.n_test_users
        quick = n_stored if self.stored else min(quick_users(model.dense), n_stored)
        most = quick if self.most is None else self.most
        return everybody if most >= n_all else UserLimit(most, k=self.k)

    def users_of(self, model: TrainedModel, *, progress: Progress = silent) -> np.ndarray | None:
        """The test users that are ranked, ascending, drawn by the split's seed; None where it is all of them."""
        limit, stored = self.resolved(model), model.evaluation(progress).ranking.user_index
        if limit.most is None or limit.most > len(stored):
            everyone = model.split_dataset.test_users
            return None if limit.most is None else model.split_dataset.draw_users(everyone, limit.most)
        return model.split_dataset.draw_users(stored, limit.most)


QUICK, EVERYBODY, STORED = UserLimit(), UserLimit(everyone=True), UserLimit(stored=True)


def quick_users(scorer: Scorer) -> int:
    """How many users are ranked in a few seconds: two digits, 200 at least."""
    most = QUICK_MACS // (macs_of_a_pair(scorer) * max(scorer.n_items, 1))
    digits = 10 ** max(0, len(str(most)) - 2)
    return max(LEAST_USERS, most // digits * digits)


def macs_of_a_pair(scorer: Scorer) -> int:
    """Multiply-adds of ranking one item for one user."""
    shape, layers = scorer.ranker.shape, scorer.ranker.layers()[1:]
    attended = 2 * shape.attention * (shape.history + shape.first)
    return attended + sum(layer.linear.weight.numel() for layer in layers)


def evaluate_users(
    model: TrainedModel,
    scorer: Scorer,
    *,
    limit: UserLimit,
    reranker: Reranker = BY_SCORE,
    progress: Progress = silent,
) -> Evaluation:
    """A variant's lists and pairs on the users that ``limit`` allows; ``sample`` says how many they are, of how many.

    What the dense model itself lists is read, not worked out, on the same users as any other variant's; shorter lists
    are its first places, longer ones are ranked.
    """
    users = limit.users_of(model, progress=progress)
    if scorer is model.dense and reranker.settings.is_identity and limit.k <= K:
        return first_places(of_users(model, users, progress=progress), limit.k)
    made = evaluate(scorer, model.split_dataset, users=users, k=limit.k, reranker=reranker, progress=progress)
    return replace(made, sample=_sample(model, len(made.ranking.user_index)))


def first_places(evaluation: Evaluation, k: int) -> Evaluation:
    """The same with lists of their first ``k`` places; how many scores tie in them is not known then."""
    ranking = evaluation.ranking
    if k == ranking.k:
        return evaluation
    top = ranking.top[:, :k]
    ndcg, recall = ndcg_at_k(top, ranking.held_out), recall_at_k(top, ranking.held_out)
    return replace(evaluation, ranking=RankingResult(k, ranking.user_index, top, ndcg, recall, ranking.held_out))


def of_users(model: TrainedModel, users: np.ndarray | None = None, *, progress: Progress = silent) -> Evaluation:
    """The dense model's evaluation on some of the test users, their pairs with them; on all if None.

    Read from what is stored with the model, which of a large test part holds a sample: for anyone beyond that sample
    it is worked out.
    """
    whole = model.evaluation(progress)
    stored = whole.ranking.user_index
    if users is None and len(stored) == model.training.n_test_users:
        return replace(whole, sample=_sample(model, len(stored)))
    if users is None or not np.isin(users, stored).all():
        made = evaluate(model.dense, model.split_dataset, users=users, progress=progress)
        return replace(made, sample=_sample(model, len(made.ranking.user_index)))
    ranking = whole.ranking[np.flatnonzero(np.isin(whole.ranking.user_index, users))]
    pairs = whole.pairs[np.flatnonzero(np.isin(whole.pairs.user_index, users))]
    made = evaluation_of(ranking, pairs, model.split_dataset)
    return replace(made, sample=_sample(model, len(users)), anew=whole.anew)


def _sample(model: TrainedModel, n_users: int) -> UserSample:
    n_all_users = model.training.n_test_users
    return UserSample(n_users, n_all_users, None if n_users == n_all_users else model.split_dataset.split.seed)
