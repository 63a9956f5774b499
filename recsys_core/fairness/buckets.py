"""Buckets: numbers as a few groups, by quantiles or by edges that somebody gives."""

from __future__ import annotations

import numpy as np

from recsys_core.results import Group

N_BUCKETS = 4


def bucket(
    numbers: np.ndarray, *, n_buckets: int = N_BUCKETS, edges: tuple[float, ...] = (), unit: str = ""
) -> tuple[tuple[Group, ...], np.ndarray]:
    """Groups and codes ``(n,)`` of quantile buckets; code -1 where the number is missing or infinite.

    Up to ``n_buckets`` different numbers each stay a group of their own. A group is named after the
    smallest and the largest number really in the bucket, so buckets never overlap in words. ``edges``, ascending,
    are the lower ends of all buckets but the first, instead of quantiles; an empty bucket is no group.

    >>> ages = np.array([18, 20, 27, 31, 40, 44, 52, 70.0])
    >>> [group.label for group in bucket(ages)[0]], [group.label for group in bucket(ages, edges=(31, 60))[0]]
    (['18–20', '27–31', '40–44', '52–70'], ['18–27', '31–52', '70'])
    """
    known = np.isfinite(numbers)
    code = np.full(len(numbers), -1)
    distinct = np.unique(numbers[known])
    if len(distinct) <= n_buckets and not edges:
        code[known] = np.searchsorted(distinct, numbers[known])
        return range_groups(list(zip(distinct, distinct, strict=True)), unit), code
    if not len(distinct):
        return (), code
    inner = edges or np.unique(np.quantile(numbers[known], np.linspace(0, 1, n_buckets + 1)[1:-1]))
    slot = np.searchsorted(np.array(inner), numbers[known], side="right")
    code[known] = np.unique(slot, return_inverse=True)[1]  # many equal numbers can leave a bucket empty
    ends = [(numbers[code == c].min(), numbers[code == c].max()) for c in range(code.max() + 1)]
    return range_groups(ends, unit), code


def range_groups(ends: list[tuple[float, float]], unit: str) -> tuple[Group, ...]:
    """Groups of the ranges between these ends, named with as many digits as tell them apart."""
    labels: tuple[str, ...] = ()
    for digits in range(3, 18):
        labels = tuple(_range_label(low, high, digits) for low, high in ends)
        if len(set(labels)) == len(labels):
            break
    return tuple(
        Group("range", label, unit, float(low), float(high)) for label, (low, high) in zip(labels, ends, strict=True)
    )


def _range_label(low: float, high: float, digits: int) -> str:
    first, last = (_plain(x, digits) for x in (low, high))
    return first if first == last else f"{first}–{last}"


def _plain(x: float, digits: int) -> str:
    whole = x == int(x) or abs(x) >= 10 ** (digits - 1)
    return f"{x:.0f}" if whole else f"{x:.{digits}g}"
