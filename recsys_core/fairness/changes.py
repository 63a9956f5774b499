"""What a variant changes: the gap of every metric, and the exposure of every group of items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.errors import SettingError, phrase
from recsys_core.fairness.bootstrap import bootstrap, interval
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, cohort_of
from recsys_core.fairness.exposure import bootstrap_items, item_statistics, item_values_of_everyone
from recsys_core.fairness.gaps import extremes, holm
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.metrics import ITEM_METRICS
from recsys_core.fairness.resamples import ROUNDING, Resamples
from recsys_core.fairness.user_statistics import metric_values
from recsys_core.results import Evaluation, GapChange, Group, GroupChange


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
    errors as in `recsys_core.fairness.one_vs_rest`.
    """
    cohorts = [cohort_of(dataset, evaluation, by, train, settings) for evaluation in (dense, compressed)]
    before, after = (c.statistics for c in cohorts)
    if not np.array_equal(before.user_index, after.user_index) or before.metrics != after.metrics:
        raise ValueError("the two evaluations must be of the same users, with the same metrics")
    group_sets = cohorts[0].group_sets[:-1]
    resamples = Resamples(before.n_users, settings.n_bootstrap, settings.seed)
    values = np.stack([metric_values(c.statistics, c.code, group_sets) for c in cohorts])
    both = [
        bootstrap(c.statistics, c.code, group_sets, value=value, resamples=resamples)
        for c, value in zip(cohorts, values, strict=True)
    ]
    draws = np.stack([found.draws for found in both])
    found = (
        _gap_change(metric, cohorts[0].reportable_groups, values[..., m], draws[..., m], both[0].n)
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
    both = [item_statistics(evaluation, grouping.membership) for evaluation in (dense, compressed)]
    n_users = len(both[0].exposure)
    if not n_users:
        return ()
    at = list(ITEM_METRICS).index("exposure_to_relevance")
    resamples = Resamples(n_users, settings.n_bootstrap, settings.seed)
    values = np.stack([item_values_of_everyone(t)[:-1, at] for t in both])
    draws = np.stack([bootstrap_items(t, resamples)[:, :-1, at] for t in both])
    change, resampled = values[1] - values[0], draws[1] - draws[0]
    reportable = np.flatnonzero(np.count_nonzero(grouping.membership, axis=0) >= settings.least_size)
    reportable = reportable[~np.isnan(change[reportable])]
    low, high = interval(resampled, change)
    p_values = np.array([paired_p(resampled[:, g]) for g in reportable])
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
        for g, p, q in zip(reportable, p_values.tolist(), holm(p_values).tolist(), strict=True)
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


def _gap_change(
    metric: str, groups: tuple[Group, ...], values: np.ndarray, draws: np.ndarray, n: np.ndarray
) -> GapChange | None:
    """``values`` is (2, n_groups) and ``draws`` (2, n_draws, n_groups): dense, then compressed; ``n`` users a group."""
    pair = extremes(metric, values[0])
    if pair is None:
        return None
    low_group, high_group = sorted(pair, key=lambda group: (values[0, group], group))
    dense, compressed = values[:, high_group] - values[:, low_group]
    change = np.asarray(compressed - dense)
    if np.isnan(change):
        return None
    resampled = draws[..., high_group] - draws[..., low_group]
    low, high = interval(resampled[1] - resampled[0], change, n=n[list(pair)].min())
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
