"""What being explainable costs, as it was found last for a model."""

from __future__ import annotations

from dashboard.cached import workspace as cached_workspace
from dashboard.cached.cache import lru_shared
from dashboard.workspaces import WorkspaceRef
from recsys_core.results.self_explaining import CostOfExplaining


def cost(ref: WorkspaceRef, model_id: str) -> CostOfExplaining | None:
    """What is stored beside the model now; None where nothing is."""
    from recsys_core.self_explaining.stored_cost import FILE

    file = cached_workspace.model(ref, model_id).path / FILE
    return _read(ref, model_id, file.stat().st_mtime_ns) if file.is_file() else None


@lru_shared(8)
def _read(ref: WorkspaceRef, model_id: str, written_at: int) -> CostOfExplaining | None:
    from recsys_core.self_explaining.stored_cost import load_cost

    return load_cost(cached_workspace.model(ref, model_id))
