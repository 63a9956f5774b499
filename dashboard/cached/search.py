"""The search that is kept of a workspace's current model, and everything tried on its models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashboard.cached import compress as cached_compress
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.cache import lru_shared
from dashboard.workspaces import WorkspaceRef
from recsys_core.errors import RecLensError
from recsys_core.results.search import SearchResult

if TYPE_CHECKING:
    from recsys_core.search import TriedPoint

BASE = ""  # searches are of the current model, whatever is looked at: the others may stand in its place


def found(ref: WorkspaceRef, by: str) -> SearchResult | None:
    """What a search by a column has found so far; None where there is none."""
    return _found(ref, by, _stamp(ref, by))


def _stamp(ref: WorkspaceRef, by: str) -> int:
    from recsys_core.search.stored import search_file

    file = search_file(cached_workspace.model(ref, BASE), by)
    return file.stat().st_mtime_ns if file.is_file() else 0


@lru_shared(8)
def _found(ref: WorkspaceRef, by: str, stamp: int) -> SearchResult | None:
    from recsys_core.search import load_search

    return load_search(cached_workspace.model(ref, BASE), by)


def tried(ref: WorkspaceRef, by: str) -> list[TriedPoint]:
    """Every measured variant of the workspace's models with a gap by this column, in order of quality."""
    models = _models(ref)
    stamps = tuple(_reports_stamp(ref, model_id) for model_id in models)
    return _tried(ref, by, models, (_stamp(ref, by), _mendings_stamp(ref), *stamps))


def _models(ref: WorkspaceRef) -> tuple[str, ...]:
    """The models of which something is measured, as variants name them."""
    entries = cached_workspace.models(ref)
    measured = (e for e in entries if _reports_stamp(ref, e.id))  # no other model is opened for it
    return tuple("" if entry.current else entry.id for entry in measured)


def _reports_stamp(ref: WorkspaceRef, model_id: str) -> int:
    folder = cached_workspace.workspace(ref).models.folder(model_id) / "measurements"
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


def _mendings_stamp(ref: WorkspaceRef) -> int:
    from recsys_core.mend.tried import FILE

    file = cached_workspace.workspace(ref).path / FILE
    return file.stat().st_mtime_ns if file.is_file() else 0


@lru_shared(8)
def _tried(ref: WorkspaceRef, by: str, models: tuple[str, ...], stamps: tuple[int, ...]) -> list[TriedPoint]:
    from recsys_core.mend import TriedStore
    from recsys_core.search import everything_tried

    reports = []
    for model_id in models:
        try:
            reports += cached_compress.reports(ref, model_id).values()
        except RecLensError:  # a damaged model has no points
            continue
    base = cached_workspace.model(ref, BASE)
    mended = (  # the reasons kept are of the model that was mended
        tried if tried.base == base.id else replace(tried, reasons_kept=None)
        for tried in TriedStore(cached_workspace.workspace(ref).path).all()
    )
    return everything_tried(reports, by, base=base.variant, searched=found(ref, by), mended=mended)


def seconds(ref: WorkspaceRef, by: str, evaluations: int) -> float:
    """About how long so many evaluations take."""
    from recsys_core.search import measure_seconds

    known = found(ref, by)
    return measure_seconds(cached_workspace.model(ref, BASE), evaluations, known.tried if known else ())
