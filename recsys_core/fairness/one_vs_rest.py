"""One group against everyone else, for every group and metric."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.fairness.bootstrap import bootstrap
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, cohort_of
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import metric_values
from recsys_core.results import Evaluation, OneVsRestGap


def one_vs_rest(
    dataset: Dataset,
    evaluation: Evaluation,
    *,
    by: tuple[str, ...],
    train: csr_array,
    settings: AuditSettings = DEFAULT_SETTINGS,
) -> tuple[OneVsRestGap, ...]:
    """Every reportable group of users against all other users, metric by metric.

    "The North is served worse than elsewhere: NDCG@10 lower by 0.07 to 0.12." Arguments and
    errors as in `audit`; user columns only (``SettingError`` for an item column). Suppressed
    groups count among the others. Empty where one group is all there is; without the measures that a scan leaves out.
    """
    cohort = cohort_of(dataset, evaluation, by, train, settings, scanned=True)
    n = len(cohort.reportable)
    alone = cohort.group_sets[:n]
    group_sets = np.vstack([alone, 1 - alone])
    value = metric_values(cohort.statistics, cohort.code, group_sets)
    resamples = Resamples(cohort.statistics.n_users, settings.n_bootstrap, settings.seed)
    found = bootstrap(cohort.statistics, cohort.code, group_sets, value=value, resamples=resamples)
    group, rest = value[:n], value[n:]
    table = np.stack([group, rest, group - rest, *found.of_difference(np.arange(n), np.arange(n, 2 * n))])
    size = cohort.size[cohort.reportable]
    return tuple(
        OneVsRestGap(metric, cohort.reportable_groups[g], int(size[g]), *table[:, g, m].tolist())
        for m, metric in enumerate(cohort.statistics.metrics)
        for g in np.flatnonzero(~np.isnan(table[2, :, m]))
    )
