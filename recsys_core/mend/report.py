"""The report of a mending: the same audit before and after, its price, and what it keeps of lists and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys_core.compare.comparison_sample import SEED, explained_pairs
from recsys_core.compare.drift import explanation_drift, list_overlap
from recsys_core.compare.resampling import mean_ends, user_draws
from recsys_core.fairness import audit
from recsys_core.mend.groups import split_columns
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import QUICK, UserLimit, evaluate_users, of_users
from recsys_core.progress import Progress, silent
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results import Evaluation, ExplanationDrift, FairnessReport, RankingResult
from recsys_core.results.mending import Mending, MendingReport, Price


@dataclass(frozen=True, slots=True, eq=False)
class MendedVariant:
    """What was mended, and what serves now: another model, or the same one re-ranked, or both."""

    base: TrainedModel
    model: TrainedModel
    mendings: tuple[Mending, ...]
    reranker: Reranker = BY_SCORE

    @property
    def is_base(self) -> bool:
        return self.model is self.base


def mending_report(
    mended: MendedVariant, by: str, *, limit: UserLimit = QUICK, seconds: float = 0.0, progress: Progress = silent
) -> MendingReport:
    """How everybody is served before and after, by the columns ``by`` (`recsys_core.fairness.by_columns`).

    On the test users that ``limit`` allows the base, the same before and after. Columns of users come first: those of
    items, where there are some beside them, have audits of their own. Raises as `recsys_core.fairness.audit`.
    """
    base, model = mended.base, mended.model
    users = limit.users_of(base, progress=progress)
    before = of_users(base, users, progress=progress)
    after = before
    if not mended.is_base or not mended.reranker.settings.is_identity:
        ranked = replace(limit, most=len(before.ranking.user_index)) if users is not None else UserLimit(everyone=True)
        how = {"limit": ranked, "reranker": mended.reranker, "progress": progress}
        after = evaluate_users(model, model.dense, **how)  # type: ignore[arg-type]
    both = [columns for columns in split_columns(base.dataset, by) if columns]
    audits = [tuple(_audit(base, found, columns) for found in (before, after)) for columns in both]
    progress("reasons", 0.9)
    kept = None if not len(before.ranking.user_index) else _reasons(mended, before.ranking)
    draws = user_draws(len(before.ranking.user_index), seed=SEED)
    lists = list_overlap(before.ranking, after.ranking, draws=draws)
    return MendingReport(
        mendings=mended.mendings,
        before=audits[0][0],
        after=audits[0][1],
        of_items=(audits[1][0], audits[1][1]) if len(audits) > 1 else None,
        price=price_of(before.ranking, after.ranking),
        reasons_kept=None if kept is None else kept.top_3_overlap,
        lists_kept=lists.mean,
        seconds=seconds,
    )


def price_of(before: RankingResult, after: RankingResult) -> Price:
    """Mean change of NDCG over the same users with its paired 95 % bootstrap interval."""
    change = after.ndcg - before.ndcg
    low, high = mean_ends(change, user_draws(len(change), seed=SEED))
    figures = [float(of.mean()) if len(of) else float("nan") for of in (before.ndcg, after.ndcg, change)]
    relative = figures[2] / figures[0] if figures[0] > 0 else None
    return Price(
        metric=f"ndcg@{before.k}",
        before=figures[0],
        after=figures[1],
        change=figures[2],
        low=low,
        high=high,
        relative=relative,
        n_users=len(change),
    )


def _audit(base: TrainedModel, found: Evaluation, columns: Sequence[str]) -> FairnessReport:
    return audit(base.dataset, found, by=tuple(columns), train=base.split_dataset.sequences())


def _reasons(mended: MendedVariant, ranking: RankingResult) -> ExplanationDrift | None:
    """Of the pairs by which variants are compared; a reason that the mended model does not have contributes 0 there.

    Re-ranking changes no score, so it keeps every reason.
    """
    base, model = mended.base, mended.model
    task = base.split_dataset.ranking_of(ranking.user_index)
    pairs = explained_pairs(base.dense, task, ranking, base.split_dataset)
    if not len(pairs.pairs):
        return None
    before = pairs.contributions(base.dense)
    after = before if mended.is_base else _over_players(base, model, pairs.contributions(model.dense))
    return explanation_drift(before, after, background=len(pairs.background), seed=SEED)


def _over_players(base: TrainedModel, model: TrainedModel, contributions: np.ndarray) -> np.ndarray:
    """Contributions in the order of the base's players, 0 for those that the model does not have."""
    own = {player.key: place for place, player in enumerate(model.features.players)}
    columns = [own.get(player.key) for player in base.features.players]
    zero = np.zeros(len(contributions))
    return np.stack([zero if at is None else contributions[:, at] for at in columns], axis=1)
