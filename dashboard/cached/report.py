"""Reports that were made, kept for whoever asks for the same again."""

from __future__ import annotations

from dashboard.cached.fairness import segments_among
from dashboard.jobs import Job, shared_queue
from dashboard.report import Report, ReportRequest, make_report


def report(asked: ReportRequest) -> Job:
    """Job of making a report; its result is a ``Report``. A segment is kept by its content, not by its name."""

    def work(progress) -> Report:
        return make_report(asked, progress=progress)

    return shared_queue("reports").job(("report", asked, segments_among(asked.ref, asked.by)), work)
