"""Which reasons make a gap between groups: Shapley values of the gap, summing to it."""

from recsys_core.gap_reasons.gap_reasons import MEASURES, ReasonSettings, gap_reasons

__all__ = ["MEASURES", "ReasonSettings", "gap_reasons"]
