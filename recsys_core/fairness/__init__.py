"""Who is served worse, whether the difference is more than noise, and what a variant does to it."""

from recsys_core.fairness.audit import audit, gap_json, report_json
from recsys_core.fairness.changes import exposure_changes, gap_changes
from recsys_core.fairness.cohort import DEFAULT_SETTINGS, AuditSettings
from recsys_core.fairness.columns import by_columns, find_column, groupable_columns
from recsys_core.fairness.gaps import corrected, holm
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.metrics import direction
from recsys_core.fairness.one_vs_rest import one_vs_rest
from recsys_core.fairness.scan import ScanResult, relative_size, scan, scan_json, with_report
from recsys_core.fairness.stored_scan import dense_scan

__all__ = [
    "DEFAULT_SETTINGS",
    "AuditSettings",
    "ScanResult",
    "audit",
    "by_columns",
    "corrected",
    "dense_scan",
    "direction",
    "exposure_changes",
    "find_column",
    "gap_changes",
    "gap_json",
    "groupable_columns",
    "holm",
    "make_grouping",
    "one_vs_rest",
    "relative_size",
    "report_json",
    "scan",
    "scan_json",
    "with_report",
]
