"""The evaluation of the test users, and audits of groups: the scan of all columns, one column or two crossed.

``limit`` says on how many of the test users; the same for a variant and the full model beside it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.cached import segments as cached_segments
from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import dataset, model, reranker_of, scorer, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment, with_segments
from recsys_core.fairness import AuditSettings, ScanResult
from recsys_core.fairness.columns import SEGMENT
from recsys_core.models.user_sample import QUICK, STORED, UserLimit, evaluate_users
from recsys_core.results import Evaluation, FairnessReport, GapChange, Group, GroupChange, OneVsRestGap
from recsys_core.results.segments import SegmentChange
from recsys_core.variant import ModelVariant


def user_limit(ref: WorkspaceRef, variant: ModelVariant, text: str = "") -> UserLimit:
    """On how many test users a variant is looked at: what the address says, all of a full model's stored lists."""
    said, opened = UserLimit.from_text(text), model(ref, variant.model)
    if variant.is_dense and said == QUICK:
        return STORED
    found = said.resolved(opened)
    return STORED if found == STORED.resolved(opened) else found


def evaluation(ref: WorkspaceRef, variant: ModelVariant, limit: UserLimit = STORED) -> Job:
    """Job of ranking the whole catalogue for the test users; its result is an ``Evaluation``."""

    def work(progress) -> Evaluation:
        reranker, opened = reranker_of(ref, variant), model(ref, variant.model)
        return evaluate_users(opened, scorer(ref, variant), limit=limit, reranker=reranker, progress=progress)

    return shared_queue("answers").job(("evaluation", ref, variant, limit), work)


@lru_shared(16)
def cases(ref: WorkspaceRef, variant: ModelVariant, story: str, limit: UserLimit = STORED) -> list:
    """Users or pairs worth looking at: ``served`` worst, or ``wrong`` most; after the evaluation."""
    from recsys_core.compare.cases import most_wrong, worst_served

    return {"served": worst_served, "wrong": most_wrong}[story](evaluation(ref, variant, limit).outcome())


@lru_shared(8)
def group_columns(ref: WorkspaceRef, side: str) -> tuple[str, ...]:
    """Columns of users or items that can form groups, sensitive ones first: ``user.gender``, ``training.activity``."""
    from recsys_core.fairness import groupable_columns

    return groupable_columns(dataset(ref), side)


def fairness_scan(ref: WorkspaceRef, variant: ModelVariant, limit: UserLimit = STORED) -> Job:
    """Job of auditing every column of users, after the evaluation; its result is a ``ScanResult``."""
    ranked = evaluation(ref, variant, limit)  # queued first, so it is done when the scan's turn comes

    def work(progress) -> ScanResult:
        from recsys_core.fairness import dense_scan, scan

        if variant.is_dense and limit == STORED:
            return dense_scan(model(ref, variant.model), progress=progress)
        how = {"train": workspace(ref).split_dataset.sequences(), "variant": variant, "progress": progress}
        return scan(dataset(ref), ranked.outcome(), **how)

    return shared_queue("answers").job(("scan", ref, variant, limit), work)


@lru_shared(64)
def groups(ref: WorkspaceRef, by: str) -> dict[str, Group]:
    """Every group of one column by its label."""
    from recsys_core.fairness import make_grouping

    found = make_grouping(dataset(ref), (by,), train=workspace(ref).split_dataset.sequences())
    return {group.label: group for group in found.groups}


def segment_columns(ref: WorkspaceRef) -> tuple[str, ...]:
    """The segments as columns to group users by, ``segment:NAME``; those whose users cannot be told are left out."""
    return tuple(f"{SEGMENT}{segment.name}" for segment in cached_segments.usable(ref))


def segments_among(ref: WorkspaceRef, by: tuple[str, ...]) -> tuple[Segment, ...]:
    """The segments among columns to group by: part of what a result is kept under, as one of the name may change."""
    return tuple(cached_segments.named(ref, c.removeprefix(SEGMENT)) for c in by if c.startswith(SEGMENT))


def grouped(ref: WorkspaceRef, segments: tuple[Segment, ...]) -> Dataset:
    return with_segments(dataset(ref), segments, workspace(ref).split_dataset) if segments else dataset(ref)


def fairness_audit(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit = STORED,
    *,
    least: int | None = None,
) -> Job:
    """Job of auditing one column, or several crossed, with every measure; after the scan.

    Its result is the scan beside it and its ``FairnessReport``, verdicts of both corrected for all that either tested.
    """
    scanned, segments = fairness_scan(ref, variant, limit), segments_among(ref, by)
    size = least or least_size()

    def work(_progress) -> tuple[ScanResult, FairnessReport]:
        from recsys_core.fairness import audit, with_report

        train = workspace(ref).split_dataset.sequences()
        ranked, how = evaluation(ref, variant, limit).outcome(), {"train": train, "settings": settings(size)}
        report = audit(grouped(ref, segments), ranked, by=by, variant=variant, **how)
        return with_report(scanned.outcome(), report)

    return shared_queue("answers").job(("audit", ref, variant, by, limit, segments, size), work)


def fairness_report(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit = STORED,
    *,
    least: int | None = None,
) -> FairnessReport:
    """Figures of every group of user columns; verdicts corrected for the whole scan as well.

    ``least``: of how many users a group must be to have figures; None as usual.
    """
    return fairness_audit(ref, variant, by, limit, least=least).outcome()[1]


@lru_shared(16)
def segment_report(ref: WorkspaceRef, variant: ModelVariant, segment: Segment) -> FairnessReport:
    """Figures of a segment's users, of all others and of everyone, by themselves; after the evaluation."""
    from recsys_core.fairness import audit

    how = {"variant": variant, "train": workspace(ref).split_dataset.sequences()}
    return audit(grouped(ref, (segment,)), evaluation(ref, variant).outcome(), by=(f"{SEGMENT}{segment.name}",), **how)


@lru_shared(16)
def segment_change(
    ref: WorkspaceRef, variant: ModelVariant, segment: Segment, limit: UserLimit
) -> SegmentChange | None:
    """What a variant keeps of a segment's lists, quality and reasons; after both evaluations."""
    from recsys_core.compare.segment_change import segment_change as changed

    models = (variant.dense, variant)
    ranked = tuple(evaluation(ref, v, limit).outcome() for v in models)
    scorers = tuple(scorer(ref, v) for v in models)
    return changed(ranked, scorers, workspace(ref).split_dataset, cached_segments.users(ref, segment))


def least_size() -> int:
    """Of how many users a group must be to be shown with figures."""
    from recsys_core.fairness import DEFAULT_SETTINGS

    return DEFAULT_SETTINGS.least_size


def settings(least: int) -> AuditSettings:
    """How audits are done, with figures for groups of so many users or more."""
    from dataclasses import replace

    from recsys_core.fairness import DEFAULT_SETTINGS

    return replace(DEFAULT_SETTINGS, least_size=least)


@lru_shared(16)
def largest_gaps(
    ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], language: str, limit: UserLimit, least: int
) -> tuple[pd.DataFrame, list[str]]:
    """The gaps of all columns as a table in the session's language, and what each row's measure means.

    ``by`` is the column that is looked at, whose other measures the verdicts are corrected for, too.
    """
    from dashboard.presentation.sentences.fairness import meaning
    from dashboard.presentation.tables import groups as group_tables

    found, _ = fairness_audit(ref, variant, by, limit, least=least).outcome()
    return group_tables.largest(found), [meaning(gap.metric) for _, gap in found.gaps]


def one_vs_rest(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit = STORED,
    *,
    least: int | None = None,
) -> tuple[OneVsRestGap, ...]:
    """Every group of users against all others."""
    return _one_vs_rest(ref, variant, by, limit, segments_among(ref, by), least or least_size())


@lru_shared(64)
def _one_vs_rest(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit,
    segments: tuple[Segment, ...],
    least: int,
) -> tuple[OneVsRestGap, ...]:
    from recsys_core.fairness import one_vs_rest as against_all_others

    train = workspace(ref).split_dataset.sequences()
    ranked, how = evaluation(ref, variant, limit).outcome(), {"train": train, "settings": settings(least)}
    return against_all_others(grouped(ref, segments), ranked, by=by, **how)


def gap_changes(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit = STORED,
    *,
    least: int | None = None,
) -> tuple[GapChange, ...]:
    """What a variant does to the full model's gaps."""
    return _gap_changes(ref, variant, by, limit, segments_among(ref, by), least or least_size())


@lru_shared(64)
def _gap_changes(
    ref: WorkspaceRef,
    variant: ModelVariant,
    by: tuple[str, ...],
    limit: UserLimit,
    segments: tuple[Segment, ...],
    least: int,
) -> tuple[GapChange, ...]:
    from recsys_core.fairness import gap_changes as changes

    train = workspace(ref).split_dataset.sequences()
    both = (evaluation(ref, v, limit).outcome() for v in (variant.dense, variant))
    return changes(grouped(ref, segments), *both, by=by, train=train, settings=settings(least))


@lru_shared(64)
def item_report(
    ref: WorkspaceRef, variant: ModelVariant, by: str, limit: UserLimit = STORED, *, least: int | None = None
) -> FairnessReport:
    """Exposure of every group of items."""
    from recsys_core.fairness import audit

    how = {"train": workspace(ref).split_dataset.sequences(), "settings": settings(least or least_size())}
    return audit(dataset(ref), evaluation(ref, variant, limit).outcome(), by=(by,), variant=variant, **how)


@lru_shared(64)
def exposure_changes(
    ref: WorkspaceRef, variant: ModelVariant, by: str, limit: UserLimit = STORED
) -> tuple[GroupChange, ...]:
    """What a variant does to the exposure of every group of items."""
    from recsys_core.fairness import exposure_changes as changes

    train = workspace(ref).split_dataset.sequences()
    both = (evaluation(ref, v, limit).outcome() for v in (variant.dense, variant))
    return changes(dataset(ref), *both, by=(by,), train=train)


def worst_served(
    ref: WorkspaceRef, variant: ModelVariant, by: tuple[str, ...], group: Group, limit: UserLimit = STORED
) -> str | None:
    """The raw id of the user of a group with the lowest NDCG (the first of equals); None where nobody is ranked."""
    return _worst_served(ref, variant, group, limit, (by, segments_among(ref, by)))


@lru_shared(64)
def _worst_served(
    ref: WorkspaceRef,
    variant: ModelVariant,
    group: Group,
    limit: UserLimit,
    columns: tuple[tuple[str, ...], tuple[Segment, ...]],
) -> str | None:
    from recsys_core.fairness import make_grouping

    by, segments = columns

    opened = workspace(ref)
    grouping = make_grouping(grouped(ref, segments), by, train=opened.split_dataset.sequences())
    ranking = evaluation(ref, variant, limit).outcome().ranking
    inside = np.flatnonzero(grouping.code[ranking.user_index] == grouping.groups.index(group))
    if not len(inside):
        return None
    return opened.dataset.users["user_id"].iloc[ranking.user_index[inside[ranking.ndcg[inside].argmin()]]]


@lru_shared(8)
def largest_rest_gap(ref: WorkspaceRef, variant: ModelVariant) -> OneVsRestGap | None:
    """The worst group of the scan's largest real gap against everyone else; None where no gap is real."""
    found = fairness_scan(ref, variant).outcome().largest_real
    if found is None:
        return None
    column, gap = found
    of_column = one_vs_rest(ref, variant, (column,))
    return next((r for r in of_column if (r.metric, r.group) == (gap.metric, gap.worst_group)), None)


@lru_shared(16)
def group_sizes(ref: WorkspaceRef, column: str) -> pd.DataFrame:
    """``group`` and ``n`` of all users: numbers in the ranges that the Fairness page compares, others by value."""
    from recsys_core.data.profile import group_sizes as by_value
    from recsys_core.fairness import make_grouping

    data = dataset(ref)
    known = data.schema.user_column(column)
    if known is None or known.kind != "number":
        return by_value(data, column)
    found = make_grouping(data, (f"user.{column}",), train=workspace(ref).split_dataset.sequences())
    sizes = np.bincount(found.code[found.code >= 0], minlength=len(found.groups))
    rows = [(g.value, int(n)) for g, n in zip(found.groups, sizes, strict=True) if g.kind == "range"]
    return pd.DataFrame(rows, columns=["group", "n"])
