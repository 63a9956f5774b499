"""Inductive bias: architectures at one budget on one split, by quality and by the gap between groups of users."""

from recsys_core.architectures.compare import compare_architectures, report_of
from recsys_core.architectures.settings import DesignSettings, design_seconds
from recsys_core.architectures.stored import compared_columns, load_runs

__all__ = [
    "DesignSettings",
    "compare_architectures",
    "compared_columns",
    "design_seconds",
    "load_runs",
    "report_of",
]
