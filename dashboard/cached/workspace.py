"""A workspace, its models, its users and items by name; opened once for all sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dashboard.cached.cache import lru_shared
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.conditions import Cells, condition_cells, condition_columns, values_of
from recsys_core.data.dataset import Dataset
from recsys_core.data.profile import Profile
from recsys_core.data.profile import profile as make_profile
from recsys_core.data.understood import ColumnUnderstood, columns_understood
from recsys_core.errors import RecLensError
from recsys_core.models.model_store import ModelEntry
from recsys_core.models.scorer import Scorer
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import Workspace
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.variant import DENSE, ModelVariant, Reranking

if TYPE_CHECKING:
    from recsys_core.compress.variants import VariantCache
    from recsys_core.rerankers import Prepared, Served

VARIANTS = 8
MAX_FILTERS, MAX_VALUES = 12, 60  # columns to filter by, values to choose from


@lru_shared(4)
def workspace(ref: WorkspaceRef) -> Workspace:
    """The opened workspace, its split ready. Raises ``WorkspaceError``, ``DataError``."""
    opened = Workspace.open(ref.folder)
    _ = opened.split_dataset
    return opened


@lru_shared(8)
def model(ref: WorkspaceRef, model_id: str) -> TrainedModel:
    """A model of the workspace, its dense scorer ready; the current one where the id is empty.

    Raises ``WorkspaceError``, ``DataError``, ``SettingError`` where there is no such model.
    """
    opened = workspace(ref).model(model_id)
    _ = opened.dense
    return opened


def dataset(ref: WorkspaceRef) -> Dataset:
    return workspace(ref).dataset


@lru_shared(4)
def variants(ref: WorkspaceRef, model_id: str) -> VariantCache:
    from recsys_core.compress.variants import VariantCache

    return VariantCache(model(ref, model_id), most=VARIANTS)


def scorer(ref: WorkspaceRef, variant: ModelVariant) -> Scorer:
    """The scorer of a variant; a new compressed one takes seconds to prepare."""
    return variants(ref, variant.model).scorer(variant.compression)


def reranker_of(ref: WorkspaceRef, variant: ModelVariant) -> Reranker:
    """What makes lists of a variant's scores: prepared once for its name and column, at once for every strength."""
    return BY_SCORE if variant.reranking.is_identity else prepared(ref, variant).at(variant.reranking)


def prepared(ref: WorkspaceRef, variant: ModelVariant) -> Prepared:
    """A variant's re-ranker before its strength; the first of a model and column takes seconds."""
    return _prepared(ref, replace(variant, reranking=replace(variant.reranking, strength=1.0)))


@lru_shared(16)
def _prepared(ref: WorkspaceRef, variant: ModelVariant) -> Prepared:
    from recsys_core.rerankers import prepare_reranker

    return prepare_reranker(variant.reranking, _served(ref, replace(variant, reranking=DENSE.reranking)))


@lru_shared(4)
def _served(ref: WorkspaceRef, variant: ModelVariant) -> Served:
    """What is re-ranked: its validation lists are worked out once for all re-rankers and columns."""
    from recsys_core.rerankers import Served

    return Served(workspace(ref).split_dataset, scorer(ref, variant))


@lru_shared(64)
def reranking_problem(ref: WorkspaceRef, reranking: Reranking) -> RecLensError | None:
    """Why a re-ranker has nothing to do on these data, whatever the model and its strength; None where it has."""
    from recsys_core.rerankers import check_reranker

    try:
        check_reranker(reranking, workspace(ref).split_dataset)
    except RecLensError as error:
        return error
    return None


def misfits(ref: WorkspaceRef, variant: ModelVariant) -> dict[str, RecLensError]:
    """Settings of a variant that its model or the data do not take, by name."""
    from recsys_core.compress.build import misfits as not_taken

    chosen, reranking = model(ref, variant.model), variant.reranking
    found: dict[str, RecLensError] = dict(not_taken(variant.compression, chosen.ranker, chosen.term))
    problem = reranking_problem(ref, replace(reranking, strength=1.0)) if reranking.name else None
    return found | ({"rerank": problem} if problem else {})


@lru_shared(8)
def term_share(ref: WorkspaceRef, model_id: str) -> float | None:
    """The item-item term's share of the score; None for a model without one."""
    from recsys_core.models.anatomy import term_share as share

    return share(model(ref, model_id))


@lru_shared(8)
def profile(ref: WorkspaceRef) -> Profile:
    """The dataset in figures."""
    return make_profile(dataset(ref))


@lru_shared(8)
def columns_read(ref: WorkspaceRef) -> tuple[ColumnUnderstood, ...]:
    """Every attribute as the importer understood it."""
    return columns_understood(dataset(ref))


@lru_shared(8)
def people(ref: WorkspaceRef, language: str) -> dict[str, str]:
    """What to call each user, by raw id, in matrix order."""
    from dashboard.presentation.labels import user_names

    return user_names(dataset(ref), language)


@lru_shared(8)
def item_names(ref: WorkspaceRef, language: str) -> dict[str, str]:
    """What to call each item, by raw id, in matrix order; equal titles are told apart by id."""
    from dashboard.presentation.labels import item_titles

    return item_titles(dataset(ref), language)


def short_name(ref: WorkspaceRef, user_index: int, language: str) -> str:
    """What to call a user inside a title: the name alone where there is one."""
    data = dataset(ref)
    column = data.schema.user_name
    name = str(data.users[column].iloc[user_index] or "").strip() if column in data.users.columns else ""
    return name or people(ref, language)[data.users["user_id"].iloc[user_index]]


@lru_shared(4)
def filter_cells(ref: WorkspaceRef) -> dict[str, Cells]:
    """Columns that users can be filtered by, in matrix order, with all cells: those with few enough values to list.

    The last one is how many items a user took before.
    """
    data, taken = dataset(ref), workspace(ref).split_dataset.sequences()
    *own, activity = condition_columns(data)
    found: dict[str, Cells] = {}
    for name in own[:MAX_FILTERS]:
        cells = condition_cells(data, name, taken)
        if isinstance(cells, np.ndarray) or 0 < len(values_of(cells)) <= MAX_VALUES:
            found[name] = cells
    return found | {activity: condition_cells(data, activity, taken)}


@lru_shared(8)
def models(ref: WorkspaceRef) -> tuple[ModelEntry, ...]:
    """Every model of the workspace with its name and figures, the current one first."""
    return tuple(workspace(ref).models.list())
