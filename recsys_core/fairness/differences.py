"""Differences beyond the two extremes: a group against everyone else, and a gap under compression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError, phrase
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, UserCohort, user_cohort
from recsys_core.fairness.exposure import bootstrap_items, item_figures, item_totals, weighted_sums
from recsys_core.fairness.gaps import extremes, holm
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.intervals import bootstrap, interval
from recsys_core.fairness.metrics import figures, user_totals
from recsys_core.fairness.resamples import ROUNDING, Resamples
from recsys_core.results import Evaluation, GapChange, Group, GroupChange, OneVsRestGap


def against_rest(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    train: csr_array,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[OneVsRestGap, ...]:
    """Every group of users that may be shown against all other users, metric by metric.

    "The North is served worse than elsewhere: NDCG@10 lower by 0.07 to 0.12." Arguments and
    errors as in `audit`; user columns only (``SettingError`` for an item column). Suppressed
    groups count among the others. Empty where one group is all there is.
    """
    cohort = _cohort(dataset, evaluation, by, train, settings)
    n = len(cohort.shown)
    alone = cohort.unions[:n]
    unions = np.vstack([alone, 1 - alone])
    value = figures(cohort.totals, cohort.code, unions)
    resamples = Resamples(cohort.totals.n_users, settings.n_bootstrap, settings.seed)
    draws = bootstrap(cohort.totals, cohort.code, unions, value=value, resamples=resamples)
    group, rest = value[:n], value[n:]
    table = np.stack([group, rest, group - rest, *interval(draws[:, :n] - draws[:, n:], group - rest)])
    return tuple(
        OneVsRestGap(metric, cohort.shown_groups[g], int(cohort.size[cohort.shown[g]]), *table[:, g, m].tolist())
        for m, metric in enumerate(cohort.totals.metrics)
        for g in np.flatnonzero(~np.isnan(table[2, :, m]))
    )


def gap_changes(
    dataset: Dataset,
    dense: Evaluation,
    compressed: Evaluation,
    *,
    by: tuple[str, ...],
    train: csr_array,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[GapChange, ...]:
    """What compression does to the gap of every metric, paired user by user.

    ``ValueError`` where the two evaluations are not of the same users. Other arguments and
    errors as in `against_rest`.
    """
    cohorts = [_cohort(dataset, evaluation, by, train, settings) for evaluation in (dense, compressed)]
    before, after = (c.totals for c in cohorts)
    if not np.array_equal(before.user_index, after.user_index) or before.metrics != after.metrics:
        raise ValueError("the two evaluations must be of the same users, with the same metrics")
    unions = cohorts[0].unions[:-1]
    resamples = Resamples(before.n_users, settings.n_bootstrap, settings.seed)
    values = [figures(c.totals, c.code, unions) for c in cohorts]
    draws = [
        bootstrap(c.totals, c.code, unions, value=value, resamples=resamples)
        for c, value in zip(cohorts, values, strict=True)
    ]
    values, draws = np.stack(values), np.stack(draws)
    found = (
        _gap_change(metric, cohorts[0].shown_groups, values[..., m], draws[..., m])
        for m, metric in enumerate(before.metrics)
    )
    changes = [c for c in found if c is not None]
    p_values = holm(np.array([c.p_value for c in changes]))
    return tuple(replace(c, p_corrected=float(p)) for c, p in zip(changes, p_values, strict=True))


def exposure_changes(
    dataset: Dataset,
    dense: Evaluation,
    compressed: Evaluation,
    *,
    by: tuple[str, ...],
    train: csr_array,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[GroupChange, ...]:
    """What compression does to exposure over merit (``exposure_to_relevance``) of every group of items.

    Paired user by user; item columns only. ``p_corrected`` is for all groups. Empty where nobody is ranked.
    """
    grouping = make_grouping(dataset, by, train=train)
    if grouping.side != "item":
        raise SettingError("setting.choice", name="by", choices=phrase("what.item_columns"), value=", ".join(by))
    both = [item_totals(evaluation, grouping.membership) for evaluation in (dense, compressed)]
    n_users = len(both[0].exposure)
    if not n_users:
        return ()
    at = both[0].metrics.index("exposure_to_relevance")
    resamples = Resamples(n_users, settings.n_bootstrap, settings.seed)
    values = np.stack([item_figures(t, weighted_sums(t, np.ones((1, n_users)))[0])[:, at] for t in both])
    draws = np.stack([bootstrap_items(t, resamples)[:, :-1, at] for t in both])
    change, resampled = values[1] - values[0], draws[1] - draws[0]
    shown = np.flatnonzero(np.count_nonzero(grouping.membership, axis=0) >= settings.least_size)
    shown = shown[~np.isnan(change[shown])]
    low, high = interval(resampled, change)
    p_values = np.array([paired_p(resampled[:, g]) for g in shown])
    return tuple(
        GroupChange(
            group=grouping.groups[g],
            dense=float(values[0, g]),
            compressed=float(values[1, g]),
            change=float(change[g]),
            low=float(low[g]),
            high=float(high[g]),
            p_value=p,
            p_corrected=q,
        )
        for g, p, q in zip(shown, p_values.tolist(), holm(p_values).tolist(), strict=True)
    )


def paired_p(draws: np.ndarray) -> float:
    r"""Two-sided p-value of a change from its bootstrap draws ``(n,)``; NaN draws are left out.

    .. math:: \min\Big(1, 2\,\frac{1 + \min(\#\{d \le 0\}, \#\{d \ge 0\})}{1 + n}\Big)

    >>> paired_p(np.arange(1.0, 100.0)), paired_p(np.zeros(9))
    (0.02, 1.0)
    """
    known = draws[~np.isnan(draws)]
    least = min(np.count_nonzero(known <= ROUNDING), np.count_nonzero(known >= -ROUNDING))
    return float(min(1.0, 2 * (1 + least) / (1 + len(known))))


def _cohort(
    dataset: Dataset, evaluation: Evaluation, by: tuple[str, ...], train: csr_array, settings: AuditSettings
) -> UserCohort:
    grouping = make_grouping(dataset, by, train=train)
    if grouping.side != "user":
        raise SettingError("setting.choice", name="by", choices=phrase("what.user_columns"), value=", ".join(by))
    return user_cohort(user_totals(dataset, evaluation, train), grouping, settings)


def _gap_change(metric: str, groups: tuple[Group, ...], values: np.ndarray, draws: np.ndarray) -> GapChange | None:
    """``values`` is (2, n_groups) and ``draws`` (2, n_draws, n_groups): dense, then compressed."""
    pair = extremes(metric, values[0])
    if pair is None:
        return None
    low_group, high_group = sorted(pair, key=lambda group: (values[0, group], group))
    dense, compressed = values[:, high_group] - values[:, low_group]
    change = np.asarray(compressed - dense)
    if np.isnan(change):
        return None
    resampled = draws[..., high_group] - draws[..., low_group]
    low, high = interval(resampled[1] - resampled[0], change)
    p = paired_p(resampled[1] - resampled[0])
    return GapChange(
        metric=metric,
        worst_group=groups[pair[0]],
        best_group=groups[pair[1]],
        dense=float(dense),
        compressed=float(compressed),
        change=float(change),
        low=float(low),
        high=float(high),
        p_value=p,
        p_corrected=p,
    )
