"""The report: what Fairness shows of some columns, as one file that opens anywhere, and the same as JSON."""

from dashboard.report.make import Report, make_report
from dashboard.report.request import ReportRequest

__all__ = ["Report", "ReportRequest", "make_report"]
