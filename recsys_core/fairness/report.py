"""The audit: who is served worse, by how much, and whether the difference is more than noise."""

from __future__ import annotations

import time

import numpy as np

from recsys_core.data.dataset import Dataset
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, shown_groups, training_rows, user_cohort
from recsys_core.fairness.exposure import (
    SHARES,
    bootstrap_items,
    item_permutation_p,
    item_totals,
    weighted_sums,
    with_overall,
)
from recsys_core.fairness.gaps import group_row, make_gap
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.fairness.intervals import bootstrap, interval, permutation_p
from recsys_core.fairness.metrics import figures
from recsys_core.metrics import Csr
from recsys_core.results import Evaluation, FairnessReport, Gap, GroupRow
from recsys_core.variant import DENSE, Variant

OVERALL = "(all)"


def audit(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    variant: Variant = DENSE,
    train: Csr | None = None,
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
    variant
        Which model ``evaluation`` is of; only copied into the report.
    train
        Items taken in training by every user, ``(indptr, indices)``. None:
        `training_rows` reads them off the dataset.

    Returns
    -------
    FairnessReport
        Figures as defined in `recsys_core.fairness.metrics.user_totals` and, for item columns,
        `recsys_core.fairness.exposure.item_totals`; ``n`` counts the users with held-out items
        (the items with the value). Gaps only where two groups or more have a figure.

    Raises
    ------
    RecLensError
        ``column.unknown``; ``fairness.no_groups`` where every group is too small.
    SettingError
        ``fairness.mixed_sides``, ``fairness.too_many_groups``.

    Notes
    -----
    Figures are those of Fairlearn's ``MetricFrame``. One suppressed group alone can be worked out
    from the others and the overall row: suppression keeps a figure from being read, no more.
    """
    start = time.perf_counter()
    train = training_rows(dataset, evaluation) if train is None else train
    grouping = make_grouping(dataset, by, train=train)
    parts = _user_parts if grouping.side == "user" else _item_parts
    overall, groups, gaps = parts(dataset, evaluation, grouping, train, settings)
    return FairnessReport(
        by=grouping.by,
        side=grouping.side,
        overall=overall,
        groups=groups,
        gaps=gaps,
        n_bootstrap=settings.n_bootstrap,
        least_size=settings.least_size,
        seed=settings.seed,
        seconds=time.perf_counter() - start,
        variant=variant,
    )


def report_json(report: FairnessReport) -> dict:
    """The report as plain JSON: ``overall``, ``groups`` (figures with ``_low`` and ``_high``) and ``gaps``."""
    return {
        "by": list(report.by),
        "side": report.side,
        "overall": _row_json(report.overall),
        "groups": [_row_json(row) for row in report.groups],
        "gaps": [{name: getattr(gap, name) for name in Gap.__slots__} for gap in report.gaps],
        "n_bootstrap": report.n_bootstrap,
        "least_size": report.least_size,
        "seed": report.seed,
        "seconds": report.seconds,
    }


Parts = tuple[GroupRow, tuple[GroupRow, ...], tuple[Gap, ...]]


def _user_parts(
    dataset: Dataset, evaluation: Evaluation, grouping: Grouping, train: Csr, settings: AuditSettings
) -> Parts:
    cohort = user_cohort(dataset, evaluation, grouping, train=train, settings=settings)
    totals, metrics = cohort.totals, cohort.totals.metrics
    again = {"n_draws": settings.n_bootstrap, "seed": settings.seed}
    value = figures(totals, cohort.code, cohort.unions)
    draws = bootstrap(totals, cohort.code, cohort.unions, value=value, **again)
    p_values = permutation_p(totals, cohort.code, len(cohort.shown), **again)
    table = np.stack([value, *interval(draws, value)])
    return (
        group_row(OVERALL, int(totals.is_ranked.sum()), metrics, table[:, -1]),
        _rows(cohort.labels, cohort.size, cohort.shown, metrics, table),
        _gaps(metrics, cohort.shown_labels, value[:-1], draws[:, :-1], p_values),
    )


def _item_parts(
    dataset: Dataset, evaluation: Evaluation, grouping: Grouping, train: Csr, settings: AuditSettings
) -> Parts:
    totals = item_totals(evaluation, grouping.membership)
    metrics = totals.metrics
    size = np.count_nonzero(grouping.membership, axis=0)
    shown = shown_groups(size, grouping, settings)
    again = {"n_draws": settings.n_bootstrap, "seed": settings.seed}
    kept = [*shown, len(size)]
    value = with_overall(totals, weighted_sums(totals, np.ones((1, len(totals.exposure)))))[0][kept]
    draws = bootstrap_items(totals, **again)[:, kept]
    p_values = item_permutation_p(totals, grouping.membership, shown, **again)
    table = np.stack([value, *interval(draws, value)])
    compared = [m for m, metric in enumerate(metrics) if metric not in SHARES]
    labels = tuple(grouping.labels[g] for g in shown)
    return (
        group_row(OVERALL, dataset.n_items, metrics, table[:, -1]),
        _rows(grouping.labels, size, shown, metrics, table),
        _gaps(
            tuple(metrics[m] for m in compared),
            labels,
            value[:-1, compared],
            draws[:, :-1, compared],
            p_values[compared],
        ),
    )


def _rows(
    labels: tuple[str, ...], size: np.ndarray, shown: np.ndarray, metrics: tuple[str, ...], table: np.ndarray
) -> tuple[GroupRow, ...]:
    """Every group in reading order, those that are not shown without figures."""
    place = {int(g): i for i, g in enumerate(shown)}
    return tuple(
        group_row(label, int(size[g]), metrics, table[:, place[g]] if g in place else None)
        for g, label in enumerate(labels)
    )


def _gaps(
    metrics: tuple[str, ...], labels: tuple[str, ...], values: np.ndarray, draws: np.ndarray, p_values: np.ndarray
) -> tuple[Gap, ...]:
    """``values`` is (n_groups, n_metrics), ``draws`` (n_draws, n_groups, n_metrics), without the overall row."""
    found = (make_gap(metric, labels, values[:, m], draws[..., m], p_values[m]) for m, metric in enumerate(metrics))
    return tuple(gap for gap in found if gap is not None)


def _row_json(row: GroupRow) -> dict:
    ends = {f"{m}_{end}": getattr(row, end)[m] for m in row.values for end in ("low", "high")}
    return {"group": row.group, "n": row.n, "suppressed": row.suppressed, **row.values, **ends}
