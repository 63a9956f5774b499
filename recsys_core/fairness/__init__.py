"""Who is served worse, whether the difference is more than noise, and what a variant does to it."""

from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings, training_rows
from recsys_core.fairness.differences import GapChange, RestGap, against_rest, gap_changes
from recsys_core.fairness.groups import find_column, groupable_columns, make_grouping
from recsys_core.fairness.metrics import direction
from recsys_core.fairness.report import OVERALL, audit, report_json

__all__ = [
    "DEFAULT_SETTINGS",
    "OVERALL",
    "AuditSettings",
    "GapChange",
    "RestGap",
    "against_rest",
    "audit",
    "direction",
    "find_column",
    "gap_changes",
    "groupable_columns",
    "make_grouping",
    "report_json",
    "training_rows",
]
