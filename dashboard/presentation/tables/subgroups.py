"""The worst-served subgroups as a table."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.sentences.fairness import chance, format_metric, interval
from dashboard.presentation.sentences.subgroups import subgroup_name
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.subgroups import SubgroupSearch


def subgroups(found: SubgroupSearch) -> pd.DataFrame:
    """The ten worst: who, how many, the figure, everyone else's, the difference, and whether it is more than chance."""
    rows = [
        {
            plain("subgroups.who"): subgroup_name(s),
            plain("fairness.n"): numbers.count(s.n),
            plain("subgroups.value"): format_metric(s.value),
            plain("subgroups.rest"): format_metric(s.rest),
            plain("fairness.gaps.difference"): numbers.signed(s.difference, 3),
            plain("fairness.interval"): interval(s.low, s.high),
            plain("fairness.gaps.corrected"): chance(s.p_corrected),
            plain("fairness.gaps.real"): plain(f"fairness.gaps.{'no' if s.within_noise else 'yes'}"),
        }
        for s in found.subgroups
    ]
    return pd.DataFrame(rows)
