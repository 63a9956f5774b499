"""The audit: who is served worse, by how much, and whether the difference is more than noise."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import Phrase, RecLensError, phrase, values_to_json
from recsys_core.fairness.bootstrap import Bootstrap, bootstrap, moved_to
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, user_cohort
from recsys_core.fairness.exposure import (
    bootstrap_items,
    item_permutation_p,
    item_statistics,
    item_values_of_everyone,
)
from recsys_core.fairness.gaps import figures, group_row, holm, make_gap
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.fairness.metrics import ITEM_METRICS, direction, find_metric
from recsys_core.fairness.permutation import most_shuffles, permutation_p
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import UserStatistics, metric_values, user_statistics
from recsys_core.results import (
    EVERYONE,
    Evaluation,
    FairnessReport,
    Gap,
    Group,
    GroupRow,
    LeftOut,
    TogetherFigure,
    UserSample,
)
from recsys_core.variant import DENSE, ModelVariant


def audit(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    train: csr_array,
    variant: ModelVariant = DENSE,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> FairnessReport:
    """Quality and exposure of every group of users (or of items), with intervals and gaps.

    Parameters
    ----------
    dataset, evaluation
        The tables, and one model's held-out rankings and scored pairs.
    by
        One column, or several of one side to be crossed; see
        `recsys_core.fairness.groups.make_grouping`.
    train
        Items taken in training by every user, ``(n_users, n_items)``: `SplitDataset.sequences`.
    variant
        Which model ``evaluation`` is of; only copied into the report.

    Returns
    -------
    FairnessReport
        Metrics as registered in `recsys_core.fairness.metrics`, those of items for item columns; ``n``
        counts the users with held-out items (the items with the value). Gaps only where two groups or
        more have a figure, their ``p_corrected`` for all of them (Holm). What cannot be said is in
        ``left_out`` and ``notes``.

    Raises
    ------
    RecLensError
        ``column.unknown``; ``fairness.nobody`` where the test part holds no user,
        ``fairness.reason.nobody_ranked`` where an item column is asked for and nobody is ranked.
    SettingError
        ``fairness.mixed_sides``; as `recsys_core.fairness.columns.find_column` for parts of a column.

    Notes
    -----
    Figures are those of Fairlearn's ``MetricFrame``. One suppressed group alone can be worked out
    from the others and the overall row: suppression keeps a figure from being read, no more.
    """
    grouping = make_grouping(dataset, by, train=train)
    statistics = user_statistics(dataset, evaluation, train)
    n = len(statistics.user_index) if grouping.side == "user" else dataset.n_items
    settings = replace(settings, most_shuffles=most_shuffles(n, len(statistics.metrics), settings.most_shuffles))
    return audit_grouping(evaluation, statistics, grouping, variant, settings)


def audit_grouping(
    evaluation: Evaluation,
    statistics: UserStatistics,
    grouping: Grouping,
    variant: ModelVariant,
    settings: AuditSettings,
    *,
    resamples: Resamples | None = None,
) -> FairnessReport:
    """`audit` of groups that are made already, from sums over users and draws that several columns share."""
    start = time.perf_counter()
    if grouping.side == "item":
        parts = _item_parts(evaluation, statistics, grouping, settings)
    else:
        shared = resamples or Resamples(statistics.n_users, settings.n_bootstrap, settings.seed)
        parts = _user_parts(statistics, grouping, settings, shared)
    found = _report(grouping, parts, variant, settings, start=start)
    n_users = len(evaluation.ranking.user_index)
    return replace(found, sample=evaluation.sample or UserSample(n_users, n_users))


def report_json(report: FairnessReport) -> dict:
    """The report as plain JSON: ``overall``, ``groups`` (figures with ``_low`` and ``_high``), ``gaps``, ``together``.

    ``together`` are the figures of all groups at once, which stand with ``overall`` as well: no group has one.

    ``group`` is the label of the command line, distinct for every group; ``kind`` says what it is and
    ``missing`` whether it holds the empty cells. ``good`` is the good end of each measure. ``n_users`` of
    ``n_all_users`` were ranked, drawn by ``users_seed`` (null where it is all of them).
    """
    return {
        "by": list(report.by),
        "side": report.side,
        "overall": _row_json(report.overall),
        "groups": [_row_json(row) for row in report.groups],
        "gaps": [gap_json(gap) for gap in report.gaps],
        "together": [together_json(figure) for figure in report.together],
        "n_tested": report.n_tested,
        "left_out": [reason_json(out.reason) | {"metric": out.metric} for out in report.left_out],
        "notes": [reason_json(note) for note in report.notes],
        "n_bootstrap": report.n_bootstrap,
        "most_shuffles": report.most_shuffles,
        "least_size": report.least_size,
        "seed": report.seed,
        **_sample_json(report.sample),
        "seconds": report.seconds,
    }


def _sample_json(sample: UserSample | None) -> dict:
    if sample is None:
        return {}
    return {"n_users": sample.n_users, "n_all_users": sample.n_all_users, "users_seed": sample.seed}


def gap_json(gap: Gap) -> dict:
    """A gap as plain JSON, its groups by label."""
    names = ("metric", "difference", "ratio", "low", "high", "p_value", "p_corrected", "within_noise")
    groups = {"worst_group": gap.worst_group.label, "best_group": gap.best_group.label}
    found = {name: getattr(gap, name) for name in names} | {"worst": gap.worst, "best": gap.best}
    return {**groups, **found, "good": direction(gap.metric)}


def together_json(figure: TogetherFigure) -> dict:
    """A figure of all groups together as plain JSON."""
    names = ("metric", "value", "low", "high", "p_value", "p_corrected", "within_noise")
    return {name: getattr(figure, name) for name in names} | {"good": direction(figure.metric)}


def reason_json(reason: Phrase) -> dict:
    """A reason in English, and its key and values for other languages."""
    return {"text": str(reason), "key": reason.key, "values": values_to_json(dict(reason.values))}


Parts = tuple[GroupRow, tuple[GroupRow, ...], tuple[Gap, ...], tuple[TogetherFigure, ...], tuple[LeftOut, ...]]


def _report(
    grouping: Grouping, parts: Parts, variant: ModelVariant, settings: AuditSettings, *, start: float
) -> FairnessReport:
    overall, groups, gaps, together, left_out = parts
    notes = grouping.notes
    if all(row.suppressed for row in groups):
        key = "fairness.no_groups" if grouping.side == "user" else "fairness.no_item_groups"
        notes += (phrase(key, column=" × ".join(grouping.by), least=settings.least_size),)
    return FairnessReport(
        by=grouping.by,
        side=grouping.side,
        overall=overall,
        groups=groups,
        gaps=gaps,
        together=together,
        n_tested=sum(not np.isnan(found.p_value) for found in (*gaps, *together)),
        n_bootstrap=settings.n_bootstrap,
        most_shuffles=max(settings.most_shuffles, settings.n_bootstrap),
        least_size=settings.least_size,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
        left_out=left_out,
        notes=notes,
        variant=variant,
    )


def _user_parts(statistics: UserStatistics, grouping: Grouping, settings: AuditSettings, resamples: Resamples) -> Parts:
    cohort = user_cohort(statistics, grouping, settings)
    code, n_groups = cohort.code, len(cohort.reportable)
    value = metric_values(statistics, code, cohort.group_sets)
    found = bootstrap(statistics, code, cohort.group_sets, value=value, resamples=resamples)
    p_values = permutation_p(statistics, code, n_groups, resamples=resamples, most=settings.most_shuffles)
    table = figures(statistics.metrics, found)
    has_value = ~np.isnan(value[-1])  # what nobody has is no figure
    kept = np.flatnonzero(has_value)
    metrics = tuple(statistics.metrics[m] for m in kept)
    gaps, together = _verdicts(metrics, cohort.reportable_groups, found.only(slice(None), kept), p_values[kept])
    return (
        group_row(EVERYONE, cohort.n_counted, metrics, table[:, -1, kept]),
        _rows(cohort.groups, cohort.size, cohort.reportable, metrics, table[..., kept]),
        gaps,
        together,
        (*statistics.left_out, *_nobody_has(statistics, np.flatnonzero(~has_value), n_groups)),
    )


def _nobody_has(statistics: UserStatistics, metrics: np.ndarray, n_groups: int) -> Iterator[LeftOut]:
    """Why some metrics have no figure; those of all groups together need two of them."""
    is_together = statistics.shuffled.is_together
    for m in metrics:
        alone = is_together[m] and n_groups < 2
        why = phrase("fairness.reason.one_group") if alone else statistics.if_undefined[m]
        yield LeftOut(statistics.metrics[m], why)


def _item_parts(evaluation: Evaluation, of_users: UserStatistics, grouping: Grouping, settings: AuditSettings) -> Parts:
    if not len(evaluation.ranking.user_index):
        raise RecLensError("fairness.reason.nobody_ranked")
    statistics = item_statistics(evaluation, grouping.membership, train=of_users.train, least_size=settings.least_size)
    metrics = statistics.metrics
    size = np.count_nonzero(grouping.membership, axis=0)
    reportable = np.flatnonzero(size >= settings.least_size)
    resamples = Resamples(len(statistics.exposure), settings.n_bootstrap, settings.seed)
    kept = [*reportable, len(size)]
    value = item_values_of_everyone(statistics)[kept]
    draws = moved_to(value, bootstrap_items(statistics, resamples)[:, kept])
    nothing = np.full(value.shape, np.nan)
    n_users = np.full(len(kept), len(statistics.exposure))
    found = Bootstrap(value, draws, nothing, np.broadcast_to(nothing, draws.shape), n_users)
    how = {"n_draws": settings.n_bootstrap, "most": settings.most_shuffles, "seed": settings.seed}
    p_values = item_permutation_p(statistics, grouping.membership, reportable, **how)
    table = figures(metrics, found)
    compared = np.array([m for m, metric in enumerate(ITEM_METRICS.values()) if metric.is_compared])
    names, groups = tuple(metrics[m] for m in compared), tuple(grouping.groups[g] for g in reportable)
    gaps, together = _verdicts(names, groups, found.only(slice(None), compared), p_values[compared])
    return (
        group_row(EVERYONE, len(grouping.membership), metrics, table[:, -1]),
        _rows(grouping.groups, size, reportable, metrics, table),
        gaps,
        together,
        (),
    )


def _rows(
    groups: tuple[Group, ...], size: np.ndarray, reportable: np.ndarray, metrics: tuple[str, ...], table: np.ndarray
) -> tuple[GroupRow, ...]:
    """Every group in reading order, those that are not reportable without figures."""
    place = {int(g): i for i, g in enumerate(reportable)}
    return tuple(
        group_row(group, int(size[g]), metrics, table[:, place[g]] if g in place else None)
        for g, group in enumerate(groups)
    )


def _verdicts(
    metrics: Sequence[str], groups: tuple[Group, ...], found: Bootstrap, p_values: np.ndarray
) -> tuple[tuple[Gap, ...], tuple[TogetherFigure, ...]]:
    """Gaps of the groups, and figures of all of them; the last set of ``found`` is everyone."""
    both = np.column_stack([p_values, holm(p_values)])
    of_groups = found.only(slice(0, -1), slice(None))
    gaps, together = [], []
    for m, metric in enumerate(metrics):
        if not find_metric(metric).is_together:
            gaps.append(make_gap(metric, groups, of_groups.only(slice(None), slice(m, m + 1)), both[m]))
        elif len(groups) > 1:
            value, low, high = figures((metric,), found.only(slice(-1, None), slice(m, m + 1)))[:, 0, 0].tolist()
            p = {"p_value": float(both[m, 0]), "p_corrected": float(both[m, 1])}
            together.append(TogetherFigure(metric=metric, value=value, low=low, high=high, **p))
    return tuple(gap for gap in gaps if gap is not None), tuple(together)


def _row_json(row: GroupRow) -> dict:
    own = [m for m in row.values if row.group == EVERYONE or not find_metric(m).is_together]
    ends = {f"{m}_{end}": getattr(row, end)[m] for m in own for end in ("low", "high")}
    about = {"group": row.group.label, "kind": row.group.kind, "missing": row.group.kind == "missing"}
    return {**about, "n": row.n, "suppressed": row.suppressed, **{m: row.values[m] for m in own}, **ends}
