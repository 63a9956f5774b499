"""Groups as somebody asks for them, the worst-served subgroups, and gaps within strata."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.cached import fairness as cached
from dashboard.cached.cache import known, lru_shared
from dashboard.cached.workspace import dataset, workspace
from dashboard.jobs import Job, shared_queue
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import Segment
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness.columns import PARTS, SEGMENT, find_column
from recsys_core.models.user_sample import UserLimit
from recsys_core.results import FairnessReport
from recsys_core.results.strata import StratifiedGap
from recsys_core.results.subgroups import SubgroupCondition, SubgroupSearch
from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True)
class AskedColumn:
    """What a text of the address asks for: the column's full name with and without its edges or values.

    Both are empty where there is no such column; ``problem`` says what is wrong with the edges or values.
    """

    key: str = ""
    base: str = ""
    problem: SettingError | None = None


@lru_shared(64)
def asked_column(ref: WorkspaceRef, raw: str) -> AskedColumn:
    """The column that a text means; a segment is its own name."""
    if raw.startswith(SEGMENT):
        return AskedColumn(raw, raw)
    try:
        found = find_column(dataset(ref), raw)
    except SettingError as problem:
        base = find_column(dataset(ref), raw.rpartition(PARTS)[0]).key
        return AskedColumn(base, base, problem)
    except RecLensError:
        return AskedColumn()
    return AskedColumn(found.key, found.whole)


@lru_shared(64)
def settable(ref: WorkspaceRef, column: str) -> str:
    """What can be said of a column's groups: ``edges`` of a number, ``values`` where there are many; else nothing."""
    from recsys_core.fairness.groups import MOST_GROUPS

    if column.startswith(SEGMENT):
        return ""
    found, data = find_column(dataset(ref), column), dataset(ref)
    if found.column.kind == "number":
        return "edges"
    cells = (data.users if found.side == "user" else data.items)[found.column.stored]
    return "values" if cells.nunique() > MOST_GROUPS else ""


def subgroups(ref: WorkspaceRef, variant: ModelVariant, limit: UserLimit, metric: str, least: int) -> Job:
    """Job of searching the worst-served subgroups, after the evaluation; its result is a ``SubgroupSearch``."""
    ranked = cached.evaluation(ref, variant, limit)

    def work(progress) -> SubgroupSearch:
        from recsys_core.fairness.subgroups import find_subgroups

        settings, train = cached.settings(least), workspace(ref).split_dataset.sequences()
        how = {"train": train, "metric": metric, "settings": settings, "variant": variant, "progress": progress}
        return find_subgroups(dataset(ref), ranked.outcome(), **how)

    return shared_queue("answers").job(("subgroups", ref, variant, limit, metric, least), work)


def searched_metric(metric: str) -> str:
    """The measure that subgroups are searched by where the page shows this one: itself, else NDCG."""
    from recsys_core.fairness.subgroups import searchable_metrics

    name = metric.split("@")[0]
    return name if name in searchable_metrics() else "ndcg"


def subgroup_segment(ref: WorkspaceRef, name: str, conditions: tuple[SubgroupCondition, ...]) -> Segment:
    """A subgroup as a segment under a name. Raises ``SettingError``."""
    from recsys_core.fairness.subgroup_conditions import subgroup_segment as made

    return made(name, conditions, dataset(ref), workspace(ref).split_dataset)


def strata(ref: WorkspaceRef, report: FairnessReport, limit: UserLimit, metric: str, within: str) -> StratifiedGap:
    """The gap of a report of the page within strata. Raises ``SettingError`` where there is none."""
    return _strata(ref, report, limit, metric, (within, cached.segments_among(ref, (*report.by, within))))


def known_strata(
    ref: WorkspaceRef, report: FairnessReport, limit: UserLimit, metric: str, within: str
) -> StratifiedGap | None:
    """`strata` where it was worked out already."""
    return known(_strata, ref, report, limit, metric, (within, cached.segments_among(ref, (*report.by, within))))


@lru_shared(64)
def _strata(
    ref: WorkspaceRef, report: FairnessReport, limit: UserLimit, metric: str, within: tuple[str, tuple[Segment, ...]]
) -> StratifiedGap:
    from recsys_core.fairness.strata import stratified_gap

    column, segments = within
    train, data = workspace(ref).split_dataset.sequences(), cached.grouped(ref, segments)
    ranked = cached.evaluation(ref, report.variant, limit).outcome()
    return stratified_gap(data, ranked, report, metric=metric, within=column, train=train)
