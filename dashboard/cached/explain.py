"""Recommendations of one user, reasons of one score, and of many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.cached import segments
from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import reranker_of, scorer, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.profile import user_history as find_history
from recsys_core.data.segments import Segment
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice, make_background
from recsys_core.explain.explain import explain
from recsys_core.explain.global_explanation import GlobalExplanation, explain_globally
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.explain.small_changes import Asked
from recsys_core.explain.trust import examine
from recsys_core.models.scorer import Pairs
from recsys_core.recommend import UserScores, list_items, ranked_item, score_user, user_pairs
from recsys_core.results import Explanation, RankedItem, Recommendation
from recsys_core.results.trust import Trust
from recsys_core.results.units import LOGIT, Units
from recsys_core.seeds import random_stream
from recsys_core.variant import ModelVariant

BACKGROUND, SEED = 32, 0
OVERALL_BACKGROUND = 20


@dataclass(frozen=True, slots=True)
class Compared:
    """What a score is compared with, as a key of what is kept: a segment by its content, not by its name."""

    choice: BackgroundChoice = AVERAGE
    segment: Segment | None = None


AVERAGE_CASE = Compared()


def compared(ref: WorkspaceRef, key: str) -> Compared:
    """The background of ``average``, ``segment:NAME`` or ``item:ID``. Raises ``SettingError``, ``WorkspaceError``."""
    choice = BackgroundChoice.parse(key)
    return Compared(choice, segments.named(ref, choice.name) if choice.kind == "segment" else None)


@lru_shared(256)
def user_scores(ref: WorkspaceRef, user_index: int, variant: ModelVariant) -> UserScores:
    """Scores and seen items of one user."""
    reranker = reranker_of(ref, variant)
    return score_user(scorer(ref, variant), workspace(ref).split_dataset, user_index, reranker)


@lru_shared(256)
def recommendation(ref: WorkspaceRef, user_index: int, variant: ModelVariant, k: int = 10) -> Recommendation:
    """The user's ``k`` best unseen items."""
    return list_items(user_scores(ref, user_index, variant), workspace(ref).split_dataset, k=k)


def item(ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant) -> RankedItem:
    """Score, rank and title of any item for a user (rank 0: seen already)."""
    return ranked_item(user_scores(ref, user_index, variant), workspace(ref).split_dataset, item_index)


@lru_shared(256)
def explanation(
    ref: WorkspaceRef,
    user_index: int,
    item_index: int,
    variant: ModelVariant,
    method: str = "shapley",
    history: str = "one",
    *,
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> Explanation:
    """Reasons of one score, at most 32 background examples, seed 0.

    Raises ``SettingError`` where a method cannot answer, or the background cannot be had.
    """
    asked = question(ref, user_index, item_index, variant, compared)
    how = {"method": method, "history": history, "seed": SEED, "units": units}
    pairs = asked.pair, asked.background
    return explain(asked.scorer, workspace(ref).dataset, *pairs, **how, compared_with=asked.choice.key)


def question(
    ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant, compared: Compared = AVERAGE_CASE
) -> Asked:
    """The pair and its background, as they are explained; see `explanation`."""
    split_dataset, segment = workspace(ref).split_dataset, compared.segment
    users_of = None if segment is None else lambda _: segments.users(ref, segment)
    pair = user_pairs(split_dataset, user_index, np.array([item_index]))
    background = make_background(compared.choice, split_dataset, pair, n=BACKGROUND, seed=SEED, users_of=users_of)
    return Asked(scorer(ref, variant), split_dataset, pair, background, compared.choice, users_of, SEED)


@lru_shared(64)
def trust(
    ref: WorkspaceRef,
    user_index: int,
    item_index: int,
    variant: ModelVariant,
    *,
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> Trust:
    """How far the Shapley values of one score can be believed. Raises ``SettingError`` as `explanation` does."""
    where = ref, user_index, item_index, variant
    return examine(question(*where, compared), explanation(*where, units=units, compared=compared))


def has_term(ref: WorkspaceRef, variant: ModelVariant) -> bool:
    """Whether an item-item term stands beside the network."""
    return scorer(ref, variant).term is not None


@lru_shared(256)
def user_history(ref: WorkspaceRef, user_index: int) -> pd.DataFrame:
    """The history that a user's list was made from, newest first."""
    opened = workspace(ref)
    return find_history(opened.dataset, opened.split_dataset.histories, user_index)


@lru_shared(256)
def effects(ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant) -> dict[int, float]:
    """What a score loses without each history item."""
    pair = user_pairs(workspace(ref).split_dataset, user_index, np.array([item_index]))
    return leave_one_out_effects(scorer(ref, variant), pair)


@lru_shared(16)
def test_rows(ref: WorkspaceRef, segment: Segment | None) -> np.ndarray:
    """Test interactions (row numbers) of a segment's users, or of everyone."""
    opened = workspace(ref).split_dataset
    rows = opened.split.test
    if segment is None:
        return rows
    return rows[np.isin(opened.histories.user[rows], segments.users(ref, segment))]


def n_users_with_pairs(ref: WorkspaceRef, segment: Segment | None) -> int:
    """How many users the pairs of the global view can be of."""
    return len(np.unique(workspace(ref).split_dataset.histories.user[test_rows(ref, segment)]))


def sampled_pairs(ref: WorkspaceRef, segment: Segment | None, n_pairs: int) -> Pairs:
    """At most so many test pairs of a segment's users, drawn by the seed; the same ones wherever they are asked for."""
    rows = test_rows(ref, segment)
    drawn = random_stream(SEED, "pairs of the global view").choice(rows, min(n_pairs, len(rows)), replace=False)
    return workspace(ref).split_dataset.pairs(np.sort(drawn), "test")


def overall(
    ref: WorkspaceRef,
    variant: ModelVariant,
    n_pairs: int,
    segment: Segment | None = None,
    *,
    units: Units = LOGIT,
) -> Job:
    """Job of explaining ``n_pairs`` test pairs (of a segment's users); its result is a ``GlobalExplanation``."""

    def work(progress) -> GlobalExplanation:
        opened = workspace(ref)
        return explain_globally(
            scorer(ref, variant),
            opened.dataset,
            sampled_pairs(ref, segment, n_pairs),
            opened.split_dataset.background(OVERALL_BACKGROUND, seed=SEED),
            seed=SEED,
            units=units,
            progress=progress,
        )

    return shared_queue("answers").job(("overall", ref, variant, n_pairs, segment, units), work)
