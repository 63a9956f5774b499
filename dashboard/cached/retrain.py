"""Another model of the workspace: what may be changed before training again, and two models side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import dataset, model, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.schema import Column
from recsys_core.models.feature_changes import FeatureChanges, read_changes
from recsys_core.results import ModelComparison
from recsys_core.results.edits import cell_text


@lru_shared(8)
def readable_columns(ref: WorkspaceRef) -> dict[str, Column]:
    """Columns that a model may read, by their players' keys."""
    schema = dataset(ref).schema
    sides = (("user", schema.users), ("item", schema.items))
    return {f"{side}.{c.name}": c for side, columns in sides for c in columns if c.is_feature}


@lru_shared(64)
def proposed_edges(ref: WorkspaceRef, key: str) -> str:
    """Edges that part a number's rows in three of about equal size, as a person would type them."""
    column, data = readable_columns(ref)[key], dataset(ref)
    cells = (data.users if key.startswith("user.") else data.items)[column.stored]
    numbers = pd.to_numeric(cells, errors="coerce").dropna().to_numpy(float)
    if not len(numbers):
        return ""
    edges = dict.fromkeys(float(f"{edge:.3g}") for edge in np.quantile(numbers, [1 / 3, 2 / 3]))
    return ",".join(map(cell_text, edges))


def changes(
    ref: WorkspaceRef, without: tuple[str, ...], audit_only: tuple[str, ...], buckets: tuple[str, ...]
) -> FeatureChanges:
    """The changes that were picked. Raises ``SettingError``."""
    return read_changes(dataset(ref), without=without, audit_only=audit_only, buckets=buckets)


def comparison(ref: WorkspaceRef, first: str, second: str) -> Job:
    """Job of comparing two models; its result is a ``ModelComparison``."""

    def work(progress) -> ModelComparison:
        from recsys_core.compare import compare_models

        return compare_models(model(ref, first), model(ref, second), progress=progress)

    return shared_queue("answers").job(("models", ref, first, second), work)


def make_current(ref: WorkspaceRef, model_id: str) -> None:
    """Name another model of the workspace the current one."""
    workspace(ref).models.make_current(model_id)
