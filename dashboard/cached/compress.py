"""Measured levels of compression, and the job that measures one more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import model, variants
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.models.user_sample import QUICK, UserLimit
from recsys_core.results import CompressionReport
from recsys_core.variant import ModelVariant

if TYPE_CHECKING:
    from recsys_core.compare import DenseReference, MeasuredVariant
    from recsys_core.compress.stored_parts import StoredPart


def _stamp(ref: WorkspaceRef, model_id: str) -> int:
    """When a report of a model was last written or removed."""
    folder = model(ref, model_id).path / "measurements"
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


@lru_shared(4)
def _reports(ref: WorkspaceRef, model_id: str, stamp: int) -> dict[ModelVariant, CompressionReport]:
    from recsys_core.compare import stored_reports

    return {report.variant: report for report in stored_reports(model(ref, model_id))}


@lru_shared(4)
def _presets(ref: WorkspaceRef, model_id: str, stamp: int) -> dict[str, ModelVariant | None]:
    from recsys_core.compare import choose_presets

    return choose_presets(_reports(ref, model_id, stamp).values())


@lru_shared(4)
def _measured_variants(ref: WorkspaceRef, model_id: str, stamp: int) -> list[MeasuredVariant]:
    from recsys_core.compare import measured_variants

    return measured_variants(_reports(ref, model_id, stamp).values())


@lru_shared(8)
def _variant_table(ref: WorkspaceRef, model_id: str, stamp: int, language: str) -> pd.DataFrame:
    from dashboard.presentation.tables.variants import measured_variants

    return measured_variants(_reports(ref, model_id, stamp).values())


@lru_shared(4)
def _unmeasured(ref: WorkspaceRef, model_id: str, stamp: int) -> tuple[ModelVariant, ...]:
    from recsys_core.compare import default_grid

    known = {variant.settings_key for variant in _reports(ref, model_id, stamp)}
    levels = default_grid(model(ref, model_id).term)
    return tuple(variant for variant in levels if variant.settings_key not in known)


def reports(ref: WorkspaceRef, model_id: str) -> dict[ModelVariant, CompressionReport]:
    """Every report in the model's folder, by variant."""
    return _reports(ref, model_id, _stamp(ref, model_id))


def measured_variants(ref: WorkspaceRef, model_id: str) -> list[MeasuredVariant]:
    """Every measured variant of a model as a point, in order of size."""
    return _measured_variants(ref, model_id, _stamp(ref, model_id))


def variant_table(ref: WorkspaceRef, model_id: str, language: str) -> pd.DataFrame:
    """Every measured variant with its name and main figures, in the order of `measured_variants`."""
    return _variant_table(ref, model_id, _stamp(ref, model_id), language)


def presets(ref: WorkspaceRef, model_id: str) -> dict[str, ModelVariant | None]:
    """What the presets stand for, chosen from the measured levels."""
    return _presets(ref, model_id, _stamp(ref, model_id))


@lru_shared(2)
def _reference(ref: WorkspaceRef, model_id: str, limit: UserLimit) -> DenseReference:
    """What every variant of a model is measured against."""
    from recsys_core.compare import DenseReference

    return DenseReference(model(ref, model_id), variants(ref, model_id), limit=limit)


def unmeasured(ref: WorkspaceRef, model_id: str) -> tuple[ModelVariant, ...]:
    """Default levels of the sliders that nobody has measured yet."""
    return _unmeasured(ref, model_id, _stamp(ref, model_id))


def measurement(ref: WorkspaceRef, variant: ModelVariant, limit: UserLimit = QUICK) -> Job:
    """Job of measuring a level on some test users: ``partial`` fills stage by stage, the result is the report.

    The queue forgets levels that nobody looks at any more when their turn comes.
    """
    limit = limit.resolved(model(ref, variant.model))

    def work(job: Job) -> CompressionReport:
        from recsys_core.compare import measure_variant

        return measure_variant(
            model(ref, variant.model),
            variant,
            reference=_reference(ref, variant.model, limit),
            progress=job.report,
            on_stage=lambda stage, report: job.publish_partial(report),
        )

    return shared_queue("levels").cancellable(("measurement", ref, variant, limit), work)


@lru_shared(16)
def stored_parts(ref: WorkspaceRef, variant: ModelVariant) -> tuple[StoredPart, ...]:
    """Where the bytes of a variant are: nothing is trained for it."""
    from recsys_core.compress import stored_parts as parts
    from recsys_core.compress.build import shape_only

    return parts.stored_parts(shape_only(model(ref, variant.model).dense, variant.compression))
