"""Sections of the report in the order of reading, each a function of the request that may have nothing to say."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.presentation.report.blocks import Section
from dashboard.report.request import ReportRequest
from dashboard.report.sections.all_gaps import all_gaps
from dashboard.report.sections.columns import columns
from dashboard.report.sections.data import data
from dashboard.report.sections.data_gap import data_gap
from dashboard.report.sections.limits import limits
from dashboard.report.sections.measures import measures
from dashboard.report.sections.model import model
from dashboard.report.sections.summary import summary
from dashboard.report.sections.tried import tried

SECTIONS: tuple[Callable[[ReportRequest], Section | None], ...] = (
    summary,
    data,
    model,
    columns,
    all_gaps,
    data_gap,
    tried,
    limits,
    measures,
)

__all__ = ["SECTIONS"]
