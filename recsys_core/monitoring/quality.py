"""Quality of served lists by group of users: in a window, over time, the gap, and now against before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.fairness.groups import make_grouping
from recsys_core.metrics.intervals import LEAST_USERS
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.monitoring.intervals import LEVEL, UserSums, correlation, difference, estimate
from recsys_core.monitoring.served_lists import ServedLists
from recsys_core.results.fairness import EVERYONE, Group
from recsys_core.results.monitoring import (
    HIT_RATE,
    NDCG,
    SERVED_MEASURES,
    Estimate,
    GapChange,
    GroupQuality,
    QualityChange,
    QualityPoint,
    ServedGap,
)

REST, MISSING = Group("rest"), Group("missing")
Part = dict[str, UserSums]  # by measure
NOTHING = Estimate(value=None, low=None, high=None, n=0)


@dataclass(frozen=True, slots=True, eq=False)
class UserGroups:
    """Groups of users by one column; ``code`` (n_users,) is each user's, and the last group is of strangers."""

    by: str
    groups: tuple[Group, ...]
    code: np.ndarray

    @classmethod
    def make(cls, split_dataset: SplitDataset, by: str) -> UserGroups:
        """Groups by a column as a person spells it. Raises as `recsys_core.fairness.groups.make_grouping`."""
        found = make_grouping(split_dataset.dataset, (by,), train=split_dataset.sequences())
        groups = (*(g for g in found.groups if g.kind != "missing"), MISSING)
        place = {group: i for i, group in enumerate(groups)}
        return cls(found.by[0], groups, np.array([place[g] for g in found.groups])[found.code])

    def of(self, user: np.ndarray) -> np.ndarray:
        """Group of each user number ``(n,)``, below 0 for strangers."""
        known = np.append(self.code, len(self.groups) - 1)
        return known[np.where(user < 0, len(self.code), user)]


class QualityWindow:
    """The lists of one window by user and group; groups of fewer than ``least`` users are pooled as ``rest``."""

    def __init__(self, lists: ServedLists, rows: np.ndarray, user_groups: UserGroups, *, least: int) -> None:
        who, user = np.unique(lists.user[rows], return_inverse=True)
        self._served, self._user, self._n_users = lists.served[rows], user, len(who)
        self._values = {HIT_RATE: lists.hit[rows], NDCG: lists.ndcg[rows]}
        self._labelled = lists.labelled[rows].astype(float)
        group = user_groups.of(who)
        size = np.bincount(group, minlength=len(user_groups.groups))
        kept = [i for i, g in enumerate(user_groups.groups) if size[i] >= least and g != REST]
        place = np.full(len(size), len(kept))
        place[kept] = np.arange(len(kept))
        self._group = place[group]  # of each user; len(kept): pooled
        self.alone = tuple(user_groups.groups[i] for i in kept)
        self.groups = (EVERYONE, *self.alone, *((REST,) if (self._group == len(kept)).any() else ()))

    def quality(self) -> tuple[GroupQuality, ...]:
        """Everyone first, then each group."""
        return self._quality(self._all())

    def label_share(self) -> Estimate:
        """Share of lists that got any feedback."""
        return estimate(UserSums.of(self._labelled, self._user, self._n_users))

    def gaps(self) -> tuple[ServedGap, ...]:
        """The gap of each measure between groups that are not pooled."""
        return self._gaps(self._all())

    def over_time(self, edges: np.ndarray) -> tuple[QualityPoint, ...]:
        """Quality in each span between neighbouring ``edges``."""
        points = []
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            part = self._part((self._served >= start) & (self._served < end))
            points.append(QualityPoint(start=start, end=end, groups=self._quality(part), gaps=self._gaps(part)))
        return tuple(points)

    def changes(self, since: float) -> tuple[QualityChange, ...]:
        """Every group's measures from ``since`` on against those before it, corrected for the number of groups."""
        earlier, later = self._sides(since)
        pairs = [(measure, group) for measure in SERVED_MEASURES for group in self.groups]
        return tuple(self._change(group, earlier[measure], later[measure], measure, since) for measure, group in pairs)

    def gap_changes(self, since: float) -> tuple[GapChange, ...]:
        """How the gap between the worst and the best group of the whole window changed at ``since``."""
        earlier, later = self._sides(since)
        found = (self._gap_change(gap, earlier[gap.measure], later[gap.measure]) for gap in self.gaps())
        return tuple(change for change in found if change)

    def _all(self) -> Part:
        return self._part(np.ones(len(self._user), dtype=bool))

    def _part(self, inside: np.ndarray) -> Part:
        user = self._user[inside]
        return {name: UserSums.of(values[inside], user, self._n_users) for name, values in self._values.items()}

    def _sides(self, since: float) -> tuple[Part, Part]:
        return self._part(self._served < since), self._part(self._served >= since)

    def _of(self, group: Group, sums: UserSums) -> UserSums:
        if group == EVERYONE:
            return sums
        return sums.only(self._group == (self.alone.index(group) if group != REST else len(self.alone)))

    def _quality(self, part: Part) -> tuple[GroupQuality, ...]:
        return tuple(self._group_quality(group, part) for group in self.groups)

    def _group_quality(self, group: Group, part: Part) -> GroupQuality:
        sums = {measure: self._of(group, part[measure]) for measure in SERVED_MEASURES}
        measures = {measure: _shown(own) for measure, own in sums.items()}
        n_lists = int(sums[HIT_RATE].n)
        return GroupQuality(group=group, n_users=measures[HIT_RATE].n, n_lists=n_lists, measures=measures)

    def _gaps(self, part: Part) -> tuple[ServedGap, ...]:
        return tuple(gap for measure in SERVED_MEASURES if (gap := self._gap(measure, part[measure])))

    def _gap(self, measure: str, sums: UserSums) -> ServedGap | None:
        n_pairs = len(self.alone) * (len(self.alone) - 1) // 2
        found = [(g, _shown(self._of(g, sums), level=1 - (1 - LEVEL) / max(1, n_pairs))) for g in self.alone]
        ranked = sorted((e.value, i) for i, (_, e) in enumerate(found) if e.value is not None)
        if len(ranked) < 2:
            return None
        (worst, low_end), (best, high_end) = found[ranked[0][1]], found[ranked[-1][1]]
        bounds = difference(high_end, low_end)
        if bounds is None:
            return None
        moved, low, high = bounds
        return ServedGap(measure=measure, worst=worst, best=best, difference=moved, low=low, high=high)

    def _change(self, group: Group, earlier: UserSums, later: UserSums, measure: str, since: float) -> QualityChange:
        first, second = self._of(group, earlier), self._of(group, later)
        moved, low, high = _moved(first, second, 1 - (1 - LEVEL) / len(self.groups)) or (None, None, None)
        return QualityChange(
            group=group,
            measure=measure,
            since=since,
            before=_shown(first),
            after=_shown(second),
            difference=moved,
            low=low,
            high=high,
        )

    def _gap_change(self, gap: ServedGap, earlier: UserSums, later: UserSums) -> GapChange | None:
        best, worst = (_moved(self._of(g, earlier), self._of(g, later), LEVEL) for g in (gap.best, gap.worst))
        if best is None or worst is None:
            return None
        moved = best[0] - worst[0]  # nobody is in both groups, so the two are independent
        low = moved - float(np.hypot(best[0] - best[1], worst[2] - worst[0]))
        high = moved + float(np.hypot(best[2] - best[0], worst[0] - worst[1]))
        n = sum(_shown(self._of(g, later)).n for g in (gap.best, gap.worst))
        return GapChange(measure=gap.measure, difference=moved, low=low, high=high, n=n)


def _shown(sums: UserSums, *, level: float = LEVEL) -> Estimate:
    """The estimate, without figures where it is of too few users."""
    found = estimate(sums, level=level) if sums.n else NOTHING
    return found if found.n >= LEAST_USERS else Estimate(value=None, low=None, high=None, n=found.n)


def _moved(earlier: UserSums, later: UserSums, level: float) -> tuple[float, float, float] | None:
    """Later less earlier with its bounds; users who have lists in both parts are one user."""
    before, after = _shown(earlier, level=level), _shown(later, level=level)
    if before.value is None or after.value is None:
        return None
    return difference(after, before, correlation=correlation(later, earlier))
