"""How much more a reason moves scores for one set of pairs than for another."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.global_explanation import LEVEL, GlobalExplanation
from recsys_core.results.global_parts import SizeDifference


def size_differences(first: GlobalExplanation, second: GlobalExplanation) -> tuple[SizeDifference, ...]:
    """Difference of the mean absolute contributions of every reason, the largest first.

    Intervals (Welch 1947) hold for all reasons together at 95 % (Bonferroni), so that one that leaves 0 out is no
    accident of many looks. Pairs are taken as independent; ends are NaN where there are fewer than two.

    Raises ``ValueError`` where the two are of other reasons or in other units.
    """
    from scipy.stats import t

    if first.players != second.players or first.units != second.units:
        raise ValueError("the two explanations are of other reasons or in other units")
    found = []
    for i, player in enumerate(first.players):
        a, b = (np.abs(of.contributions[:, i]) for of in (first, second))
        difference = float(a.mean() - b.mean())
        low = high = float("nan")
        if min(len(a), len(b)) > 1:
            va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
            spread = va + vb
            df = spread**2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)) if spread > 0 else len(a) + len(b) - 2
            half = float(t.ppf(1 - (1 - LEVEL) / 2 / len(first.players), df) * np.sqrt(spread))
            low, high = difference - half, difference + half
        found.append(SizeDifference(player, float(a.mean()), float(b.mean()), difference, low, high))
    return tuple(sorted(found, key=lambda d: -abs(d.difference)))
