"""Gaps: the two extreme groups of a metric, how far apart they are, and whether that is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys_core.fairness.bootstrap import interval
from recsys_core.fairness.metric import LOWER_IS_BETTER, ZERO_IS_BEST
from recsys_core.fairness.metrics import direction
from recsys_core.results import FairnessReport, Gap, Group, GroupRow


def extremes(metric: str, values: np.ndarray) -> tuple[int, int] | None:
    """Positions of the worst and the best group; None with fewer than two defined values.

    The two are always the smallest and the largest value, so the difference is Fairlearn's
    ``difference()``; `recsys_core.fairness.metrics.direction` says which one is worse (for
    calibration: the one further from zero; where neither end is bad, the one that gets less).

    >>> extremes("ndcg@10", np.array([0.3, 0.2, np.nan])), extremes("calibration_gap", np.array([-0.1, 0.3]))
    ((1, 0), (1, 0))
    """
    defined = np.flatnonzero(~np.isnan(values))
    if len(defined) < 2:
        return None
    ascending = defined[np.argsort(values[defined], kind="stable")]
    low, high = int(ascending[0]), int(ascending[-1])
    end = direction(metric)
    high_is_worse = abs(values[high]) > abs(values[low]) if end == ZERO_IS_BEST else end == LOWER_IS_BETTER
    return (high, low) if high_is_worse else (low, high)


def make_gap(
    metric: str, groups: tuple[Group, ...], values: np.ndarray, draws: np.ndarray, p: tuple[float, float]
) -> Gap | None:
    """Gap between the extreme groups of one metric, or None where fewer than two have a figure.

    Parameters
    ----------
    groups, values
        ``(n_groups,)``: the reportable groups.
    draws
        ``(n_draws, n_groups)`` bootstrap figures. The interval is of the difference between
        the two named groups, whichever order a draw puts them in; it does not know that they
        were picked for being extreme, so it can leave 0 out where the p-values say noise.
    p
        From `recsys_core.fairness.permutation.permutation_p`, which does know, and corrected (`holm`).
    """
    found = extremes(metric, values)
    if found is None:
        return None
    worst, best = found
    low_group, high_group = sorted(found, key=lambda group: (values[group], group))
    difference = values[high_group] - values[low_group]
    low, high = interval(draws[:, high_group] - draws[:, low_group], np.asarray(difference))
    return Gap(
        metric=metric,
        worst_group=groups[worst],
        best_group=groups[best],
        worst=float(values[worst]),
        best=float(values[best]),
        difference=float(difference),
        ratio=_ratio(values[low_group], values[high_group]),
        low=float(low),
        high=float(high),
        p_value=float(p[0]),
        p_corrected=float(p[1]),
    )


def holm(p_values: np.ndarray) -> np.ndarray:
    r"""P-values corrected for how many there are (Holm 1979), ``(n,)``; NaN stays NaN and does not count.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min\big(1, (m - j + 1)\, p_{(j)}\big)

    With verdicts at 0.05, the chance of at least one false "real" among all of them is at most 5 %,
    however they hang together.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=float)
    out = np.full(p_values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = np.arange(len(order), 0, -1) * p_values[order]
    out[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return out


def corrected(reports: Sequence[FairnessReport]) -> tuple[FairnessReport, ...]:
    """The reports with every verdict corrected for all gaps of all of them together (`holm`)."""
    p_values = holm(np.array([gap.p_value for report in reports for gap in report.gaps]))
    n_tested = int(np.count_nonzero(~np.isnan(p_values)))
    found, at = [], 0
    for report in reports:
        gaps = tuple(replace(gap, p_corrected=float(p_values[at + i])) for i, gap in enumerate(report.gaps))
        found.append(replace(report, gaps=gaps, n_tested=n_tested))
        at += len(gaps)
    return tuple(found)


def group_row(group: Group, n: int, metrics: tuple[str, ...], table: np.ndarray | None) -> GroupRow:
    """One row from ``table`` ``(3, len(metrics))`` of values, low and high ends; None: suppressed."""
    if table is None:
        nothing = dict.fromkeys(metrics)
        return GroupRow(group, n, True, nothing, dict(nothing), dict(nothing))
    columns = [{m: _or_none(x) for m, x in zip(metrics, line, strict=True)} for line in table]
    return GroupRow(group, n, False, *columns)


def _ratio(low: float, high: float) -> float | None:
    """Smaller over larger, as Fairlearn's ``ratio()``; None where a figure can be negative or both are 0."""
    return float(low / high) if low >= 0 and high > 0 else None


def _or_none(x: float) -> float | None:
    return None if math.isnan(x) else float(x)
