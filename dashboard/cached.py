"""What the pages show, worked out once and kept; all caches are bounded, keys are ids, fingerprints and variants.

What comes out is shared by every session and never changed. ``place`` is a ``Place``: the folder of
a workspace and its fingerprint, so a workspace that was trained again is opened again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dashboard.jobs import Job, JobQueue
from dashboard.kept import kept
from dashboard.places import Entry, Place, entries, place, workspaces_folder
from recsys_core.data.dataset import Dataset
from recsys_core.data.profile import Profile
from recsys_core.data.profile import profile as make_profile
from recsys_core.data.profile import taken_before as find_taken
from recsys_core.data.understood import ColumnUnderstood, columns_understood
from recsys_core.explain.explain import explain
from recsys_core.explain.global_explanation import GlobalExplanation, explain_globally
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.fairness import ScanResult
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.recommend import UserScores, list_items, ranked_item, score_user, user_pairs
from recsys_core.rerank import make_reranker
from recsys_core.results import CompressionReport, Evaluation, Explanation, RankedItem, Recommendation
from recsys_core.seeds import random_stream
from recsys_core.variant import ModelVariant

if TYPE_CHECKING:
    from recsys_core.compare import DenseReference, MeasuredVariant
    from recsys_core.compress.variants import VariantCache

__all__ = ["Entry", "Place", "entries", "place", "workspaces_folder"]  # told on: what a page looks at

BACKGROUND, SEED = 32, 0
OVERALL_BACKGROUND = 20
VARIANTS = 8
MOST_FILTERS, MOST_VALUES = 12, 60  # columns to filter by, values to choose from
ACTIVITY = "training.activity"


@kept(4)
def workspace(place: Place) -> Workspace:
    """The opened workspace, its split ready. Raises ``WorkspaceError``, ``DataError``."""
    opened = Workspace.open(place.folder)
    _ = opened.split_dataset
    return opened


@kept(8)
def model(place: Place, model_id: str) -> TrainedModel:
    """A model of the workspace, its dense scorer ready; the current one where the id is empty.

    Raises ``WorkspaceError``, ``DataError``, ``SettingError`` where there is no such model.
    """
    opened = workspace(place).model(model_id)
    _ = opened.dense
    return opened


def dataset(place: Place) -> Dataset:
    return workspace(place).dataset


@kept(4)
def _variants(place: Place, model_id: str) -> VariantCache:
    from recsys_core.compress.variants import VariantCache

    return VariantCache(model(place, model_id), most=VARIANTS)


@kept(2)
def _reference(place: Place, model_id: str) -> DenseReference:
    """What every variant of a model is measured against."""
    from recsys_core.compare import DenseReference

    return DenseReference(model(place, model_id), _variants(place, model_id))


def scorer(place: Place, variant: ModelVariant) -> Scorer:
    """The scorer of a variant; a new compressed one takes seconds to prepare."""
    return _variants(place, variant.model).scorer(variant.compression)


@kept(256)
def user_scores(place: Place, user_index: int, variant: ModelVariant) -> UserScores:
    """Scores and seen items of one user."""
    reranker = make_reranker(variant.reranking, dataset(place))
    return score_user(scorer(place, variant), workspace(place).split_dataset, user_index, reranker)


@kept(256)
def recommendation(place: Place, user_index: int, variant: ModelVariant, k: int = 10) -> Recommendation:
    """The user's ``k`` best unseen items."""
    return list_items(user_scores(place, user_index, variant), workspace(place).split_dataset, k=k)


def item(place: Place, user_index: int, item_index: int, variant: ModelVariant) -> RankedItem:
    """Score, rank and title of any item for a user (rank 0: seen already)."""
    return ranked_item(user_scores(place, user_index, variant), workspace(place).split_dataset, item_index)


@kept(256)
def explanation(
    place: Place, user_index: int, item_index: int, variant: ModelVariant, method: str = "shapley", history: str = "one"
) -> Explanation:
    """Reasons of one score, 32 background examples, seed 0. Raises ``SettingError`` where a method cannot answer."""
    opened = workspace(place)
    pair = user_pairs(opened.split_dataset, user_index, np.array([item_index]))
    background = opened.split_dataset.background(BACKGROUND, seed=SEED)
    return explain(scorer(place, variant), opened.dataset, pair, background, method=method, history=history, seed=SEED)


@kept(8)
def profile(place: Place) -> Profile:
    """The dataset in figures."""
    return make_profile(dataset(place))


@kept(8)
def columns_read(place: Place) -> tuple[ColumnUnderstood, ...]:
    """Every attribute as the importer understood it."""
    return columns_understood(dataset(place))


@kept(256)
def taken_before(place: Place, user_index: int) -> pd.DataFrame:
    """The history that a user's list was made from, newest first."""
    opened = workspace(place)
    return find_taken(opened.dataset, opened.split_dataset.histories, user_index)


@kept(256)
def effects(place: Place, user_index: int, item_index: int, variant: ModelVariant) -> dict[int, float]:
    """What a score loses without each history item."""
    pair = user_pairs(workspace(place).split_dataset, user_index, np.array([item_index]))
    return leave_one_out_effects(scorer(place, variant), pair)


@kept(4)
def queue(name: str) -> JobQueue:
    """A queue of background work, which bounds itself: ``answers`` of the pages, ``levels`` that are measured.

    Two, so that Fairness and Global do not wait until a level is measured.
    """
    return JobQueue(name)


def overall(place: Place, variant: ModelVariant, n_pairs: int) -> Job:
    """Job of explaining ``n_pairs`` test pairs; its result is a ``GlobalExplanation``."""

    def work(progress) -> GlobalExplanation:
        opened = workspace(place)
        rows = opened.split_dataset.split.test
        drawn = np.sort(
            random_stream(SEED, "pairs of the global view").choice(rows, min(n_pairs, len(rows)), replace=False)
        )
        return explain_globally(
            scorer(place, variant),
            opened.dataset,
            opened.split_dataset.pairs(drawn, "test"),
            opened.split_dataset.background(OVERALL_BACKGROUND, seed=SEED),
            seed=SEED,
            progress=progress,
        )

    return queue("answers").job(("overall", place, variant, n_pairs), work)


@kept(8)
def people(place: Place, language: str) -> dict[str, str]:
    """What to call each user, by raw id, in matrix order."""
    from dashboard.presentation.labels import user_names

    return user_names(dataset(place), language)


@kept(8)
def item_names(place: Place, language: str) -> dict[str, str]:
    """What to call each item, by raw id, in matrix order; equal titles are told apart by id."""
    from dashboard.presentation.labels import item_titles

    return item_titles(dataset(place), language)


@kept(4)
def filter_cells(place: Place) -> dict[str, np.ndarray | list[str]]:
    """Columns that users can be filtered by, in matrix order: numbers as they are, others as text.

    The last one is how many items a user took before.
    """
    from dashboard.presentation.labels import cell_texts

    data = dataset(place)
    names = [c.name for c in data.schema.users if c.kind in ("number", "category", "ordered")]
    names += [c for c in ("age", "occupation") if c in data.users.columns and c not in names]
    kinds = {c.name: c.kind for c in data.schema.users}
    found: dict[str, np.ndarray | list[str]] = {}
    for name in names[:MOST_FILTERS]:
        cells = pd.to_numeric(data.users[name], errors="coerce").to_numpy(float)
        if kinds.get(name) == "number" and not np.isnan(cells).all():
            found[name] = cells
        elif data.users[name].nunique() <= MOST_VALUES:
            found[name] = cell_texts(data.users[name])
    return found | {ACTIVITY: np.diff(workspace(place).split_dataset.sequences().indptr).astype(float)}


@kept(16)
def cases(place: Place, variant: ModelVariant, story: str) -> list:
    """Users or pairs worth looking at: ``served`` worst, or ``wrong`` most; after the evaluation."""
    from recsys_core.compare.cases import most_wrong, worst_served

    return {"served": worst_served, "wrong": most_wrong}[story](evaluation(place, variant).outcome())


def short_name(place: Place, user_index: int, language: str) -> str:
    """What to call a user inside a title: the name alone where there is one."""
    data = dataset(place)
    column = data.schema.user_name
    name = str(data.users[column].iloc[user_index] or "").strip() if column in data.users.columns else ""
    return name or people(place, language)[data.users["user_id"].iloc[user_index]]


def evaluation(place: Place, variant: ModelVariant) -> Job:
    """Job of ranking the whole catalogue for every test user; its result is an ``Evaluation``."""

    def work(progress) -> Evaluation:
        from recsys_core.models.evaluation import evaluate

        reranker = make_reranker(variant.reranking, dataset(place))
        return evaluate(scorer(place, variant), workspace(place).split_dataset, reranker=reranker, progress=progress)

    return queue("answers").job(("evaluation", place, variant), work)


@kept(8)
def group_columns(place: Place, side: str) -> tuple[str, ...]:
    """Columns of users or items that can form groups, sensitive ones first: ``user.gender``, ``training.activity``."""
    from recsys_core.fairness import groupable_columns

    return groupable_columns(dataset(place), side)


def fairness_scan(place: Place, variant: ModelVariant, side: str = "user") -> Job:
    """Job of auditing every column of ``side``, after the evaluation; its result is a ``ScanResult``."""
    ranked = evaluation(place, variant)  # queued first, so it is done when the scan's turn comes

    def work(progress) -> ScanResult:
        from recsys_core.fairness import scan

        opened = workspace(place)
        how = {"train": opened.split_dataset.sequences(), "side": side, "variant": variant, "progress": progress}
        return scan(opened.dataset, ranked.outcome(), **how)

    return queue("answers").job(("scan", place, variant, side), work)


def _stamp(place: Place, model_id: str) -> int:
    """When a report of a model was last written or removed."""
    folder = model(place, model_id).path / "measurements"
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


@kept(4)
def _reports(place: Place, model_id: str, stamp: int) -> dict[ModelVariant, CompressionReport]:
    from recsys_core.compare import stored_reports

    return {report.variant: report for report in stored_reports(model(place, model_id))}


@kept(4)
def _presets(place: Place, model_id: str, stamp: int) -> dict[str, ModelVariant | None]:
    from recsys_core.compare import choose_presets

    return choose_presets(_reports(place, model_id, stamp).values())


@kept(4)
def _measured_variants(place: Place, model_id: str, stamp: int) -> list[MeasuredVariant]:
    from recsys_core.compare import measured_variants

    return measured_variants(_reports(place, model_id, stamp).values())


@kept(8)
def _variant_table(place: Place, model_id: str, stamp: int, language: str) -> pd.DataFrame:
    from dashboard.presentation.tables.variants import measured_variants

    return measured_variants(_reports(place, model_id, stamp).values())


def measured_variants(place: Place, model_id: str) -> list[MeasuredVariant]:
    """Every measured variant of a model as a point, in order of size."""
    return _measured_variants(place, model_id, _stamp(place, model_id))


def variant_table(place: Place, model_id: str, language: str) -> pd.DataFrame:
    """Every measured variant with its name and main figures, in the order of `measured_variants`."""
    return _variant_table(place, model_id, _stamp(place, model_id), language)


def reports(place: Place, model_id: str) -> dict[ModelVariant, CompressionReport]:
    """Every report in the model's folder, by variant."""
    return _reports(place, model_id, _stamp(place, model_id))


@kept(4)
def _unmeasured(place: Place, model_id: str, stamp: int) -> tuple[ModelVariant, ...]:
    from recsys_core.compare import default_grid

    known = {variant.settings_key for variant in _reports(place, model_id, stamp)}
    return tuple(variant for variant in default_grid() if variant.settings_key not in known)


def unmeasured(place: Place, model_id: str) -> tuple[ModelVariant, ...]:
    """Default levels of the sliders that nobody has measured yet."""
    return _unmeasured(place, model_id, _stamp(place, model_id))


def presets(place: Place, model_id: str) -> dict[str, ModelVariant | None]:
    """What the presets stand for, chosen from the measured levels."""
    return _presets(place, model_id, _stamp(place, model_id))


def measurement(place: Place, variant: ModelVariant) -> Job:
    """Job of measuring a level: ``partial`` fills stage by stage, the result is a ``CompressionReport``.

    The queue forgets levels that nobody looks at any more when their turn comes.
    """

    def work(job: Job) -> CompressionReport:
        from recsys_core.compare import measure_variant

        return measure_variant(
            model(place, variant.model),
            variant,
            reference=_reference(place, variant.model),
            progress=job.report,
            on_stage=lambda stage, report: job.publish_partial(report),
        )

    return queue("levels").cancellable(("measurement", place, variant), work)
