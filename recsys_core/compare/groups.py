"""Groups under compression: the gap of every user column, and which group's lists change most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.dataset import Dataset
from recsys_core.fairness import DEFAULT_SETTINGS, groupable_columns, make_grouping
from recsys_core.fairness.bootstrap import interval
from recsys_core.fairness.cohort import reportable_groups
from recsys_core.fairness.gaps import extremes
from recsys_core.results import GroupGap, LostGroup, LostMost

MOST_CHANGED_SHARE = 0.1
SURE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class UserGroups:
    """The groups of one user column that may be shown, as an audit of the same users forms them.

    ``code`` is ``(n_users,)``: position in ``labels``, ``len(labels)`` for users of small groups.
    """

    column: str
    labels: tuple[str, ...]
    code: np.ndarray

    @property
    def members(self) -> np.ndarray:
        """``(n_users, n_groups)`` of 0 and 1."""
        return (self.code[:, None] == np.arange(len(self.labels))).astype(float)


def user_groups(dataset: Dataset, users: np.ndarray, *, train: csr_array) -> tuple[UserGroups, ...]:
    """Every user column with two groups of these users that are large enough to have figures, sensitive ones first."""
    found = []
    for name in groupable_columns(dataset, "user"):
        grouping = make_grouping(dataset, (name,), train=train)
        code = grouping.code[users]
        size = np.bincount(code, minlength=len(grouping.labels))
        reportable, code = reportable_groups(size, code, least_size=DEFAULT_SETTINGS.least_size)
        if len(reportable) >= 2:
            found.append(UserGroups(name, tuple(grouping.labels[g] for g in reportable), code))
    return tuple(found)


def group_gaps(
    groups: tuple[UserGroups, ...], dense: np.ndarray, variant: np.ndarray, *, metric: str, draws: np.ndarray
) -> dict[str, GroupGap]:
    """What compression does to the gap between the groups of each column, for a mean over users such as NDCG.

    Parameters
    ----------
    dense, variant
        The metric of each user ``(n_users,)`` under the two models.
    draws
        Resamplings of these users (`recsys_core.compare.resampling.user_draws`).

    Returns
    -------
    dict
        By column, the same as `recsys_core.fairness.gap_changes` gives for each, from one pass over the draws.
    """
    if not groups:
        return {}
    members = np.hstack([g.members for g in groups])
    sums = np.hstack([members, members * dense[:, None], members * variant[:, None]])
    again = draws @ sums.astype(np.float32)
    values, again = (_means(x.astype(float), members.shape[1]) for x in (sums.sum(axis=0)[None], again))
    changes: dict[str, GroupGap] = {}
    first = 0
    for g in groups:
        part = slice(first, first + len(g.labels))
        ends = extremes(metric, values[0, 0, part])
        if ends is not None:
            changes[g.column] = _gap(g.labels, metric, ends, values[:, 0, part], again[..., part])
        first = part.stop
    return changes


def _means(sums: np.ndarray, width: int) -> np.ndarray:
    """Means by model and group ``(2, n_rows, n_groups)``, NaN where a draw has nobody of a group."""
    count, both = sums[:, :width], (sums[:, width : 2 * width], sums[:, 2 * width :])
    return np.stack([np.divide(x, count, out=np.full(x.shape, np.nan), where=count > 0) for x in both])


def _gap(
    labels: tuple[str, ...], metric: str, ends: tuple[int, int], values: np.ndarray, draws: np.ndarray
) -> GroupGap:
    """``values`` is (2, n_groups) and ``draws`` (2, n_draws, n_groups): dense, then compressed; ``ends`` the groups."""
    worst, best = ends
    dense, compressed = values[:, best] - values[:, worst]
    change = np.asarray(compressed - dense)
    again = draws[..., best] - draws[..., worst]
    low, high = interval(again[1] - again[0], change)
    return GroupGap(
        metric,
        labels[worst],
        labels[best],
        float(dense),
        float(compressed),
        float(change),
        float(low),
        float(high),
        n_draws=draws.shape[1],
        own=float(values[1].max() - values[1].min()),
    )


def lost_most(groups: tuple[UserGroups, ...], kept: np.ndarray) -> LostMost:
    """Which group the users belong to whose lists change most; ``kept`` (n_users,) is each one's share kept.

    The tenth of the users who keep least are looked at, and a group is named where it is over-represented among
    them beyond chance: hypergeometric tail, Holm over all groups of all columns, 5 %.
    """
    known = ~np.isnan(kept)
    n_all, kept_none = int(known.sum()), int((kept[known] == 0).sum())
    limit = float(np.quantile(kept[known], MOST_CHANGED_SHARE, method="lower")) if n_all else 1.0
    if limit >= 1:
        limit = float(kept[known].min(initial=1.0))
    if limit >= 1:
        return LostMost(kept_none)
    lost = known & (kept <= limit)
    return LostMost(kept_none, limit, int(lost.sum()), _over_represented(groups, lost, known))


def _over_represented(groups: tuple[UserGroups, ...], lost: np.ndarray, known: np.ndarray) -> LostGroup | None:
    """The group with the smallest tail, where Holm's first step lets it stand."""
    n_all, n_lost = int(known.sum()), int(lost.sum())
    rows = [
        (g.column, label, int((lost & (g.code == at)).sum()), int((known & (g.code == at)).sum()))
        for g in groups
        for at, label in enumerate(g.labels)
    ]
    tails = np.array([hypergeometric_tail(k, n_all, size, n_lost) for _, _, k, size in rows])
    if not len(tails) or tails.min() * len(tails) > SURE:  # Holm's first step: the smallest against all
        return None
    column, label, n, size = rows[int(tails.argmin())]
    corrected = float(min(1.0, tails.min() * len(tails)))
    return LostGroup(column, label, n, n / n_lost, size / n_all, corrected)


def hypergeometric_tail(k: int, n_all: int, n_marked: int, n_drawn: int) -> float:
    """Chance of ``k`` or more marked ones among ``n_drawn`` of ``n_all``: Fisher's exact test, one-sided.

    Equals ``scipy.stats.hypergeom.sf(k - 1, ...)``, whose import costs a second that every first report would pay.

    >>> hypergeometric_tail(2, 4, 2, 2)  # one of the six pairs
    0.16666666666666669
    """

    def log_choose(n: int, r: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(r + 1) - math.lgamma(n - r + 1)

    counts = range(max(k, n_drawn - (n_all - n_marked), 0), min(n_drawn, n_marked) + 1)
    every = log_choose(n_all, n_drawn)
    ways = (log_choose(n_marked, i) + log_choose(n_all - n_marked, n_drawn - i) - every for i in counts)
    return min(1.0, sum(math.exp(x) for x in ways))
