"""Jobs of the Fairness page about reasons and attributes: a gap's reasons, reasons by group, the adversarial audit."""

from __future__ import annotations

from dataclasses import replace

from dashboard.cached.fairness import evaluation, segments_among
from dashboard.cached.workspace import model, reranker_of, scorer, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment, with_segments
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.user_sample import STORED, UserLimit
from recsys_core.results.adversarial_audit import AdversarialAudit
from recsys_core.results.gap_reasons import GapReasons
from recsys_core.results.group_reasons import GroupReasons
from recsys_core.variant import ModelVariant

SEED = 0


def gap_reasons(
    ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], measure: str, limit: UserLimit = STORED
) -> Job:
    """Job of splitting the gap between the two extreme groups; after the evaluation. Its result is a ``GapReasons``."""
    segments = segments_among(ref, by)

    def work(progress) -> GapReasons:
        from recsys_core.gap_reasons import ReasonSettings
        from recsys_core.gap_reasons import gap_reasons as split_up

        return split_up(
            scorer(ref, variant),
            _grouped(ref, segments),
            evaluation(ref, variant, limit).outcome(),
            by=by,
            settings=ReasonSettings(measure, seed=SEED),
            reranker=reranker_of(ref, variant),
            progress=progress,
        )

    return shared_queue("answers").job(("gap_reasons", ref, variant, by, measure, limit, segments), work)


def group_reasons(ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], base: ModelVariant | None) -> Job:
    """Job of explaining users of all groups by a variant, and by the model before; its result is a ``GroupReasons``."""
    segments = segments_among(ref, by)

    def work(progress) -> GroupReasons:
        from recsys_core.compare.group_reasons import GroupReasonSettings
        from recsys_core.compare.group_reasons import group_reasons as compared

        return compared(
            scorer(ref, variant),
            _grouped(ref, segments),
            by=by,
            base=None if base is None else scorer(ref, base),
            settings=GroupReasonSettings(seed=SEED),
            reranker=reranker_of(ref, variant),
            progress=progress,
        )

    return shared_queue("answers").job(("group_reasons", ref, variant, by, base, segments), work)


def adversarial_audit(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    base: ModelVariant | None,
    limit: UserLimit = STORED,
) -> Job:
    """Job of the three questions, also of the model before; its result is an ``AdversarialAudit``."""
    segments = segments_among(ref, by)
    both = [(v, evaluation(ref, v, limit)) for v in (variant, base) if v is not None]  # queued first

    def work(progress) -> AdversarialAudit:
        from recsys_core.adversarial_audit import AuditedModel
        from recsys_core.adversarial_audit import adversarial_audit as audited

        models = [AuditedModel(scorer(ref, v), job.outcome(), reranker_of(ref, v)) for v, job in both]
        before = models[1] if len(models) > 1 else None
        return audited(models[0], _grouped(ref, segments), by=by, before=before, seed=SEED, progress=progress)

    return shared_queue("answers").job(("adversarial_audit", ref, variant, by, base, limit, segments), work)


def _grouped(ref: WorkspaceRef, segments: tuple[Segment, ...]) -> SplitDataset:
    split_dataset = workspace(ref).split_dataset
    if not segments:
        return split_dataset
    return replace(split_dataset, dataset=with_segments(split_dataset.dataset, segments, split_dataset))


def base_of(ref: WorkspaceRef, variant: ModelVariant, chosen: str = "") -> ModelVariant | None:
    """What a variant is set beside: a chosen model, its own model as it is, or the one that was mended; else None."""
    if chosen:
        return ModelVariant(chosen)
    if not variant.is_dense:
        return variant.dense
    mended_from = model(ref, variant.model).config.get("mended_from")
    return ModelVariant(str(mended_from)) if mended_from else None
