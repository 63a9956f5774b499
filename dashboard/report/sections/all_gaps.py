"""Section: the gaps of all columns and measures, and what their verdicts were corrected for."""

from __future__ import annotations

from dashboard.presentation.report.blocks import Notes, Section, Table
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import plain
from dashboard.report.request import ReportRequest
from recsys_core.fairness import gap_json

MOST_SHOWN = 25


def all_gaps(asked: ReportRequest) -> Section | None:
    """The largest gaps first, real ones before those within noise; nothing where no column has groups."""
    scan = asked.scan
    if not scan.gaps:
        return None
    table = group_tables.largest(scan)
    caption = plain("report.all_gaps.caption", n=min(MOST_SHOWN, len(table)), n_all=len(table))
    blocks = (Table(table[:MOST_SHOWN], caption, n_texts=3), Notes(sentences.scan_caveats(scan, "dense")))
    about = {"n_tested": scan.n_tested, "gaps": [{"by": column} | gap_json(gap) for column, gap in scan.gaps]}
    return Section("all_gaps", plain("report.all_gaps"), blocks, about)
