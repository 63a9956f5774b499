"""Section: what was found, in a few sentences."""

from __future__ import annotations

from dashboard.cached import fairness as cached_fairness
from dashboard.presentation.report.blocks import Said, Section
from dashboard.presentation.report.inline import as_text
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.sentences.overview import gap_verdict
from dashboard.presentation.texts import plain
from dashboard.report.request import ReportRequest
from dashboard.report.sections.columns import first_metric
from recsys_core.errors import RecLensError
from recsys_core.results import FairnessReport


def summary(asked: ReportRequest) -> Section:
    """The largest real gap of all columns, and the finding of each column asked for."""
    scan = asked.scan
    rest = cached_fairness.largest_rest_gap(asked.ref, asked.variant) if scan.gaps else None
    _, verdict = gap_verdict(scan, rest)
    found = [Said(verdict, leads=True)]
    for by in asked.groupings:
        report = _report(asked, by)
        metric = first_metric(report) if report is not None and report.side == "user" else None
        if report is not None and metric is not None:
            alone = cached_fairness.one_vs_rest(asked.ref, asked.variant, by, asked.limit)
            found.append(Said(sentences.sentence(report, metric, alone)))
    texts = [as_text(said.text) for said in found]
    return Section("summary", plain("report.summary"), tuple(found), {"sentences": texts})


def _report(asked: ReportRequest, by: tuple[str, ...]) -> FairnessReport | None:
    """None where crossing makes too many groups: the section of the columns says so."""
    try:
        return asked.report(by)
    except RecLensError:
        if len(by) == 1:
            raise
        return None
