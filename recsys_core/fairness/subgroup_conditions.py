"""Conditions that a subgroup can be made of: values, ranges by quartile and empty cells of user columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys_core.data.conditions import ACTIVITY, Condition, Conditions
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment, Split, segment_users
from recsys_core.errors import SettingError
from recsys_core.fairness.buckets import bucket, range_groups
from recsys_core.fairness.columns import PART, PARTS, FoundColumn, find_column, part_text
from recsys_core.fairness.groups import column_numbers, make_grouping
from recsys_core.results import Group
from recsys_core.results.subgroups import SubgroupCondition


@dataclass(frozen=True, slots=True, eq=False)
class MetCondition:
    """A condition and who meets it, ``(n_users,)`` boolean."""

    condition: SubgroupCondition
    inside: np.ndarray


def column_conditions(dataset: Dataset, column: str, *, train: csr_array) -> list[MetCondition]:
    """Every condition on a user column that the search tries.

    Of a number the quartiles and what lies between any two of their ends (buckets by the edges that were asked for);
    of other columns each value, of many the most frequent; everywhere the empty cells.
    """
    found = find_column(dataset, column)
    if found.column.kind == "number":
        return _ranges(dataset, found, train)
    grouping = make_grouping(dataset, (found.key,), train=train)
    plain = found.whole
    met = []
    for at, group in enumerate(grouping.groups):
        if group.kind in ("value", "missing"):
            spelled = f"{plain}{PARTS}{part_text(group.value)}" if group.kind == "value" else plain
            met.append(MetCondition(SubgroupCondition(plain, group, spelled), grouping.membership[:, at] > 0))
    return met


def _ranges(dataset: Dataset, found: FoundColumn, train: csr_array) -> list[MetCondition]:
    numbers = column_numbers(dataset, found, train)
    plain = found.whole
    groups, code = bucket(numbers, edges=found.edges)
    low, high = [g.low or 0.0 for g in groups], [g.high or 0.0 for g in groups]
    n = len(groups)
    runs = [(first, last) for first in range(n) for last in range(first, n) if last - first < n - 1]
    named = range_groups([(low[first], high[last]) for first, last in runs], found.column.unit)
    met = []
    for (first, last), group in zip(runs, named, strict=True):
        edges = [low[first]] * (first > 0) + low[last + 1 : last + 2]
        spelled = f"{plain}{PARTS}{PART.join(map(part_text, edges))}"
        met.append(MetCondition(SubgroupCondition(plain, group, spelled), (code >= first) & (code <= last)))
    if (code < 0).any():
        met.append(MetCondition(SubgroupCondition(plain, Group("missing"), plain), code < 0))
    return met


def users_meeting(dataset: Dataset, conditions: tuple[SubgroupCondition, ...], *, train: csr_array) -> np.ndarray:
    """Matrix rows of the users who meet all conditions, ascending."""
    inside = np.ones(dataset.n_users, dtype=bool)
    for condition in conditions:
        grouping = make_grouping(dataset, (condition.spelled,), train=train)
        inside &= _is_in(grouping.groups, condition.group)[grouping.code]
    return np.flatnonzero(inside)


def _is_in(groups: tuple[Group, ...], wanted: Group) -> np.ndarray:
    """Which of the groups of a spelled column are the one that is meant; its name may have other digits there."""
    same = [
        (g.kind, g.low, g.high) == (wanted.kind, wanted.low, wanted.high)
        if g.kind == "range"
        else (g.kind, g.value) == (wanted.kind, wanted.value)
        for g in groups
    ]
    return np.array(same, dtype=bool)


def subgroup_segment(
    name: str, conditions: tuple[SubgroupCondition, ...], dataset: Dataset, split_dataset: Split
) -> Segment:
    """A subgroup as a segment: by its conditions, or by its users where conditions cannot say it (empty cells).

    Raises ``SettingError`` as `Segment`.
    """
    users = users_meeting(dataset, conditions, train=split_dataset.sequences())
    said: Conditions = {}
    for condition in conditions:
        side, _, column = condition.column.partition(".")
        said[column if side == "user" else ACTIVITY] = _said(condition.group)
    try:
        segment = Segment(name, said)
        if np.array_equal(segment_users(segment, dataset, split_dataset), users):
            return segment
    except SettingError as problem:
        if problem.key == "segment.name":
            raise
    return Segment(name, users=tuple(dataset.users["user_id"].iloc[users]))


def _said(group: Group) -> Condition:
    if group.low is not None and group.high is not None:
        return (group.low, group.high)
    return (group.value,)
