"""A gap within strata: among users who are equally active, say, is the difference still there?"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError
from recsys_core.fairness.bootstrap import bootstrap, interval
from recsys_core.fairness.buckets import bucket
from recsys_core.fairness.cohort import AuditSettings
from recsys_core.fairness.columns import find_column
from recsys_core.fairness.groups import column_numbers, make_grouping
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import UserStatistics, metric_values, user_statistics
from recsys_core.results import Evaluation, FairnessReport, Gap, Group
from recsys_core.results.strata import Difference, StrataVerdict, StratifiedGap, Stratum

N_STRATA = 5


def stratified_gap(
    dataset: Dataset, evaluation: Evaluation, report: FairnessReport, *, metric: str, within: str, train: csr_array
) -> StratifiedGap:
    r"""The gap of a measure within strata of a user column, and adjusted for it.

    In every stratum the two extreme groups of the report are compared; the adjusted gap is

    .. math:: \frac{\sum_s w_s d_s}{\sum_s w_s}, \qquad w_s = \frac{n_{s1} n_{s0}}{n_{s1} + n_{s0}}

    (the weights of Mantel & Haenszel 1959, for differences Greenland & Robins 1985), over the strata in which both
    groups have the report's least size. Intervals are bootstraps over users with these weights held.

    Parameters
    ----------
    report
        `recsys_core.fairness.audit` of the same evaluation by columns of users; with its settings.
    metric
        As the report names it, or without the length of the list.
    within
        A number is cut into fifths (quintiles of the evaluated users) unless it has edges (``age=30/50``); of other
        columns the groups are the strata. ``activity`` is the length of the history, ``interactions`` what was
        logged, taken or not.

    Raises
    ------
    SettingError
        ``strata.users`` for a report or a column of items; ``strata.metric`` for a measure without a gap there;
        ``strata.no_gap`` where fewer than two groups are large enough.
    RecLensError
        ``column.unknown``.
    """
    start = time.perf_counter()
    gap = _gap(report, metric)
    statistics = _only(user_statistics(dataset, evaluation, train), gap.metric)
    settings = AuditSettings(report.n_bootstrap, report.seed, report.least_size)
    key, strata, stratum = _strata(dataset, within, statistics.user_index, train)
    grouping = make_grouping(dataset, report.by, train=train)
    group = grouping.code[statistics.user_index]
    worst, best = (group == grouping.groups.index(g) for g in (gap.worst_group, gap.best_group))
    code = np.where(worst | best, 2 * stratum + best, 2 * len(strata))
    found = _compared(statistics, code, strata, settings)
    raw, adjusted, rows = found if gap.best >= gap.worst else _turned(*found)
    return StratifiedGap(
        by=report.by,
        metric=gap.metric,
        worst_group=gap.worst_group,
        best_group=gap.best_group,
        within=key,
        strata=rows,
        raw=raw,
        adjusted=adjusted,
        verdict=_verdict(rows, adjusted, is_noise=gap.within_noise),
        least_size=report.least_size,
        n_bootstrap=report.n_bootstrap,
        seed=report.seed,
        seconds=time.perf_counter() - start,
        variant=report.variant,
    )


def _gap(report: FairnessReport, metric: str) -> Gap:
    found = next((g for g in report.gaps if metric in (g.metric, g.metric.split("@")[0])), None)
    if report.side != "user":
        raise SettingError("strata.users", column=" × ".join(report.by))
    if not report.gaps:
        raise SettingError("strata.no_gap", column=" × ".join(report.by), least=report.least_size)
    if found is None:
        raise SettingError("strata.metric", metric=metric, known=", ".join(g.metric for g in report.gaps))
    return found


def _only(statistics: UserStatistics, metric: str) -> UserStatistics:
    """The statistics of one metric."""
    at = statistics.metrics.index(metric)
    return replace(
        statistics,
        metrics=(metric,),
        terms=(statistics.terms[at],),
        if_undefined=(statistics.if_undefined[at],),
    )


def _strata(
    dataset: Dataset, within: str, users: np.ndarray, train: csr_array
) -> tuple[str, tuple[Group, ...], np.ndarray]:
    """Full name of the column, its strata, and the stratum of each user, ``(len(users),)``."""
    found = find_column(dataset, within)
    if found.side != "user":
        raise SettingError("strata.users", column=found.key)
    if found.column.kind != "number":
        grouping = make_grouping(dataset, (found.key,), train=train)
        return found.key, grouping.groups, grouping.code[users]
    numbers = column_numbers(dataset, found, train)[users]
    groups, code = bucket(numbers, n_buckets=N_STRATA, edges=found.edges, unit=found.column.unit)
    if (code >= 0).all():
        return found.key, groups, code
    return found.key, (*groups, Group("missing")), np.where(code < 0, len(groups), code)


Compared = tuple[Difference, Difference | None, tuple[Stratum, ...]]


def _compared(
    statistics: UserStatistics, code: np.ndarray, strata: tuple[Group, ...], settings: AuditSettings
) -> Compared:
    """Second less first group over all, adjusted, and in every stratum; ``code`` is ``2 * stratum + group``."""
    n = len(strata)
    counted = statistics.is_ranked if statistics.is_ranked.any() else np.ones(len(code), dtype=bool)
    size = np.bincount(code[counted], minlength=2 * n + 1)[: 2 * n].reshape(n, 2)
    first, second = np.tile([1.0, 0.0], n), np.tile([0.0, 1.0], n)
    sets = np.column_stack([np.vstack([np.eye(2 * n), first, second]), np.zeros(2 * n + 2)])
    value = metric_values(statistics, code, sets)
    resamples = Resamples(statistics.n_users, settings.n_bootstrap, settings.seed)
    found = bootstrap(statistics, code, sets, value=value, resamples=resamples)
    draws = found.draws[..., 0]
    difference, drawn = value[1::2, 0] - value[::2, 0], draws[:, 1::2] - draws[:, ::2]
    usable = (size.min(axis=1) >= settings.least_size) & ~np.isnan(difference[:n])
    harmonic = np.divide(size.prod(axis=1), size.sum(axis=1), out=np.zeros(n), where=usable)
    weight = harmonic / harmonic.sum() if usable.any() else harmonic
    low, high = (end[:, 0] for end in found.of_difference(np.arange(1, 2 * n + 2, 2), np.arange(0, 2 * n + 2, 2)))
    rows = tuple(
        Stratum(
            group,
            int(size[s, 0]),
            int(size[s, 1]),
            float(weight[s]),
            Difference(float(difference[s]), float(low[s]), float(high[s])) if usable[s] else None,
        )
        for s, group in enumerate(strata)
    )
    raw = Difference(float(difference[n]), float(low[n]), float(high[n]))
    if not usable.any():
        return raw, None, rows
    mean, again = weight[usable] @ difference[:n][usable], drawn[:, :n][:, usable] @ weight[usable]
    ends = interval(again, np.asarray(mean), n=int(found.n[2 * n :].min()))
    return raw, Difference(float(mean), float(ends[0]), float(ends[1])), rows


def _turned(raw: Difference, adjusted: Difference | None, rows: tuple[Stratum, ...]) -> Compared:
    """The same, first less second group: where more is worse, the worst group has the larger figure."""
    turned = (replace(s, difference=None if s.difference is None else _minus(s.difference)) for s in rows)
    return _minus(raw), None if adjusted is None else _minus(adjusted), tuple(turned)


def _minus(difference: Difference) -> Difference:
    return Difference(-difference.value, -difference.high, -difference.low)


def _verdict(rows: tuple[Stratum, ...], adjusted: Difference | None, *, is_noise: bool) -> StrataVerdict:
    if is_noise:
        return "no_gap"
    if adjusted is None:
        return "unknown"
    if not adjusted.is_clear:
        return "disappears"
    if adjusted.value < 0:
        return "turns"
    differences = [s.difference.value for s in rows if s.difference is not None]
    return "in_every" if min(differences) > 0 and len(differences) == len(rows) else "stays"


def strata_json(found: StratifiedGap) -> dict:
    """The strata as plain JSON: raw and adjusted gap, every stratum with sizes, weight and interval, the verdict."""
    return {
        "within": found.within,
        "metric": found.metric,
        "worst_group": found.worst_group.label,
        "best_group": found.best_group.label,
        "raw": _difference_json(found.raw),
        "adjusted": _difference_json(found.adjusted),
        "strata": [
            {"group": s.group.label, "n_worst": s.n_worst, "n_best": s.n_best, "weight": s.weight}
            | _difference_json(s.difference)
            for s in found.strata
        ],
        "verdict": found.verdict,
    }


def _difference_json(difference: Difference | None) -> dict[str, float | None]:
    if difference is None:
        return {"difference": None, "low": None, "high": None}
    return {"difference": difference.value, "low": difference.low, "high": difference.high}
