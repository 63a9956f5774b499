"""Gaps: the two extreme groups of a metric, how far apart they are, and whether that is noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys_core.fairness.bootstrap import Bootstrap
from recsys_core.fairness.metric import LIMITS, LOWER_IS_BETTER, ZERO_IS_BEST
from recsys_core.fairness.metrics import direction, find_metric
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


def make_gap(metric: str, groups: tuple[Group, ...], found: Bootstrap, p: tuple[float, float]) -> Gap | None:
    """Gap between the extreme groups of one metric, or None where fewer than two have a figure.

    Parameters
    ----------
    groups, found
        The reportable groups, and the figures of the one metric, ``value`` ``(n_groups, 1)``. The interval is of the
        difference between the two named groups, whichever order a draw puts them in; it does not know that they
        were picked for being extreme, so it can leave 0 out where the p-values say noise.
    p
        From `recsys_core.fairness.permutation.permutation_p`, which does know, and corrected (`holm`).
    """
    values = found.value[:, 0]
    pair = extremes(metric, values)
    if pair is None:
        return None
    worst, best = pair
    low_group, high_group = sorted(pair, key=lambda group: (values[group], group))
    low, high = (float(end[0]) for end in found.of_difference(high_group, low_group))
    least, most = LIMITS[find_metric(metric).unit]
    return Gap(
        metric=metric,
        worst_group=groups[worst],
        best_group=groups[best],
        worst=float(values[worst]),
        best=float(values[best]),
        difference=float(values[high_group] - values[low_group]),
        ratio=_ratio(values[low_group], values[high_group]),
        low=max(low, least - most),
        high=min(high, most - least),
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
    """The reports with every verdict corrected for all gaps and figures of groups of all of them together (`holm`)."""
    p_values = holm(np.array([found.p_value for report in reports for found in (*report.gaps, *report.together)]))
    n_tested = int(np.count_nonzero(~np.isnan(p_values)))
    left, out = iter(p_values.tolist()), []
    for report in reports:
        gaps = tuple(replace(gap, p_corrected=next(left)) for gap in report.gaps)
        together = tuple(replace(figure, p_corrected=next(left)) for figure in report.together)
        out.append(replace(report, gaps=gaps, together=together, n_tested=n_tested))
    return tuple(out)


def figures(metrics: Sequence[str], found: Bootstrap) -> np.ndarray:
    """Values, low and high ends ``(3, n_sets, n_metrics)``, these within what the unit allows."""
    limits = np.array([LIMITS[find_metric(metric).unit] for metric in metrics]).reshape(-1, 2)
    low, high = (np.clip(end, *limits.T) for end in found.intervals())
    return np.stack([found.value, np.fmin(low, found.value), np.fmax(high, found.value)])


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
