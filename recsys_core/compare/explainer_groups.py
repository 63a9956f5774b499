"""Explainers by user group: is the explanation worse for some people?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_core.compare.explainer_rows import TAILS, UserFigures, method_rows
from recsys_core.explain.methods import METHODS
from recsys_core.results import Group
from recsys_core.results.method_comparison import OF_HISTORY, REMOVALS, MethodGap, MethodGroup

COMPARED = (*METHODS, *OF_HISTORY)


def method_groups(
    every: UserFigures, groups: Sequence[Group], code: np.ndarray, *, least_size: int
) -> tuple[MethodGroup, ...]:
    """Every group with its size, and its rows where it has ``least_size`` of the compared users; ``code`` (n_users,).

    Groups that none of the compared users is in have the size 0.
    """
    found = []
    for at, group in enumerate(groups):
        n = int((code == at).sum())
        rows = method_rows(every.part(code == at), {}) if n >= least_size else ()
        found.append(MethodGroup(group, n, n < least_size, rows))
    return tuple(found)


def group_gaps(
    every: UserFigures, groups: Sequence[Group], code: np.ndarray, *, least_size: int
) -> tuple[MethodGap, ...]:
    """For each method and measure of removal the groups whose shares are furthest apart; methods that can tell alone.

    Shares of the way from floor to ceiling, as logits of people with flat and with steep scores cannot be compared.
    The interval is of the difference between these two groups, users of both resampled.
    """
    sizes = np.bincount(code, minlength=len(groups))
    shown = np.flatnonzero(sizes >= least_size)
    parts = {int(g): every.part(code == g) for g in shown}
    found = (_gap(parts, groups, name, measure) for name in COMPARED if name in every.values for measure in REMOVALS)
    return tuple(gap for gap in found if gap is not None)


def _gap(parts: dict[int, UserFigures], groups: Sequence[Group], method: str, measure: str) -> MethodGap | None:
    shares = {g: found for g, part in parts.items() if (found := part.share(method, measure)) is not None}
    if len(shares) < 2:
        return None
    worst, best = (end(shares, key=lambda g: shares[g][0]) for end in (min, max))
    difference = shares[best][0] - shares[worst][0]
    drawn = shares[best][1] - shares[worst][1]
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, TAILS) if len(known) else (np.nan, np.nan)
    ends = (min(float(low), difference), max(float(high), difference))
    return MethodGap(method, measure, groups[worst], groups[best], shares[worst][0], shares[best][0], difference, *ends)
