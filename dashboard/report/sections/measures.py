"""Section: every measure of the report, its formula, source and good end."""

from __future__ import annotations

import pandas as pd

from dashboard.presentation.report.blocks import Section, Table
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.texts import plain
from dashboard.report.request import ReportRequest
from recsys_core.fairness import direction
from recsys_core.fairness.metrics import find_metric


def measures(asked: ReportRequest) -> Section:
    """The registry's entry of each measure that the report has."""
    report = asked.report(asked.groupings[0])
    rows, about = [], []
    for name in report.overall.values:
        metric = find_metric(name)
        rows.append(
            {
                plain("fairness.measure"): sentences.measure_name(name),
                plain("report.measures.what"): sentences.what(name),
                plain("fairness.good"): plain(f"measure.good.{direction(name)}"),
                plain("report.measures.formula"): metric.formula,
                plain("report.measures.source"): metric.source,
            }
        )
        said = {"name": name, "direction": direction(name), "formula": metric.formula, "source": metric.source}
        about.append(said | {"unit": metric.unit})
    return Section("measures", plain("report.measures"), (Table(pd.DataFrame(rows), n_texts=5),), about)
